import { createCache } from "async-cache-dedupe"
import type { Adapter } from "../adapter.js"

/** README, "Invalidation": `references` of what was looked up, `invalidateAll` of a reference. */
export const asyncCacheDedupe: Adapter = {
  name: "async-cache-dedupe, references",
  package: "async-cache-dedupe",
  make: (origin, capacity) => {
    const cache = createCache({
      ttl: 30,
      storage: { type: "memory", options: { size: capacity, invalidation: true } }
    }).define(
      "lookup",
      { references: ({ userId }) => [`user:${userId}`] },
      ({ key, userId }: { readonly userId: string; readonly key: string }) => origin(userId, key)
    )
    return {
      get: (userId, key) => cache.lookup({ userId, key }),
      invalidateUser: (userId) => cache.invalidateAll(`user:${userId}`)
    }
  }
}
