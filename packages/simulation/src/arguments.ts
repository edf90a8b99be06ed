import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"

export const usage = `Usage: simulate [--seed N] [--schedules N] [--help]
  --seed N       play the schedule of this seed, or start from it when --schedules is given
  --schedules N  how many schedules to play (200 by default), from a random seed unless one is given`

/** The command was called in a way that it cannot be. */
export class Misuse extends Data.TaggedError("Misuse")<{ readonly problem: string }> {}

export interface Arguments {
  readonly help: boolean
  readonly seed: number | undefined
  readonly schedules: number
}

/** Seeds go up to here, as the generator of chance has 32 bits. */
export const seedLimit = 2 ** 32

// Node's message names the argument in its first sentence; what follows is advice for programmers.
const firstSentence = (error: unknown) => (error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? "") : "")

const parse = (args: ReadonlyArray<string>) =>
  Effect.try({
    try: () =>
      parseArgs({
        args: [...args],
        options: {
          seed: { type: "string" },
          schedules: { type: "string" },
          help: { type: "boolean", short: "h", default: false }
        }
      }).values,
    catch: (error) => new Misuse({ problem: firstSentence(error) })
  })

const readNumber = (
  name: string,
  text: string | undefined,
  least: number
): Effect.Effect<number | undefined, Misuse> => {
  if (text === undefined) return Effect.succeed(undefined)
  const value = Number(text)
  return /^\d{1,10}$/.test(text) && value >= least && value < seedLimit
    ? Effect.succeed(value)
    : Effect.fail(
        new Misuse({ problem: `--${name} has to be a whole number from ${least} to ${seedLimit - 1}, not '${text}'` })
      )
}

/** Reads what follows the name of the command. */
export const read: (args: ReadonlyArray<string>) => Effect.Effect<Arguments, Misuse> = Effect.fnUntraced(
  function* (args) {
    const { help, ...values } = yield* parse(args)
    const seed = yield* readNumber("seed", values.seed, 0)
    const schedules = yield* readNumber("schedules", values.schedules, 1)
    return { help, seed, schedules: schedules ?? (seed === undefined ? 200 : 1) }
  }
)
