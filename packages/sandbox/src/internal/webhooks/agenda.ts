import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"

/** Something that is to be done. */
export interface Item {
  /** Says when it will go on, in epoch milliseconds. */
  readonly waitUntil: (time: number) => void
  readonly done: () => void
}

/** What is to be done, and when. */
export interface Agenda {
  /** Adds an item that is being done now. */
  readonly add: () => Item
  /** Waits until nothing is left to be done before the clock moves on. */
  readonly settled: Effect.Effect<void>
  readonly clear: () => void
}

const now = Number.NEGATIVE_INFINITY

export const make = (): Agenda => {
  const items = new Map<Item, number>()
  let changed = Deferred.unsafeMake<void>(FiberId.none)

  const change = () => {
    Deferred.unsafeDone(changed, Effect.void)
    changed = Deferred.unsafeMake<void>(FiberId.none)
  }

  const settled: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (time) =>
    Array.from(items.values()).some((due) => due <= time)
      ? Effect.flatMap(Deferred.await(changed), () => settled)
      : Effect.void
  )

  return {
    add: () => {
      const item: Item = {
        waitUntil: (time) => {
          items.set(item, time)
          change()
        },
        done: () => {
          items.delete(item)
          change()
        }
      }
      items.set(item, now)
      return item
    },
    settled,
    clear: () => {
      items.clear()
      change()
    }
  }
}
