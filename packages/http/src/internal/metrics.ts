import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import type { Outgoing } from "../TinkRequest.js"

const requests = Metric.counter("tink_http_requests_total", { description: "Requests sent to Tink" })
const retries = Metric.counter("tink_http_retries_total", { description: "Requests sent again after a failure" })

const labels = (request: Outgoing) => [
  MetricLabel.make("method", request.method),
  MetricLabel.make("route", request.route)
]

/** Counts a request; `outcome` is its status, or the reason why there is none. */
export const countRequest = (request: Outgoing, outcome: string): void =>
  requests.unsafeUpdate(1, [...labels(request), MetricLabel.make("outcome", outcome)])

export const countRetry = (request: Outgoing): void => retries.unsafeUpdate(1, labels(request))
