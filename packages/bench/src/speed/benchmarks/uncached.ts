import { type Benchmark, byEffort, type Context } from "../benchmark.js"
import { effectTinkUncached } from "../clients/effectTink.js"
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
  how: string,
  concurrency: number,
  requests: number
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
      goals: (ratioOf) => [atMost(1.25, `the platform client, ${how}`, ratioOf(effectTinkUncached.name))]
    }),
    compare({
      what: `${how}, requests a second`,
      unit: "rate",
      reference: platformClient.name,
      samples: samplesOf("rate")
    })
  ]
}

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
        ...(await compareAt(context, ready, "one at a time", 1, requests)),
        ...(await compareAt(context, ready, "64 at a time", 64, 2 * requests))
      ]
    })
  }
}
