/** For the tests: the program in a process of its own. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { bundled } from "../../test/support/programs.js"

const start = (file: string, environment: Record<string, string>): ChildProcess => {
  const { DATABASE_URL: _database, TINK_CLIENT_ID: _id, TINK_CLIENT_SECRET: _secret, ...inherited } = process.env
  return spawn(process.execPath, [file], {
    env: { ...inherited, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
}

const stop = (program: ChildProcess) => Effect.sync(() => program.kill("SIGKILL"))

/** Bundles the program for the tests of one file. Returns what starts it. */
export const bundledProgram = () => {
  const program = bundled(join(import.meta.dirname, "main.ts"))
  return (environment: Record<string, string>) =>
    Effect.acquireRelease(
      Effect.promise(async () => start(await program, environment)),
      stop
    )
}

/** Where it listens. Its output stays open: a program that cannot print fails. */
export const address = (program: ChildProcess) =>
  Effect.async<string>((resume) => {
    let text = ""
    const look = (chunk: unknown) => {
      text += String(chunk)
      const url = /Your banks: (http:\S+)/.exec(text)?.[1]
      if (url !== undefined) resume(Effect.succeed(url))
    }
    program.stdout?.on("data", look)
    program.once("exit", () => resume(Effect.dieMessage(`the program has ended: ${text}`)))
  })
