/** Calls to the store: counted, given up in time, and not made while a server fails. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { StoreError } from "../InvalidationStore.js"
import { type Breaker, makeBreaker } from "./breaker.js"
import type { makeCounters } from "./counters.js"
import { now } from "./elapsed.js"
import { timeoutDetached } from "./timeoutDetached.js"

export const makeCalls = (options: {
  readonly clock: Clock.Clock
  readonly counters: ReturnType<typeof makeCounters>
  readonly timeoutMillis: number
}) => {
  const { clock, counters, timeoutMillis } = options
  /** A server that is down does not keep others from being asked. */
  const breakers = new Map<string, Breaker>()

  const breakerOf = (server: string): Breaker => {
    const found = breakers.get(server)
    if (found !== undefined) return found
    const breaker = makeBreaker()
    breakers.set(server, breaker)
    return breaker
  }

  const failed = (breaker: Breaker, { message }: StoreError) =>
    Effect.suspend(() => {
      counters.add("storeFailures")
      return breaker.failed(now(clock).monotonic)
        ? Effect.logWarning(
            `The shared store has failed three times in a row, so reads are not cached and changes wait until it answers: ${message}`
          )
        : Effect.void
    })

  const succeeded = (breaker: Breaker) =>
    Effect.suspend(() => (breaker.succeeded() ? Effect.logInfo("The shared store answers again.") : Effect.void))

  return {
    isRefusing: (server: string) => breakers.get(server)?.isOpen(now(clock).monotonic) === true,

    call: <A>(
      server: string,
      operation: StoreError["operation"],
      effect: Effect.Effect<A, StoreError>
    ): Effect.Effect<A, StoreError> =>
      Effect.suspend(() => {
        const breaker = breakerOf(server)
        if (!breaker.tryAcquire(now(clock).monotonic)) {
          return new StoreError({ operation, message: "not asked: it has failed three times in a row" })
        }
        counters.add("roundTrips")
        return effect.pipe(
          Effect.catchAllDefect(() => new StoreError({ operation, message: "a defect of the store" })),
          timeoutDetached({
            duration: timeoutMillis,
            onTimeout: () => new StoreError({ operation, message: "no answer in time" })
          }),
          Effect.tapBoth({
            onFailure: (error) => failed(breaker, error),
            onSuccess: () => succeeded(breaker)
          })
        )
      })
  }
}

export type Calls = ReturnType<typeof makeCalls>
