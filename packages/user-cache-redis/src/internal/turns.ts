/**
 * Lookups without a cache: a lookup answers only readers who came before it started. For each key, one lookup runs and one
 * waits for it to end, with all readers who came meanwhile.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"

type Lookup = Effect.Effect<unknown, unknown, unknown>

interface Read {
  readonly lookup: Lookup
  /** The error of a lookup that is interrupted, as it is when the cache closes. Without it, its readers are interrupted. */
  readonly interrupted?: (() => unknown) | undefined
}

interface Turn {
  readonly result: Deferred.Deferred<unknown, unknown>
  readonly over: Deferred.Deferred<void>
  isOpen: boolean
  readers: number
  fiber: Fiber.RuntimeFiber<void> | undefined
}

const makeTurn = (): Turn => ({
  result: Deferred.unsafeMake(FiberId.none),
  over: Deferred.unsafeMake(FiberId.none),
  isOpen: true,
  readers: 0,
  fiber: undefined
})

export const makeTurns = (scope: Scope.Scope) => {
  /** The last turn of each key. */
  const turns = new Map<string, Turn>()

  /** The last reader to leave interrupts the lookup. */
  const leave = (turn: Turn) =>
    Effect.suspend(() => {
      turn.readers -= 1
      if (turn.readers > 0 || turn.fiber === undefined) return Effect.void
      turn.isOpen = false
      return Fiber.interrupt(turn.fiber)
    })

  const wait = (turn: Turn, restore: Restore) => {
    turn.readers += 1
    return Effect.onInterrupt(restore(Deferred.await(turn.result)), () => leave(turn))
  }

  const start = (key: string, previous: Turn | undefined, { interrupted, lookup }: Read, restore: Restore) => {
    const turn = makeTurn()
    turns.set(key, turn)
    const closed = Effect.suspend(() => {
      turn.isOpen = false
      return lookup
    })
    const value = previous === undefined ? closed : Effect.andThen(Deferred.await(previous.over), closed)
    return Effect.exit(Effect.interruptible(value)).pipe(
      Effect.map((exit) => {
        turn.isOpen = false
        if (turns.get(key) === turn) turns.delete(key)
        const isEnded = interrupted !== undefined && Exit.isInterrupted(exit)
        Deferred.unsafeDone(turn.result, isEnded ? Exit.fail(interrupted()) : exit)
        Deferred.unsafeDone(turn.over, Effect.void)
      }),
      Effect.forkIn(scope),
      Effect.flatMap((fiber) => {
        turn.fiber = fiber
        return wait(turn, restore)
      })
    )
  }

  return (userId: string, key: string, read: Read) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const slot = JSON.stringify([userId, key])
        const last = turns.get(slot)
        return last?.isOpen === true ? wait(last, restore) : start(slot, last, read, restore)
      })
    )
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
