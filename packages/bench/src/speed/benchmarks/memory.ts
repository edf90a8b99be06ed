import { type Benchmark, byEffort } from "../benchmark.js"
import { effectTinkStatic as effectTink } from "../clients/effectTink.js"
import { atMost, compare } from "../comparison.js"
import { caches, lruCache } from "../contestants.js"
import { interleave } from "../rounds.js"
import { median } from "../statistics.js"
import { runWorker } from "../worker.js"
import type { Found, Task } from "../workers/memory.js"

const contestants = [effectTink, ...caches]

const inWorker = (task: Task) => runWorker<Found>("memory", task)

/** Memory of a cached user besides the answer, at once and after a day. */
export const memory: Benchmark = {
  name: "memory",
  title: "memory",
  run: async (context) => {
    const users = byEffort(context, 2_000, 2_000, 50)
    const hours = byEffort(context, 24, 6, 1)
    const collections = byEffort(context, 8, 8, 1)
    const names = contestants.map(({ name }) => name)
    // In a test one process is enough.
    const together = byEffort(context, false, false, true)
    const found = together ? await inWorker({ contestants: names, users, hours, collections }) : {}
    const samplesOf = await interleave(contestants, byEffort(context, 3, 1, 1), async ({ name }, round) => {
      context.progress(`round ${round + 1}, ${name}`)
      const { afterDay = Number.NaN, filled = Number.NaN } =
        (together ? found : await inWorker({ contestants: [name], users, hours, collections }))[name] ?? {}
      return { filled, afterDay, growth: afterDay / filled }
    })
    return [
      compare({
        what: "a cached user, over the answer itself",
        unit: "bytes",
        reference: lruCache.name,
        samples: samplesOf("filled"),
        goals: (ratioOf) => [atMost(1.5, "lru-cache", ratioOf(effectTink.name))]
      }),
      compare({
        what: `the same after ${hours} hours of expiries and invalidations`,
        unit: "bytes",
        reference: lruCache.name,
        samples: samplesOf("afterDay"),
        goals: () => {
          const ours = samplesOf("growth").find(({ entrant }) => entrant.name === effectTink.name)?.values ?? []
          return [atMost(1.1, "flat over the day", median(ours))]
        }
      })
    ]
  }
}
