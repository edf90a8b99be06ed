/** A few schedules and one mutant: `npm run prove` plays many, and hunts all. */
import { checkText } from "@effect-tink/simulation/mutationTest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { findMutant } from "./simulation/findMutant.js"
import { mutants } from "./simulation/mutants.js"
import { play } from "./simulation/play.js"

describe("several processes over a store that is slow, loses and forgets", () => {
  it("never read what was there before a change that has ended", () => {
    const outcomes = [2_000, 2_001, 2_002].map((seed) => play(seed))
    for (const { stale, trouble } of outcomes) assert.deepStrictEqual([stale, trouble], [undefined, undefined])
    assert.isTrue(outcomes.some(({ hits }) => hits > 0))
  })

  it.live("are caught when the cache is broken on purpose", () =>
    Effect.gen(function* () {
      const mutant = mutants.find(({ name }) => name === "an end that is not told")
      assert.isDefined(mutant)
      if (mutant !== undefined) assert.isNotNull(yield* findMutant(mutant))
      yield* Effect.forEach(mutants, checkText)
    })
  )
})
