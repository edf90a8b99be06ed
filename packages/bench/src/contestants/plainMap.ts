import type { Answer, Cache, Contestant } from "../contestant.js"
import { cacheOf } from "../promises.js"

/** A `Map` that never forgets: what it takes to find one user among many, whatever else is done with them. */
export const plainMap: Contestant<Cache> = {
  name: "a plain Map",
  packages: [],
  make: (setup) =>
    cacheOf(setup, (client) => {
      const answers = new Map<string, Answer>()
      return {
        list: async (userId) => {
          const answer = answers.get(userId) ?? (await client.list(userId))
          answers.set(userId, answer)
          return answer
        },
        invalidate: async (userId) => answers.delete(userId)
      }
    })
}
