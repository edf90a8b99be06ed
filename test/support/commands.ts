import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** Runs a command in this process, and returns all that it printed with its result. */
export const printedBy = <A, E, R>(command: Effect.Effect<A, E, R>) =>
  Console.consoleWith((console) => {
    const lines: Array<string> = []
    const print = (...texts: ReadonlyArray<unknown>) => Effect.sync(() => void lines.push(texts.join(" ")))
    return Effect.withConsole(command, { ...console, error: print, log: print }).pipe(
      Effect.map((result) => ({ result, text: lines.join("\n") }))
    )
  })
