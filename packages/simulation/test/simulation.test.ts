import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "../src/generate.js"
import * as Report from "../src/report.js"
import { attempt } from "../src/search.js"
import { shrink } from "../src/shrink.js"

/** The history of a seed's schedule, which has kept every promise. */
const play = (seed: number) =>
  Effect.promise(async () => {
    const { broken, history } = await attempt(generate(seed))
    if (broken !== undefined) assert.fail(Report.formatFailure(broken, await shrink(broken)))
    return Report.formatHistory(history)
  })

describe("a few schedules", () => {
  it.live("keep every promise, and have the same history whenever their seed is played", () =>
    Effect.gen(function* () {
      const seeds = [3, 1_000_003, 2 ** 32 - 1]
      const first = yield* Effect.forEach(seeds, play)
      assert.deepStrictEqual(yield* Effect.forEach(seeds, play), first)
      assert.strictEqual(new Set(first).size, seeds.length)
    })
  )
})
