/** What happens to the connections of a customer, told to their page as it happens: server-sent events. */
import type { Ids, TinkError } from "@effect-tink/http"
import { Users } from "@effect-tink/users"
import { HttpServerResponse } from "@effect/platform"
import { DateTime, Duration, Effect, FiberMap, Mailbox, Option, PubSub, Queue, Schedule, Schema, Stream } from "effect"
import { Connection, Overview } from "./api.js"
import { fromCredential, isOnItsWay } from "./connection.js"
import { authorize } from "./customer.js"
import { fromTinkError, log, TinkFailure } from "./errors.js"
import { overviewOf } from "./overview.js"
import { type Change, type Session, Sessions } from "./sessions.js"
import { Settings } from "./settings.js"
import { Shutdown } from "./shutdown.js"

const tagged = <Tag extends string, A, I>(tag: Tag, data: Schema.Schema<A, I>) =>
  Schema.TaggedStruct(tag, { data: Schema.parseJson(data) })

export const Event = Schema.Union(
  /** The whole picture, which replaces what was told before. */
  tagged("overview", Overview),
  /** One of the connections has come to another state. */
  tagged("connection", Connection),
  /** Nothing more happens to this one, unless somebody does something. */
  tagged("settled", Schema.Struct({ id: Schema.String })),
  /** What is shown may be out of date. */
  tagged("problem", TinkFailure)
)

export type Event = typeof Event.Type

const encode = (event: Event): string => {
  const { _tag, data } = Schema.encodeSync(Event)(event)
  return `event: ${_tag}\ndata: ${data}\n\n`
}

/** Nothing tells us what the bank and Tink do of their own accord, so it is looked for once a minute. */
const lookAgain = Duration.minutes(1)

/** After a problem, sooner. */
const tryAgain = Duration.seconds(10)

/** A customer who is at their bank comes back at some time. */
const lookWhetherBack = Duration.seconds(3)

/** Lets both sides know that the other is there, and proxies that the connection is in use. */
const keepAlive = Stream.as(Stream.fromSchedule(Schedule.spaced("15 seconds")), ": still here\n\n")

const watch = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const sessions = yield* Sessions
    const { polling } = yield* Settings
    // A page that reads too slowly misses what is old.
    const events = yield* Mailbox.make<Event>({ capacity: 64, strategy: "sliding" })
    const following = yield* FiberMap.make<Ids.CredentialsId>()
    const changes = yield* PubSub.subscribe(session.changes)
    const oneAtATime = yield* Effect.makeSemaphore(1)

    const tell = (error: TinkError.TinkError) =>
      Effect.zipRight(log(error), events.offer({ _tag: "problem", data: fromTinkError(error) }))

    /** Until it settles. A customer who is asked for something at their bank comes back some time. */
    const follow = (id: Ids.CredentialsId): Effect.Effect<void, never, Context> =>
      Effect.gen(function* () {
        const customer = yield* authorize(session)
        if (Option.isNone(customer)) return
        const last = yield* users.followCredential(customer.value, id, { schedule: polling }).pipe(
          Stream.mapEffect((credential) => Effect.map(DateTime.now, (now) => fromCredential(credential, now))),
          Stream.tap((connection) => events.offer({ _tag: "connection", data: connection })),
          Stream.runLast
        )
        if (Option.exists(last, ({ state }) => state === "waiting-for-you")) {
          return yield* Effect.delay(follow(id), lookWhetherBack)
        }
        yield* events.offer({ _tag: "settled", data: { id } })
      }).pipe(Effect.catchAll((error) => (error.reason === "NotFound" ? showOrTell : tell(error))))

    /** One after the other, so that nothing older comes after something newer. */
    const show = oneAtATime.withPermits(1)(
      Effect.gen(function* () {
        const overview = yield* overviewOf(session)
        yield* events.offer({ _tag: "overview", data: overview })
        yield* Effect.forEach(overview.connections.filter(isOnItsWay), ({ id }) =>
          FiberMap.run(following, id, follow(id), { onlyIfMissing: true })
        )
      })
    )

    const showOrTell: Effect.Effect<void, never, Context> = Effect.catchTag(show, "TinkError", tell)

    const react = ({ id }: Change) =>
      // From the beginning: what follows it now may take it for settled.
      Effect.zipRight(
        showOrTell,
        Effect.transposeMapOption(id, (id) => FiberMap.run(following, id, follow(id)))
      )

    const look = show.pipe(
      Effect.as(lookAgain),
      Effect.catchTag("TinkError", (error) => Effect.as(tell(error), tryAgain)),
      Effect.flatMap(Effect.sleep),
      // A page that is open keeps its session alive.
      Effect.zipRight(sessions.find(session.id)),
      Effect.repeat({ while: Option.isSome }),
      Effect.zipRight(events.end)
    )

    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(changes), react)))
    yield* Effect.forkScoped(look)
    return Stream.map(Mailbox.toStream(events), encode)
  })

type Context = Users.Users | Settings

export const respond = (session: Session) =>
  Effect.gen(function* () {
    const { begun } = yield* Shutdown
    const context = yield* Effect.context<Context | Sessions>()
    const text = Stream.make("retry: 2000\n\n").pipe(
      Stream.concat(Stream.merge(Stream.unwrapScoped(watch(session)), keepAlive, { haltStrategy: "left" })),
      Stream.interruptWhen(begun),
      Stream.provideContext(context)
    )
    return HttpServerResponse.stream(Stream.encodeText(text), {
      contentType: "text/event-stream",
      // Not to be collected into larger pieces on the way.
      headers: { "X-Accel-Buffering": "no" }
    })
  })
