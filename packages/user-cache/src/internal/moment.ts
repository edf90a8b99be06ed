import type * as Clock from "effect/Clock"

/**
 * A moment on two clocks, in milliseconds. The wall clock may be set back or forward while the process runs; the
 * monotonic one is never set, but may stand still while the machine sleeps. Only the two together say how old something
 * may be.
 */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const now = (clock: Clock.Clock): Moment => ({
  wall: clock.unsafeCurrentTimeMillis(),
  monotonic: Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
})

/** How much time may have passed. When the wall clock was set back nobody can tell. */
export const maxElapsed = (from: Moment, to: Moment): number =>
  to.wall < from.wall ? Number.POSITIVE_INFINITY : Math.max(to.wall - from.wall, to.monotonic - from.monotonic)
