/** The end of the program, for what would go on for ever: a server waits for its responses to end before it does. */
import { Context, Deferred, Effect, Layer } from "effect"

export class Shutdown extends Context.Tag("web/Shutdown")<
  Shutdown,
  {
    /** Ends when the program is about to. */
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
