import pMemoize, { pMemoizeClear } from "p-memoize"
import type { Adapter, Origin } from "../adapter.js"

/** Readme, "pMemoizeClear": it clears all of a memoized function, so every user has one. */
export const pMemoizePerUser: Adapter = {
  name: "p-memoize, one per user",
  package: "p-memoize",
  make: (origin) => {
    const users = new Map<string, (key: string) => ReturnType<Origin>>()
    const ofUser = (userId: string) => {
      const known = users.get(userId)
      if (known !== undefined) return known
      const lookup = pMemoize((key: string) => origin(userId, key))
      users.set(userId, lookup)
      return lookup
    }
    return {
      get: (userId, key) => ofUser(userId)(key),
      invalidateUser: async (userId) => {
        const known = users.get(userId)
        if (known !== undefined) pMemoizeClear(known)
      }
    }
  },
  notes: [
    "Nothing ever expires or is evicted, unless the cache that is passed in does it. Says that it needs Node.js 22."
  ]
}
