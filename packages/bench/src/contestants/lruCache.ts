import { LRUCache } from "lru-cache"
import type { Answer, Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"

/** README, "Usage", and the documentation of `fetch`: `fetchMethod` looks up what is missing, once for all who wait. */
export const lruCache: Contestant<Cache> = {
  name: "lru-cache",
  packages: ["lru-cache"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const cache = new LRUCache<string, Answer>({
        max: setup.capacity,
        ttl: setup.timeToLive,
        // `delete` aborts a lookup that is under way; its readers still want their answer.
        ignoreFetchAbort: true,
        fetchMethod: client.list
      })
      return {
        list: (userId) => cache.forceFetch(userId),
        invalidate: async (userId) => cache.delete(userId)
      }
    })
}
