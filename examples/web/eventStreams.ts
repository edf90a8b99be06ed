/** Limits the streams of events that are open at once: per session, and in total. */
import { Context, Duration, Effect, Layer, type Scope } from "effect"
import { tooManyRequests, type TooManyRequests } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"

export class EventStreams extends Context.Tag("web/EventStreams")<
  EventStreams,
  {
    /** Counts a stream until the scope closes, and fails if it is one too many. */
    readonly open: (session: Session) => Effect.Effect<void, TooManyRequests, Scope.Scope>
  }
>() {}

const retryAfter = Duration.seconds(30)

export const layer = Layer.effect(
  EventStreams,
  Effect.map(Settings, ({ limits }) => {
    const open = new Map<string, number>()
    let total = 0

    const add = (key: string, change: 1 | -1) => {
      const count = (open.get(key) ?? 0) + change
      total += change
      if (count === 0) open.delete(key)
      else open.set(key, count)
    }

    const admit = (key: string) =>
      Effect.suspend(() => {
        if ((open.get(key) ?? 0) >= limits.eventStreamsPerSession) {
          return tooManyRequests("This page is open too often. Please close some of its tabs.", retryAfter)
        }
        if (total >= limits.eventStreams) {
          return tooManyRequests("Too many people are here. Please try again in a little while.", retryAfter)
        }
        return Effect.sync(() => add(key, 1))
      })

    return {
      open: ({ idHash }) => Effect.acquireRelease(admit(idHash), () => Effect.sync(() => add(idHash, -1)))
    }
  })
)
