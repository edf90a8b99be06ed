import * as Prng from "@effect-tink/simulation/prng"

/** Reproducible random numbers, at least 0 and less than 1. */
export type Random = () => number

export const make = (seed: number): Random => Prng.make(seed).next

/** Whole numbers below `count`, distributed by Zipf's law: the number at `rank` has the weight 1 / (rank + 1). */
export const zipf = (count: number, random: Random): (() => number) => {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1)
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
