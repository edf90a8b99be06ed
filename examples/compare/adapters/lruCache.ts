import { LRUCache } from "lru-cache"
import { type Adapter, byHand, keyOf, makeKeys } from "../adapter.js"

/** README, "Usage": `get`, and `set` what was missing; `delete`. */
export const lruCache: Adapter = {
  name: "lru-cache, get and set",
  package: "lru-cache",
  make: (origin, capacity) => {
    const cache = new LRUCache<string, string>({ max: capacity, ttl: 30_000 })
    const keys = makeKeys<string>()
    return {
      get: async (userId, key) => {
        const cacheKey = keys.add(userId, key, () => keyOf(userId, key))
        const stored = cache.get(cacheKey)
        if (stored !== undefined) return stored
        const value = await origin(userId, key)
        cache.set(cacheKey, value)
        return value
      },
      invalidateUser: async (userId) => {
        for (const key of keys.of(userId)) cache.delete(key)
      }
    }
  },
  notes: [byHand]
}
