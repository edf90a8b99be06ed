import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type ChildProcess, execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { printedBy } from "../../../test/support/commands.js"
import { bundled } from "../../../test/support/programs.js"
import { toExitCode } from "../src/commandLine.js"
import { type Mutant, mutants } from "../src/mutants.js"
import { registration } from "../src/mutationTest.js"
import { command } from "../src/simulate.js"

const source = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
const program = bundled(source("bin"), source("playerProcess"))

interface Printed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const runNode = (args: ReadonlyArray<string>, onStart: (child: ChildProcess) => void = () => {}) =>
  Effect.async<Printed>((resume) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) => {
      resume(Effect.succeed({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }))
    })
    onStart(child)
  })

const simulate = (args: ReadonlyArray<string>, onStart?: (child: ChildProcess) => void) =>
  Effect.flatMap(
    Effect.promise(() => program),
    (program) => runNode([program, ...args], onStart)
  )

/** With its sources as they are loaded, not bundled: the mutant replaces a text in one of them. */
const simulateMutant = (mutant: Mutant, args: ReadonlyArray<string>) =>
  runNode(["--import", registration(mutant), "--import", "tsx", source("bin"), ...args])

const timeout = 120_000

describe("the command", () => {
  it.live(
    "plays the schedule of a seed, and shows its progress",
    () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* simulate(["--seed", "5"])
        assert.strictEqual(code, 0)
        assert.match(stdout, /^Seed 5\n1 schedule .* operations and \d+ requests checked\nEvery promise was kept\n$/)
        assert.match(stderr, /1 schedule /)
      }),
    timeout
  )

  it.live(
    "prints the same with one process as with several, but for the time",
    () =>
      Effect.gen(function* () {
        const args = ["--seed", "5", "--schedules", "4", "--workers"]
        const printed = ({ code, stdout }: { readonly code: number; readonly stdout: string }) => [
          code,
          stdout.replace(/\([\d.]+ per second\)/, "")
        ]
        const [one, two] = yield* Effect.all([simulate([...args, "1"]), simulate([...args, "2"])])
        assert.strictEqual(two.code, 0, two.stderr)
        assert.deepStrictEqual(printed(two), printed(one))
      }),
    timeout
  )

  it.live(
    "says what was checked on Ctrl-C, and ends with 130",
    () =>
      Effect.gen(function* () {
        const args = ["--seed", "5", "--schedules", "100000", "--workers", "2"]
        const { code, stdout } = yield* simulate(args, (child) =>
          child.stderr?.once("data", () => child.kill("SIGINT"))
        )
        assert.strictEqual(code, 130)
        assert.match(stdout, /Interrupted: \d+ schedules? /)
      }),
    timeout
  )

  it.live("prints its options with --help", () =>
    Effect.gen(function* () {
      const { result, text } = yield* printedBy(toExitCode(command, ["node", "simulate", "--help"]))
      assert.strictEqual(result, 0)
      for (const option of ["--seed", "--schedules", "--workers"]) assert.include(text, option)
    })
  )

  it.live("names the problem of invalid arguments, and ends with 2", () =>
    Effect.gen(function* () {
      const rows = [
        [["--speed", "3"], "--speed"],
        [["--schedules", "many"], "--schedules must be a whole number from 1 to 4294967295, not 'many'"]
      ] as const
      for (const [args, problem] of rows) {
        const { result, text } = yield* printedBy(toExitCode(command, ["node", "simulate", ...args]))
        assert.strictEqual(result, 2, problem)
        assert.include(text, problem)
      }
    })
  )

  it.live(
    "reports the shrunk history of a broken promise",
    () =>
      Effect.gen(function* () {
        const mutant = mutants.find(({ name }) => name === "a caller's interruption spread to others")
        assert.isDefined(mutant)
        if (mutant === undefined) return
        const args = ["--seed", String(mutant.firstSeed), "--schedules", "40", "--workers", "1"]
        const { code, stderr } = yield* simulateMutant(mutant, args)
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
