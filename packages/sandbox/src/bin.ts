#!/usr/bin/env node
/**
 * The sandbox as a command: `tink-sandbox --port 4010`.
 *
 * @since 0.1.0
 */
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Arguments, read, usage } from "./internal/arguments.js"
import { requestLine } from "./internal/requestLine.js"
import * as NodeServer from "./internal/nodeServer.js"
import * as Sandbox from "./internal/sandbox.js"
import * as Settings from "./internal/settings.js"

/** Why the command ends early: what to tell on stderr, and the exit code. */
class Failure extends Data.TaggedError("Failure")<{ readonly text: string; readonly code: number }> {}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(cause)

const cannotListen = (port: number) => (error: HttpServerError.ServeError) => {
  const code = codeOf(error.cause)
  const text =
    code === "EADDRINUSE"
      ? `Port ${port} is in use: stop what is listening there, or choose another port with --port`
      : `Cannot listen on port ${port} (${code}): choose another port with --port`
  return new Failure({ text, code: 1 })
}

// On one's own machine only.
const host = "127.0.0.1"

const serve = Effect.fnUntraced(function* ({ clientId, clientSecret, port }: Arguments) {
  const settings = Settings.make({ clientId, clientSecret })
  const sandbox = yield* Sandbox.make(settings, (request) => Console.log(requestLine(request)))
  const address = yield* Effect.mapError(NodeServer.listen(sandbox, { host, port }), cannotListen(port))
  yield* Console.log(
    `Tink sandbox on http://${host}:${address.port} client_id=${clientId} client_secret=${clientSecret}`
  )
  return yield* Effect.never
}, Effect.scoped)

const main = Effect.gen(function* () {
  const args = yield* read(process.argv.slice(2)).pipe(
    Effect.mapError(({ problem }) => new Failure({ text: `${problem}\n${usage}`, code: 2 }))
  )
  yield* args.help ? Console.log(usage) : serve(args)
}).pipe(
  Effect.as(0),
  Effect.catchTag("Failure", ({ code, text }) => Effect.as(Console.error(text), code))
)

NodeRuntime.runMain(main, {
  disablePrettyLogger: true,
  // A signal interrupts `main`, which is how the sandbox is meant to end.
  teardown: (exit, onExit) => {
    if (Exit.isSuccess(exit)) return onExit(typeof exit.value === "number" ? exit.value : 0)
    onExit(Cause.isInterruptedOnly(exit.cause) ? 0 : 1)
  }
})
