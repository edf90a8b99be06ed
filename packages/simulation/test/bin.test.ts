import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { registration } from "../src/huntMutant.js"
import { mutants } from "../src/mutants.js"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const simulate = (args: ReadonlyArray<string>, imports: ReadonlyArray<string> = []) =>
  Effect.async<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resume) => {
    const before = [...imports, "tsx"].flatMap((module) => ["--import", module])
    execFile(process.execPath, [...before, bin, ...args], (error, stdout, stderr) => {
      resume(Effect.succeed({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }))
    })
  })

const timeout = 120_000

describe("the command", () => {
  it.live(
    "plays the schedule of a seed",
    () =>
      Effect.gen(function* () {
        const { code, stdout } = yield* simulate(["--seed", "5"])
        assert.strictEqual(code, 0)
        assert.match(stdout, /^Seed 5\n1 schedule .* operations and \d+ requests checked\nEvery promise was kept\n$/)
      }),
    timeout
  )

  it.live(
    "says how to use it",
    () =>
      Effect.gen(function* () {
        const { code, stdout } = yield* simulate(["--help"])
        assert.strictEqual(code, 0)
        assert.match(stdout, /^Usage: simulate /)
      }),
    timeout
  )

  it.live(
    "refuses arguments that it does not know",
    () =>
      Effect.gen(function* () {
        for (const args of [
          ["--speed", "3"],
          ["--schedules", "many"]
        ]) {
          const { code, stderr } = yield* simulate(args)
          assert.strictEqual(code, 2, args.join(" "))
          assert.match(stderr, /Usage: simulate /)
        }
      }),
    timeout
  )

  it.live(
    "tells the shrunk story of a broken promise",
    () =>
      Effect.gen(function* () {
        const mutant = mutants.find(({ name }) => name === "a caller's interruption spread to others")
        assert.isDefined(mutant)
        if (mutant === undefined) return
        const args = ["--seed", String(mutant.firstSeed), "--schedules", "40"]
        const { code, stderr } = yield* simulate(args, [registration(mutant)])
        assert.strictEqual(code, 1)
        assert.match(stderr, /Replay with: npm run simulate -- --seed \d+/)
        assert.match(stderr, /Shrunk from \d+ to \d steps/)
        assert.match(stderr, /caller \d+ gives up/)
        assert.match(
          stderr,
          /Broken promise: undisturbed\n {2}caller \d+'s \w+ was interrupted, although its caller stayed/
        )
      }),
    timeout
  )
})
