/** The report as an SVG image: a bar for each ratio, on a logarithmic scale. */
import * as Arr from "effect/Array"
import type { Comparison, Result } from "./comparison.js"
import type { Report } from "./report.js"
import { formatValue } from "./table.js"

const columns = 2
const columnWidth = 500
const width = columns * columnWidth
const left = 150
const right = 110
const barHeight = 14
const gap = 4

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

interface Bar {
  readonly result: Result
  readonly ratio: number
}

interface Panel {
  readonly title: string
  readonly comparison: Comparison
  readonly bars: ReadonlyArray<Bar>
}

/** Only comparisons of time or bytes that have a goal. */
const toPanels = ({ benchmarks }: Report): ReadonlyArray<Panel> =>
  benchmarks.flatMap(({ comparisons, name }) =>
    comparisons
      .filter(
        ({ goals, results, unit }) => goals.length > 0 && (unit === "time" || unit === "bytes") && results.length > 1
      )
      .map((comparison) => ({
        title: `${name}: ${comparison.what}`,
        comparison,
        bars: comparison.results.flatMap((result) =>
          result.ratio === undefined || result.ratio <= 0 ? [] : [{ result, ratio: result.ratio }]
        )
      }))
  )

const panelHeight = ({ bars }: Panel) => 26 + bars.length * (barHeight + gap) + 12

const text = (x: number, y: number, content: string, kind: string) =>
  `<text x="${x}" y="${y}" class="${kind}">${escape(content)}</text>`

const draw = (panel: Panel, top: number, xOf: (ratio: number) => number): string => {
  const { bars, comparison, title } = panel
  const one = xOf(1)
  const drawn = bars.map(({ ratio, result }, index) => {
    const y = top + 26 + index * (barHeight + gap)
    const x = xOf(ratio)
    const kind = result.contestant === "effect-tink" || result.contestant === "UserCache" ? "ours" : "peer"
    const label = `${formatValue(result.median, comparison.unit)}  ${ratio.toFixed(2)} ×`
    return [
      text(left - 8, y + 11, result.contestant, "name"),
      `<rect x="${Math.min(one, x)}" y="${y}" width="${Math.max(3, Math.abs(x - one))}" height="${barHeight}" class="${kind}"/>`,
      text(Math.max(one, x) + 6, y + 11, label, "value")
    ].join("\n")
  })
  const axis = `<line x1="${one}" x2="${one}" y1="${top + 22}" y2="${top + panelHeight(panel) - 10}" class="axis"/>`
  return [text(8, top + 14, title, "title"), ...drawn, axis].join("\n")
}

const style = `
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #24292f }
.name { text-anchor: end }
.ours { fill: #2f81f7 }
.peer { fill: #9da7b3 }
.axis { stroke: #57606a }
@media (prefers-color-scheme: dark) { text { fill: #9da7b3 } .title { fill: #e6edf3 } .peer { fill: #57606a } .axis { stroke: #9da7b3 } }
`

export const render = (report: Report): string => {
  const panels = toPanels(report)
  const ratios = panels.flatMap(({ bars }) => bars.map(({ ratio }) => ratio))
  const low = Math.log(Math.min(0.5, ...ratios))
  const high = Math.log(Math.max(2, ...ratios))
  const xOf = (ratio: number) =>
    Math.round(left + ((Math.log(ratio) - low) / (high - low)) * (columnWidth - left - right))
  const rowTops = [40]
  const rows = Arr.chunksOf(panels, columns)
  for (const row of rows) rowTops.push((rowTops.at(-1) ?? 0) + Math.max(...row.map(panelHeight)))
  const height = rowTops.at(-1) ?? 0
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<style>${style}</style>`,
    text(8, 18, "Ratios on a logarithmic scale: the line is 1; to its left is less, to its right is more", "caption"),
    ...rows.flatMap((row, index) =>
      row.map(
        (panel, column) =>
          `<g transform="translate(${column * columnWidth} 0)">\n${draw(panel, rowTops[index] ?? 0, xOf)}\n</g>`
      )
    ),
    "</svg>",
    ""
  ].join("\n")
}
