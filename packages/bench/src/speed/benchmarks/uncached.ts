import { type Benchmark, byEffort, type Context } from "../benchmark.js"
import { effectTinkMiss, effectTinkUncached } from "../clients/effectTink.js"
import { platformClient } from "../clients/platformClient.js"
import { atMost, compare, type Comparison } from "../comparison.js"
import type { Client } from "../contestant.js"
import { clients } from "../contestants.js"
import { checkAnswers, interleave, measureCost, type Ready, withReady } from "../rounds.js"
import { userIdOf } from "../tink.js"

const contestants = [effectTinkUncached, ...clients]
const userId = userIdOf(0)

const compareAt = async (
  context: Context,
  ready: ReadonlyArray<Ready<Client>>,
  {
    concurrency,
    goal,
    how,
    requests
  }: {
    readonly how: string
    readonly goal: number
    readonly concurrency: number
    readonly requests: number
  }
): Promise<ReadonlyArray<Comparison>> => {
  const userIds = Array.from({ length: requests }, () => userId)
  const samplesOf = await interleave(ready, byEffort(context, 20, 6, 1), async ({ client, name }, round) => {
    context.progress(`${how}, round ${round + 1}, ${name}`)
    globalThis.gc?.()
    const { cpu, wall } = await measureCost(client.many(userIds, concurrency))
    return { cpu: cpu / requests, rate: requests / (wall / 1e9) }
  })
  return [
    compare({
      what: `${how}, processor time a request`,
      unit: "time",
      reference: platformClient.name,
      samples: samplesOf("cpu"),
      goals: (ratioOf) => [atMost(goal, `the platform client, ${how}`, ratioOf(effectTinkUncached.name))]
    }),
    compare({
      what: `${how}, requests a second`,
      unit: "rate",
      reference: platformClient.name,
      samples: samplesOf("rate")
    })
  ]
}

/** Each read is of the user that the last one has evicted. */
const compareMisses = (context: Context, requests: number): Promise<Comparison> =>
  withReady(
    [effectTinkUncached, effectTinkMiss],
    { origin: context.origin, capacity: 1, timeToLive: 30_000 },
    async (ready) => {
      const userIds = Array.from({ length: requests }, (_, index) => userIdOf(index % 2))
      for (const { client } of ready) await client.many(userIds, 1)()
      const samplesOf = await interleave(ready, byEffort(context, 20, 6, 1), async ({ client, name }, round) => {
        context.progress(`a miss, round ${round + 1}, ${name}`)
        globalThis.gc?.()
        return { cpu: (await measureCost(client.many(userIds, 1))).cpu / requests }
      })
      return compare({
        what: "a miss through the cache, processor time a request",
        unit: "time",
        reference: effectTinkUncached.name,
        samples: samplesOf("cpu"),
        goals: (ratioOf) => [atMost(1.15, "a read that bypasses the cache", ratioOf(effectTinkMiss.name))]
      })
    }
  )

/** A read that sends a request, over an open connection and with a valid token. */
export const uncached: Benchmark = {
  name: "uncached",
  title: "an uncached listCredentials",
  run: async (context) => {
    const { origin } = context
    const requests = byEffort(context, 1_000, 500, 64)
    return withReady(contestants, { origin, capacity: 1_000, timeToLive: 30_000 }, async (ready) => {
      await checkAnswers(ready, userId)
      const warmUp = Array.from({ length: 2 * requests }, () => userId)
      for (const { client } of ready) await client.many(warmUp, 64)()
      return [
        ...(await compareAt(context, ready, { how: "one at a time", goal: 1.1, concurrency: 1, requests })),
        ...(await compareAt(context, ready, {
          how: "64 at a time",
          goal: 1.15,
          concurrency: 64,
          requests: 2 * requests
        })),
        await compareMisses(context, requests)
      ]
    })
  }
}
