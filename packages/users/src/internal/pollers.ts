/** Polls that are shared: however many follow a credential, Tink is asked once. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Hash from "effect/Hash"
import * as PubSub from "effect/PubSub"
import * as RcMap from "effect/RcMap"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Credential } from "../Credential.js"
import type { Opened } from "./access.js"
import { now, onMonotonicClock } from "./monotonic.js"

type Poll = Effect.Effect<Credential, TinkError>

/** What is polled, for whom and how often. Two who would ask the same share a poller, whoever came first. */
export class Target implements Equal.Equal {
  readonly userId: UserId
  readonly id: CredentialsId
  readonly schedule: Schedule.Schedule<unknown>
  readonly poll: Poll
  /** Who may share what is read. */
  readonly #identity: string

  constructor(opened: Opened, id: CredentialsId, schedule: Schedule.Schedule<unknown>, poll: Poll) {
    this.userId = opened.userId
    this.#identity = opened.identity
    this.id = id
    this.schedule = schedule
    this.poll = poll
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return (
      that instanceof Target &&
      that.userId === this.userId &&
      that.#identity === this.#identity &&
      that.id === this.id &&
      that.schedule === this.schedule
    )
  }

  [Hash.symbol](): number {
    return Hash.string(`${this.userId} ${this.id}`)
  }
}

/** What a poll has come to. */
export interface Answer {
  readonly exit: Exit.Exit<Credential, TinkError>
  /** When it was asked for, on the monotonic clock. */
  readonly askedAt: number
}

/** An answer, and how many changes of the user its poller knew of when it was asked for. */
interface Numbered extends Answer {
  readonly changes: number
}

interface Poller {
  readonly target: Target
  readonly answers: PubSub.PubSub<Numbered>
  isAsking: boolean
  latest: Numbered | undefined
  changes: number
  /** Ends the wait for the next poll. */
  awake: Deferred.Deferred<void>
}

export interface Pollers {
  /** The answers to polls that began after the last change of the user which was made before the stream began. */
  readonly answers: (target: Target) => Stream.Stream<Answer, TinkError>
  /** To be told when a user was changed. */
  readonly changed: (userId: UserId) => Effect.Effect<void>
}

/** A newcomer takes an answer as young as this, so that many who come one after the other make no more than one poll a second. */
const youngMillis = 1000

/** How many answers wait for a follower who is slow, before the oldest is left out. */
const capacity = 64

/** Never as fast as it can: a schedule may have no delay at all. */
export const withFloor = Schedule.modifyDelay((_, delay: Duration.DurationInput) => Duration.max(delay, "100 millis"))

const wake = (poller: Poller) => Effect.asVoid(Deferred.succeed(poller.awake, undefined))

const ask = (poller: Poller) =>
  Effect.gen(function* () {
    poller.awake = Deferred.unsafeMake(FiberId.none)
    poller.isAsking = true
    const asked = { askedAt: yield* now, changes: poller.changes }
    const answer = { ...asked, exit: yield* Effect.exit(poller.target.poll) }
    poller.latest = answer
    poller.isAsking = false
    yield* PubSub.publish(poller.answers, answer)
  })

const run = (poller: Poller) =>
  Effect.gen(function* () {
    const driver = yield* Schedule.driver(withFloor(poller.target.schedule))
    // Where the schedule ends, it begins anew: those who still follow came later.
    const interval = Effect.orElse(driver.next(undefined), () => Effect.zipRight(driver.reset, driver.next(undefined)))
    const woken = Effect.suspend(() => Effect.zipRight(Deferred.await(poller.awake), driver.reset))
    while (true) {
      yield* ask(poller)
      yield* Effect.raceFirst(onMonotonicClock(Effect.orElse(interval, () => Effect.never)), woken)
    }
  })

export const make: Effect.Effect<Pollers, never, Scope.Scope> = Effect.gen(function* () {
  // Not what the first follower has set for itself, such as log annotations and its span: it may leave before the others.
  const runtime = yield* Effect.runtime()
  const running = new Set<Poller>()

  const start = (target: Target) =>
    Effect.gen(function* () {
      const poller: Poller = {
        target,
        answers: yield* PubSub.sliding<Numbered>(capacity),
        isAsking: false,
        latest: undefined,
        changes: 0,
        awake: Deferred.unsafeMake(FiberId.none)
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => running.add(poller)),
        () => Effect.sync(() => running.delete(poller))
      )
      yield* Effect.acquireRelease(
        Effect.sync(() => Runtime.runFork(runtime)(run(poller))),
        Fiber.interrupt
      )
      return poller
    })

  const pollers = yield* RcMap.make({ lookup: start })

  // Before the pollers end, which would leave their followers waiting.
  const closed = yield* Deferred.make<never, TinkError>()
  yield* Effect.addFinalizer(() =>
    Deferred.fail(closed, invalidInput("followCredential", "the layer of this Users is closed"))
  )

  const join = (target: Target) =>
    Effect.gen(function* () {
      const poller = yield* RcMap.get(pollers, target)
      const coming = yield* Stream.fromPubSub(poller.answers, { scoped: true })
      const { changes, latest } = poller
      const isUsable = latest !== undefined && latest.changes === changes && (yield* now) - latest.askedAt < youngMillis
      if (latest !== undefined && !isUsable && !poller.isAsking) yield* wake(poller)
      const answers = isUsable ? Stream.concat(Stream.succeed(latest), coming) : coming
      return Stream.filter(answers, (answer) => answer.changes >= changes)
    })

  return {
    answers: (target) => Stream.interruptWhenDeferred(Stream.unwrapScoped(join(target)), closed),
    changed: (userId) =>
      Effect.forEach(
        Array.from(running).filter(({ target }) => target.userId === userId),
        (poller) => {
          poller.changes += 1
          return wake(poller)
        },
        { discard: true }
      )
  }
})
