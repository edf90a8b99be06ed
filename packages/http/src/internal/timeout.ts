import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type { TinkError } from "../TinkError.js"

/**
 * Ends an effect after some milliseconds, also where the caller cannot be interrupted, as in a finalizer.
 *
 * `Effect.timeout` cannot: it interrupts a child, which cannot be interrupted where its parent cannot. And a child that
 * could be would also be interrupted along with such a parent, so it is not a child. It starts at once, and no timer is set
 * for what ends at once, such as getting a token that is at hand.
 */
export const within =
  (millis: number, onTimeout: () => TinkError) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.runtime<never>(), (runtime) => {
        const fork = Runtime.runFork(runtime)
        // An exit, as a fiber that nobody awaits yet logs its failure.
        const work = fork(Effect.exit(Effect.interruptible(effect)))
        const ended = work.unsafePoll()
        if (ended !== null) return Exit.flatten(ended)
        let isLate = false
        const end = Effect.sync(() => {
          isLate = true
          work.unsafeInterruptAsFork(FiberId.none)
        })
        const timer = fork(Effect.interruptible(Effect.zipRight(Clock.sleep(Duration.millis(millis)), end)))
        return restore(Fiber.await(work)).pipe(
          Effect.onInterrupt(() => Fiber.interrupt(work)),
          Effect.ensuring(Effect.sync(() => timer.unsafeInterruptAsFork(FiberId.none))),
          Effect.map(Exit.flatten),
          Effect.flatMap((exit) => (isLate && Exit.isInterrupted(exit) ? Effect.fail(onTimeout()) : exit))
        )
      })
    )
