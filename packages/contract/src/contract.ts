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
import { formatTable, walk } from "./walk.js"
import { App } from "./wire.js"

const sandbox = Options.boolean("sandbox").pipe(
  Options.withDescription("Checks a sandbox of its own instead of Tink, and needs no keys.")
)

const layerTink: Layer.Layer<App, ConfigError> = Layer.effect(
  App,
  Config.all({
    baseUrl: Config.withDefault(Config.string("TINK_BASE_URL"), "https://api.tink.com").pipe(
      Config.map((url) => url.replace(/\/+$/, ""))
    ),
    clientId: Config.nonEmptyString("TINK_CLIENT_ID"),
    clientSecret: Config.redacted("TINK_CLIENT_SECRET")
  })
)

// Its port is any free one.
const layerSandbox: Layer.Layer<App, ConfigError> = Layer.effect(App, TinkSandbox.TinkSandbox).pipe(
  Layer.provide(Layer.orDie(TinkSandbox.layerServer()))
)

const check = Effect.gen(function* () {
  const { baseUrl } = yield* App
  yield* Console.error(`At ${baseUrl} this creates a user, reads what belongs to them, and deletes them.\n`)
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
    Effect.catchIf(isConfigError, (error) => Effect.andThen(Console.error(String(error)), new CommandLine.Failed()))
  )
).pipe(Command.withDescription("Checks packages/http/tink-api.md against Tink."))
