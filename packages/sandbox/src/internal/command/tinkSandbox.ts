import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fileURLToPath } from "node:url"
import * as NodeServer from "../carriers/nodeServer.js"
import type { ReceivedRequest, ServerOptions } from "../models.js"
import * as Description from "../openapi/document.js"
import { formatRequest } from "../requestLog/formatRequest.js"
import * as Sandbox from "../sandbox.js"
import * as Settings from "../settings.js"
import * as Scopes from "../users/scopes.js"

/** The file of `--public-key` has no such key. */
export class InvalidPublicKey extends Data.TaggedError("InvalidPublicKey")<{ readonly message: string }> {}

/** The file of `--openapi` is not a description. */
export class InvalidDescription extends Data.TaggedError("InvalidDescription")<{ readonly message: string }> {}

/** The command cannot listen on its port. */
export class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string }> {}

const readCode = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(cause)

const cannotListen = (host: string, port: number) => (error: HttpServerError.ServeError) => {
  const code = readCode(error.cause)
  const message =
    code === "EADDRINUSE"
      ? `Port ${port} is in use: stop what is listening there, or choose another port with --port`
      : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
        ? `${host} is not an address of this machine: choose another with --host`
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

const isDuration = (text: string): text is Duration.DurationInput & string =>
  Option.exists(Duration.decodeUnknown(text), Duration.isFinite)

const duration = (name: string, fallback: Duration.DurationInput & string, description: string) =>
  Options.text(name).pipe(
    Options.withSchema(
      Schema.String.pipe(
        Schema.filter(isDuration, { message: () => `--${name} has to be a time such as '90 seconds' or '30 minutes'` })
      )
    ),
    Options.withPseudoName("time"),
    Options.withDescription(description),
    Options.withDefault(fallback)
  )

/** What the command line can set. */
export const options = {
  host: Options.text("host").pipe(
    Options.withSchema(nonEmpty("--host")),
    Options.withPseudoName("address"),
    Options.withDescription(
      "The address to listen on. Test controls and Tink Link's forms take requests for it, and for this machine's own names; " +
        "with 0.0.0.0 (in a container, say) for every name."
    ),
    Options.withDefault("127.0.0.1")
  ),
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
  ),
  publicKey: Options.file("public-key", { exists: "yes" }).pipe(
    Options.withDescription("The app's public key (P-256) for the JWT-bearer grant, as a PEM file."),
    Options.optional
  ),
  openapi: Options.file("openapi", { exists: "yes" }).pipe(
    Options.withDescription(
      "An OpenAPI description of Tink as JSON, to serve at /sandbox/openapi.json, with a page to try it at /sandbox/docs. By " +
        "default the one that comes with this package."
    ),
    Options.optional
  ),
  additionalScopes: Options.text("additional-scopes").pipe(
    Options.map((text) => Array.from(Scopes.parse(text))),
    Options.withDescription(
      "Scopes, separated by commas, that the app may use besides those that Tink documents. None by default."
    ),
    Options.withDefault([])
  ),
  clientTokenLifetime: duration("client-token-lifetime", "30 minutes", "How long a client token is valid."),
  userTokenLifetime: duration("user-token-lifetime", "2 hours", "How long a user token is valid."),
  codeLifetime: duration("code-lifetime", "10 minutes", "How long an authorization code can be redeemed."),
  acceptingTime: duration("accepting-time", "0 seconds", "How long an accepted refresh still shows the old status."),
  authenticatingTime: duration("authenticating-time", "1 second", "How long a refresh stays in AUTHENTICATING."),
  updatingTime: duration("updating-time", "2 seconds", "How long a refresh stays in UPDATING."),
  sessionLifetime: duration("session-lifetime", "90 days", "How long a bank session lasts.")
}

const makeSettings = (given: ServerOptions, publicKey: Option.Option<string>) =>
  Option.match(publicKey, {
    onNone: () => Effect.sync(() => Settings.make(given)),
    onSome: (path) =>
      FileSystem.FileSystem.pipe(
        Effect.andThen((files) => files.readFileString(path)),
        Effect.andThen((pem) => Effect.try(() => Settings.make({ ...given, publicKey: pem }))),
        Effect.mapError(
          () => new InvalidPublicKey({ message: `--public-key ${path} is not a PEM file of a P-256 key` })
        )
      )
  })

/** The published package has a copy of the client's description. */
const ownDescription = fileURLToPath(new URL("../../../openapi.json", import.meta.url))

const readDescription = (given: Option.Option<string>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = Option.getOrElse(given, () => ownDescription)
    if (Option.isNone(given) && !(yield* files.exists(path))) return {}
    const text = yield* files.readFileString(path)
    return { openapi: yield* Effect.try(() => Description.parse(text)) }
  }).pipe(
    Effect.mapError(
      () =>
        new InvalidDescription({
          message: `--openapi ${Option.getOrElse(given, () => ownDescription)} is not an OpenAPI description as JSON`
        })
    )
  )

/** For `--log-level`, which `@effect/cli` has for each command. */
const toLevel = ({ status }: ReceivedRequest): LogLevel.LogLevel => {
  if (status !== null && status < 400) return LogLevel.Info
  return status !== null && status < 500 ? LogLevel.Warning : LogLevel.Error
}

/** `tink-sandbox`: serves a sandbox until it is interrupted, and prints a line for each request. */
export const command = Command.make("tink-sandbox", options, ({ openapi, port, publicKey, ...others }) =>
  Effect.gen(function* () {
    const { clientId, clientSecret, host } = others
    const description = yield* readDescription(openapi)
    const settings = yield* makeSettings({ ...others, ...description }, publicKey)
    const minimum = yield* FiberRef.get(FiberRef.currentMinimumLogLevel)
    const sandbox = yield* Sandbox.make(settings, (request) =>
      LogLevel.lessThan(toLevel(request), minimum) ? Effect.void : Console.log(formatRequest(request))
    )
    const address = yield* Effect.mapError(NodeServer.listen(sandbox, { host, port }), cannotListen(host, port))
    const url = NodeServer.toUrl("http", address)
    yield* Console.log(`Tink sandbox on ${url} client_id=${clientId} client_secret=${clientSecret}`)
    return yield* Effect.never
  }).pipe(Effect.scoped)
)
