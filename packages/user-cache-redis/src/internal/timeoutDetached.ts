import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

/**
 * Gives up an effect in time, also where the caller or the effect cannot be interrupted. Then the effect goes on, and its
 * result is discarded.
 *
 * `Effect.disconnect` with `Effect.timeoutFail` does the same with twice as many fibers, which is most of what a question
 * to the store costs.
 */
export const timeoutDetached =
  <E>(options: { readonly duration: Duration.DurationInput; readonly onTimeout: () => E }) =>
  <A>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(Effect.runtime<never>(), (runtime) =>
      Effect.async<A, E>((resume) => {
        // As an exit: a fiber that fails by itself would log its cause.
        const work = Runtime.runFork(runtime, Effect.exit(Effect.interruptible(effect)))
        const timer = Runtime.runFork(
          runtime,
          Effect.interruptible(
            Effect.map(Effect.sleep(options.duration), () => {
              resume(Effect.fail(options.onTimeout()))
              work.unsafeInterruptAsFork(FiberId.none)
            })
          )
        )
        work.addObserver((exit) => {
          timer.unsafeInterruptAsFork(FiberId.none)
          resume(Exit.flatten(exit))
        })
        return Effect.sync(() => {
          timer.unsafeInterruptAsFork(FiberId.none)
          work.unsafeInterruptAsFork(FiberId.none)
        })
      })
    )
