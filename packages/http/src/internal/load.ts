/**
 * Protects Tink when it is overloaded: a bound on concurrent requests with a fair queue, a pause of all requests after
 * `Retry-After`, a budget of retries, and a circuit breaker. One for each layer, as Tink counts per app (`tink-api.md` 8.3).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { TinkConfig } from "../TinkConfig.js"
import type { TinkError } from "../TinkError.js"
import * as Failures from "./failures.js"
import { type Health, makeCircuitBreaker } from "./load/circuitBreaker.js"
import { makePause } from "./load/pause.js"
import { type Call, makeQueue } from "./load/queue.js"
import { makeRetryBudget } from "./load/retryBudget.js"
import type { InFlight } from "./timeoutDetached.js"

export interface Load {
  /** Sends a request when it is its turn. */
  readonly run: <A>(call: Call, send: Effect.Effect<A, TinkError>) => Effect.Effect<A, TinkError>
  /** Takes a retry from the budget, if there is one left. */
  readonly takeRetry: (error: TinkError) => boolean
}

const requestedMillis = (error: TinkError): number =>
  (error.status === 429 || error.status === 503) && error.retryAfter !== undefined
    ? Duration.toMillis(error.retryAfter)
    : 0

const toHealth = ({ reason, status }: TinkError): Health => {
  // It was not sent.
  if (reason === "Invalid" && status === undefined) return undefined
  return reason === "Transport" || reason === "Timeout" || (status ?? 0) >= 500 ? "sick" : "healthy"
}

export const make = (config: TinkConfig, inFlight: InFlight): Effect.Effect<Load, never, Scope.Scope> => {
  const retryBudget = makeRetryBudget(config.retryBudget)
  const circuitBreaker = makeCircuitBreaker(config.circuitBreaker)
  const pause = makePause(config.maxConcurrency, Duration.toMillis(config.maxSharedPause))
  return Effect.map(makeQueue(config.maxConcurrency, pause, inFlight), (queue) => {
    const observe = (exit: Exit.Exit<unknown, TinkError>, { clock }: Call): Health => {
      if (Exit.isSuccess(exit)) {
        retryBudget.refund()
        pause.countSuccess(clock)
        return "healthy"
      }
      if (exit.cause._tag !== "Fail") return undefined
      const { error } = exit.cause
      const millis = requestedMillis(error)
      if (millis > 0) pause.begin(clock, millis, error.status === 429)
      return toHealth(error)
    }

    const sendInTurn = <A>(call: Call, send: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> => {
      const { clock, remaining, unsent } = call
      const refuse = (error: TinkError) => {
        queue.leave(clock)
        return Effect.fail(error)
      }
      if (remaining() === 0) return refuse(Failures.noTimeLeft(unsent()))
      const passage = circuitBreaker.enter(clock)
      if (typeof passage === "number") return refuse(Failures.circuitOpen(unsent(), passage))
      const end = (exit: Exit.Exit<A, TinkError>): Exit.Exit<A, TinkError> => {
        passage.end(observe(exit, call), clock)
        queue.leave(clock)
        return exit
      }
      return Effect.matchCauseEffect(send, {
        onFailure: (cause) => end(Exit.failCause(cause)),
        onSuccess: (value) => end(Exit.succeed(value))
      })
    }

    return {
      run: (call, send) =>
        Effect.uninterruptibleMask((restore) =>
          queue.tryEnter(call.clock)
            ? sendInTurn(call, restore(send))
            : Effect.flatMap(queue.wait(call, restore), () => sendInTurn(call, restore(send)))
        ),
      takeRetry: retryBudget.take
    }
  })
}
