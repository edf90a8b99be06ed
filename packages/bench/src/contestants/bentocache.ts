import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { joinKey, type MakeGrouped } from "./cache.js"

/**
 * README, "Tagging": `getOrSet` with tags, `deleteByTag`. Documentation, "Timeouts": `hardTimeout`. Memory driver:
 * `serialize: false` is faster.
 */
export const bentocache: MakeGrouped = ({ capacity, lookup, timeToLive }) => {
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: capacity, serialize: false }))
  const cache = new BentoCache({ default: "users", ttl: timeToLive, stores: { users: store } })
  const entry = (userId: string, key: string) => ({
    key: joinKey(userId, key),
    tags: [userId],
    factory: () => lookup(userId, key)
  })
  return {
    get: (userId, key) => cache.getOrSet(entry(userId, key)),
    getWithin: (userId, key, millis) => cache.getOrSet({ ...entry(userId, key), hardTimeout: millis }),
    invalidateUser: (userId) => cache.deleteByTag({ tags: [userId] }),
    close: () => cache.disconnectAll()
  }
}
