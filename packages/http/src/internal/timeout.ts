import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { identity } from "effect/Function"
import * as Runtime from "effect/Runtime"
import type { TinkError } from "../TinkError.js"

/**
 * Ends an effect after some milliseconds, also where the caller cannot be interrupted, as in a finalizer.
 *
 * `Effect.timeout` cannot: it interrupts a child, which cannot be interrupted where its parent cannot. And a child that
 * could be would also be interrupted along with such a parent, so it is not a child. It starts at once, and no timer is set
 * for what ends at once. The effect can be given other surroundings than those of its caller.
 */
export const within =
  (
    millis: number,
    onTimeout: () => TinkError,
    surroundings: (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never> = identity
  ) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.flatMap(Effect.runtime<never>(), (runtime) =>
      Effect.async<A, TinkError>((resume) => {
        // An exit, as a fiber whose failure is its own logs it.
        const work = Runtime.runFork(surroundings(runtime), Effect.exit(Effect.interruptible(effect)))
        const ended = work.unsafePoll()
        if (ended !== null) return resume(Exit.flatten(ended))

        let isLate = false
        const onLate = Effect.sync(() => {
          isLate = true
          work.unsafeInterruptAsFork(FiberId.none)
        })
        const timer = Runtime.runFork(
          runtime,
          Effect.interruptible(Effect.zipRight(Effect.sleep(Duration.millis(millis)), onLate))
        )
        work.addObserver((exit) => {
          timer.unsafeInterruptAsFork(FiberId.none)
          const result = Exit.flatten(exit)
          resume(isLate && Exit.isInterrupted(result) ? Effect.fail(onTimeout()) : result)
        })
        return Fiber.interrupt(work)
      })
    )
