import { Cacheable, createKeyv } from "cacheable"
import { type Adapter, byHand, keyOf, makeKeys } from "../adapter.js"

/** README, "Get Or Set Memoization Function"; API, `deleteMany`. */
export const cacheableGetOrSet: Adapter = {
  name: "cacheable, getOrSet",
  package: "cacheable",
  make: (origin, capacity) => {
    const cache = new Cacheable({ primary: createKeyv({ lruSize: capacity }), ttl: "30s" })
    const keys = makeKeys<string>()
    return {
      get: (userId, key) => {
        const cacheKey = keys.add(userId, key, () => keyOf(userId, key))
        return cache.getOrSet(cacheKey, () => origin(userId, key), { throwErrors: true })
      },
      invalidateUser: async (userId) => {
        await cache.deleteMany([...keys.of(userId)])
      },
      close: () => cache.disconnect()
    }
  },
  notes: [byHand, "getOrSet and wrap take no tags."]
}

/** README, "Tag Based Invalidation": `set` with tags, `invalidateTag`. */
export const cacheableTags: Adapter = {
  name: "cacheable, tags",
  package: "cacheable",
  make: (origin, capacity) => {
    const cache = new Cacheable({ primary: createKeyv({ lruSize: 2 * capacity }), ttl: "30s", tags: true })
    return {
      get: async (userId, key) => {
        const stored = await cache.get<string>(keyOf(userId, key))
        if (stored !== undefined) return stored
        const value = await origin(userId, key)
        await cache.set(keyOf(userId, key), value, { tags: [userId] })
        return value
      },
      invalidateUser: async (userId) => {
        await cache.tags.invalidateTag(userId)
      },
      close: () => cache.disconnect()
    }
  },
  notes: ["An invalidation only counts up; what it makes stale is found out, and dropped, by the reads that meet it."]
}
