/** A clock that moves only when the simulation moves it. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Prng } from "./prng.js"

interface Sleeper {
  readonly wakesAt: number
  readonly wake: () => void
}

export interface VirtualClock {
  readonly clock: Clock.Clock
  readonly now: () => number
  /** How many timers are held. */
  readonly sleeping: () => number
  /** When the next sleeper wakes. */
  readonly nextWake: () => number | undefined
  /** Moves to a moment. No earlier sleeper may be left. */
  readonly moveTo: (moment: number) => void
  /** Wakes a random one of the sleepers that are due. Returns whether there was one. */
  readonly wakeOne: () => boolean
  /** Runs an action at a later moment. */
  readonly at: (moment: number, action: () => void) => void
}

/** An ordinary day: a clock at 0 hides mistakes with a missing time. */
export const epoch = Date.UTC(2030, 0, 2)

export const make = (prng: Prng): VirtualClock => {
  const sleepers = new Set<Sleeper>()
  let now = epoch

  const add = (wakesAt: number, wake: () => void): Sleeper => {
    const sleeper = { wakesAt, wake }
    sleepers.add(sleeper)
    return sleeper
  }

  const nanos = () => BigInt(now) * 1_000_000n

  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        // Like timers: in whole milliseconds, and never too early.
        const sleeper = add(Math.ceil(now + Duration.toMillis(duration)), () => resume(Effect.void))
        return Effect.sync(() => sleepers.delete(sleeper))
      })
  }

  const nextWake = (): number | undefined => {
    let earliest: number | undefined
    for (const { wakesAt } of sleepers) if (earliest === undefined || wakesAt < earliest) earliest = wakesAt
    return earliest
  }

  return {
    clock,
    now: () => now,
    sleeping: () => sleepers.size,
    nextWake,
    moveTo: (moment) => {
      now = moment
    },
    wakeOne: () => {
      const due = [...sleepers].filter((sleeper) => sleeper.wakesAt <= now)
      const chosen = due[prng.below(due.length)]
      if (chosen === undefined) return false
      sleepers.delete(chosen)
      chosen.wake()
      return true
    },
    at: (moment, action) => {
      add(moment, action)
    }
  }
}
