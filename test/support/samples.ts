import * as FastCheck from "effect/FastCheck"

/** The seed of this run. `TEST_SEED` repeats another run; a failure names the seed in the label of its row. */
export const seed = Number(process.env["TEST_SEED"] ?? Math.trunc(Math.random() * 2 ** 31))

/** The value that the seed of this run gives for the n-th row. */
export const sample = <A>(arbitrary: FastCheck.Arbitrary<A>, n: number): A => {
  const [value] = FastCheck.sample(arbitrary, { seed: seed + n, numRuns: 1 })
  // One run is one value.
  return value as A
}
