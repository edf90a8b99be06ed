/** What is made of the samples of several rounds. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"

/** The value below which that share of the values lies, between the two nearest. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = Arr.sort(values, Order.number)
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** A median, and the quartiles around it. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

export const spreadOf = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75)
})
