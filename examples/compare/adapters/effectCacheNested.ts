import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Adapter } from "../adapter.js"
import { request, run } from "./effect.js"

/** In no documentation, but it makes the most of `Cache`: one for the users, whose values are caches of their keys. */
export const effectCacheNested: Adapter = {
  name: "effect/Cache, one per user",
  package: "effect",
  make: (origin, capacity) =>
    Cache.make({
      capacity,
      timeToLive: Duration.infinity,
      lookup: (userId: string) =>
        Cache.makeWith({
          capacity,
          timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.seconds(30) : Duration.zero),
          lookup: (key: string) => request(origin, userId, key)
        })
    }).pipe(
      Effect.map((users) => {
        const get = (userId: string, key: string) => Effect.flatMap(users.get(userId), (cache) => cache.get(key))
        return {
          get: (userId: string, key: string) => run(get(userId, key)),
          getWithin: (userId: string, key: string, millis: number) => run(Effect.timeout(get(userId, key), millis)),
          invalidateUser: (userId: string) => run(users.invalidate(userId))
        }
      }),
      Effect.runPromise
    ),
  notes: [
    "What comes late is stored in a cache that nobody has any more: never stale. In return the capacity bounds the users, and the entries of each, not the entries of all."
  ]
}
