import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { GroupedEffectCache, GroupedEffectOptions, KeyedEffectCache, KeyedEffectOptions } from "./cache.js"

/** API documentation of `Cache`: `makeWith` takes the time to live from the exit, here none for failures; `invalidate`. */
export const effectCache = <A, E>({
  capacity,
  lookup,
  timeToLive
}: KeyedEffectOptions<A, E>): Effect.Effect<KeyedEffectCache<A, E>> =>
  Effect.map(
    Cache.makeWith({
      capacity,
      lookup,
      timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.millis(timeToLive) : Duration.zero)
    }),
    (cache) => ({ get: (key) => cache.get(key), invalidate: (key) => cache.invalidate(key) })
  )

/** Not documented, but the best use of `Cache`: a cache of users, whose values are caches of their keys. */
export const effectCachePerUser = <A, E>({
  capacity,
  lookup,
  timeToLive
}: GroupedEffectOptions<A, E>): Effect.Effect<GroupedEffectCache<A, E>> =>
  Effect.map(
    Cache.make({
      capacity,
      timeToLive: Duration.infinity,
      lookup: (userId: string) => effectCache({ capacity, timeToLive, lookup: (key: string) => lookup(userId, key) })
    }),
    (users) => ({
      get: (userId, key) => Effect.flatMap(users.get(userId), (cache) => cache.get(key)),
      invalidateUser: (userId) => users.invalidate(userId)
    })
  )
