import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import type { TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"
import { currentTags } from "./metricTags.js"

const counter = (name: string, description: string) =>
  Metric.counter(`tink_http_${name}`, { description, incremental: true })

const requests = counter("requests_total", "Requests sent to Tink")
const retries = counter("retries_total", "Requests sent again after a failure")

const labelCache = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()

/** An application that writes ids into its routes would make a series for each. */
const maxSeries = 2000

/** Without tags, returns the same array for the same labels, which saves the lookup of the metric. */
const toLabels = ({ method, route }: RequestDescription, outcome?: string): ReadonlyArray<MetricLabel.MetricLabel> => {
  const key = `${method} ${route} ${outcome ?? ""}`
  const known = labelCache.get(key)
  const isFull = known === undefined && labelCache.size >= maxSeries
  const labels = known ?? [
    MetricLabel.make("method", method),
    MetricLabel.make("route", isFull ? "other" : route),
    ...(outcome === undefined ? [] : [MetricLabel.make("outcome", outcome)])
  ]
  if (!isFull) labelCache.set(key, labels)
  const tags = currentTags()
  return tags.length === 0 ? labels : [...labels, ...tags]
}

const toOutcome = (exit: Exit.Exit<unknown, TinkError>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Cause.isInterruptedOnly(exit.cause)) return "interrupted"
  return Option.match(Cause.failureOption(exit.cause), { onNone: () => "defect", onSome: (error) => error.reason })
}

/** Counts a request by its outcome: `ok`, the reason of its error, or `interrupted`. */
export const countRequest = (request: RequestDescription, exit: Exit.Exit<unknown, TinkError>): void =>
  requests.unsafeUpdate(1, toLabels(request, toOutcome(exit)))

export const countRetry = (request: RequestDescription): Effect.Effect<void> =>
  Effect.sync(() => retries.unsafeUpdate(1, toLabels(request)))

const suppressedRetries = counter("retries_suppressed_total", "Retries not made because the retry budget was used up")
const queued = counter("queued_total", "Requests that waited for their turn")
// Tags of a fiber would not apply: all wait in one queue.
const queueLength = Metric.gauge("tink_http_queue_length", {
  description: "Requests that waited for their turn when the last one joined them"
})
const pauses = counter("pauses_total", "Answers that paused all requests")
const openedCircuits = counter("circuit_opened_total", "How often the circuit breaker opened")

export const countSuppressedRetry = (): void => suppressedRetries.unsafeUpdate(1, currentTags())

export const countQueued = (length: number): void => {
  queued.unsafeUpdate(1, currentTags())
  queueLength.unsafeUpdate(length, [])
}

export const countPause = (): void => pauses.unsafeUpdate(1, currentTags())

export const countOpenedCircuit = (): void => openedCircuits.unsafeUpdate(1, currentTags())
