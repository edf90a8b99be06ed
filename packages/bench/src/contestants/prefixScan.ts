import { LRUCache } from "lru-cache"
import type { Answer, Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"
import { listPath } from "../tink.js"

/** What the Elixir package `tink` does: keys are `user:path`, and to invalidate a user is to walk through all keys. */
export const prefixScan: Contestant<Cache> = {
  name: "scan by prefix",
  packages: ["lru-cache"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const cache = new LRUCache<string, Answer>({ max: setup.capacity, ttl: setup.timeToLive })
      return {
        list: async (userId) => {
          const stored = cache.get(`${userId}:${listPath}`)
          if (stored !== undefined) return stored
          const answer = await client.list(userId)
          cache.set(`${userId}:${listPath}`, answer)
          return answer
        },
        invalidate: async (userId) => {
          for (const key of cache.keys()) if (key.startsWith(`${userId}:`)) cache.delete(key)
        }
      }
    })
}
