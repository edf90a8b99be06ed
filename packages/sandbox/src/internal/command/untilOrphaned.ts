import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** Ends when npm or npx, which started this process, was killed: neither passes the signal on. */
export const untilOrphaned: Effect.Effect<void> = Effect.suspend(() => {
  if (process.env["npm_command"] === undefined) return Effect.never
  const parent = process.ppid
  return Effect.asVoid(
    Effect.repeat(
      Effect.sync(() => process.ppid === parent),
      { schedule: Schedule.spaced("500 millis"), while: (isThere) => isThere }
    )
  )
})
