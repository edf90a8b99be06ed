import { LRUCache } from "lru-cache"
import { type Adapter, byHand, type Contestant, keyOf, makeKeys, type Origin } from "../adapter.js"

const make =
  (ignoreFetchAbort: boolean) =>
  (origin: Origin, capacity: number): Contestant => {
    const cache = new LRUCache<string, string, { readonly userId: string; readonly key: string }>({
      max: capacity,
      ttl: 30_000,
      ignoreFetchAbort,
      fetchMethod: (_key, _stale, { context }) => origin(context.userId, context.key)
    })
    const keys = makeKeys<string>()
    const get = (userId: string, key: string, signal?: AbortSignal) => {
      const cacheKey = keys.add(userId, key, () => keyOf(userId, key))
      return cache.fetch(cacheKey, { context: { userId, key }, ...(signal && { signal }) })
    }
    return {
      get: (userId, key) => get(userId, key),
      ...(!ignoreFetchAbort && {
        getWithin: (userId, key, millis) => get(userId, key, AbortSignal.timeout(millis))
      }),
      invalidateUser: async (userId) => {
        for (const key of keys.of(userId)) cache.delete(key)
      }
    }
  }

/**
 * README, "Usage", and the documentation of `fetch`: `fetchMethod` looks up what is missing, once for concurrent readers;
 * with a `signal` a reader gives up; `delete` aborts a fetch that is under way.
 */
export const lruCacheFetch: Adapter = {
  name: "lru-cache, fetch",
  package: "lru-cache",
  make: make(false),
  notes: [byHand]
}

/** The same with the option `ignoreFetchAbort`: "aborted fetch calls … take the full time to await". */
export const lruCacheFetchIgnoring: Adapter = {
  name: "lru-cache, fetch, ignoreFetchAbort",
  package: "lru-cache",
  make: make(true),
  notes: [
    byHand,
    "The signal of a reader is ignored, too. By its documentation an aborted fetch is stored all the same; after delete it is not."
  ]
}
