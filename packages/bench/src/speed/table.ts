/** The report as a table. */
import type { Comparison, Goal, Result, Unit } from "./comparison.js"
import type { Report } from "./report.js"

const formatNumber = (value: number): string => {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0
  return value.toFixed(digits)
}

const formatScaled = (value: number, steps: ReadonlyArray<readonly [limit: number, divisor: number, unit: string]>) => {
  const [, divisor = 1, unit = ""] = steps.find(([limit]) => value < limit) ?? steps.at(-1) ?? []
  return `${formatNumber(value / divisor)} ${unit}`
}

export const formatValue = (value: number, unit: Unit): string => {
  switch (unit) {
    case "time":
      return formatScaled(value, [
        [1e3, 1, "ns"],
        [1e6, 1e3, "µs"],
        [1e9, 1e6, "ms"],
        [Infinity, 1e9, "s"]
      ])
    case "bytes":
      return formatScaled(value, [
        [1e4, 1, "B"],
        [1e6, 1e3, "kB"],
        [Infinity, 1e6, "MB"]
      ])
    case "share":
      return `${(value * 100).toFixed(1)} %`
    case "rate":
      return `${Math.round(value)} /s`
    case "count":
      return `${Math.round(value)}`
    case "ratio":
      return `${formatNumber(value)} ×`
  }
}

const spread = ({ high, low, median }: Result): string =>
  high === low ? "" : `± ${formatNumber((50 * (high - low)) / median)} %`

const toCells = ({ unit }: Comparison, result: Result): ReadonlyArray<string> => [
  `    ${result.contestant}`,
  formatValue(result.median, unit),
  spread(result),
  result.ratio === undefined ? "–" : formatNumber(result.ratio)
]

const goalLine = ({ found, goal, isReached }: Goal): string =>
  `    ${isReached ? "✓ reached" : "✗ missed "}  ${goal} → ${found}`

/** A line of cells, or of text across all columns. */
type Line = string | ReadonlyArray<string>

const toLines = (comparison: Comparison): ReadonlyArray<Line> => [
  `  ${comparison.what}`,
  ...comparison.results.map((result) => toCells(comparison, result)),
  ...comparison.goals.map(goalLine)
]

const header = ["", "median", "spread", "ratio"]

export const render = ({ benchmarks, effort, node, processor, seed, versions }: Report): string => {
  const lines: ReadonlyArray<Line> = [
    header,
    ...benchmarks.flatMap(({ comparisons, name, title }): ReadonlyArray<Line> => [
      "",
      `${name}: ${title}`,
      ...comparisons.flatMap(toLines)
    ])
  ]
  const rows = lines.filter((line) => typeof line !== "string")
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const padded = (row: ReadonlyArray<string>) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
  const goals = benchmarks.flatMap(({ comparisons }) => comparisons.flatMap((comparison) => comparison.goals))
  const reached = goals.filter(({ isReached }) => isReached).length
  return [
    ...lines.map((line) => (typeof line === "string" ? line : padded(line)).trimEnd()),
    "",
    `${reached} of ${goals.length} goals reached${effort === "full" ? "" : "; too little was measured to be sure of times"}`,
    "spread: half of the distance between the quartiles of the rounds; ratio: to the contestant whose ratio is 1, round by round",
    `Node.js ${node} on ${processor}; seed ${seed}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    ""
  ].join("\n")
}
