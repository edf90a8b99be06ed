import { measure } from "mitata"
import { type Benchmark, byEffort } from "../benchmark.js"
import { effectTink } from "../clients/effectTink.js"
import { atMost, compare } from "../comparison.js"
import { caches, effectCache } from "../contestants.js"
import { checkAnswers, interleave, withReady } from "../rounds.js"
import { userIdOf } from "../tink.js"

const contestants = [effectTink, ...caches]
const users = Array.from({ length: 100 }, (_, number) => userIdOf(number))
const reads = 1_000

/** A read that is answered from the cache. */
export const cached: Benchmark = {
  name: "cached",
  title: "a cached listCredentials",
  run: async (context) => {
    const { origin } = context
    const setup = { origin, capacity: 1_000, timeToLive: 3_600_000 }
    return withReady(contestants, setup, async (ready) => {
      await checkAnswers(ready, userIdOf(0))
      for (const { client } of ready) await client.many(users, 10)()
      await origin.takeCounts()

      const userIds = Array.from({ length: reads }, (_, read) => users[read % users.length] ?? "")
      const runs = new Map(ready.map(({ client, name }) => [name, client.many(userIds, 1)]))
      // Warms up the compiler.
      for (let i = 0; i < byEffort(context, 100, 100, 1); i++) for (const run of runs.values()) await run()
      const millis = byEffort(context, 100, 100, 0)
      const samplesOf = await interleave(ready, byEffort(context, 15, 5, 1), async ({ name }, round) => {
        context.progress(`round ${round + 1}, ${name}`)
        const run = runs.get(name) ?? (async () => {})
        const { p50 } = await measure(run, { min_cpu_time: millis * 1e6, min_samples: 5, gc: globalThis.gc ?? false })
        return { hit: p50 / reads }
      })
      const { lists } = await origin.takeCounts()
      if (lists !== 0) throw new Error(`${lists} of the reads were no hits`)
      return [
        compare({
          what: "one read",
          unit: "time",
          reference: effectCache.name,
          samples: samplesOf("hit"),
          goals: (ratioOf) => [atMost(0.5, "a hit of effect/Cache", ratioOf(effectTink.name))]
        })
      ]
    })
  }
}
