import { checkText, registration, runChild } from "@effect-tink/simulation/mutationTest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { mutants } from "./simulation/mutants.js"
import { play } from "./simulation/play.js"

const worker = fileURLToPath(new URL("./simulation/worker.ts", import.meta.url))

const findMutant = (mutant: (typeof mutants)[number]) =>
  Effect.gen(function* () {
    yield* checkText(mutant)
    const output = yield* runChild([
      "--import",
      registration(mutant),
      "--import",
      "tsx",
      worker,
      String(mutant.firstSeed),
      "60"
    ])
    return output === "null" ? [`${mutant.name}: not found`] : []
  })

describe("several processes over a store that is slow, loses and forgets", () => {
  it("never read what was there before a change that has ended", () => {
    const outcomes = Array.from({ length: 60 }, (_, index) => play(1_000 + index))
    assert.deepStrictEqual(
      outcomes.flatMap(({ stale, trouble }) => [stale, trouble]).filter((problem) => problem !== undefined),
      []
    )
    const sum = (count: (outcome: (typeof outcomes)[number]) => number) =>
      outcomes.reduce((all, outcome) => all + count(outcome), 0)
    assert.isAbove(
      sum(({ hits }) => hits),
      1_000
    )
    assert.isAbove(
      sum(({ changes }) => changes),
      500
    )
    assert.isAbove(
      sum(({ failures }) => failures),
      100
    )
  }, 120_000)

  it.live(
    "are caught when the cache is broken on purpose",
    () =>
      Effect.gen(function* () {
        const problems = yield* Effect.forEach(mutants, findMutant, { concurrency: 2 })
        assert.deepStrictEqual(problems.flat(), [])
      }),
    300_000
  )
})
