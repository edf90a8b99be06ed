/** `npm run bench`: see `usage`. Ends with 0 whatever was found, with 2 when it was called wrongly. */
import { writeFileSync } from "node:fs"
import * as Arguments from "./arguments.js"
import { benchmarks } from "./benchmarks.js"
import * as Chart from "./chart.js"
import { startOrigin } from "./loopback.js"
import { measure } from "./report.js"
import * as Table from "./table.js"

const { stderr, stdout } = process
const usage = Arguments.usage(benchmarks.map(({ name }) => name))

const makeProgress = () => {
  const startedAt = process.hrtime.bigint()
  let shown = ""
  return (what: string) => {
    const seconds = Number((process.hrtime.bigint() - startedAt) / 1_000_000_000n)
    const line = `${seconds} s  ${what}`
    // In a log, a line for each part is enough.
    const part = what.split(",")[0] ?? ""
    if (stderr.isTTY) stderr.write(`\r\u001B[2K${line}`)
    else if (part !== shown && what !== "") stderr.write(`${line}\n`)
    shown = part
  }
}

const run = async ({ benchmarks, chart, json, quick, seed }: Arguments.Arguments): Promise<void> => {
  const origin = await startOrigin()
  const progress = makeProgress()
  try {
    const report = await measure(benchmarks, { origin, effort: quick ? "quick" : "full", seed, progress })
    if (stderr.isTTY) stderr.write("\r\u001B[2K")
    stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : Table.render(report))
    if (chart !== undefined) writeFileSync(chart, Chart.render(report))
  } finally {
    origin.close()
  }
}

try {
  const args = Arguments.read(process.argv.slice(2), benchmarks)
  if (args.help) stdout.write(`${usage}\n`)
  else await run(args)
} catch (error) {
  if (!(error instanceof Arguments.Misuse)) throw error
  stderr.write(`${error.message}\n${usage}\n`)
  process.exitCode = 2
}
