/** The simulation can fail: it tells every broken variant of the library from the real one. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { huntMutant, MutantOutdated } from "../src/huntMutant.js"
import { type Mutant, mutants } from "../src/mutants.js"

/** Twice the most that any mutant needs from its first seed, as a change to the sources moves chance elsewhere. */
const schedules = 40

// As many processes at once as there are cores to expect.
const turns = Effect.unsafeMakeSemaphore(2)

describe.concurrent("a mutant is found", () => {
  for (const mutant of mutants) {
    it.live(
      mutant.name,
      () =>
        Effect.gen(function* () {
          const { found } = yield* turns.withPermits(1)(huntMutant(mutant, { firstSeed: mutant.firstSeed, schedules }))
          assert.isDefined(found, `not found by ${schedules} schedules from seed ${mutant.firstSeed} on`)
        }),
      180_000
    )
  }
})

describe("a mutant", () => {
  const outdated: Mutant = {
    name: "of a text that is gone",
    file: "users/src/Users.ts",
    text: "no such text",
    replacement: "",
    breaks: ["never stale"],
    firstSeed: 1
  }

  it.live("whose text no longer occurs is reported, not hunted", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(huntMutant(outdated, { firstSeed: 1, schedules: 1 }))
      assert.instanceOf(error, MutantOutdated)
      assert.include(error.message, '"no such text" occurs 0 times in users/src/Users.ts')
    })
  )

  it.live("whose text occurs twice is reported too", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(huntMutant({ ...outdated, text: "const" }, { firstSeed: 1, schedules: 1 }))
      assert.instanceOf(error, MutantOutdated)
    })
  )
})
