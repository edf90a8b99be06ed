import { Cacheable, type CacheableOptions, createKeyv } from "cacheable"
import type { Answer, Cache, Contestant, Setup } from "../contestant.js"
import { cacheOf } from "../promises.js"

/** README of its memory store: one `Map` where there is a limit, and no clones of large values that nobody changes. */
const optionsOf = ({ capacity, timeToLive }: Setup): CacheableOptions => ({
  primary: createKeyv({ lruSize: capacity, storeHashSize: 1, useClone: false }),
  ttl: timeToLive
})

/** README, "Get Or Set Memoization Function": one lookup for all who wait. It takes no tags. */
export const cacheable: Contestant<Cache> = {
  name: "cacheable",
  packages: ["cacheable"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const cache = new Cacheable(optionsOf(setup))
      return {
        list: async (userId) => (await cache.getOrSet(userId, () => client.list(userId), { throwErrors: true })) ?? [],
        invalidate: (userId) => cache.delete(userId),
        close: () => cache.disconnect()
      }
    })
}

/** README, "Tag Based Invalidation": `set` with tags, `invalidateTag`. */
export const cacheableTags: Contestant<Cache> = {
  name: "cacheable, tags",
  packages: ["cacheable"],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const cache = new Cacheable({ ...optionsOf(setup), tags: true })
      return {
        list: async (userId) => {
          const stored = await cache.get<Answer>(userId)
          if (stored !== undefined) return stored
          const answer = await client.list(userId)
          await cache.set(userId, answer, { tags: [userId] })
          return answer
        },
        invalidate: (userId) => cache.tags.invalidateTag(userId),
        close: () => cache.disconnect()
      }
    })
}
