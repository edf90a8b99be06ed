/**
 * Protects a Tink in trouble: a bound on concurrent requests with a fair queue, a pause of all requests after
 * `Retry-After`, a budget of retries, and a circuit breaker. One for each layer, as Tink counts per app (`tink-api.md` 8.3).
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { TinkConfig } from "../TinkConfig.js"
import type { TinkError } from "../TinkError.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { type InFlight, timeoutDetached } from "./timeoutDetached.js"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Waiter {
  readonly turn: Deferred.Deferred<void>
  hasTurn: boolean
}

/** The call that a request belongs to. */
export interface Call {
  readonly clock: Clock.Clock
  /** The milliseconds that are left. */
  readonly remaining: () => number
  /** For errors of a request that is not sent. */
  readonly unsent: () => Failures.Attempt
}

export interface Load {
  /** Sends a request when it is its turn. */
  readonly run: <A>(call: Call, send: Effect.Effect<A, TinkError>) => Effect.Effect<A, TinkError>
  /** Takes a retry from the budget, if there is one left. */
  readonly takeRetry: (error: TinkError) => boolean
}

/** In this time after a pause, as many requests start as may be in flight; in twice the time, four times as many. */
const rampMillis = 200
const rampEndMillis = 1000
const rampStepMillis = 10

/** What a success returns to the budget of retries: one retry for five successes, as in the AWS SDKs. */
const successRefund = 0.2

const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

const requestedMillis = (error: TinkError): number =>
  (error.status === 429 || error.status === 503) && error.retryAfter !== undefined
    ? Duration.toMillis(error.retryAfter)
    : 0

/** A failure that says something of Tink's health. */
const isTrouble = (error: TinkError): boolean =>
  error.reason === "Transport" || error.reason === "Timeout" || (error.status ?? 0) >= 500

