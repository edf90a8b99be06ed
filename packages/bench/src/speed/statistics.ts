/** Medians and quartiles of samples. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"

/** The quantile of a share, interpolated between the two nearest values. */
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

export const toSpread = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75)
})
