/** Lets the event loop turn while many followers start at once: other fibers do not, since they all run in one turn. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"

/** Waits until fewer than the bound have passed in this turn of the event loop. */
export type Gate = Effect.Effect<void>

/** Once the scope is closed, all pass. */
export const makeGate = (perTurn: number): Effect.Effect<Gate, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime()
    const clock = yield* Effect.clock
    const scope = yield* Effect.scope
    // A set keeps the order of insertion: the first has waited longest.
    const waiting = new Set<() => void>()
    let passed = 0
    let isTimerSet = false
    let isClosed = false

    const release = (most: number): void => {
      passed = 0
      for (const pass of waiting) {
        if (passed >= most) return
        passed += 1
        waiting.delete(pass)
        pass()
      }
    }

    const nextTurn = Effect.map(clock.sleep(Duration.zero), () => {
      isTimerSet = false
      release(perTurn)
      if (waiting.size > 0) setTimer()
    })

    const setTimer = (): void => {
      if (isTimerSet) return
      isTimerSet = true
      Runtime.runFork(runtime, nextTurn, { scope })
    }

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
        release(Number.POSITIVE_INFINITY)
      })
    )

    return Effect.suspend(() => {
      if (isClosed || (waiting.size === 0 && passed < perTurn)) {
        passed += 1
        return Effect.void
      }
      return Effect.async<void>((resume) => {
        const pass = () => resume(Effect.void)
        waiting.add(pass)
        setTimer()
        return Effect.sync(() => void waiting.delete(pass))
      })
    })
  })
