import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Mutant, mutants } from "../src/mutants.js"
import { mutationTest } from "../src/mutationTest.js"

/** Twice the most that any mutant needs from its first seed, as a change to the sources changes its schedules. */
const schedules = 40

/** Why a mutant was not found, if it was not. */
const problemOf = (mutant: Mutant) =>
  Effect.match(mutationTest(mutant, schedules), {
    onFailure: ({ message }) => [message],
    onSuccess: ({ found }) =>
      found === undefined
        ? [`${mutant.name}: not found by ${schedules} schedules from seed ${mutant.firstSeed} on`]
        : []
  })

describe("the mutants", () => {
  it.live(
    "are all found: the simulation tells each from the real library",
    () =>
      Effect.gen(function* () {
        // As many processes at once as there are cores to expect.
        const problems = yield* Effect.forEach(mutants, problemOf, { concurrency: 2 })
        assert.deepStrictEqual(problems.flat(), [])
      }),
    600_000
  )
})
