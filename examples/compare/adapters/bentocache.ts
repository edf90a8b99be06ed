import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { type Adapter, keyOf } from "../adapter.js"

/** README, "Tagging": `getOrSet` with tags, `deleteByTag`. Documentation, "Timeouts": `hardTimeout`. */
export const bentocache: Adapter = {
  name: "bentocache, tags",
  package: "bentocache",
  make: (origin, capacity) => {
    const store = bentostore().useL1Layer(memoryDriver({ maxItems: 2 * capacity }))
    const cache = new BentoCache({ default: "users", ttl: "30s", stores: { users: store } })
    const get = (userId: string, key: string) => ({
      key: keyOf(userId, key),
      tags: [userId],
      factory: () => origin(userId, key)
    })
    return {
      get: (userId, key) => cache.getOrSet(get(userId, key)),
      getWithin: (userId, key, millis) => cache.getOrSet({ ...get(userId, key), hardTimeout: millis }),
      invalidateUser: async (userId) => {
        await cache.deleteByTag({ tags: [userId] })
      },
      close: () => cache.disconnectAll()
    }
  },
  notes: [
    "An invalidation only writes down the time; what it makes stale is found out by the reads that meet it. Namespaces and clear are stale, too.",
    "The timeout of a reader (hardTimeout) stops nothing, and has those who wait send a second request."
  ]
}
