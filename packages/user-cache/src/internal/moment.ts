import type * as Clock from "effect/Clock"

/**
 * A moment on two clocks, in milliseconds. The wall clock may be set back or forward while the process runs. The
 * monotonic clock is never set, but may stand still while the machine sleeps. Only both together bound an age.
 */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const now = (clock: Clock.Clock): Moment => ({
  wall: clock.unsafeCurrentTimeMillis(),
  monotonic: Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
})

/** An upper bound of the time between two moments: infinite when the wall clock was set back. */
export const maxElapsed = (from: Moment, to: Moment): number =>
  to.wall < from.wall ? Number.POSITIVE_INFINITY : Math.max(to.wall - from.wall, to.monotonic - from.monotonic)
