/** Ratios of a run beside recorded ones: only ratios of one run can be compared with those of another machine. */
import * as Schema from "effect/Schema"
import type { Unit } from "./comparison.js"
import type { Report } from "./report.js"

/** The keys name the benchmark, what was measured, and the contestant. */
export type Ratios = Readonly<Record<string, number>>

/** More than this share worse is a regression, if it is seen twice in a row. */
const tolerance = 0.25

export const RatiosJson = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))

const isOurs = (contestant: string): boolean => contestant.startsWith("effect-tink") || contestant === "UserCache"

const isMoreBetter = (unit: Unit): boolean => unit === "rate" || unit === "share"

/** Inverts ratios where needed, so that less is better. */
const toCost = (ratio: number, unit: Unit): number => (isMoreBetter(unit) ? 1 / ratio : ratio)

const toRows = ({ benchmarks }: Report) =>
  benchmarks.flatMap(({ comparisons, name }) =>
    comparisons.flatMap(({ reference, results, unit, what }) =>
      results.flatMap(({ contestant, ratio }) =>
        ratio === undefined || !isOurs(contestant) || contestant === reference
          ? []
          : [{ benchmark: name, key: `${name}: ${what}: ${contestant}`, cost: toCost(ratio, unit) }]
      )
    )
  )

/** The ratios of this library, each so that less is better. */
export const toRatios = (report: Report): Ratios =>
  Object.fromEntries(toRows(report).map(({ cost, key }) => [key, Number(cost.toFixed(3))]))

export interface Regression {
  readonly benchmark: string
  readonly key: string
  readonly recorded: number
  readonly found: number
}

/** What is worse than recorded by more than the tolerance. What was not recorded is no regression. */
export const findRegressions = (recorded: Ratios, report: Report): ReadonlyArray<Regression> =>
  toRows(report).flatMap(({ benchmark, cost, key }) => {
    const known = recorded[key]
    return known !== undefined && cost > known * (1 + tolerance)
      ? [{ benchmark, key, recorded: known, found: cost }]
      : []
  })

export const formatRegression = ({ found, key, recorded }: Regression): string =>
  `${key}: ${found.toFixed(2)}, recorded ${recorded.toFixed(2)}`
