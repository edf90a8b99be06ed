import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { identity } from "effect/Function"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"

/** What runs for the calls of one layer. It is ended when the layer closes. */
export interface InFlight {
  isClosed: boolean
  readonly ends: Set<() => void>
}

export const makeInFlight: Effect.Effect<InFlight, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync((): InFlight => ({ isClosed: false, ends: new Set() })),
  (inFlight) =>
    Effect.sync(() => {
      inFlight.isClosed = true
      inFlight.ends.forEach((end) => end())
    })
)

export interface Options<E> {
  readonly inFlight: InFlight
  readonly millis: number
  readonly onTimeout: () => E
  /** The error of work that neither its caller nor the time ended: the layer was closed, or a client interrupts itself. */
  readonly onAbort: () => E
  readonly changeRuntime?: (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never>
}

/** How often an interrupted caller lets other fibers run, so that work which can be interrupted has ended by then. */
const maxYields = 32

const awaitBriefly = (work: Fiber.RuntimeFiber<unknown>, yields = 0): Effect.Effect<void> =>
  Effect.suspend(() =>
    work.unsafePoll() !== null || yields === maxYields
      ? Effect.void
      : Effect.flatMap(Effect.yieldNow(), () => awaitBriefly(work, yields + 1))
  )

/**
 * Ends an effect after some milliseconds, even where the caller cannot be interrupted, as in a finalizer, and even if the effect
 * itself cannot be: then it goes on, and its result is discarded.
 *
 * `Effect.timeout` cannot do this: it runs the effect in a child fiber, which is uninterruptible where its parent is, and it
 * waits for its end. So the effect runs in a fiber that is not a child. It starts at once, and a timer is set only if it does not
 * end at once. Its runtime can be changed, and nothing that it does to its `FiberRef`s reaches the caller.
 */
export const timeoutDetached =
  <E>({ changeRuntime = identity, inFlight, millis, onAbort, onTimeout }: Options<E>) =>
  <A>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.runtime<never>(), (runtime) => {
        if (inFlight.isClosed) return Effect.fail(onAbort())
        const toResult = (ended: Exit.Exit<Exit.Exit<A, E>>): Exit.Exit<A, E> => {
          const exit = Exit.flatten(ended)
          return Exit.isInterrupted(exit) ? Exit.fail(onAbort()) : exit
        }
        // As an exit: a fiber that fails by itself would log its cause.
        const work = Runtime.runFork(changeRuntime(runtime), Effect.exit(Effect.interruptible(effect)))
        const ended = work.unsafePoll()
        if (ended !== null) return toResult(ended)

        const result = Deferred.unsafeMake<A, E>(FiberId.none)
        const end = (toError: () => E) => {
          Deferred.unsafeDone(result, Exit.fail(toError()))
          work.unsafeInterruptAsFork(FiberId.none)
        }
        const onClose = () => end(onAbort)
        inFlight.ends.add(onClose)
        const timer = Runtime.runFork(
          runtime,
          Effect.interruptible(
            Effect.andThen(
              Effect.sleep(Duration.millis(millis)),
              Effect.sync(() => end(onTimeout))
            )
          )
        )
        const forget = () => {
          inFlight.ends.delete(onClose)
          timer.unsafeInterruptAsFork(FiberId.none)
        }
        work.addObserver((exit) => {
          forget()
          Deferred.unsafeDone(result, toResult(exit))
        })
        return Effect.onInterrupt(restore(Deferred.await(result)), () => {
          forget()
          work.unsafeInterruptAsFork(FiberId.none)
          return awaitBriefly(work)
        })
      })
    )
