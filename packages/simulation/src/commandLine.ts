/** What the private programs of this repository share: how they read arguments, and how they end. */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { stripVTControlCharacters } from "node:util"

/** A program fails with this after it has reported the reason. */
export class Failed extends Data.TaggedError("Failed") {}

/** An option that is a whole number, both limits included. */
export const wholeNumber = (name: string, { max, min }: { readonly min: number; readonly max: number }) =>
  Options.text(name).pipe(
    Options.withPseudoName("number"),
    Options.mapEffect((text) => {
      const value = Number(text)
      if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return Effect.succeed(value)
      const problem = `--${name} must be a whole number from ${min} to ${max}, not '${text}'`
      return Effect.fail(ValidationError.invalidValue(HelpDoc.p(problem)))
    })
  )

const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return typeof exit.value === "number" ? exit.value : 0
  return Cause.isInterruptedOnly(exit.cause) ? 130 : 1
}

/** Runs a command with the arguments of a process, and returns its exit code: 1 for `Failed`, 2 for invalid arguments. */
export const toExitCode = <Name extends string, A>(
  command: Command.Command<Name, never, Failed, A>,
  args: ReadonlyArray<string>
): Effect.Effect<number> => {
  const [name = "program"] = Command.getNames(command)
  return Command.run(command, { name, version: "0.1.0" })(args).pipe(
    Effect.as(0),
    Effect.catchTag("Failed", () => Effect.succeed(1)),
    // The message has been printed.
    Effect.catchIf(ValidationError.isValidationError, () => Effect.succeed(2)),
    Effect.provide([NodeContext.layer, CliConfig.layer({ finalCheckBuiltIn: true, showBuiltIns: false })])
  )
}

/** `NO_COLOR` and the kind of terminal are respected. */
const hasColors = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()

const toPlainText = (values: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  values.map((value) => (typeof value === "string" ? stripVTControlCharacters(value) : value))

/** Prints without colors where the output has none. `@effect/cli` prints its help with colors everywhere. */
const withPlainText = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(program, {
      ...console,
      log: (...values) => console.log(...(hasColors(process.stdout) ? values : toPlainText(values))),
      error: (...values) => console.error(...(hasColors(process.stderr) ? values : toPlainText(values)))
    })
  )

/** Runs a command as this process. Its exit code is that of `toExitCode`, or 130 for Ctrl-C. */
export const run = <Name extends string, A>(command: Command.Command<Name, never, Failed, A>): void =>
  NodeRuntime.runMain(withPlainText(toExitCode(command, process.argv)), {
    disablePrettyLogger: true,
    teardown: (exit, onExit) => onExit(exitCode(exit))
  })
