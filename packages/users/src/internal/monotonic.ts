import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Milliseconds on the clock that nobody sets. */
export const millisOf = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)

export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.succeed(millisOf(clock)))
