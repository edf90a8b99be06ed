/** What the race and its two processes tell each other. Times are in milliseconds on the monotonic clock of the machine. */
import type { CacheName } from "./caches.js"

export type FromWorker =
  | { readonly _tag: "Lookup" | "Change"; readonly id: number; readonly user: number }
  | { readonly _tag: "Report"; readonly reads: ReadonlyArray<Read>; readonly ends: ReadonlyArray<End> }
  | { readonly _tag: "Trouble"; readonly message: string }

export type ToWorker =
  | { readonly _tag: "Answer"; readonly id: number; readonly version: number }
  | { readonly _tag: "SetClock"; readonly byMillis: number }

/** A read that began at `at` and returned `version`. */
export interface Read {
  readonly user: number
  readonly at: number
  readonly version: number
}

/** A change to `version` that had ended at `at`. */
export interface End {
  readonly user: number
  readonly at: number
  readonly version: number
}

export interface WorkerOptions {
  readonly cache: CacheName
  readonly redisUrl: string
  readonly users: number
  readonly readers: number
  readonly mutators: number
}

/** The clock that all processes of a machine share. */
export const monotonicMillis = (): number => Number(process.hrtime.bigint()) / 1e6
