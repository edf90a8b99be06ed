import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import type * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"

/** The labels of `Effect.tagMetrics` for the fiber that runs. */
export const currentTags = (): ReadonlyArray<MetricLabel.MetricLabel> => {
  const fiber = Fiber.getCurrentFiber()
  return Option.isNone(fiber) ? [] : fiber.value.getFiberRef(FiberRef.currentMetricLabels)
}
