import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Schedule from "effect/Schedule"
import { untilEnd } from "./schedules.js"

/** The end of a schedule, for the followers whose first answer was the same. */
export interface Deadline<in Follower> {
  readonly add: (follower: Follower) => void
  /** May be called more than once. */
  readonly remove: (follower: Follower) => void
}

/** The schedule starts with the first follower. */
export const makeDeadline = <Follower>(parts: {
  readonly schedule: Schedule.Schedule<unknown>
  readonly fork: (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>
  readonly onEnd: (followers: Iterable<Follower>) => void
}): Deadline<Follower> => {
  const { fork, onEnd, schedule } = parts
  const followers = new Set<Follower>()
  let fiber: Fiber.RuntimeFiber<void> | undefined
  let isOver = false

  const end = Effect.sync(() => {
    isOver = true
    onEnd(Array.from(followers))
  })

  return {
    add: (follower) => {
      if (isOver) return onEnd([follower])
      followers.add(follower)
      if (followers.size === 1) fiber = fork(Effect.andThen(untilEnd(schedule), end))
    },
    remove: (follower) => {
      if (followers.delete(follower) && followers.size === 0) fiber?.unsafeInterruptAsFork(FiberId.none)
    }
  }
}
