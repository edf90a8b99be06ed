import { assert, beforeAll, describe, it } from "@effect/vitest"
import { benchmarks } from "../src/speed/benchmarks.js"
import * as Chart from "../src/speed/chart.js"
import type { Comparison } from "../src/speed/comparison.js"
import * as Regressions from "../src/speed/regressions.js"
import type { Report } from "../src/speed/report.js"
import * as Table from "../src/speed/table.js"
import { runLeast } from "./leastEffort.js"

/** Those whose results are exact: `npm run prove` runs all. */
const quick = new Set(["counts", "readers", "day", "tokens"])

describe("the benchmarks", () => {
  let report: Report
  beforeAll(async () => {
    report = await runLeast(benchmarks.filter(({ name }) => quick.has(name)))
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

  it("count what a request is made of, in proportion to the platform's client", () => {
    const ratios = (what: RegExp) => comparison("counts", what).results.map(({ ratio }) => ratio ?? 0)
    const rows = [
      // The bounds of a read that bypasses the cache, and of a miss.
      [/primitives/, 1.28, 1.53],
      [/instructions/, 1.24, 1.48],
      [/FiberRef$/, 1.36, 1.6],
      [/flags/, 1.42, 1.92],
      [/decoding/, 1.12, 1.12],
      [/calls/, 1.33, 1.55]
    ] as const
    for (const [what, uncached, miss] of rows) {
      const [ofUncached = Number.NaN, ofMiss = Number.NaN] = ratios(what)
      assert.isAtMost(ofUncached, uncached, `${what}, uncached`)
      assert.isAtMost(ofMiss, miss, `${what}, a miss`)
    }
    // One more fiber runs all requests, and one frees the slots of some 32 requests at once.
    for (const [what, most] of [
      [/^fibers/, 3.05],
      [/timers/, 1.05],
      [/spans/, 2]
    ] as const) {
      assert.isAtMost(valueOf("counts", what) ?? Number.NaN, most, `${what}`)
    }
  })

  it("find one grant and one exchange when a token expires under load", () => {
    assert.strictEqual(valueOf("tokens", /grants/), 1)
    assert.strictEqual(valueOf("tokens", /exchanges/), 1)
  })

  it("find no stale read, and the hit rate of an exact LRU", () => {
    assert.strictEqual(valueOf("day", /stale/), 0)
    assert.strictEqual(valueOf("day", /stale/, "exact LRU"), 0)
    assert.isAbove(valueOf("day", /hit rate/) ?? 0, 0.99 * (valueOf("day", /hit rate/, "exact LRU") ?? 1))
  })

  it("are worse than recorded by more than a quarter, or are no regression", () => {
    const ratios = Regressions.toRatios(report)
    assert.isAbove(Object.keys(ratios).length, 10)
    const rows = [
      [1, 0],
      [0.81, 0],
      [0.79, Object.values(ratios).filter((ratio) => ratio > 0).length],
      [10, 0]
    ] as const
    for (const [factor, found] of rows) {
      const recorded = Object.fromEntries(Object.entries(ratios).map(([key, ratio]) => [key, ratio * factor]))
      assert.lengthOf(Regressions.findRegressions(recorded, report), found, `${factor}`)
    }
    assert.lengthOf(Regressions.findRegressions({}, report), 0)
  })

  it("are reported as a table, as JSON, and as a well-formed image", () => {
    const table = Table.render(report)
    for (const { title } of report.benchmarks) assert.include(table, title)
    assert.match(table, /\d+ of \d+ goals reached/)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(report)).benchmarks.length, quick.size)
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
