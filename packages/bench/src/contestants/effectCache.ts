import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Cache as CacheOfUsers, Contestant } from "../contestant.js"
import * as Effects from "../effects.js"
import { layerHttpClient, makePlatformClient } from "./platformClient.js"

/** API documentation of `Cache`: `makeWith` takes the time to live from the exit, here none for failures; `invalidate`. */
export const effectCache: Contestant<CacheOfUsers> = {
  name: "effect/Cache",
  packages: ["effect"],
  make: async (setup) => {
    const runtime = ManagedRuntime.make(layerHttpClient(setup))
    const client = await runtime.runPromise(makePlatformClient(setup.origin))
    const cache = await runtime.runPromise(
      Cache.makeWith({
        capacity: setup.capacity,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.millis(setup.timeToLive) : Duration.zero),
        lookup: client.list
      })
    )
    const invalidate = (userId: string) => cache.invalidate(userId)
    return Effects.cacheOf(setup, runtime, {
      open: (userId) => userId,
      list: (userId) => cache.get(userId),
      invalidate,
      change: (userId) => Effect.ensuring(client.refresh(userId), invalidate(userId))
    })
  }
}
