/** The command `contract`: checks tink-api.md against Tink, or against a sandbox of its own. */
import { TinkSandbox } from "@effect-tink/sandbox"
import * as CommandLine from "@effect-tink/simulation/commandLine"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import { type ConfigError, isConfigError } from "effect/ConfigError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SandboxApp from "./sandboxApp.js"
import { clientScopes, clientToken } from "./statement.js"
import { formatTable, walk } from "./walk.js"
import { App, describe, type UserReference } from "./wire.js"

const sandbox = Options.boolean("sandbox").pipe(
  Options.withDescription(
    "Checks a sandbox of its own. Without it, the keys of a Tink app are needed: TINK_CLIENT_ID and TINK_CLIENT_SECRET."
  )
)

/** A user who has connected a bank by hand. */
const connectedUser = Config.nonEmptyString("TINK_CONTRACT_USER_ID").pipe(
  Config.map((user_id): UserReference => ({ user_id })),
  Config.orElse(() =>
    Config.map(Config.nonEmptyString("TINK_CONTRACT_EXTERNAL_USER_ID"), (external_user_id) => ({ external_user_id }))
  ),
  Config.option
)

const layerTink: Layer.Layer<App, ConfigError> = Layer.effect(
  App,
  Config.all({
    baseUrl: Config.withDefault(Config.string("TINK_BASE_URL"), "https://api.tink.com").pipe(
      Config.map((url) => url.replace(/\/+$/, ""))
    ),
    clientId: Config.nonEmptyString("TINK_CLIENT_ID"),
    // The error of Config.redacted does not say what is missing.
    clientSecret: Config.map(Config.nonEmptyString("TINK_CLIENT_SECRET"), Redacted.make),
    connectedUser: Config.map(connectedUser, Option.getOrUndefined)
  })
)

// Its port is any free one.
const layerSandbox = Layer.effect(App, SandboxApp.make).pipe(Layer.provide(TinkSandbox.layerServer()), Layer.orDie)

const fail = (message: string) => Effect.andThen(Console.error(message), new CommandLine.Failed())

/** Without a token every statement would fail because of the keys, not because of Tink. */
const requireClientToken = Effect.gen(function* () {
  const { baseUrl } = yield* App
  const answer = yield* Effect.catchAll(clientToken(clientScopes), ({ why }) => fail(`${baseUrl}: ${why}`))
  if (answer.status === 200) return
  yield* fail(
    `There is no client token for ${clientScopes}: ${describe(answer)}.\n` +
      "Check TINK_CLIENT_ID and TINK_CLIENT_SECRET, and the scopes of the app."
  )
})

const check = Effect.gen(function* () {
  const { baseUrl, connectedUser } = yield* App
  yield* Console.error(`At ${baseUrl} this creates a user, reads what belongs to them, and deletes them.`)
  if (connectedUser !== undefined) yield* Console.error("It refreshes and deletes a bank of the connected user.")
  yield* Console.error("")
  yield* requireClientToken
  const rows = yield* walk(
    ({ text, verdict }) => Console.error(`  ${verdict.padEnd(12)}  ${text}`),
    (externalUserId) => Console.error(`\nThe user ${externalUserId} may be left: delete them by hand.`)
  )
  yield* Console.log(`\n${formatTable(rows)}`)
  if (rows.some(({ verdict }) => verdict === "contradicted")) return yield* new CommandLine.Failed()
})

export const command = Command.make("contract", { sandbox }, ({ sandbox }) =>
  check.pipe(
    Effect.provide(sandbox ? layerSandbox : layerTink),
    Effect.provide(NodeHttpClient.layerUndici),
    Effect.catchIf(isConfigError, (error) => fail(`${error}\nSet the keys of a Tink app, or use --sandbox.`))
  )
).pipe(Command.withDescription("Checks packages/http/tink-api.md against Tink."))
