/** Formats the findings: one table, its notes, and the shortest trace of each failure. */
import type { Adapter } from "./adapter.js"
import type { Findings } from "./checks.js"

export interface Row {
  readonly adapter: Adapter
  readonly version: string
  readonly findings: Findings
  readonly cost: { readonly small: number; readonly large: number }
}

type Colour = "good" | "bad" | "plain" | "faint"

interface Cell {
  readonly text: string
  readonly colour: Colour
}

const codes: Record<Colour, string> = { good: "32", bad: "31", plain: "0", faint: "2" }

const cell = (text: string, colour: Colour = "plain"): Cell => ({ text, colour })

/** A ratio from here on is growth, and not noise of the measurement. */
const growthFrom = 20

const columns: ReadonlyArray<{
  readonly title: readonly [string, string]
  readonly align: "left" | "right"
  readonly cell: (row: Row, marks: string) => Cell
}> = [
  { title: ["", "cache"], align: "left", cell: ({ adapter }, marks) => cell(`${adapter.name} ${marks}`.trimEnd()) },
  { title: ["", "version"], align: "left", cell: ({ version }) => cell(version, "faint") },
  { title: ["stale", "reads"], align: "right", cell: ({ findings }) => count(findings.stale) },
  { title: ["failed", "readers"], align: "right", cell: ({ findings }) => count(findings.failedReaders) },
  {
    title: ["requests for", "100 readers"],
    align: "right",
    cell: ({ findings: { requests } }) => cell(`${requests}`, requests === 1 ? "good" : "bad")
  },
  {
    title: ["killed by", "a timeout"],
    align: "right",
    cell: ({ findings: { waiter } }) =>
      waiter === "cannot give up"
        ? cell("–", "faint")
        : waiter === "undisturbed"
          ? cell("no", "good")
          : cell("yes", "bad")
  },
  {
    title: ["failure", "kept"],
    align: "right",
    cell: ({ findings: { failure } }) => cell(failure.isKept, failure.isKept === "no" ? "good" : "bad")
  },
  { title: ["invalidate one", "of 1 000"], align: "right", cell: ({ cost }) => cell(formatDuration(cost.small)) },
  { title: ["user among", "100 000"], align: "right", cell: ({ cost }) => cell(formatDuration(cost.large)) },
  {
    title: ["", "ratio"],
    align: "right",
    cell: ({ cost }) => {
      const ratio = cost.large / cost.small
      return cell(ratio.toFixed(ratio < 10 ? 1 : 0), ratio < growthFrom ? "good" : "bad")
    }
  }
]

const count = ({ count, of }: Findings["stale"]) =>
  count === 0 ? cell("never", "good") : cell(`${count} / ${of}`, "bad")

const formatDuration = (millis: number) => {
  const [value, unit] = millis < 1 ? [millis * 1000, "µs"] : [millis, "ms"]
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹"
const superscript = (number: number) => [...`${number}`].map((digit) => superscripts[Number(digit)]).join("")

const sections: ReadonlyArray<{
  readonly title: string
  readonly failure: (
    findings: Findings
  ) => { readonly trace: ReadonlyArray<string>; readonly times: string } | undefined
}> = [
  { title: "Stale after an awaited invalidation", failure: ({ stale }) => toFailure(stale) },
  { title: "A reader failed by an invalidation", failure: ({ failedReaders }) => toFailure(failedReaders) },
  {
    title: "More than one request for 100 concurrent readers",
    failure: ({ requests }) =>
      requests === 1
        ? undefined
        : {
            trace: ["100 readers of one key come at once", `${requests} requests were sent, and 1 should have been`],
            times: ""
          }
  },
  {
    title: "A waiter killed by another's timeout",
    failure: ({ waiter }) => (typeof waiter === "string" ? undefined : { trace: waiter, times: "" })
  },
  {
    title: "A failure that is kept",
    failure: ({ failure }) => (failure.isKept === "no" ? undefined : { trace: failure.trace, times: "" })
  }
]

const toFailure = ({ count, of, trace }: Findings["stale"]) =>
  trace === undefined ? undefined : { trace, times: ` (${count} of ${of} orders)` }

export const render = (rows: ReadonlyArray<Row>, { isColoured }: { readonly isColoured: boolean }): string => {
  const paint = (text: string, colour: Colour) =>
    isColoured && colour !== "plain" ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text

  const notes = [...new Set(rows.flatMap(({ adapter }) => adapter.notes ?? []))]
  const marks = ({ adapter }: Row) =>
    (adapter.notes ?? []).map((note) => superscript(notes.indexOf(note) + 1)).join(" ")
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row, marks(row))))
  const lines = [0, 1].map((i) => columns.map(({ title }) => cell(title[i] ?? "", "faint")))
  const widths = columns.map((_, i) => Math.max(...[...lines, ...cells].map((line) => line[i]?.text.length ?? 0)))
  const line = (cells: ReadonlyArray<Cell>) =>
    cells
      .map(({ colour, text }, i) => {
        const space = " ".repeat((widths[i] ?? 0) - text.length)
        return columns[i]?.align === "right" ? space + paint(text, colour) : paint(text, colour) + space
      })
      .join("  ")
      .trimEnd()
  const rule = paint("─".repeat(widths.reduce((sum, width) => sum + width + 2, -2)), "faint")

  const table = [...lines.map(line), rule, ...cells.map(line), rule]
  const footnotes = notes.map((note, i) => `${superscript(i + 1)} ${note}`)
  const traces = sections.flatMap(({ failure, title }) => {
    // Those that fail in the same way share a trace.
    const groups = new Map<string, { readonly names: Array<string>; readonly trace: ReadonlyArray<string> }>()
    for (const { adapter, findings } of rows) {
      const found = failure(findings)
      if (found === undefined) continue
      const id = found.trace.join("\n")
      const group = groups.get(id) ?? { names: [], trace: found.trace }
      group.names.push(adapter.name + found.times)
      groups.set(id, group)
    }
    const described = [...groups.values()].flatMap(({ names, trace }) => [
      "",
      ...names.map((name) => `  ${name}`),
      ...trace.map((step, i) => (i < trace.length - 1 ? `    ${i + 1}. ${step}` : paint(`    ✗  ${step}`, "bad")))
    ])
    return described.length === 0 ? [] : ["", title, ...described.slice(1)]
  })
  return [...table, ...footnotes, ...traces, ""].join("\n")
}
