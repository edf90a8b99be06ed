import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { monotonicMillis } from "./elapsed.js"

interface Wait {
  readonly until: number
  readonly onDeadline: () => void
}

/**
 * Deadlines that are all equally far away, so the first one set is the first one due, and one timer is enough. A timer for
 * each would be most of what a question to the store costs.
 */
export const makeDeadlines = (options: {
  readonly clock: Clock.Clock
  readonly millis: number
  readonly runtime: Runtime.Runtime<never>
}) => {
  const { clock, millis, runtime } = options
  const waits = new Set<Wait>()
  let isWatching = false

  const watch: Effect.Effect<void> = Effect.suspend(() => {
    for (const wait of waits) {
      const left = wait.until - monotonicMillis(clock)
      if (left > 0) return Effect.andThen(Effect.sleep(left), watch)
      waits.delete(wait)
      wait.onDeadline()
    }
    isWatching = false
    return Effect.void
  })

  /** Calls `onDeadline` when the time is over, unless the function that it returns was called before. */
  return (onDeadline: () => void): (() => void) => {
    const wait = { until: monotonicMillis(clock) + millis, onDeadline }
    waits.add(wait)
    if (!isWatching) {
      isWatching = true
      Runtime.runFork(runtime, watch)
    }
    return () => void waits.delete(wait)
  }
}
