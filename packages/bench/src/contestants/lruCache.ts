import { LRUCache } from "lru-cache"
import {
  type GroupedOptions,
  joinKey,
  type KeyedCache,
  type KeyedOptions,
  type MakeGrouped,
  type MakeKeyed,
  type Value
} from "./cache.js"

/** README, "Usage": `get`, and `set` what was missing; `delete`. */
export const lruCache: MakeKeyed = <A extends Value>({ capacity, lookup, timeToLive }: KeyedOptions<A>) => {
  const cache = new LRUCache<string, A>({ max: capacity, ttl: timeToLive })
  return {
    get: async (key: string) => {
      const stored = cache.get(key)
      if (stored !== undefined) return stored
      const value = await lookup(key)
      cache.set(key, value)
      return value
    },
    invalidate: async (keys: ReadonlyArray<string>) => {
      for (const key of keys) cache.delete(key)
    }
  }
}

const makeFetching = <A extends Value>(
  { capacity, lookup, timeToLive }: KeyedOptions<A>,
  { ignoreFetchAbort }: { readonly ignoreFetchAbort: boolean }
): KeyedCache<A> => {
  const cache = new LRUCache<string, A>({ max: capacity, ttl: timeToLive, ignoreFetchAbort, fetchMethod: lookup })
  return {
    get: (key) => cache.forceFetch(key),
    ...(!ignoreFetchAbort && {
      getWithin: (key: string, millis: number) => cache.forceFetch(key, { signal: AbortSignal.timeout(millis) })
    }),
    invalidate: async (keys) => {
      for (const key of keys) cache.delete(key)
    }
  }
}

/**
 * README, "Usage", and the documentation of `fetch`: `fetchMethod` looks up what is missing, once for concurrent readers.
 * A reader gives up with a `signal`. `delete` aborts a fetch in flight.
 */
export const lruCacheFetch: MakeKeyed = (options) => makeFetching(options, { ignoreFetchAbort: false })

/** The same with the option `ignoreFetchAbort`: readers whose fetch was aborted by `delete` still get their value. */
export const lruCacheFetchIgnoringAbort: MakeKeyed = (options) => makeFetching(options, { ignoreFetchAbort: true })

/** What the Elixir package `tink` does: keys are `user:path`, and invalidating a user walks through all keys. */
export const lruCacheScan: MakeGrouped = <A extends Value>({ capacity, lookup, timeToLive }: GroupedOptions<A>) => {
  const cache = new LRUCache<string, A>({ max: capacity, ttl: timeToLive })
  return {
    get: async (userId: string, key: string) => {
      const cacheKey = joinKey(userId, key)
      const stored = cache.get(cacheKey)
      if (stored !== undefined) return stored
      const value = await lookup(userId, key)
      cache.set(cacheKey, value)
      return value
    },
    invalidateUser: async (userId: string) => {
      const prefix = joinKey(userId, "")
      for (const key of cache.keys()) if (key.startsWith(prefix)) cache.delete(key)
    }
  }
}
