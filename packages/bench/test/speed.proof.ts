import { assert, describe, it } from "@effect/vitest"
import { benchmarks } from "../src/speed/benchmarks.js"
import * as Table from "../src/speed/table.js"
import { runLeast } from "./leastEffort.js"

describe("the benchmarks", () => {
  it("measure every contestant", async () => {
    const report = await runLeast(benchmarks)
    assert.strictEqual(report.benchmarks.length, benchmarks.length)
    const results = report.benchmarks.flatMap(({ comparisons }) => comparisons.flatMap(({ results }) => results))
    assert.isAbove(results.length, 50)
    for (const { contestant, median } of results) assert.isTrue(Number.isFinite(median), contestant)
    const table = Table.render(report)
    for (const { title } of report.benchmarks) assert.include(table, title)
  }, 300_000)
})
