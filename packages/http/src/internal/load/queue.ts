import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { TinkError } from "../../TinkError.js"
import * as Failures from "../failures.js"
import * as Metrics from "../metrics.js"
import { type InFlight, timeoutDetached } from "../timeoutDetached.js"
import type { Pause } from "./pause.js"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** The call that a request belongs to. */
export interface Call {
  readonly clock: Clock.Clock
  /** The milliseconds that are left. */
  readonly remaining: () => number
  /** For errors of a request that is not sent. */
  readonly unsent: () => Failures.Attempt
}

/** Bounds the requests in flight. The others wait, first come, first served. */
export interface Queue {
  /** Takes a turn, if no one else waits for it. */
  readonly tryEnter: (clock: Clock.Clock) => boolean
  /** Waits for a turn. Fails if there is none within the call's deadline. */
  readonly wait: (call: Call, restore: Restore) => Effect.Effect<void, TinkError>
  /** Ends a turn. */
  readonly leave: (clock: Clock.Clock) => void
}

interface Waiter {
  readonly turn: Deferred.Deferred<void>
  hasTurn: boolean
}

/** How often turns are given while requests begin again after a pause. */
const rampStepMillis = 10

export const makeQueue = (
  maxConcurrency: number,
  pause: Pause,
  inFlight: InFlight
): Effect.Effect<Queue, never, Scope.Scope> =>
  Effect.zipWith(Effect.scope, Effect.runtime<never>(), (scope, runtime) => {
    // A set keeps the order of insertion: the first waiter has waited longest.
    const waiting = new Set<Waiter>()
    let active = 0
    // undici, and so fetch, uses a connection again only after a turn of the event loop. A request that starts before opens
    // another connection, and there would be twice as many. So a turn that ended is free after a timer without a delay.
    let resting = 0
    let isTimerSet = false

    const free = (clock: Clock.Clock): number => Math.min(maxConcurrency - active - resting, pause.allowance(clock))

    const start = (): void => {
      active += 1
      pause.countStart()
    }

    const giveTurns = (clock: Clock.Clock): void => {
      let left = waiting.size === 0 ? 0 : free(clock)
      for (const waiter of waiting) {
        if (left-- <= 0) break
        waiting.delete(waiter)
        start()
        waiter.hasTurn = true
        Deferred.unsafeDone(waiter.turn, Exit.void)
      }
    }

    const setTimer = (clock: Clock.Clock, millis: number): void => {
      isTimerSet = true
      const wake = clock.sleep(Duration.millis(millis)).pipe(
        Effect.onExit(() => Effect.sync(() => (isTimerSet = false))),
        Effect.andThen(
          Effect.sync(() => {
            resting = 0
            giveTurns(clock)
            wakeLater(clock)
          })
        )
      )
      Runtime.runFork(runtime, wake, { scope })
    }

    /** Sees to it that turns are given when the next are free, unless only the end of a request can free one. */
    const wakeLater = (clock: Clock.Clock): void => {
      if (isTimerSet) return
      if (waiting.size > 0 && Number.isFinite(pause.allowance(clock)))
        setTimer(clock, Math.max(rampStepMillis, Math.ceil(pause.left(clock))))
      else if (resting > 0 && (waiting.size > 0 || active + resting >= maxConcurrency)) setTimer(clock, 0)
    }

    const leave = (clock: Clock.Clock): void => {
      active -= 1
      resting += 1
      wakeLater(clock)
    }

    const abandon = (waiter: Waiter, clock: Clock.Clock): void => {
      if (waiter.hasTurn) leave(clock)
      else waiting.delete(waiter)
    }

    return {
      tryEnter: (clock) => {
        if (waiting.size > 0 || free(clock) <= 0) return false
        start()
        return true
      },
      wait: ({ clock, remaining, unsent }, restore) =>
        Effect.suspend(() => {
          const pauseMillis = pause.left(clock)
          if (pauseMillis >= remaining()) return Effect.fail(Failures.paused(unsent(), pauseMillis))
          const waiter: Waiter = { turn: Deferred.unsafeMake<void>(FiberId.none), hasTurn: false }
          waiting.add(waiter)
          Metrics.countQueued(waiting.size)
          const wait = timeoutDetached({
            inFlight,
            millis: remaining(),
            onTimeout: () => {
              const left = pause.left(clock)
              return left > 0 ? Failures.paused(unsent(), left) : Failures.noTurn(unsent())
            },
            onAbort: () => Failures.closed(unsent())
          })(Deferred.await(waiter.turn))
          wakeLater(clock)
          return Effect.tapErrorCause(restore(wait), () => Effect.sync(() => abandon(waiter, clock)))
        }),
      leave
    }
  })
