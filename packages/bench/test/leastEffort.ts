import type { Benchmark } from "../src/speed/benchmark.js"
import { startOrigin } from "../src/speed/loopback.js"
import { measure, type Report } from "../src/speed/report.js"

/** Runs benchmarks once, with the least effort. */
export const runLeast = async (benchmarks: ReadonlyArray<Benchmark>): Promise<Report> => {
  const origin = await startOrigin()
  try {
    return await measure(benchmarks, { origin, effort: "least", seed: 1, progress: () => {} })
  } finally {
    origin.close()
  }
}
