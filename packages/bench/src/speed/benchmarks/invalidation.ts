import { type Benchmark, byEffort } from "../benchmark.js"
import { compare } from "../comparison.js"
import { groupings, userCache } from "../contestants.js"
import { runWorker } from "../worker.js"
import type { Found, Task } from "../workers/invalidation.js"

const contestants = [userCache, ...groupings]

/** Invalidates one user, with one stored answer per user. */
export const invalidation: Benchmark = {
  name: "invalidation",
  title: "invalidating one user",
  run: async (context) => {
    const sizes = byEffort(context, [1_000, 100_000, 1_000_000], [1_000, 100_000], [100, 1_000])
    const { seed } = context
    const rounds = byEffort(context, 25, 25, 2)
    const names = contestants.map(({ name }) => name)
    const groups = byEffort(
      context,
      names.map((name) => [name]),
      names.map((name) => [name]),
      [names]
    )
    let found: Found = {}
    for (const group of groups) {
      context.progress(group.join(", "))
      const task: Task = { contestants: group, sizes, rounds, seed }
      found = { ...found, ...(await runWorker<Found>("invalidation", task)) }
    }
    const samplesAt = (size: number) =>
      contestants.map((entrant) => ({
        entrant,
        values: found[entrant.name]?.find((one) => one.size === size)?.nanos ?? []
      }))
    const [smallest = 0] = sizes
    const largest = sizes.at(-1) ?? 0
    const growth = compare({
      what: `one among ${largest}, over one among ${smallest}`,
      unit: "ratio",
      reference: userCache.name,
      samples: samplesAt(largest).map(({ entrant, values }, index) => ({
        entrant,
        values: values.map((value, round) => value / (samplesAt(smallest)[index]?.values[round] ?? Number.NaN))
      })),
      goals: (_, valueOf) => {
        const found = valueOf(userCache.name)
        return [
          {
            goal: `flat: ${largest} at most 1.5 × ${smallest}`,
            found: `${found.toFixed(2)} ×`,
            isReached: found <= 1.5
          }
        ]
      }
    })
    return [
      ...sizes.map((size) =>
        compare({ what: `one among ${size}`, unit: "time", reference: userCache.name, samples: samplesAt(size) })
      ),
      growth
    ]
  }
}
