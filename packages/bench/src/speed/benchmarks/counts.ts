import { type Benchmark, byEffort } from "../benchmark.js"
import { effectTinkMiss, effectTinkUncached } from "../clients/effectTink.js"
import { platformClient } from "../clients/platformClient.js"
import { compare } from "../comparison.js"
import { type CalledFunction, countCalls } from "../coverage.js"
import { checkAnswers, withReady } from "../rounds.js"
import { userIdOf } from "../tink.js"

const contestants = [effectTinkUncached, effectTinkMiss, platformClient]

const users = [userIdOf(0), userIdOf(1)]

interface Kind {
  readonly what: string
  readonly isCounted: (called: CalledFunction) => boolean
}

/** Functions of `effect` by file, without its ending, and by name. */
const inEffect = (what: string, file: string, ...names: ReadonlyArray<string>): Kind => ({
  what,
  isCounted: ({ name, url }) =>
    url.includes("/effect/dist/") && url.endsWith(`/${file}.js`) && (names.length === 0 || names.includes(name))
})

const kinds: ReadonlyArray<Kind> = [
  inEffect("primitives made", "internal/core", "EffectPrimitive", "EffectPrimitiveSuccess", "EffectPrimitiveFailure"),
  // The scheduler is asked before each of them.
  inEffect("instructions of fibers", "Scheduler", "shouldYield"),
  inEffect("reads of a FiberRef", "internal/fiberRuntime", "getFiberRef"),
  inEffect("copies of the FiberRefs", "internal/fiberRefs", "FiberRefsImpl"),
  inEffect("changes of runtime flags", "internal/fiberRuntime", "patchRuntimeFlags"),
  inEffect("statuses of fibers", "internal/fiberStatus", "Running", "Suspended"),
  inEffect("fibers", "internal/fiberRuntime", "FiberRuntime"),
  inEffect("timers", "internal/clock", "unsafeSchedule"),
  inEffect("spans", "internal/tracer", "NativeSpan"),
  inEffect("steps of decoding", "ParseResult"),
  inEffect("updates of metrics", "internal/metric", "hook"),
  {
    what: "calls inside effect and the platform",
    isCounted: ({ url }) => /\/(effect|platform|platform-node)\/dist\//.test(url)
  }
]

const sumCalls = (called: ReadonlyArray<CalledFunction>): number => called.reduce((sum, { calls }) => sum + calls, 0)

/** What a request costs, counted: no noise of the machine touches it. */
export const counts: Benchmark = {
  name: "counts",
  title: "what an uncached listCredentials is made of, each request",
  run: async (context) => {
    const requests = byEffort(context, 4_000, 1_000, 200)
    return withReady(contestants, { origin: context.origin, capacity: 1, timeToLive: 30_000 }, async (ready) => {
      await checkAnswers(ready, userIdOf(0))
      const userIds = Array.from({ length: requests }, (_, index) => users[index % users.length] ?? "")
      // Fetches tokens and compiles schemas.
      for (const { client } of ready) await client.many(userIds.slice(0, 20), 1)()
      const calls = new Map<string, ReadonlyArray<CalledFunction>>()
      for (const { client, name } of ready) {
        context.progress(name)
        calls.set(name, await countCalls(client.many(userIds, 1)))
      }
      return kinds.map(({ isCounted, what }) =>
        compare({
          what,
          unit: "count",
          reference: platformClient.name,
          samples: ready.map((entrant) => ({
            entrant,
            values: [sumCalls((calls.get(entrant.name) ?? []).filter(isCounted)) / requests]
          }))
        })
      )
    })
  }
}
