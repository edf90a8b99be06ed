import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { stripVTControlCharacters } from "node:util"

/** `NO_COLOR` and the kind of terminal are respected. */
const hasColors = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()

const toPlainText = (values: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  values.map((value) => (typeof value === "string" ? stripVTControlCharacters(value) : value))

/** Prints without colors where the output has none. `@effect/cli` prints its help with colors everywhere. */
export const withPlainText = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(program, {
      ...console,
      log: (...values) => console.log(...(hasColors(process.stdout) ? values : toPlainText(values))),
      error: (...values) => console.error(...(hasColors(process.stderr) ? values : toPlainText(values)))
    })
  )
