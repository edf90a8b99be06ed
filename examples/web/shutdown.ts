/** Tells endless responses that the program is about to stop: the server waits for all responses to end. */
import { Context, Deferred, Effect, Layer } from "effect"

export class Shutdown extends Context.Tag("web/Shutdown")<
  Shutdown,
  {
    /** Completes when the program is about to stop. */
    readonly begun: Effect.Effect<void>
  }
>() {}

export const layer = Layer.scoped(
  Shutdown,
  Effect.gen(function* () {
    const begun = yield* Effect.acquireRelease(Deferred.make<void>(), (begun) => Deferred.succeed(begun, undefined))
    return { begun: Deferred.await(begun) }
  })
)
