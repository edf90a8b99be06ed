import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"

/** The deliveries that were handled last, and those that are being handled. */
export interface RecentDeliveries {
  /**
   * Handles a delivery, unless it was handled already. While it is being handled, the same delivery waits for the outcome. A
   * delivery that failed is handled again when it comes again.
   */
  readonly once: <E, R>(deliveryId: string, handle: Effect.Effect<void, E, R>) => Effect.Effect<void, E, R>
}

export const make = (capacity: number): RecentDeliveries => {
  const handled = new Set<string>()
  const running = new Map<string, Deferred.Deferred<boolean>>()

  // A set keeps the order of insertion, so the first is the oldest.
  const remember = (deliveryId: string) => {
    handled.add(deliveryId)
    for (const oldest of handled) {
      if (handled.size <= capacity) return
      handled.delete(oldest)
    }
  }

  // In one step, so that of two deliveries that arrive together one waits.
  const run = <E, R>(deliveryId: string, handle: Effect.Effect<void, E, R>): Effect.Effect<void, E, R> =>
    Effect.uninterruptibleMask((restore) => {
      const outcome = Deferred.unsafeMake<boolean>(FiberId.none)
      running.set(deliveryId, outcome)
      return Effect.onExit(restore(handle), (exit) => {
        running.delete(deliveryId)
        if (Exit.isSuccess(exit)) remember(deliveryId)
        return Deferred.succeed(outcome, Exit.isSuccess(exit))
      })
    })

  const once: RecentDeliveries["once"] = (deliveryId, handle) =>
    Effect.suspend(() => {
      if (handled.has(deliveryId)) return Effect.void
      const outcome = running.get(deliveryId)
      if (outcome === undefined) return run(deliveryId, handle)
      return Effect.flatMap(Deferred.await(outcome), (isHandled) =>
        isHandled ? Effect.void : once(deliveryId, handle)
      )
    })

  return { once }
}
