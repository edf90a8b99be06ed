/**
 * How a credential is followed while it is on its way.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import type { Credential } from "./Credential.js"

/**
 * Asks at once, again after one second, then a little later each time, up to every two seconds, as `tink-api.md` 6.4 advises;
 * for ten minutes, which is longer than Tink waits for a user (6.2).
 *
 * @since 0.1.0
 * @category schedules
 */
export const schedule: Schedule.Schedule<unknown> = Schedule.exponential("1 second", 1.1).pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.upTo("10 minutes")
)

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * When to ask again, and, where it ends, when to give up; `Polling.schedule` by default. All who follow a credential with
   * the same schedule (the same value: make it a constant) share the requests; it begins anew when the user is changed. Each of
   * them gives up by their own time, after one answer at least. Shorter waits than 100 milliseconds are made as long.
   *
   * @example
   * ```ts
   * import type * as Polling from "@effect-tink/users/Polling"
   * import * as Schedule from "effect/Schedule"
   *
   * export const patient: Polling.Options = {
   *   schedule: Schedule.spaced("5 seconds").pipe(Schedule.upTo("1 hour"))
   * }
   * ```
   */
  readonly schedule?: Schedule.Schedule<unknown> | undefined
  /**
   * How long, after a change was accepted, Tink may still answer as if it had not been (`tink-api.md` 6.4): until then a
   * status is believed to be the last one only if `statusUpdated` has moved. 30 seconds by default.
   */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FollowOptions extends Options {
  /**
   * The credential as it was before the change that is followed. What still looks like it is not the end before `patience`
   * is over. Changes that went through the same `Users` need no such hint.
   */
  readonly since?: Credential | undefined
}
