import { parseArgs } from "node:util"
import type { Benchmark } from "./benchmark.js"

export const usage = (names: ReadonlyArray<string>) => `Usage: npm run bench -- [names] [options]
  names         which to run, all by default: ${names.join(", ")}
  --quick       a first look, in a fraction of the time
  --json        the numbers as JSON in place of the table
  --chart FILE  writes the chart, an SVG, to a file
  --seed N      where everything random comes from, 1 by default`

/** The command was called in a way that it cannot be. */
export class Misuse extends Error {}

export interface Arguments {
  readonly help: boolean
  readonly benchmarks: ReadonlyArray<Benchmark>
  readonly quick: boolean
  readonly json: boolean
  readonly chart: string | undefined
  readonly seed: number
}

const parse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        chart: { type: "string" },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", short: "h", default: false }
      }
    })
  } catch (error) {
    // Node's message names the argument in its first sentence; what follows is advice for programmers.
    throw new Misuse(error instanceof Error ? error.message.split(/[.\n]/)[0] : undefined)
  }
}

const find = (known: ReadonlyArray<Benchmark>, name: string): Benchmark => {
  const found = known.find((benchmark) => benchmark.name === name)
  if (found === undefined) throw new Misuse(`No benchmark is called '${name}'`)
  return found
}

const readSeed = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Misuse(`--seed has to be a whole number of at most nine digits, not '${text}'`)
  return Number(text)
}

/** Reads what follows the name of the command. */
export const read = (args: ReadonlyArray<string>, known: ReadonlyArray<Benchmark>): Arguments => {
  const { positionals, values } = parse(args)
  return {
    ...values,
    chart: values.chart,
    seed: readSeed(values.seed),
    benchmarks: positionals.length === 0 ? known : positionals.map((name) => find(known, name))
  }
}
