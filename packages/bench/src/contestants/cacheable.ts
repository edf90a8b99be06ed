import { Cacheable, type CacheableOptions, createKeyv } from "cacheable"
import { type GroupedOptions, joinKey, type MakeGrouped, type MakeKeyed, type Options } from "./cache.js"

/** README of its memory store: one `Map` where there is a limit, and no clones of large values that are not changed. */
const toOptions = ({ capacity, timeToLive }: Options<unknown>): CacheableOptions => ({
  primary: createKeyv({ lruSize: capacity, storeHashSize: 1, useClone: false }),
  ttl: timeToLive
})

/** README, "Get Or Set Memoization Function": concurrent readers share one lookup. It takes no tags. API: `deleteMany`. */
export const cacheableGetOrSet: MakeKeyed = (options) => {
  const cache = new Cacheable(toOptions(options))
  return {
    get: async (key) => {
      const value = await cache.getOrSet(key, () => options.lookup(key), { throwErrors: true })
      if (value === undefined) throw new Error("getOrSet returned undefined")
      return value
    },
    invalidate: (keys) => cache.deleteMany([...keys]),
    close: () => cache.disconnect()
  }
}

/** README, "Tag Based Invalidation": `set` with tags, `invalidateTag`. */
export const cacheableTags: MakeGrouped = <A>(options: GroupedOptions<A>) => {
  const cache = new Cacheable({ ...toOptions(options), tags: true })
  return {
    get: async (userId: string, key: string) => {
      const cacheKey = joinKey(userId, key)
      const stored = await cache.get<A>(cacheKey)
      if (stored !== undefined) return stored
      const value = await options.lookup(userId, key)
      await cache.set(cacheKey, value, { tags: [userId] })
      return value
    },
    invalidateUser: (userId: string) => cache.tags.invalidateTag(userId),
    close: () => cache.disconnect()
  }
}
