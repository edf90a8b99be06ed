import * as Effect from "effect/Effect"
import type { TinkError } from "../TinkError.js"

/**
 * Ends an effect after some milliseconds, also where the caller cannot be interrupted, as in a finalizer: a timeout
 * interrupts, and what it interrupts would otherwise take on that the caller cannot be.
 */
export const within =
  (millis: number, onTimeout: () => TinkError) =>
  <A>(effect: Effect.Effect<A, TinkError>): Effect.Effect<A, TinkError> =>
    Effect.timeoutFail(Effect.interruptible(effect), { duration: millis, onTimeout })
