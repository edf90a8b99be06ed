import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import type * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"

const counter = (name: string, description: string) =>
  Metric.counter(`tink_user_cache_${name}`, { description, incremental: true })

const metrics = {
  hits: counter("hits_total", "Reads answered by a stored value"),
  joins: counter("joins_total", "Reads answered by a lookup that another read, or a refresh, had started"),
  misses: counter("misses_total", "Reads that started a lookup"),
  bypasses: counter("bypasses_total", "Reads of a quarantined user, each with a lookup of its own"),
  refreshes: counter("refreshes_total", "Refreshes, each with a lookup of its own"),
  evictions: counter("evictions_total", "Values dropped to stay within the capacity"),
  invalidations: counter("invalidations_total", "Invalidations of a user"),
  quarantines: counter("quarantines_total", "Invalidations that began or prolonged a quarantine"),
  lateResults: counter("late_results_total", "Results not stored: user invalidated, time to live over, or superseded")
}

/**
 * A counter, not a gauge: it adds up over all caches of the process. Without the tags of a fiber: another fiber may drop what one
 * has stored.
 */
const size = Metric.counter("tink_user_cache_size", { description: "Values stored now" })

/** The labels of `Effect.tagMetrics` for the fiber that runs. Not with `Option.match`, which triples the time of a cache hit. */
const currentTags = (): ReadonlyArray<MetricLabel.MetricLabel> => {
  const fiber = Fiber.getCurrentFiber()
  return Option.isNone(fiber) ? [] : fiber.value.getFiberRef(FiberRef.currentMetricLabels)
}

export type Counter = keyof typeof metrics

export const zeros: Readonly<Record<Counter, number>> = {
  hits: 0,
  joins: 0,
  misses: 0,
  bypasses: 0,
  refreshes: 0,
  evictions: 0,
  invalidations: 0,
  quarantines: 0,
  lateResults: 0
}

/** The numbers of one cache, which are also added to the process-wide metrics. */
export const makeCounters = () => {
  const counts: Record<Counter, number> = { ...zeros }
  return {
    counts: counts as Readonly<typeof counts>,
    increment(name: Counter): void {
      counts[name] += 1
      metrics[name].unsafeUpdate(1, currentTags())
    },
    sizeChanged(by: 1 | -1): void {
      size.unsafeUpdate(by, [])
    }
  }
}
