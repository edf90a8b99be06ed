/** Calls to the store: counted, ended in time, and not made while a server fails. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import { StoreError } from "../InvalidationStore.js"
import { type Breaker, makeBreaker } from "./breaker.js"
import type { makeCounters } from "./counters.js"
import { makeDeadlines } from "./deadlines.js"
import { monotonicMillis } from "./elapsed.js"
import type { RunInWorker } from "./workers.js"

export interface Call<A> {
  readonly server: string
  readonly operation: StoreError["operation"]
  readonly effect: Effect.Effect<A, StoreError>
}

export const makeCalls = (options: {
  readonly clock: Clock.Clock
  readonly counters: ReturnType<typeof makeCounters>
  readonly runInWorker: RunInWorker
  readonly runtime: Runtime.Runtime<never>
  readonly timeoutMillis: number
}) => {
  const { clock, counters, runInWorker, runtime, timeoutMillis } = options
  const setDeadline = makeDeadlines({ clock, millis: timeoutMillis, runtime })
  /** One for each server: one that is down does not stop calls to the others. */
  const breakers = new Map<string, Breaker>()

  const breakerOf = (server: string): Breaker => {
    const found = breakers.get(server)
    if (found !== undefined) return found
    const breaker = makeBreaker(() => monotonicMillis(clock))
    breakers.set(server, breaker)
    return breaker
  }

  const log = (message: Effect.Effect<void>) => void Runtime.runFork(runtime, message)

  const note = (breaker: Breaker, result: unknown): void => {
    if (!(result instanceof StoreError)) {
      if (breaker.succeeded()) log(Effect.logInfo("The shared store answers again."))
      return
    }
    counters.add("storeFailures")
    if (breaker.failed()) {
      log(
        Effect.logWarning(
          `The shared store has failed three times in a row. Until it answers, nothing is cached and changes are held back. ${result.message}`
        )
      )
    }
  }

  /**
   * Makes a call, and tells `onEnd` its result, unless the function that this returns was called before.
   *
   * The effect runs in a fiber of its own: it is given up in time even if it cannot be interrupted, and its result is
   * discarded then. The effect starts after this has returned.
   */
  const start = <A>({ effect, operation, server }: Call<A>, onEnd: (result: A | StoreError) => void): (() => void) => {
    const breaker = breakerOf(server)
    const toError = (message: string) => new StoreError({ operation, message })
    if (!breaker.tryAcquire()) {
      onEnd(toError("not asked: it has failed three times in a row"))
      return () => {}
    }
    counters.add("roundTrips")
    let isOver = false
    const end = (result: A | StoreError): void => {
      if (isOver) return
      isOver = true
      forgetDeadline()
      note(breaker, result)
      onEnd(result)
    }
    // The machine may have been too busy to start it in time.
    const inTime = Effect.suspend(() => (isOver ? Effect.interrupt : effect))
    const fiber = runInWorker(
      Effect.map(Effect.exit(inTime), (exit) => {
        if (Exit.isSuccess(exit)) return end(exit.value)
        end(exit.cause._tag === "Fail" ? exit.cause.error : toError("an effect that neither succeeds nor fails"))
      })
    )
    /** Interrupts only while the call runs: afterwards its fiber may run another call. */
    const giveUp = (onGivenUp: () => void): void => {
      if (isOver) return
      fiber.unsafeInterruptAsFork(FiberId.none)
      onGivenUp()
    }
    const forgetDeadline = setDeadline(() => giveUp(() => end(toError("no answer in time"))))
    return () =>
      giveUp(() => {
        isOver = true
        forgetDeadline()
      })
  }

  return {
    start,

    /** The same as an effect. It ends in time even if its caller cannot be interrupted. */
    run: <A>(call: Call<A>): Effect.Effect<A, StoreError> =>
      Effect.async<A, StoreError>((resume) => {
        const stop = start(call, (result) => resume(result instanceof StoreError ? result : Effect.succeed(result)))
        return Effect.sync(stop)
      }),

    isRefusing: (server: string): boolean => breakers.get(server)?.isOpen() === true
  }
}

export type Calls = ReturnType<typeof makeCalls>
