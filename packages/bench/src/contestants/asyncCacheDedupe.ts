import { createCache } from "async-cache-dedupe"
import type { Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"

/** README: `define`, whose calls share one lookup, and `clear` of one key. Its times to live are in seconds. */
export const asyncCacheDedupe: Contestant<Cache> = {
  name: "async-cache-dedupe",
  packages: ["async-cache-dedupe"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const storage = { type: "memory", options: { size: setup.capacity } } as const
      const cache = createCache({ ttl: setup.timeToLive / 1000, storage }).define("list", client.list)
      return { list: cache.list, invalidate: (userId) => cache.clear("list", userId) }
    })
}
