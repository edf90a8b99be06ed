/** The end of the program, for what would go on for ever: a server waits for its responses to end before it does. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

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
