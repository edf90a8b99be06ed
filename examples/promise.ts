/** The library from plain async code: one runtime, `TinkError` as the rejection, an `AbortSignal`, and an end. */
import { TinkError, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { Cause, type Effect, Exit, Layer, ManagedRuntime, Redacted } from "effect"
import "./lib/quietOutput.js"

// With Tink itself, provide the platform's `HttpClient` instead of the sandbox.
const runtime = Users.layer.pipe(
  Layer.provide(UserCache.layer({ capacity: 10_000 })),
  Layer.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret") })),
  Layer.provide(TinkSandbox.layerHttpClient()),
  ManagedRuntime.make
)

/** Rejects with the `TinkError` itself, and with the signal's reason after an abort. */
const run = async <A>(effect: Effect.Effect<A, TinkError.TinkError, Users.Users>, signal?: AbortSignal): Promise<A> => {
  const exit = await runtime.runPromiseExit(effect, signal && { signal })
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.isInterruptedOnly(exit.cause)) signal?.throwIfAborted()
  throw Cause.squash(exit.cause)
}

try {
  const users = await runtime.runPromise(Users.Users)
  const { userId } = await run(users.createUser({ market: "SE" }), AbortSignal.timeout(5000))
  process.stdout.write(`created ${userId}\n`)
  await run(users.createUser({ market: "Sweden" }))
} catch (error) {
  if (!(error instanceof TinkError.TinkError)) throw error
  process.stdout.write(`${error.message}\n`)
} finally {
  await runtime.dispose()
}
