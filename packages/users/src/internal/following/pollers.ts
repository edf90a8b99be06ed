/** Shared polls: all followers of a credential share one request. */
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
import type { Credential } from "../../Credential.js"
import type { OpenSession } from "../access.js"
import { now, onMonotonicClock } from "../monotonic.js"

type Poll = Effect.Effect<Credential, TinkError>

/** What is polled, for which session and how often. Equal targets share a poller. */
export class Target implements Equal.Equal {
  readonly userId: UserId
  readonly id: CredentialsId
  readonly schedule: Schedule.Schedule<unknown>
  readonly poll: Poll
  /** Sessions with the same identity may share what is read. */
  readonly #identity: string

  constructor(session: OpenSession, id: CredentialsId, schedule: Schedule.Schedule<unknown>, poll: Poll) {
    this.userId = session.userId
    this.#identity = session.identity
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

/** The answer to a poll. */
export interface Answer {
  readonly exit: Exit.Exit<Credential, TinkError>
  /** When it was sent, on the monotonic clock. */
  readonly sentAt: number
}

/** An answer, and how many changes of the user its poller knew of when it was sent. */
interface VersionedAnswer extends Answer {
  readonly changes: number
}

interface Poller {
  readonly target: Target
  readonly answers: PubSub.PubSub<VersionedAnswer>
  isPolling: boolean
  latest: VersionedAnswer | undefined
  changes: number
  /** Ends the wait for the next poll. */
  wakeUp: Deferred.Deferred<void>
}

export interface Pollers {
  /** The answers to polls that were sent after the last change of the user before the stream began. */
  readonly answers: (target: Target) => Stream.Stream<Answer, TinkError>
  /** Must run after each change of a user. */
  readonly changed: (userId: UserId) => Effect.Effect<void>
}

/** A new follower reuses an answer of this age, so that followers who start one after the other cause one poll a second. */
const maxReuseMillis = 1000

/** How many answers are buffered for a slow follower before the oldest is dropped. */
const capacity = 64

/** A schedule may have no delay at all, which would starve the process. */
export const withFloor = Schedule.modifyDelay((_, delay: Duration.DurationInput) => Duration.max(delay, "100 millis"))

const wake = (poller: Poller) => Effect.asVoid(Deferred.succeed(poller.wakeUp, undefined))

const pollOnce = (poller: Poller) =>
  Effect.gen(function* () {
    poller.wakeUp = Deferred.unsafeMake(FiberId.none)
    poller.isPolling = true
    const question = { sentAt: yield* now, changes: poller.changes }
    const answer = { ...question, exit: yield* Effect.exit(poller.target.poll) }
    poller.latest = answer
    poller.isPolling = false
    yield* PubSub.publish(poller.answers, answer)
  })

const run = (poller: Poller) =>
  Effect.gen(function* () {
    const driver = yield* Schedule.driver(withFloor(poller.target.schedule))
    // A schedule that ended starts again: the remaining followers came later.
    const interval = Effect.orElse(driver.next(undefined), () => Effect.zipRight(driver.reset, driver.next(undefined)))
    const untilWoken = Effect.suspend(() => Effect.zipRight(Deferred.await(poller.wakeUp), driver.reset))
    while (true) {
      yield* pollOnce(poller)
      yield* Effect.raceFirst(onMonotonicClock(Effect.orElse(interval, () => Effect.never)), untilWoken)
    }
  })

export const make: Effect.Effect<Pollers, never, Scope.Scope> = Effect.gen(function* () {
  // Not the runtime of the first follower, with its span and log annotations: it may leave before the others.
  const runtime = yield* Effect.runtime()
  const running = new Set<Poller>()

  const start = (target: Target) =>
    Effect.gen(function* () {
      const poller: Poller = {
        target,
        answers: yield* PubSub.sliding<VersionedAnswer>(capacity),
        isPolling: false,
        latest: undefined,
        changes: 0,
        wakeUp: Deferred.unsafeMake(FiberId.none)
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

  // Runs before the pollers end, which would leave their followers waiting.
  const closed = yield* Deferred.make<never, TinkError>()
  yield* Effect.addFinalizer(() =>
    Deferred.fail(closed, invalidInput("followCredential", "the layer of this Users is closed"))
  )

  const join = (target: Target) =>
    Effect.gen(function* () {
      const poller = yield* RcMap.get(pollers, target)
      const next = yield* Stream.fromPubSub(poller.answers, { scoped: true })
      const { changes, latest } = poller
      const isUsable =
        latest !== undefined && latest.changes === changes && (yield* now) - latest.sentAt < maxReuseMillis
      if (latest !== undefined && !isUsable && !poller.isPolling) yield* wake(poller)
      const answers = isUsable ? Stream.concat(Stream.succeed(latest), next) : next
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
