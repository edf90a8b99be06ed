/** Server-sent events: tells a user's pages what happens to their banks. */
import type { Ids, TinkError } from "@effect-tink/http"
import { type Credential, Users } from "@effect-tink/users"
import { HttpServerResponse } from "@effect/platform"
import type { SqlError } from "@effect/sql/SqlError"
import { Duration, Effect, FiberMap, Mailbox, Option, Queue, Schedule, Schema, Stream } from "effect"
import { Connection, Overview } from "./api.js"
import type { Banks } from "./banks.js"
import { type Change, Changes } from "./changes.js"
import { fromCredential, isInProgress } from "./connection.js"
import type { Customers } from "./customers.js"
import { Failure, log, toFailure } from "./errors.js"
import { EventStreams } from "./eventStreams.js"
import { listCredentials, toOverview } from "./overview.js"
import { type Session, Sessions } from "./sessions.js"
import { Settings } from "./settings.js"
import { Shutdown } from "./shutdown.js"
import { authorize } from "./tinkUser.js"

const tagged = <Tag extends string, A, I>(tag: Tag, data: Schema.Schema<A, I>) =>
  Schema.TaggedStruct(tag, { data: Schema.parseJson(data) })

export const Event = Schema.Union(
  /** The whole list, which replaces everything before it. */
  tagged("overview", Overview),
  /** A connection has changed its state. */
  tagged("connection", Connection),
  /** The state of this connection stays as it is until the user acts. */
  tagged("settled", Schema.Struct({ id: Schema.String })),
  /** The list may be out of date. */
  tagged("problem", Failure)
)

export type Event = typeof Event.Type

const encode = (event: Event): string => {
  const { _tag, data } = Schema.encodeSync(Event)(event)
  return `event: ${_tag}\ndata: ${data}\n\n`
}

/** What the bank and Tink change is not seen without webhooks, and a webhook may be lost. */
const pollInterval = { withoutWebhooks: Duration.minutes(1), withWebhooks: Duration.minutes(15) }

/** How soon to poll again after a problem. */
const retryInterval = Duration.seconds(10)

/** How soon to look again at a connection that waits for the user. */
const returnInterval = Duration.seconds(3)

/** Keeps the HTTP connection open through proxies, and shows when the browser has gone. */
const keepAlive = Stream.as(Stream.fromSchedule(Schedule.spaced("15 seconds")), ": still here\n\n")

const watch = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const sessions = yield* Sessions
    const { polling, webhookSecret } = yield* Settings
    const { customerId } = session
    // A page that reads too slowly loses the oldest events.
    const events = yield* Mailbox.make<Event>({ capacity: 64, strategy: "sliding" })
    const following = yield* FiberMap.make<Ids.CredentialsId>()
    const changes = yield* Effect.flatMap(Changes, ({ subscribe }) => subscribe(customerId))
    const oneAtATime = yield* Effect.makeSemaphore(1)

    const sendProblem = (cause: TinkError.TinkError | SqlError) =>
      Effect.andThen(log(cause), events.offer({ _tag: "problem", data: toFailure(cause) }))

    const sendSettled = (id: Ids.CredentialsId) => events.offer({ _tag: "settled", data: { id } })

    /**
     * Follows a connection until it settles, also while the user is at their bank. `since` is what is in progress: without it, the
     * library takes a state for final only when it knows that it is not an old one, which takes up to 30 seconds.
     */
    const follow = (id: Ids.CredentialsId, since?: Credential.Credential): Effect.Effect<void, never, Context> =>
      Effect.gen(function* () {
        const tinkUser = yield* authorize(customerId)
        if (Option.isNone(tinkUser)) return
        const last = yield* users.followCredential(tinkUser.value, id, { schedule: polling, since }).pipe(
          Stream.mapEffect(fromCredential),
          Stream.tap((connection) => events.offer({ _tag: "connection", data: connection })),
          Stream.runLast
        )
        if (Option.exists(last, ({ state }) => state === "waiting-for-you")) {
          return yield* Effect.delay(follow(id, since), returnInterval)
        }
        yield* sendSettled(id)
      }).pipe(
        Effect.catchAll((error) =>
          error._tag === "TinkError" && error.reason === "NotFound" ? sendOverviewOrProblem : sendProblem(error)
        )
      )

    /** One at a time, so that an older overview cannot follow a newer one. */
    const sendOverview = oneAtATime.withPermits(1)(
      Effect.gen(function* () {
        const credentials = yield* listCredentials(customerId)
        const overview = yield* toOverview(credentials, { isKnown: true })
        yield* events.offer({ _tag: "overview", data: overview })
        const inProgress = new Set(overview.connections.filter(isInProgress).map(({ id }) => id))
        yield* Effect.forEach(
          credentials.filter(({ id }) => inProgress.has(id)),
          (credential) =>
            FiberMap.run(following, credential.id, follow(credential.id, credential), { onlyIfMissing: true })
        )
        return inProgress
      })
    )

    const sendOverviewOrProblem: Effect.Effect<void, never, Context> = Effect.catchAll(sendOverview, sendProblem)

    const settle = (id: Ids.CredentialsId) => Effect.andThen(FiberMap.remove(following, id), sendSettled(id))

    const handleChange = (change: Change): Effect.Effect<void, never, Context> =>
      Effect.gen(function* () {
        const inProgress = yield* Effect.catchAll(sendOverview, (cause) => Effect.as(sendProblem(cause), undefined))
        switch (change._tag) {
          case "List":
            return
          case "Started":
            // Replaces the fiber that follows it: that one may consider it settled.
            yield* FiberMap.run(following, change.id, follow(change.id))
            return
          case "Returned":
            if (inProgress?.has(change.id) === false) yield* settle(change.id)
            return
          case "Finished": {
            const isFollowed = yield* FiberMap.has(following, change.id)
            // Another refresh may have begun.
            if (inProgress?.has(change.id) === false && isFollowed) yield* settle(change.id)
          }
        }
      })

    const poll = sendOverview.pipe(
      Effect.as(Option.isSome(webhookSecret) ? pollInterval.withWebhooks : pollInterval.withoutWebhooks),
      Effect.catchAll((cause) => Effect.as(sendProblem(cause), retryInterval)),
      Effect.flatMap(Effect.sleep),
      // A page that is open keeps its session alive.
      Effect.andThen(Effect.orElseSucceed(sessions.extend(session), () => true)),
      Effect.repeat({ while: (isAlive) => isAlive }),
      Effect.andThen(events.end)
    )

    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(changes), handleChange)))
    yield* Effect.forkScoped(poll)
    return Stream.map(Mailbox.toStream(events), encode)
  })

type Context = Users.Users | Settings | Customers | Banks

export const respond = (session: Session) =>
  Effect.gen(function* () {
    const { begun } = yield* Shutdown
    const streams = yield* EventStreams
    // Until the response has ended.
    yield* streams.open(session)
    const context = yield* Effect.context<Context | Sessions | Changes>()
    const text = Stream.make("retry: 2000\n\n").pipe(
      Stream.concat(Stream.merge(Stream.unwrapScoped(watch(session)), keepAlive, { haltStrategy: "left" })),
      Stream.interruptWhen(begun),
      Stream.provideContext(context)
    )
    return HttpServerResponse.stream(Stream.encodeText(text), {
      contentType: "text/event-stream",
      // Proxies must not buffer it.
      headers: { "X-Accel-Buffering": "no" }
    })
  })
