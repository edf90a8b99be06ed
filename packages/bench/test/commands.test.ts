import { assert, describe, it } from "@effect/vitest"
import { toExitCode } from "@effect-tink/simulation/commandLine"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { printedBy } from "../../../test/support/commands.js"
import { bundled } from "../../../test/support/programs.js"
import { command as compare } from "../src/correctness/compare.js"
import { command as bench } from "../src/speed/bench.js"

const runBench = (...args: ReadonlyArray<string>) => printedBy(toExitCode(bench, ["node", "bench", ...args]))
const runCompare = (...args: ReadonlyArray<string>) => printedBy(toExitCode(compare, ["node", "compare", ...args]))

const programs = ["speed", "correctness"].map((folder) =>
  bundled(join(import.meta.dirname, "..", "src", folder, "bin.ts"))
)

/** The exit code and the errors of a process. */
const runProcess = (program: string, arg: string) =>
  new Promise<readonly [code: unknown, stderr: string]>((resolve) => {
    execFile(process.execPath, [program, arg], (error, _, stderr) => resolve([error?.code, stderr]))
  })

describe("the commands", () => {
  it.live("print their options with --help", () =>
    Effect.gen(function* () {
      const help = yield* runBench("--help")
      for (const option of ["--quick", "--json", "--chart", "--seed", "--check", "--record", "tokens"])
        assert.include(help.text, option)
      const other = yield* runCompare("-h")
      assert.include(other.text, "compare")
      assert.deepStrictEqual([help.result, other.result], [0, 0])
    })
  )

  it.live("name the problem of invalid arguments, and end with 2", () =>
    Effect.gen(function* () {
      const rows = [
        [runBench("speed"), "'speed' is not a benchmark"],
        [runBench("cached", "--fast"), "'--fast' is not a benchmark or an option"],
        [runBench("--seed", "many"), "--seed must be a whole number from 0 to 999999999, not 'many'"],
        [runCompare("--fast"), "--fast"]
      ] as const
      for (const [run, problem] of rows) {
        const { result, text } = yield* run
        assert.strictEqual(result, 2, problem)
        assert.include(text, problem)
      }
    })
  )

  it("are programs, which end so without a stack", async () => {
    for (const program of programs) {
      const [code, stderr] = await runProcess(await program, "--fast")
      assert.strictEqual(code, 2, await program)
      assert.include(stderr, "--fast")
      assert.notMatch(stderr, /\n +at /, "a stack")
    }
  }, 60_000)
})
