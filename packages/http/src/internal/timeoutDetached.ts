import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { identity } from "effect/Function"
import * as Runtime from "effect/Runtime"
import type { TinkError } from "../TinkError.js"

/**
 * Interrupts an effect after some milliseconds, even where the caller cannot be interrupted, as in a finalizer.
 *
 * `Effect.timeout` cannot do this: it runs the effect in a child fiber, which is uninterruptible where its parent is. So
 * the effect runs in a fiber that is not a child. It starts at once, and a timer is set only if it does not end at once.
 * Its runtime can be changed, and nothing that it does to its `FiberRef`s reaches the caller.
 */
export const timeoutDetached =
  (
    millis: number,
    onTimeout: () => TinkError,
    changeRuntime: (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never> = identity
  ) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.runtime<never>(), (runtime) => {
        // As an exit: a fiber that fails by itself would log its cause.
        const work = Runtime.runFork(changeRuntime(runtime), Effect.exit(Effect.interruptible(effect)))
        const ended = work.unsafePoll()
        if (ended !== null) return Exit.flatten(ended)

        let isLate = false
        const onLate = Effect.sync(() => {
          isLate = true
          work.unsafeInterruptAsFork(FiberId.none)
        })
        const timer = Runtime.runFork(
          runtime,
          Effect.interruptible(Effect.andThen(Effect.sleep(Duration.millis(millis)), onLate))
        )
        work.addObserver(() => timer.unsafeInterruptAsFork(FiberId.none))
        return restore(Fiber.await(work)).pipe(
          Effect.onInterrupt(() => Fiber.interrupt(work)),
          Effect.map(Exit.flatten),
          Effect.flatMap((exit) => (isLate && Exit.isInterrupted(exit) ? Effect.fail(onTimeout()) : exit))
        )
      })
    )
