/**
 * Members of Tink's responses that could not be read. They are left out and counted in the metric `tink_unreadable_members_total`.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import { currentTags } from "./internal/metricTags.js"

const unreadable = Metric.counter("tink_unreadable_members_total", {
  description: "Members of Tink's answers that could not be read, and were left out",
  incremental: true
})

/**
 * Makes a function that counts one unreadable member. The metric has the two names and the tags of the fiber, never a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeCounter = (model: string, member: string): (() => void) => {
  const labels = [MetricLabel.make("model", model), MetricLabel.make("member", member)]
  return () => unreadable.unsafeUpdate(1, [...labels, ...currentTags()])
}
