import * as Metric from "effect/Metric"

const counter = (name: string, description: string) =>
  Metric.counter(`tink_user_cache_${name}`, { description, incremental: true })

const metrics = {
  roundTrips: counter("store_round_trips_total", "Questions and messages sent to the shared store"),
  storeFailures: counter("store_failures_total", "Questions and messages that the shared store did not answer in time"),
  changingBypasses: counter(
    "changing_bypasses_total",
    "Reads of a user who was changing or quarantined in some process"
  ),
  unvalidatedBypasses: counter("unvalidated_bypasses_total", "Reads that the shared store could not validate"),
  heldBackMillis: counter("held_back_millis_total", "Time for which ends of changes were held back")
}

/** A counter, not a gauge: it adds up over all caches of the process. */
const heldBack = Metric.counter("tink_user_cache_held_back", {
  description: "Changes that are held back now, because the shared store cannot be told of their end"
})

export type Counter = keyof typeof metrics

/** The numbers of one shared cache, which are also added to the process-wide metrics. */
export const makeCounters = () => {
  const counts: Record<Counter, number> = {
    roundTrips: 0,
    storeFailures: 0,
    changingBypasses: 0,
    unvalidatedBypasses: 0,
    heldBackMillis: 0
  }
  let heldBackNow = 0
  return {
    counts: counts as Readonly<typeof counts>,
    add(name: Counter, by = 1): void {
      counts[name] += by
      metrics[name].unsafeUpdate(by, [])
    },
    heldBack: () => heldBackNow,
    heldBackChanged(by: 1 | -1): void {
      heldBackNow += by
      heldBack.unsafeUpdate(by, [])
    }
  }
}
