import type { KeyedOptions, MakeKeyed } from "./cache.js"

/**
 * The hit rate of an exact LRU, as a reference. A map in the order of use, whose entries exist from when they are looked
 * up: readers share one lookup, and a late result is never stored.
 */
export const exactLru: MakeKeyed = <A>({ capacity, lookup, timeToLive }: KeyedOptions<A>) => {
  const entries = new Map<string, { readonly value: Promise<A>; readonly expiresAt: number }>()
  return {
    get: (key: string) => {
      const known = entries.get(key)
      const isFresh = known !== undefined && Date.now() < known.expiresAt
      const entry = isFresh ? known : { value: lookup(key), expiresAt: Date.now() + timeToLive }
      entries.delete(key)
      entries.set(key, entry)
      for (const oldest of entries.keys()) {
        if (entries.size <= capacity) break
        entries.delete(oldest)
      }
      return entry.value
    },
    invalidate: async (keys: ReadonlyArray<string>) => {
      for (const key of keys) entries.delete(key)
    }
  }
}
