/** The command `bench`. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as CommandLine from "@effect-tink/simulation/commandLine"
import * as Progress from "@effect-tink/simulation/progress"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import type { Benchmark, Context } from "./benchmark.js"
import { benchmarks } from "./benchmarks.js"
import * as Chart from "./chart.js"
import { startOrigin } from "./loopback.js"
import * as Regressions from "./regressions.js"
import { measure, type Report } from "./report.js"
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
  check: Options.file("check").pipe(
    Options.withDescription(
      "Compares the ratios with those in this file, and fails if one is worse by more than a quarter, twice in a row."
    ),
    Options.optional
  ),
  record: Options.file("record").pipe(
    Options.withDescription("Writes the ratios to this file, for --check."),
    Options.optional
  ),
  seed: CommandLine.wholeNumber("seed", { min: 0, max: 999_999_999 }).pipe(
    Options.withDescription("The source of everything random, 1 by default."),
    Options.withDefault(1)
  )
}

type Config = Command.Command.ParseConfig<typeof parameters>

const readRatios = (file: string): Regressions.Ratios =>
  Schema.decodeSync(Regressions.RatiosJson)(readFileSync(file, "utf8"))

const writeRatios = (file: string, report: Report): void => {
  const recorded = existsSync(file) ? readRatios(file) : {}
  const ratios = { ...recorded, ...Regressions.toRatios(report) }
  writeFileSync(file, `${JSON.stringify(ratios, undefined, 2)}\n`)
}

/** What is worse than recorded in the report, and when it is measured once more. */
const confirmRegressions = async (
  recorded: Regressions.Ratios,
  report: Report,
  measureAgain: (benchmarks: ReadonlyArray<Benchmark>) => Promise<Report>
): Promise<ReadonlyArray<Regressions.Regression>> => {
  const first = Regressions.findRegressions(recorded, report)
  if (first.length === 0) return []
  const again = await measureAgain(
    benchmarks.filter(({ name }) => first.some((regression) => regression.benchmark === name))
  )
  return Regressions.findRegressions(recorded, again).filter(({ key }) =>
    first.some((regression) => regression.key === key)
  )
}

/** Returns what is worse than recorded. */
const run = async ({ chart, check, chosen, json, quick, record, seed }: Config) => {
  // A benchmark may starve the event loop, so Ctrl-C has to end the process without a listener.
  process.removeAllListeners("SIGINT")
  const recorded = Option.map(check, readRatios)
  const origin = await startOrigin()
  const progress = Progress.make()
  const context: Context = {
    origin,
    effort: quick ? "quick" : "full",
    seed,
    // In a log, a line for each part of a benchmark is enough.
    progress: (text) => progress.show(text, text.split(",")[0])
  }
  try {
    const report = await measure(chosen.length === 0 ? benchmarks : chosen, context)
    const regressions = Option.isNone(recorded)
      ? []
      : await confirmRegressions(recorded.value, report, (chosen) => measure(chosen, context))
    progress.clear()
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : Table.render(report))
    if (Option.isSome(chart)) writeFileSync(chart.value, Chart.render(report))
    if (Option.isSome(record)) writeRatios(record.value, report)
    return regressions
  } finally {
    origin.close()
  }
}

const runChecked = (config: Config): Effect.Effect<void, CommandLine.Failed> =>
  Effect.flatMap(
    Effect.promise(() => run(config)),
    (regressions) => {
      if (regressions.length === 0) return Effect.void
      const lines = regressions.map(Regressions.formatRegression)
      process.stderr.write(`Worse than recorded, twice in a row:\n${lines.join("\n")}\n`)
      return Effect.fail(new CommandLine.Failed())
    }
  )

export const command = Command.make("bench", parameters, runChecked).pipe(
  Command.withDescription("Measures this library beside its peers, and prints a table of ratios.")
)
