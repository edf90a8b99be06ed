import type { Answer, Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"

interface Entry {
  readonly answer: Promise<Answer>
  readonly expiresAt: number
}

/**
 * What an exact LRU comes to: a map in the order of use, whose entries are there from when they are asked for, so that
 * many readers share one lookup and nothing that comes late is stored.
 */
export const exactLru: Contestant<Cache> = {
  name: "exact LRU",
  packages: [],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const entries = new Map<string, Entry>()
      return {
        list: (userId) => {
          const known = entries.get(userId)
          const isFresh = known !== undefined && Date.now() < known.expiresAt
          const entry = isFresh ? known : { answer: client.list(userId), expiresAt: Date.now() + setup.timeToLive }
          entries.delete(userId)
          entries.set(userId, entry)
          for (const oldest of entries.keys()) {
            if (entries.size <= setup.capacity) break
            entries.delete(oldest)
          }
          return entry.answer
        },
        invalidate: async (userId) => entries.delete(userId)
      }
    })
}
