import { assert, beforeAll, describe, it } from "@effect/vitest"
import { benchmarks } from "../src/speed/benchmarks.js"
import * as Chart from "../src/speed/chart.js"
import type { Comparison } from "../src/speed/comparison.js"
import { startOrigin } from "../src/speed/loopback.js"
import { measure, type Report } from "../src/speed/report.js"
import * as Table from "../src/speed/table.js"

const inOwnProcesses = new Set(["followers", "invalidation", "memory", "loading"])

/** All benchmarks once, with the least effort. Those that only wait for other processes run beside the rest. */
const runAll = async (): Promise<Report> => {
  const origin = await startOrigin()
  const run = (isChosen: (name: string) => boolean) =>
    measure(
      benchmarks.filter(({ name }) => isChosen(name)),
      { origin, effort: "least", seed: 1, progress: () => {} }
    )
  try {
    const [others, rest] = await Promise.all([
      run((name) => inOwnProcesses.has(name)),
      run((name) => !inOwnProcesses.has(name))
    ])
    return { ...rest, benchmarks: [...rest.benchmarks, ...others.benchmarks] }
  } finally {
    origin.close()
  }
}

describe("the benchmarks", () => {
  let report: Report
  beforeAll(async () => {
    report = await runAll()
  }, 120_000)

  const comparison = (benchmark: string, what: RegExp): Comparison => {
    const found = report.benchmarks
      .find(({ name }) => name === benchmark)
      ?.comparisons.find((comparison) => what.test(comparison.what))
    if (found === undefined) throw new Error(`${benchmark} has no comparison ${what}`)
    return found
  }
  const valueOf = (benchmark: string, what: RegExp, contestant = "effect-tink") =>
    comparison(benchmark, what).results.find((result) => result.contestant === contestant)?.median

  it("send one request for all readers of one user, and one for each of 1 000 users", () => {
    assert.strictEqual(valueOf("readers", /of one user, requests/), 1)
    assert.strictEqual(valueOf("readers", /of 1000 users, requests/), 1_000)
  })

  it("find one grant and one exchange when a token expires under load", () => {
    assert.strictEqual(valueOf("minting", /grants/), 1)
    assert.strictEqual(valueOf("minting", /exchanges/), 1)
  })

  it("find no stale read, and the hit rate of an exact LRU", () => {
    assert.strictEqual(valueOf("day", /stale/), 0)
    assert.strictEqual(valueOf("day", /stale/, "exact LRU"), 0)
    assert.isAbove(valueOf("day", /hit rate/) ?? 0, 0.99 * (valueOf("day", /hit rate/, "exact LRU") ?? 1))
  })

  it("measure every contestant", () => {
    const results = report.benchmarks.flatMap(({ comparisons }) => comparisons.flatMap(({ results }) => results))
    assert.isAbove(results.length, 50)
    for (const { contestant, median } of results) assert.isTrue(Number.isFinite(median), contestant)
  })

  it("are reported as a table, as JSON, and as a well-formed image", () => {
    const table = Table.render(report)
    for (const { title } of report.benchmarks) assert.include(table, title)
    assert.match(table, /\d+ of \d+ goals reached/)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(report)).benchmarks.length, benchmarks.length)
    const chart = Chart.render(report)
    // Every tag is closed, by itself or by its own end, in the right order.
    const open: Array<string> = []
    for (const [, end, name = "", alone] of chart.matchAll(/<(\/)?([a-z]+)[^<>]*?(\/)?>/g)) {
      if (end !== undefined) assert.strictEqual(open.pop(), name)
      else if (alone === undefined) open.push(name)
    }
    assert.deepStrictEqual(open, [])
    assert.match(chart, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  })
})
