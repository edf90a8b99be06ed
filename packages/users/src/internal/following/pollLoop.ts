import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Schedule from "effect/Schedule"
import { onMonotonicClock } from "../monotonic.js"
import { withFloor } from "./schedules.js"

export interface PollLoop {
  /** Polls at once, and then as the schedule says, until it is interrupted. */
  readonly run: Effect.Effect<never>
  /** Ends the wait for the next poll. While a poll is under way, another one follows it at once. */
  readonly wake: () => void
}

export const makePollLoop = (schedule: Schedule.Schedule<unknown>, poll: () => Effect.Effect<void>): PollLoop => {
  let wakeUp = Deferred.unsafeMake<void>(FiberId.none)

  const pollOnce = Effect.suspend(() => {
    wakeUp = Deferred.unsafeMake(FiberId.none)
    return poll()
  })

  const run = Effect.gen(function* () {
    const driver = yield* Schedule.driver(withFloor(schedule))
    // A schedule that ended starts again: the remaining followers came later.
    const interval = Effect.orElse(driver.next(undefined), () => Effect.andThen(driver.reset, driver.next(undefined)))
    const untilWoken = Effect.suspend(() => Effect.andThen(Deferred.await(wakeUp), driver.reset))
    while (true) {
      yield* pollOnce
      yield* Effect.raceFirst(onMonotonicClock(Effect.orElse(interval, () => Effect.never)), untilWoken)
    }
  })

  return { run, wake: () => Deferred.unsafeDone(wakeUp, Effect.void) }
}
