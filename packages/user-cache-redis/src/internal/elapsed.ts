import type * as Clock from "effect/Clock"

/** A moment on two clocks, in milliseconds: the wall clock may be set, the monotonic one may stand still in sleep. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1_000_000

export const now = (clock: Clock.Clock): Moment => ({
  wall: clock.unsafeCurrentTimeMillis(),
  monotonic: monotonicMillis(clock)
})

/** An upper bound: infinite when the wall clock was set back. */
export const maxElapsed = (from: Moment, to: Moment): number =>
  to.wall < from.wall ? Number.POSITIVE_INFINITY : Math.max(to.wall - from.wall, to.monotonic - from.monotonic)
