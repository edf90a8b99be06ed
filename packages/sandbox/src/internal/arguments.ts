import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"

export const usage =
  "Usage: tink-sandbox [--port 4010] [--client-id sandbox-client] [--client-secret sandbox-secret] [--help]"

/** The command was called in a way that it cannot be. */
export class Misuse extends Data.TaggedError("Misuse")<{ readonly problem: string }> {}

export interface Arguments {
  readonly help: boolean
  readonly port: number
  readonly clientId: string
  readonly clientSecret: string
}

// Node's message names the argument in its first sentence; what follows is advice for programmers.
const firstSentence = (error: unknown) => (error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? "") : "")

const parse = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          port: { type: "string", default: "4010" },
          "client-id": { type: "string", default: "sandbox-client" },
          "client-secret": { type: "string", default: "sandbox-secret" },
          help: { type: "boolean", short: "h", default: false }
        }
      }).values,
    catch: (error) => new Misuse({ problem: firstSentence(error) })
  })

const readPort = (text: string): Effect.Effect<number, Misuse> =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65535
    ? Effect.succeed(Number(text))
    : Effect.fail(new Misuse({ problem: `--port has to be a number from 0 to 65535, not '${text}'` }))

/** Reads what follows the name of the command. */
export const read: (args: ReadonlyArray<string>) => Effect.Effect<Arguments, Misuse> = Effect.fnUntraced(
  function* (args) {
    const values = yield* parse(args)
    const port = yield* readPort(values.port)
    const { "client-id": clientId, "client-secret": clientSecret, help } = values
    if (clientId === "" || clientSecret === "") {
      return yield* new Misuse({ problem: "--client-id and --client-secret cannot be empty" })
    }
    return { help, port, clientId, clientSecret }
  }
)
