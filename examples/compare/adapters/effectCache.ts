import * as Cache from "effect/Cache"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Adapter, byHand, makeKeys } from "../adapter.js"
import { request, run } from "./effect.js"

/** API documentation of `Cache`: `makeWith` takes the time to live from the exit, here none for failures; `invalidate`. */
export const effectCache: Adapter = {
  name: "effect/Cache",
  package: "effect",
  make: (origin, capacity) =>
    Cache.makeWith({
      capacity,
      timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.seconds(30) : Duration.zero),
      lookup: ({ key, userId }: { readonly userId: string; readonly key: string }) => request(origin, userId, key)
    }).pipe(
      Effect.map((cache) => {
        const keys = makeKeys<{ readonly userId: string; readonly key: string }>()
        const get = (userId: string, key: string) =>
          cache.get(keys.add(userId, key, () => Data.struct({ userId, key })))
        const invalidateUser = (userId: string) =>
          Effect.forEach(keys.of(userId), (key) => cache.invalidate(key), { discard: true })
        return {
          get: (userId: string, key: string) => run(get(userId, key)),
          getWithin: (userId: string, key: string, millis: number) => run(Effect.timeout(get(userId, key), millis)),
          invalidateUser: (userId: string) => run(invalidateUser(userId))
        }
      }),
      Effect.runPromise
    ),
  notes: [
    byHand,
    "Failures have a time to live of zero, and are served for the rest of their millisecond; with Cache.make, for all of the time to live."
  ]
}
