/** The command `bench`. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as CommandLine from "@effect-tink/simulation/commandLine"
import * as Progress from "@effect-tink/simulation/progress"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { writeFileSync } from "node:fs"
import type { Benchmark } from "./benchmark.js"
import { benchmarks } from "./benchmarks.js"
import * as Chart from "./chart.js"
import { startOrigin } from "./loopback.js"
import { measure } from "./report.js"
import * as Table from "./table.js"

const names = benchmarks.map(({ name }) => name).join(", ")

const benchmarkNamed = (name: string): Effect.Effect<Benchmark, HelpDoc.HelpDoc> => {
  const found = benchmarks.find((benchmark) => benchmark.name === name)
  return found === undefined
    ? Effect.fail(HelpDoc.p(`'${name}' is not a benchmark or an option. The benchmarks are ${names}`))
    : Effect.succeed(found)
}

const parameters = {
  chosen: Args.text({ name: "benchmark" }).pipe(
    Args.mapEffect(benchmarkNamed),
    Args.repeated,
    Args.withDescription(`Which benchmarks to run, all by default: ${names}.`)
  ),
  quick: Options.boolean("quick").pipe(Options.withDescription("A first look, in a fraction of the time.")),
  json: Options.boolean("json").pipe(Options.withDescription("Prints the numbers as JSON in place of the table.")),
  chart: Options.file("chart").pipe(
    Options.withDescription("Also writes the ratios to this file, as an SVG image."),
    Options.optional
  ),
  seed: CommandLine.wholeNumber("seed", { min: 0, max: 999_999_999 }).pipe(
    Options.withDescription("The source of everything random, 1 by default."),
    Options.withDefault(1)
  )
}

const run = async ({ chart, chosen, json, quick, seed }: Command.Command.ParseConfig<typeof parameters>) => {
  // A benchmark may starve the event loop, so Ctrl-C has to end the process without a listener.
  process.removeAllListeners("SIGINT")
  const origin = await startOrigin()
  const progress = Progress.make()
  try {
    const report = await measure(chosen.length === 0 ? benchmarks : chosen, {
      origin,
      effort: quick ? "quick" : "full",
      seed,
      // In a log, a line for each part of a benchmark is enough.
      progress: (text) => progress.show(text, text.split(",")[0])
    })
    progress.clear()
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : Table.render(report))
    if (Option.isSome(chart)) writeFileSync(chart.value, Chart.render(report))
  } finally {
    origin.close()
  }
}

export const command = Command.make("bench", parameters, (config) => Effect.promise(() => run(config))).pipe(
  Command.withDescription("Measures this library beside its peers, and prints a table of ratios.")
)
