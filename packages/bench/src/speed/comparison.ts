/** The result of a benchmark: numbers of several contestants, side by side. */
import type { Client, Contestant } from "./contestant.js"
import { median, type Spread, toSpread } from "./statistics.js"

/** How a number is formatted. */
export type Unit = "time" | "bytes" | "share" | "count" | "rate" | "ratio"

export interface Result extends Spread {
  readonly contestant: string
  readonly packages: ReadonlyArray<string>
  /** The median of the ratios to the reference, taken round by round. `undefined` where the reference is zero. */
  readonly ratio: number | undefined
}

/** A goal, and the result. */
export interface Goal {
  readonly goal: string
  readonly found: string
  readonly isReached: boolean
}

export interface Comparison {
  readonly what: string
  readonly unit: Unit
  /** The contestant whose ratio is 1. */
  readonly reference: string
  readonly results: ReadonlyArray<Result>
  readonly goals: ReadonlyArray<Goal>
}

/** A row of a comparison: a contestant, or a contestant at one size. */
export type Entrant = Pick<Contestant<Client>, "name" | "packages">

/** The samples of an entrant, one per round. */
export interface Samples {
  readonly entrant: Entrant
  readonly values: ReadonlyArray<number>
}

const ratioOf = (values: ReadonlyArray<number>, base: ReadonlyArray<number>): number | undefined => {
  const ratios = values.map((value, round) => (value === base[round] ? 1 : value / (base[round] ?? Number.NaN)))
  const ratio = median(ratios)
  return Number.isFinite(ratio) ? ratio : undefined
}

export const compare = (options: {
  readonly what: string
  readonly unit: Unit
  readonly reference: string
  readonly samples: ReadonlyArray<Samples>
  readonly goals?: (ratioOf: (name: string) => number, valueOf: (name: string) => number) => ReadonlyArray<Goal>
}): Comparison => {
  const { reference, samples, unit, what } = options
  const base = samples.find(({ entrant }) => entrant.name === reference)?.values ?? []
  const results = samples.map(({ entrant, values }): Result => ({
    contestant: entrant.name,
    packages: entrant.packages,
    ...toSpread(values),
    ratio: ratioOf(values, base)
  }))
  const find = (name: string) => results.find(({ contestant }) => contestant === name)
  const goals =
    options.goals?.(
      (name) => find(name)?.ratio ?? Number.NaN,
      (name) => find(name)?.median ?? Number.NaN
    ) ?? []
  return { what, unit, reference, results, goals }
}

const two = (value: number): string => value.toFixed(2)

export const atMost = (limit: number, goal: string, found: number): Goal => ({
  goal: `${goal}: at most ${limit} ×`,
  found: `${two(found)} ×`,
  isReached: found <= limit
})

export const exactly = (wanted: number, goal: string, found: number): Goal => ({
  goal: `${goal}: exactly ${wanted}`,
  found: `${found}`,
  isReached: found === wanted
})
