import type * as Clock from "effect/Clock"

/** Immune to wall-clock changes. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6
