import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as NodeServer from "../carriers/nodeServer.js"
import { formatRequest } from "../requestLog/formatRequest.js"
import * as Sandbox from "../sandbox.js"
import * as Settings from "../settings.js"

/** The command cannot listen on its port. */
export class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string }> {}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(cause)

const cannotListen = (port: number) => (error: HttpServerError.ServeError) => {
  const code = codeOf(error.cause)
  const message =
    code === "EADDRINUSE"
      ? `Port ${port} is in use: stop what is listening there, or choose another port with --port`
      : `Cannot listen on port ${port} (${code}): choose another port with --port`
  return new CannotListen({ message })
}

const Port = Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 65_535)).annotations({
  message: ({ actual }) => ({
    message: `--port has to be a number from 0 to 65535, not '${String(actual)}'`,
    override: true
  })
})

const nonEmpty = (option: string) =>
  Schema.String.pipe(Schema.nonEmptyString({ message: () => `${option} cannot be empty` }))

/** What the command line can set. */
export const options = {
  port: Options.text("port").pipe(
    Options.withSchema(Port),
    Options.withPseudoName("number"),
    Options.withDescription("The port to listen on; 0 is any free port."),
    Options.withDefault(4010)
  ),
  clientId: Options.text("client-id").pipe(
    Options.withSchema(nonEmpty("--client-id")),
    Options.withDescription("The app's client id."),
    Options.withDefault("sandbox-client")
  ),
  clientSecret: Options.text("client-secret").pipe(
    Options.withSchema(nonEmpty("--client-secret")),
    Options.withDescription("The app's client secret."),
    Options.withDefault("sandbox-secret")
  )
}

// Only this machine can reach it.
const host = "127.0.0.1"

/** `tink-sandbox`: serves a sandbox until it is interrupted, and prints a line for each request. */
export const command = Command.make("tink-sandbox", options, ({ clientId, clientSecret, port }) =>
  Effect.gen(function* () {
    const settings = Settings.make({ clientId, clientSecret })
    const sandbox = yield* Sandbox.make(settings, (request) => Console.log(formatRequest(request)))
    const address = yield* Effect.mapError(NodeServer.listen(sandbox, { host, port }), cannotListen(port))
    yield* Console.log(
      `Tink sandbox on http://${host}:${address.port} client_id=${clientId} client_secret=${clientSecret}`
    )
    return yield* Effect.never
  }).pipe(Effect.scoped)
)
