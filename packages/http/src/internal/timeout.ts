import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { TinkError } from "../TinkError.js"

/**
 * Ends an effect after some milliseconds, also where the caller cannot be interrupted, as in a finalizer.
 *
 * `Effect.timeout` cannot: it interrupts a child, which cannot be interrupted where its parent cannot. And a child that
 * could be would also be interrupted along with such a parent, so it is not a child.
 */
export const within =
  (millis: number, onTimeout: () => TinkError) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        let isLate = false
        const end = Effect.suspend(() => {
          isLate = true
          return Fiber.interruptFork(work)
        })
        // An exit, as a fiber that nobody awaits yet logs its failure.
        const work: Fiber.RuntimeFiber<Exit.Exit<A, TinkError>> = yield* Effect.forkDaemon(
          Effect.exit(Effect.interruptible(effect))
        )
        const timer = yield* Effect.forkDaemon(Effect.interruptible(Effect.zipRight(Effect.sleep(millis), end)))
        const exit = yield* restore(Fiber.join(work)).pipe(
          Effect.onInterrupt(() => Fiber.interrupt(work)),
          Effect.ensuring(Fiber.interrupt(timer))
        )
        return yield* isLate && Exit.isInterrupted(exit) ? Effect.fail(onTimeout()) : exit
      })
    )
