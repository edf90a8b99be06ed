import { type Benchmark, byEffort } from "../benchmark.js"
import { effectTinkStatic as effectTink } from "../clients/effectTink.js"
import { compare, exactly } from "../comparison.js"
import { cacheableTags, caches, exactLru } from "../contestants.js"
import { play } from "../day.js"
import { interleave } from "../rounds.js"

const contestants = [effectTink, exactLru, ...caches, cacheableTags]

/** Reads and changes of few busy users and many others, with capacity for a fifth of them. */
export const mixedDay: Benchmark = {
  name: "day",
  title: "a mixed day",
  run: async (context) => {
    const size = byEffort(
      context,
      { users: 10_000, reads: 100_000 },
      { users: 2_000, reads: 20_000 },
      { users: 100, reads: 1_000 }
    )
    const samplesOf = await interleave(contestants, byEffort(context, 3, 1, 1), async (contestant, round) => {
      context.progress(`day ${round + 1}, ${contestant.name}`)
      const { reads, requests, stale } = await play(contestant, size, context.seed + round)
      return { requests, stale, hits: 1 - requests / reads }
    })
    return [
      compare({
        what: "hit rate",
        unit: "share",
        reference: exactLru.name,
        samples: samplesOf("hits"),
        goals: (ratioOf) => {
          const ratio = ratioOf(effectTink.name)
          return [
            {
              goal: "hit rate: within 1 % of an exact LRU",
              found: `${((ratio - 1) * 100).toFixed(2)} %`,
              isReached: ratio >= 0.99
            }
          ]
        }
      }),
      compare({
        what: "requests to the origin",
        unit: "count",
        reference: effectTink.name,
        samples: samplesOf("requests"),
        goals: (_, valueOf) => {
          // A stale value also saves a request, so only contestants without stale reads compete.
          const honest = contestants.filter(({ name }) =>
            samplesOf("stale").every(
              ({ entrant, values }) => entrant.name !== name || values.every((value) => value === 0)
            )
          )
          const least = Math.min(...honest.map(({ name }) => valueOf(name)))
          const found = valueOf(effectTink.name)
          return [
            {
              goal: "fewest requests of all that are never stale",
              found: `${found}, least ${least}`,
              isReached: found <= least
            }
          ]
        }
      }),
      compare({
        what: "stale reads",
        unit: "count",
        reference: effectTink.name,
        samples: samplesOf("stale"),
        goals: (_, valueOf) => [exactly(0, "stale reads", valueOf(effectTink.name))]
      })
    ]
  }
}
