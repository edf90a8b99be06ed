import type { Comparison } from "./comparison.js"
import type { Loopback } from "./loopback.js"

/** How much is measured: enough for reliable numbers, less for a first look, or the least for a test. */
export type Effort = "full" | "quick" | "least"

export interface Context {
  readonly origin: Loopback
  readonly effort: Effort
  /** The source of everything random. */
  readonly seed: number
  readonly progress: (what: string) => void
}

export interface Benchmark {
  readonly name: string
  readonly title: string
  readonly run: (context: Context) => Promise<ReadonlyArray<Comparison>>
}

/** The value for the effort of this run. */
export const byEffort = <const A>({ effort }: Pick<Context, "effort">, full: A, quick: A, least: A): A =>
  ({ full, quick, least })[effort]
