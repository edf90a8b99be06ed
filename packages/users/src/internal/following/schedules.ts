import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { onMonotonicClock } from "../monotonic.js"

/** A schedule may have no delay at all, which would starve the process. */
export const withFloor = Schedule.modifyDelay((_, delay: Duration.DurationInput) => Duration.max(delay, "100 millis"))

/** Waits until a schedule ends that starts now. */
export const untilEnd = (schedule: Schedule.Schedule<unknown>): Effect.Effect<void> =>
  Effect.asVoid(onMonotonicClock(Effect.repeat(Effect.void, withFloor(schedule))))
