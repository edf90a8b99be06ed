import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Mutant, mutants } from "../src/mutants.js"
import { checkText, mutationTest } from "../src/mutationTest.js"

describe("the mutants", () => {
  it.live("are up to date: the text of each occurs once in its file", () =>
    Effect.gen(function* () {
      const results = yield* Effect.forEach(mutants, (mutant) =>
        Effect.match(checkText(mutant), { onFailure: ({ message }) => [message], onSuccess: () => [] })
      )
      assert.deepStrictEqual(results.flat(), [])
    })
  )

  it.live("are reported, and not tested, when their text is missing, ambiguous or in no file", () =>
    Effect.gen(function* () {
      const outdated: Mutant = {
        name: "outdated",
        promise: "None.",
        file: "users/src/Users.ts",
        text: "no such text",
        replacement: "",
        breaks: ["never stale"],
        firstSeed: 1
      }
      const rows = [
        [outdated, '"no such text" occurs 0 times in packages/users/src/Users.ts'],
        [{ ...outdated, text: "import" }, '"import" occurs'],
        [{ ...outdated, file: "users/src/NoSuchFile.ts" }, "packages/users/src/NoSuchFile.ts cannot be read"]
      ] as const
      for (const [mutant, problem] of rows) {
        const error = yield* Effect.flip(mutationTest(mutant, 1))
        assert.strictEqual(error._tag, "MutantOutdated")
        assert.include(error.message, problem)
      }
    })
  )
})
