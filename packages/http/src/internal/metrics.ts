import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"
import type { TinkError } from "../TinkError.js"
import type { Outgoing } from "../TinkRequest.js"

const requests = Metric.counter("tink_http_requests_total", { description: "Requests sent to Tink" })
const retries = Metric.counter("tink_http_retries_total", { description: "Requests sent again after a failure" })

const known = new Map<string, ReadonlyArray<MetricLabel.MetricLabel>>()

/** The same array for the same labels: an effect of it is that no search for the metric is needed. */
const labelsOf = ({ method, route }: Outgoing, outcome?: string): ReadonlyArray<MetricLabel.MetricLabel> => {
  const key = `${method} ${route} ${outcome ?? ""}`
  const labels = known.get(key) ?? [
    MetricLabel.make("method", method),
    MetricLabel.make("route", route),
    ...(outcome === undefined ? [] : [MetricLabel.make("outcome", outcome)])
  ]
  known.set(key, labels)
  return labels
}

const outcomeOf = (exit: Exit.Exit<unknown, TinkError>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Cause.isInterruptedOnly(exit.cause)) return "interrupted"
  return Option.match(Cause.failureOption(exit.cause), { onNone: () => "defect", onSome: (error) => error.reason })
}

/** Counts a request by what it came to: `ok`, the reason of its error, or `interrupted`. */
export const countRequest = (request: Outgoing, exit: Exit.Exit<unknown, TinkError>): Effect.Effect<void> =>
  Effect.sync(() => requests.unsafeUpdate(1, labelsOf(request, outcomeOf(exit))))

export const countRetry = (request: Outgoing): Effect.Effect<void> =>
  Effect.sync(() => retries.unsafeUpdate(1, labelsOf(request)))
