import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { findMutant } from "./simulation/findMutant.js"
import { mutants } from "./simulation/mutants.js"
import { planNames, play } from "./simulation/play.js"

describe("several processes over a store that is slow, loses and forgets", () => {
  it("never read what was there before a change that has ended", () => {
    const outcomes = planNames.flatMap((plan) => Array.from({ length: 12 }, (_, index) => play(1_000 + index, plan)))
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
        const found = yield* Effect.forEach(mutants, findMutant, { concurrency: 2 })
        const missed = mutants.filter((_, index) => found[index] === null)
        assert.deepStrictEqual(
          missed.map(({ name }) => name),
          []
        )
      }),
    300_000
  )
})
