/** How often functions are called, as V8's precise coverage counts them: exact, and the same on every machine. */
import { Session } from "node:inspector/promises"

/** The calls of one function while something ran. */
export interface CalledFunction {
  readonly url: string
  readonly name: string
  readonly calls: number
}

/** Runs something, and returns how often each function was called meanwhile. */
export const countCalls = async (run: () => Promise<unknown>): Promise<ReadonlyArray<CalledFunction>> => {
  const session = new Session()
  session.connect()
  try {
    await session.post("Profiler.enable")
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })
    // Resets the counters.
    await session.post("Profiler.takePreciseCoverage")
    await run()
    const { result } = await session.post("Profiler.takePreciseCoverage")
    await session.post("Profiler.stopPreciseCoverage")
    return result.flatMap(({ functions, url }) =>
      functions.map(({ functionName, ranges }) => ({ url, name: functionName, calls: ranges[0]?.count ?? 0 }))
    )
  } finally {
    session.disconnect()
  }
}
