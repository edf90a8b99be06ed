import { type Benchmark, byEffort, type Context } from "../benchmark.js"
import { deferred } from "../clients/deferred.js"
import { effectTinkStatic as effectTink } from "../clients/effectTink.js"
import { compare, type Comparison, exactly } from "../comparison.js"
import { caches } from "../contestants.js"
import { checkAnswers, interleave, measureCost, withReady } from "../rounds.js"
import { userIdOf } from "../tink.js"

const contestants = [effectTink, deferred, ...caches]

const compareWith = async (context: Context, users: number): Promise<ReadonlyArray<Comparison>> => {
  const { origin } = context
  const readers = byEffort(context, 10_000, 10_000, 1_000)
  const userIds = Array.from({ length: readers }, (_, reader) => userIdOf(1 + (reader % users)))
  const what = `${readers} readers of ${users === 1 ? "one user" : `${users} users`}`
  const samplesOf = await interleave(contestants, byEffort(context, 10, 4, 1), async (contestant, round) => {
    context.progress(`${what}, round ${round + 1}, ${contestant.name}`)
    const setup = { origin, capacity: 2 * users, timeToLive: 3_600_000 }
    return withReady([contestant], setup, async ([ready]) => {
      if (ready === undefined) throw new Error("no contestant is ready")
      // Opens the first connection, and runs the code once.
      await checkAnswers([ready], userIdOf(0))
      const run = ready.client.many(userIds, readers)
      await origin.takeCounts()
      globalThis.gc?.()
      const { wall } = await measureCost(run)
      return { wall, lists: (await origin.takeCounts()).lists }
    })
  })
  return [
    compare({
      what: `${what}, requests`,
      unit: "count",
      reference: effectTink.name,
      samples: samplesOf("lists"),
      goals: (_, valueOf) => [exactly(users, "requests", valueOf(effectTink.name))]
    }),
    compare({
      what: `${what}, until all have their answer`,
      unit: "time",
      reference: effectTink.name,
      samples: samplesOf("wall"),
      goals: (ratioOf) => {
        const best = Math.min(...caches.map(({ name }) => ratioOf(name)))
        return [
          {
            goal: "no worse than the best peer: at most 1 ×",
            found: `${(1 / best).toFixed(2)} ×`,
            isReached: best >= 1
          }
        ]
      }
    })
  ]
}

/** Many concurrent readers of an empty cache. */
export const readersAtOnce: Benchmark = {
  name: "readers",
  title: "many readers at once",
  run: async (context) => {
    await withReady(contestants, { origin: context.origin, capacity: 10, timeToLive: 30_000 }, (ready) =>
      checkAnswers(ready, userIdOf(0))
    )
    return [...(await compareWith(context, 1)), ...(await compareWith(context, 1_000))]
  }
}
