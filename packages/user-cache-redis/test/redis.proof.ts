/** Broken variants of the scripts, each found by a scenario on a real Redis. */
import { checkText, registration, runChild } from "@effect-tink/simulation/mutationTest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import type { scenarios } from "./scenarios.js"

const file = "user-cache-redis/src/internal/scripts.ts"
const worker = fileURLToPath(new URL("./scenarioWorker.ts", import.meta.url))

const mutants: ReadonlyArray<{
  readonly name: string
  readonly text: string
  readonly replacement: string
  readonly scenario: keyof typeof scenarios
}> = [
  {
    name: "no check of the server that wrote a record",
    text: "if found[1] == server then",
    replacement: "if found[1] then",
    scenario: "a replica that missed a change is promoted"
  },
  {
    name: "a server known by its run id alone",
    text: "string.sub(run, 1, 16) .. string.sub(replication, 1, 16)",
    replacement: "run",
    scenario: "a primary that was demoted misses a change and is promoted again"
  },
  {
    name: "a token not compared",
    text: "isMarkThere and redis.call('HGET', KEYS[1], 't') == ARGV[3]",
    replacement: "isMarkThere",
    scenario: "a mark is lost and comes back with a file"
  }
]

describe("a real Redis shows that the scripts are broken on purpose", () => {
  for (const { name, replacement, scenario, text } of mutants) {
    it.live(
      name,
      () =>
        Effect.gen(function* () {
          yield* checkText({ name, file, text })
          const args = ["--import", registration({ file, replacement, text }), "--import", "tsx", worker, scenario]
          assert.strictEqual(yield* runChild(args), "false")
        }),
      30_000
    )
  }
})
