import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRefs from "effect/FiberRefs"
import { constVoid, identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
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
}

/** What an effect that runs in a fiber of its own is given besides. */
export interface DetachedOptions<A, E> extends Options<E> {
  readonly restore: Restore
  readonly changeRuntime?: ((runtime: RuntimeOptions) => RuntimeOptions) | undefined
  /** The error of a defect. Without it, the caller dies of it. */
  readonly onDefect?: ((defect: unknown) => E) | undefined
  /** Runs once, when the effect has ended for its caller. */
  readonly onEnd?: ((exit: Exit.Exit<A, E>, fiber: AnyFiber) => void) | undefined
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

export type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

export type RuntimeOptions = Parameters<typeof Runtime.make<never>>[0]

/** How often an interrupted caller lets other fibers run, so that work which can be interrupted has ended by then. */
const maxYields = 32

const awaitBriefly = (work: Fiber.RuntimeFiber<unknown>, yields = 0): Effect.Effect<void> =>
  Effect.suspend(() =>
    work.unsafePoll() !== null || yields === maxYields
      ? Effect.void
      : Effect.flatMap(Effect.yieldNow(), () => awaitBriefly(work, yields + 1))
  )

/** For a timer, which needs nothing of its caller. */
const bareRuntime = Runtime.make({
  context: Context.empty(),
  fiberRefs: FiberRefs.empty(),
  runtimeFlags: RuntimeFlags.make(RuntimeFlags.Interruption)
})

export const clockOf = (fiber: AnyFiber): Clock.Clock => Context.get(fiber.currentDefaultServices, Clock.Clock)

/** Runs something after some milliseconds. Returns what stops it. */
const startTimer = (fiber: AnyFiber, millis: number, run: () => void): (() => void) => {
  const timer = Runtime.runFork(bareRuntime, clockOf(fiber).sleep(Duration.millis(millis)), {
    scheduler: fiber.currentScheduler
  })
  timer.addObserver((exit) => {
    if (Exit.isSuccess(exit)) run()
  })
  return () => timer.unsafeInterruptAsFork(FiberId.none)
}

const toRuntime = <A, E>(
  fiber: AnyFiber,
  runtimeFlags: RuntimeFlags.RuntimeFlags,
  { changeRuntime = identity }: DetachedOptions<A, E>
): Runtime.Runtime<never> =>
  Runtime.make(
    changeRuntime({
      context: fiber.currentContext,
      fiberRefs: fiber.getFiberRefs(),
      runtimeFlags
    })
  )

/** The result for the caller. */
const toResult = <A, E>(
  ended: Exit.Exit<Exit.Exit<A, E>>,
  { onAbort, onDefect }: DetachedOptions<A, E>
): Exit.Exit<A, E> => {
  const exit = Exit.flatten(ended)
  if (Exit.isSuccess(exit)) return exit
  if (onDefect === undefined) return Exit.isInterrupted(exit) ? Exit.fail(onAbort()) : exit
  return Option.match(Cause.failureOption(exit.cause), {
    onNone: () => Exit.fail(Cause.isInterruptedOnly(exit.cause) ? onAbort() : onDefect(Cause.squash(exit.cause))),
    onSome: (error) => Exit.fail(error)
  })
}

/** `timeoutDetached` where interruption is masked already. */
export const detached =
  <A, E>(options: DetachedOptions<A, E>) =>
  (effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiberRuntime((fiber, { runtimeFlags }) => {
      const { inFlight, millis, onAbort, onEnd = constVoid, onTimeout, restore } = options
      const endAs = (exit: Exit.Exit<A, E>): Exit.Exit<A, E> => {
        onEnd(exit, fiber)
        return exit
      }
      if (inFlight.isClosed) return endAs(Exit.fail(onAbort()))
      // As an exit: a fiber that fails by itself would log its cause.
      const work = Runtime.runFork(toRuntime(fiber, runtimeFlags, options), Effect.exit(Effect.interruptible(effect)))
      const ended = work.unsafePoll()
      if (ended !== null) return endAs(toResult(ended, options))

      let stop = constVoid
      const wait = Effect.async<A, E>((resume) => {
        const end = (toError: () => E) => {
          resume(Exit.fail(toError()))
          work.unsafeInterruptAsFork(FiberId.none)
        }
        const onClose = () => end(onAbort)
        const stopTimer = startTimer(fiber, millis, () => end(onTimeout))
        inFlight.ends.add(onClose)
        stop = () => {
          inFlight.ends.delete(onClose)
          stopTimer()
        }
        work.addObserver((exit) => {
          stop()
          resume(toResult(exit, options))
        })
        // Closed since the work was started.
        if (inFlight.isClosed) onClose()
      })
      return Effect.matchCauseEffect(restore(wait), {
        onSuccess: (value) => endAs(Exit.succeed(value)),
        onFailure: (cause) => {
          const exit = Exit.failCause(cause)
          if (!Cause.isInterruptedOnly(cause)) return endAs(exit)
          stop()
          work.unsafeInterruptAsFork(FiberId.none)
          return Effect.flatMap(awaitBriefly(work), () => endAs(exit))
        }
      })
    })

/**
 * Ends an effect after some milliseconds, even where the caller cannot be interrupted, as in a finalizer, and even if the effect
 * itself cannot be: then it goes on, and its result is discarded.
 *
 * `Effect.timeout` cannot do this: it runs the effect in a child fiber, which is uninterruptible where its parent is, and it
 * waits for its end. So the effect runs in a fiber that is not a child. It starts at once, and a timer is set only if it does not
 * end at once. Its runtime can be changed, and nothing that it does to its `FiberRef`s reaches the caller.
 */
export const timeoutDetached =
  <E>(options: Options<E>) =>
  <A>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) => detached<A, E>({ ...options, restore })(effect))
