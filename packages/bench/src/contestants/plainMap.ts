import type { KeyedOptions, MakeKeyed } from "./cache.js"

/** A `Map` without limits: the least that it takes to find one user among many. */
export const plainMap: MakeKeyed = <A>({ lookup }: KeyedOptions<A>) => {
  const values = new Map<string, A>()
  return {
    get: async (key: string) => {
      const value = values.get(key) ?? (await lookup(key))
      values.set(key, value)
      return value
    },
    invalidate: async (keys: ReadonlyArray<string>) => {
      for (const key of keys) values.delete(key)
    }
  }
}
