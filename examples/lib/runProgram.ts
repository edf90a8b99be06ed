import { NodeRuntime } from "@effect/platform-node"
import { Cause, type Effect, Exit } from "effect"

/** The exit code that shells expect: 130 after Ctrl-C, 1 after a failure. */
const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  return Cause.isInterruptedOnly(exit.cause) ? 130 : 1
}

/** Runs a program that prints. It ends quietly, with its finalizers, when its output is closed, as by `| head -1`. */
export const runProgram = (program: Effect.Effect<unknown, unknown>): void => {
  let isClosed = false
  process.stdout.on("error", () => {
    if (!isClosed) process.emit("SIGINT", "SIGINT")
    isClosed = true
  })
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(isClosed ? 0 : exitCode(exit))
  })
}
