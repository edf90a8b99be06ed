import type { Benchmark } from "./benchmark.js"
import { cached } from "./benchmarks/cached.js"
import { counts } from "./benchmarks/counts.js"
import { followers } from "./benchmarks/followers.js"
import { invalidation } from "./benchmarks/invalidation.js"
import { loading } from "./benchmarks/loading.js"
import { memory } from "./benchmarks/memory.js"
import { mixedDay } from "./benchmarks/mixedDay.js"
import { readersAtOnce } from "./benchmarks/readers.js"
import { shared } from "./benchmarks/shared.js"
import { tokens } from "./benchmarks/tokens.js"
import { uncached } from "./benchmarks/uncached.js"

/** The benchmarks, in the order of the table. */
export const benchmarks: ReadonlyArray<Benchmark> = [
  cached,
  uncached,
  counts,
  readersAtOnce,
  invalidation,
  mixedDay,
  memory,
  followers,
  loading,
  tokens,
  shared
]
