import type { Comparison } from "./comparison.js"
import type { Loopback } from "./loopback.js"

/** How much is done: all that a good number takes, less of it for a first look, or the least that can be checked. */
export type Effort = "full" | "quick" | "least"

export interface Context {
  readonly origin: Loopback
  readonly effort: Effort
  /** Where everything random comes from. */
  readonly seed: number
  readonly progress: (what: string) => void
}

export interface Benchmark {
  readonly name: string
  readonly title: string
  readonly run: (context: Context) => Promise<ReadonlyArray<Comparison>>
}

/** Chooses by effort. */
export const byEffort = <const A>({ effort }: Pick<Context, "effort">, full: A, quick: A, least: A): A =>
  ({ full, quick, least })[effort]
