/** The results of a run, and the machine and versions behind them. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import { cpus } from "node:os"
import { versionOf } from "../contestants/packages.js"
import type { Benchmark, Context } from "./benchmark.js"
import type { Comparison } from "./comparison.js"

export interface Measured {
  readonly name: string
  readonly title: string
  readonly comparisons: ReadonlyArray<Comparison>
}

export interface Report {
  readonly node: string
  readonly processor: string
  readonly effort: Context["effort"]
  readonly seed: number
  /** The versions of the measured packages. */
  readonly versions: Readonly<Record<string, string>>
  readonly benchmarks: ReadonlyArray<Measured>
}

const readVersions = (benchmarks: ReadonlyArray<Measured>): Record<string, string> => {
  const measured = benchmarks.flatMap(({ comparisons }) => comparisons.flatMap(({ results }) => results))
  const names = new Set(["effect", ...measured.flatMap(({ packages }) => packages)])
  return Object.fromEntries(Arr.sort(names, Order.string).map((name) => [name, versionOf(name)]))
}

const processor = () => {
  const all = cpus()
  return `${all.length} × ${all[0]?.model.trim() ?? "unknown"}`
}

/** Runs one benchmark after the other. */
export const measure = async (benchmarks: ReadonlyArray<Benchmark>, context: Context): Promise<Report> => {
  const measured: Array<Measured> = []
  for (const { name, run, title } of benchmarks) {
    const progress = (what: string) => context.progress(`${name}: ${what}`)
    measured.push({ name, title, comparisons: await run({ ...context, progress }) })
  }
  const { effort, seed } = context
  const versions = readVersions(measured)
  return { node: process.versions.node, processor: processor(), effort, seed, versions, benchmarks: measured }
}
