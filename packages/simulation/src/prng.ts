/** Reproducible random numbers: everything random in a run comes from its seed. */
export interface Prng {
  /** At least 0 and less than 1. */
  readonly next: () => number
  /** A whole number, at least 0 and less than `below`. */
  readonly below: (below: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <const A>(from: readonly [A, ...ReadonlyArray<A>]) => A
}

/** Mulberry32: small, fast, and good enough to generate schedules. */
export const make = (seed: number): Prng => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (from) => from[below(from.length)] ?? from[0]
  }
}
