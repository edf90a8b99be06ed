import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Cache, Contestant } from "../contestant.js"
import * as Effects from "../effects.js"
import { fetchClient } from "../fetchClient.js"

/** `UserCache` alone, in front of the hand-written client. README: `get`, `invalidateAfter`. */
export const userCache: Contestant<Cache> = {
  name: "UserCache",
  packages: ["@effect-tink/user-cache"],
  make: async (setup) => {
    const { capacity, timeToLive } = setup
    const client = fetchClient(setup.origin)
    const runtime = ManagedRuntime.make(Layer.mergeAll(UserCache.layer({ capacity, timeToLive })))
    const cache = await runtime.runPromise(UserCache.UserCache)
    return Effects.cacheOf(setup, runtime, {
      open: (userId) => userId,
      list: (userId) =>
        cache.get(
          userId,
          "list",
          Effect.tryPromise(() => client.list(userId))
        ),
      invalidate: cache.invalidate,
      change: (userId) =>
        cache.invalidateAfter(userId, Effect.asVoid(Effect.tryPromise(() => client.refresh(userId))), () => true)
    })
  }
}
