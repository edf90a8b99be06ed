import { createCache } from "async-cache-dedupe"
import type { MakeGrouped, MakeKeyed } from "./cache.js"

/** README: `define`, whose calls share one lookup, and `clear` of one key. Its times to live are in seconds. */
export const asyncCacheDedupe: MakeKeyed = ({ capacity, lookup, timeToLive }) => {
  const storage = { type: "memory", options: { size: capacity } } as const
  const cache = createCache({ ttl: timeToLive / 1000, storage }).define("lookup", lookup)
  return {
    get: cache.lookup,
    invalidate: (keys) => Promise.all(keys.map((key) => cache.clear("lookup", key)))
  }
}

/** README, "Invalidation": the lookup names its `references`, and `invalidateAll` takes a reference. */
export const asyncCacheDedupeReferences: MakeGrouped = ({ capacity, lookup, timeToLive }) => {
  const cache = createCache({
    ttl: timeToLive / 1000,
    storage: { type: "memory", options: { size: capacity, invalidation: true } }
  }).define(
    "lookup",
    { references: ({ userId }) => [`user:${userId}`] },
    ({ key, userId }: { readonly userId: string; readonly key: string }) => lookup(userId, key)
  )
  return {
    get: (userId, key) => cache.lookup({ userId, key }),
    invalidateUser: (userId) => cache.invalidateAll(`user:${userId}`)
  }
}
