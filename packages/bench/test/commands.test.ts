import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { join } from "node:path"

const run = (program: string, args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const file = join(import.meta.dirname, "..", "src", program)
    execFile(process.execPath, ["--import", "tsx", file, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr })
    })
  })

const timeout = 60_000

describe.concurrent("the commands", () => {
  it(
    "print their options with --help",
    async () => {
      const [bench, compare] = await Promise.all([run("speed/bin.ts", ["--help"]), run("correctness/bin.ts", ["-h"])])
      for (const option of ["--quick", "--json", "--chart", "--seed", "minting"]) assert.include(bench.stdout, option)
      assert.include(compare.stdout, "compare")
      assert.deepStrictEqual([bench.code, compare.code], [0, 0])
    },
    timeout
  )

  it(
    "name the problem of invalid arguments, and end with 2",
    async () => {
      const rows = [
        ["speed/bin.ts", ["speed"], "'speed' is not a benchmark"],
        ["speed/bin.ts", ["cached", "--fast"], "'--fast' is not a benchmark or an option"],
        ["speed/bin.ts", ["--seed", "many"], "--seed must be a whole number from 0 to 999999999, not 'many'"],
        ["correctness/bin.ts", ["--fast"], "--fast"]
      ] as const
      for (const [program, args, problem] of rows) {
        const { code, stderr } = await run(program, args)
        assert.strictEqual(code, 2, problem)
        assert.include(stderr, problem)
        assert.notMatch(stderr, /\n +at /, "a stack")
      }
    },
    timeout
  )
})
