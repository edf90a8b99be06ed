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
 * for what ends at once. The effect can be given other surroundings than those of its caller, who must not get them, nor
 * anything else that the effect does to its `FiberRef`s.
 */
export const within =
  (
    millis: number,
    onTimeout: () => TinkError,
    surroundings: (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never> = identity
  ) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.runtime<never>(), (runtime) => {
        // An exit, which it always comes to as interruption is off: a fiber that fails by itself logs why.
        const work = Runtime.runFork(surroundings(runtime), Effect.exit(Effect.interruptible(effect)))
        const ended = work.unsafePoll()
        if (ended !== null) return Exit.flatten(ended)

        let isLate = false
        const onLate = Effect.sync(() => {
          isLate = true
          work.unsafeInterruptAsFork(FiberId.none)
        })
        const timer = Runtime.runFork(
          runtime,
          Effect.interruptible(Effect.zipRight(Effect.sleep(Duration.millis(millis)), onLate))
        )
        work.addObserver(() => timer.unsafeInterruptAsFork(FiberId.none))
        return restore(Fiber.await(work)).pipe(
          Effect.onInterrupt(() => Fiber.interrupt(work)),
          Effect.map(Exit.flatten),
          Effect.flatMap((exit) => (isLate && Exit.isInterrupted(exit) ? Effect.fail(onTimeout()) : exit))
        )
      })
    )
