import { type Benchmark, byEffort } from "../benchmark.js"
import { effectTinkUncached as effectTink } from "../clients/effectTink.js"
import { handWritten } from "../clients/handWritten.js"
import { compare, exactly } from "../comparison.js"
import { checkAnswers, interleave, measureCost, withReady } from "../rounds.js"
import { userIdOf } from "../tink.js"
import { withVirtualTime } from "../virtualTime.js"

const contestants = [effectTink, handWritten]
const userId = userIdOf(0)
/** By then the tokens of the user and of the application have expired. */
const tomorrow = 24 * 3_600_000

/** Many concurrent requests for a user whose token has just expired. */
export const tokens: Benchmark = {
  name: "tokens",
  title: "tokens that expire under load",
  run: (context) =>
    withVirtualTime("real timers", (time) => {
      const { origin } = context
      const calls = byEffort(context, 10_000, 10_000, 200)
      const setup = { origin, capacity: 10, timeToLive: 30_000, connections: 64, time }
      return withReady(contestants, setup, async (ready) => {
        await checkAnswers(ready, userId)
        const userIds = Array.from({ length: calls }, () => userId)
        const samplesOf = await interleave(ready, byEffort(context, 5, 1, 1), async ({ client, name }, round) => {
          context.progress(`round ${round + 1}, ${name}`)
          time.advance(tomorrow)
          await origin.takeCounts()
          globalThis.gc?.()
          const { wall } = await measureCost(client.many(userIds, calls))
          const { clientTokens, exchanges, grants, lists } = await origin.takeCounts()
          if (lists !== calls) throw new Error(`${name}: ${lists} requests for ${calls} calls`)
          return { clientTokens, exchanges, grants, wall }
        })
        const count = (what: "grants" | "exchanges" | "clientTokens", title: string) =>
          compare({
            what: `${calls} calls, ${title}`,
            unit: "count",
            reference: effectTink.name,
            samples: samplesOf(what),
            goals: (_, valueOf) => [exactly(1, title, valueOf(effectTink.name))]
          })
        return [
          count("grants", "grants"),
          count("exchanges", "exchanges of a code"),
          count("clientTokens", "tokens of the application"),
          compare({
            what: `${calls} calls, until all have their answer`,
            unit: "time",
            reference: handWritten.name,
            samples: samplesOf("wall")
          })
        ]
      })
    })
}
