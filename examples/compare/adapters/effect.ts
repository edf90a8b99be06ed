import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Origin } from "../adapter.js"

class RequestFailed extends Data.TaggedError("RequestFailed")<{ readonly cause: unknown }> {}

export const request = (origin: Origin, userId: string, key: string) =>
  Effect.tryPromise({ try: () => origin(userId, key), catch: (cause) => new RequestFailed({ cause }) })

/** As `Effect.runPromise`, with errors that fit in a line. */
export const run = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.isInterruptedOnly(exit.cause) ? new Error("interrupted") : Cause.squash(exit.cause)
}
