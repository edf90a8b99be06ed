import { type Benchmark, byEffort } from "../benchmark.js"
import { compare, type Comparison, type Goal, type Unit } from "../comparison.js"
import { interleave } from "../rounds.js"
import { runWorker } from "../worker.js"
import { type Following, followings } from "../followings.js"
import type { Found, Task } from "../workers/followers.js"

const entrants = followings.map((name) => ({
  name,
  packages: name === "a bare Deferred" ? ["effect"] : ["@effect-tink/users"]
}))

const reference: Following = "a bare Deferred"

const atMost = (limit: number, unit: string, found: number): Goal => ({
  goal: `at most ${limit} ${unit} for each way to follow`,
  found: `${found.toFixed(2)} ${unit}`,
  isReached: found <= limit
})

/** What it costs that followers start at once: until each has its first answer. */
export const followers: Benchmark = {
  name: "followers",
  title: "followers",
  run: async (context) => {
    const followers = byEffort(context, 10_000, 10_000, 200)
    const credentials = byEffort(context, 100, 100, 2)
    const collections = byEffort(context, 8, 8, 1)
    const samplesOf = await interleave(entrants, byEffort(context, 5, 2, 1), async ({ name }, round) => {
      context.progress(`round ${round + 1}, ${name}`)
      const task: Task = { following: name, followers, credentials, collections }
      return { ...(await runWorker<Found>("followers", task)) }
    })
    const what = `${followers} followers of ${credentials} credentials`
    const compareOurs = (kind: keyof Found, what: string, unit: Unit, limit: number, divisor: number, name: string) =>
      compare({
        what,
        unit,
        reference,
        samples: samplesOf(kind),
        goals: (_, valueOf) => [
          atMost(limit, name, Math.max(valueOf("followCredential"), valueOf("refreshAndWait")) / divisor)
        ]
      })
    return [
      compareOurs("cpu", `${what}, processor time of each`, "time", 0.3, 1e6, "ms"),
      compareOurs("bytes", `${what}, memory of each`, "bytes", 20, 1000, "kB"),
      compareOurs("started", `${what}, until all have their first answer`, "time", 2, 1e9, "s"),
      compareOurs("delay", `${what}, the longest delay of the event loop meanwhile`, "time", 50, 1e6, "ms")
    ] satisfies ReadonlyArray<Comparison>
  }
}
