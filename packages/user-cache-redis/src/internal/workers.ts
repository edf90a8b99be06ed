/** Fibers that run one effect after another: to make a fiber for each call would be most of what a call costs. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"

interface IdleWorker {
  readonly fiber: Fiber.RuntimeFiber<void>
  readonly run: (effect: Effect.Effect<void>) => void
}

/** More effects at once are rare: their fibers end with them. */
const maxIdle = 4

const toWorkerRuntime = (runtime: Runtime.Runtime<never>): Runtime.Runtime<never> => {
  const scheduler = FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentScheduler)
  return runtime.pipe(
    // A layer may be built in an uninterruptible region.
    Runtime.enableRuntimeFlag(RuntimeFlags.Interruption),
    // Without the fiber: the default scheduler would keep each one in a `WeakMap` until the next full garbage collection.
    Runtime.setFiberRef(FiberRef.currentScheduler, {
      shouldYield: (fiber) => scheduler.shouldYield(fiber),
      scheduleTask: (task, priority) => scheduler.scheduleTask(task, priority)
    })
  )
}

/** Runs an effect in a fiber that may be interrupted while the effect runs. The effect starts after this has returned. */
export type RunInWorker = (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>

export const makeWorkers = (runtime: Runtime.Runtime<never>, scope: Scope.Scope): Effect.Effect<RunInWorker> => {
  const workerRuntime = toWorkerRuntime(runtime)
  let idle: Array<IdleWorker> = []
  let isClosed = false

  const isKept = () => !isClosed && idle.length < maxIdle

  const start = (first: Effect.Effect<void>): Fiber.RuntimeFiber<void> => {
    const next = Effect.async<void>((run) => void idle.push({ fiber, run }))
    const others = Effect.whileLoop({ while: isKept, body: () => next, step: () => {} })
    const fiber = Runtime.runFork(workerRuntime, Effect.andThen(first, others), { immediate: false })
    return fiber
  }

  const run: RunInWorker = (effect) => {
    const worker = idle.pop()
    if (worker === undefined) return start(effect)
    worker.run(effect)
    return worker.fiber
  }

  const close = Effect.sync(() => {
    isClosed = true
    for (const { fiber } of idle) fiber.unsafeInterruptAsFork(FiberId.none)
    idle = []
  })
  return Effect.as(Scope.addFinalizer(scope, close), run)
}
