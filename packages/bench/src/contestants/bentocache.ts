import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import type { Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"

/** README, "Tagging": `getOrSet` with tags, `deleteByTag`. Of the memory driver: `serialize: false` is faster. */
export const bentocache: Contestant<Cache> = {
  name: "bentocache",
  packages: ["bentocache"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const store = bentostore().useL1Layer(memoryDriver({ maxItems: setup.capacity, serialize: false }))
      const cache = new BentoCache({ default: "users", ttl: setup.timeToLive, stores: { users: store } })
      return {
        list: (userId) => cache.getOrSet({ key: userId, tags: [userId], factory: () => client.list(userId) }),
        invalidate: (userId) => cache.deleteByTag({ tags: [userId] }),
        close: () => cache.disconnectAll()
      }
    })
}
