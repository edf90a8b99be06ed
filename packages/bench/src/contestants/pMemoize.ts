import pMemoize, { pMemoizeClear } from "p-memoize"
import type { GroupedOptions, MakeGrouped } from "./cache.js"

/** Readme, "pMemoizeClear": it clears all of a memoized function, so every user has one. */
export const pMemoizePerUser: MakeGrouped = <A>({ lookup }: GroupedOptions<A>) => {
  const users = new Map<string, (key: string) => Promise<A>>()
  const functionOf = (userId: string) => {
    const known = users.get(userId)
    if (known !== undefined) return known
    const memoized = pMemoize((key: string) => lookup(userId, key))
    users.set(userId, memoized)
    return memoized
  }
  return {
    get: (userId: string, key: string) => functionOf(userId)(key),
    invalidateUser: async (userId: string) => {
      const known = users.get(userId)
      if (known !== undefined) pMemoizeClear(known)
    }
  }
}