export const make = (config: TinkConfig, inFlight: InFlight): Effect.Effect<Load, never, Scope.Scope> =>
  Effect.zipWith(Effect.scope, Effect.runtime<never>(), (scope, runtime) => {
    const { circuitBreaker, maxConcurrency } = config
    const maxFailures = circuitBreaker?.failures ?? Number.POSITIVE_INFINITY
    const maxPauseMillis = Duration.toMillis(config.maxSharedPause)
    // A set keeps the order of insertion: the first waiter has waited longest.
    const waiting = new Set<Waiter>()
    let active = 0
    let pausedUntil: number | undefined
    let startedSincePause = 0
    let isTimerSet = false
    let retryBudget = config.retryBudget
    let failuresInRow = 0
    let openUntil: number | undefined
    let isProbing = false

    /** How many requests may start now. After a pause they are let go slowly, and faster and faster. */
    const free = (clock: Clock.Clock): number => {
      const idle = maxConcurrency - active
      if (pausedUntil === undefined) return idle
      const sincePause = monotonicMillis(clock) - pausedUntil
      if (sincePause < 0) return 0
      if (sincePause >= rampEndMillis) {
        pausedUntil = undefined
        return idle
      }
      const ramp = Math.max(1, Math.floor(maxConcurrency * (sincePause / rampMillis) ** 2))
      return Math.min(idle, ramp - startedSincePause)
    }

    const start = (): void => {
      active += 1
      startedSincePause += 1
    }

    const pauseLeft = (clock: Clock.Clock): number =>
      pausedUntil === undefined ? 0 : Math.max(0, pausedUntil - monotonicMillis(clock))

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

    /** Gives turns after a pause, since then no end of a request does. */
    const wakeAfterPause = (clock: Clock.Clock): void => {
      if (isTimerSet || pausedUntil === undefined || waiting.size === 0) return
      isTimerSet = true
      const wake = clock.sleep(Duration.millis(Math.max(rampStepMillis, Math.ceil(pauseLeft(clock))))).pipe(
        Effect.onExit(() => Effect.sync(() => (isTimerSet = false))),
        Effect.andThen(
          Effect.sync(() => {
            giveTurns(clock)
            wakeAfterPause(clock)
          })
        )
      )
      Runtime.runFork(runtime, wake, { scope })
    }

    const leave = (clock: Clock.Clock): void => {
      active -= 1
      if (waiting.size === 0) return
      giveTurns(clock)
      wakeAfterPause(clock)
    }

    const abandon = (waiter: Waiter, clock: Clock.Clock): void => {
      if (waiter.hasTurn) leave(clock)
      else waiting.delete(waiter)
    }

    const waitForTurn = ({ clock, remaining, unsent }: Call, restore: Restore) =>
      Effect.suspend(() => {
        const pauseMillis = pauseLeft(clock)
        if (pauseMillis >= remaining()) return Effect.fail(Failures.paused(unsent(), pauseMillis))
        const waiter: Waiter = { turn: Deferred.unsafeMake<void>(FiberId.none), hasTurn: false }
        waiting.add(waiter)
        Metrics.countQueued(waiting.size)
        const wait = timeoutDetached({
          inFlight,
          millis: remaining(),
          onTimeout: () => {
            const left = pauseLeft(clock)
            return left > 0 ? Failures.paused(unsent(), left) : Failures.noTurn(unsent())
          },
          onAbort: () => Failures.closed(unsent())
        })(Deferred.await(waiter.turn))
        wakeAfterPause(clock)
        return Effect.tapErrorCause(restore(wait), () => Effect.sync(() => abandon(waiter, clock)))
      })

    const observe = (exit: Exit.Exit<unknown, TinkError>, clock: Clock.Clock): void => {
      if (Exit.isSuccess(exit)) {
        retryBudget = Math.min(config.retryBudget, retryBudget + successRefund)
        failuresInRow = 0
        return
      }
      if (exit.cause._tag !== "Fail") return
      const error = exit.cause.error
      const millis = Math.min(requestedMillis(error), maxPauseMillis)
      if (millis > 0) {
        pausedUntil = Math.max(pausedUntil ?? 0, monotonicMillis(clock) + millis)
        startedSincePause = 0
        Metrics.countPause()
      }
      failuresInRow = isTrouble(error) ? failuresInRow + 1 : 0
    }

    const openCircuit = (clock: Clock.Clock): void => {
      if (circuitBreaker === undefined) return
      openUntil = monotonicMillis(clock) + Duration.toMillis(circuitBreaker.openFor)
      Metrics.countOpenedCircuit()
    }

    /** Sends the request of a call that has its turn. While the circuit is open, it fails. After that one request goes first. */
    const sendInTurn = <A>({ clock, unsent }: Call, send: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> => {
      const isProbe = openUntil !== undefined
      const millis = openUntil === undefined ? 0 : openUntil - monotonicMillis(clock)
      if (isProbe && (millis > 0 || isProbing)) {
        leave(clock)
        return Effect.fail(Failures.circuitOpen(unsent(), millis))
      }
      isProbing ||= isProbe
      const end = (exit: Exit.Exit<A, TinkError>): Exit.Exit<A, TinkError> => {
        observe(exit, clock)
        if (isProbe) isProbing = false
        if (failuresInRow === 0) openUntil = undefined
        else if (isProbe || (openUntil === undefined && failuresInRow >= maxFailures)) openCircuit(clock)
        leave(clock)
        return exit
      }
      return Effect.matchCauseEffect(send, {
        onFailure: (cause) => end(Exit.failCause(cause)),
        onSuccess: (value) => end(Exit.succeed(value))
      })
    }

    return {
      run: (call, send) =>
        Effect.uninterruptibleMask((restore) => {
          if (waiting.size > 0 || free(call.clock) <= 0) {
            return Effect.flatMap(waitForTurn(call, restore), () => sendInTurn(call, restore(send)))
          }
          start()
          return sendInTurn(call, restore(send))
        }),
      takeRetry: (error) => {
        // Tink has said when: it expects the request again.
        if (error.reason === "RateLimited" && error.retryAfter !== undefined) return true
        if (retryBudget < 1) {
          Metrics.countSuppressedRetry()
          return false
        }
        retryBudget -= 1
        return true
      }
    }
  })
