/**
 * "Your banks", a web application: on a sandbox that it starts itself or, if TINK_CLIENT_ID and TINK_CLIENT_SECRET are set, on
 * Tink.
 */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import type { HttpServerError } from "@effect/platform"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, ConfigError, Console, Effect, Layer, Option } from "effect"
import * as App from "./app.js"
import * as Server from "./server.js"
import { Settings } from "./settings.js"

const layerUsers = Users.layer.pipe(Layer.provideMerge(UserCache.layer({ capacity: 10_000 })))

const layerSettings = (sandbox: Option.Option<TinkSandbox.Service>) =>
  Layer.effect(
    Settings,
    Effect.all({
      origin: Server.origin,
      market: Config.withDefault(Config.string("TINK_MARKET"), "SE"),
      testBanks: Config.withDefault(Config.boolean("TINK_TEST_BANKS"), false),
      sandbox: Effect.succeed(sandbox)
    })
  )

const layerOnSandbox = Layer.unwrapEffect(
  Effect.map(TinkSandbox.TinkSandbox, (sandbox) =>
    Layer.mergeAll(TinkHttp.layer(sandbox), layerSettings(Option.some(sandbox)))
  )
).pipe(Layer.provide(TinkSandbox.layerServer()))

const layerOnTink = Layer.mergeAll(TinkHttp.layerConfig(), layerSettings(Option.none()))

const announce = Layer.effectDiscard(
  Effect.flatMap(Settings, ({ origin, sandbox }) =>
    Console.log(
      `\n  Your banks: ${origin}\n  API: ${origin}/docs\n` +
        (Option.isSome(sandbox)
          ? "  Running on a sandbox. Set TINK_CLIENT_ID and TINK_CLIENT_SECRET to use Tink.\n"
          : "")
    )
  )
)

const layerMain = Layer.mergeAll(App.layer, announce).pipe(Layer.provide(layerUsers))

// If only one of the two is set, layerConfig fails and names the other.
const isSet = (name: string) => Config.map(Config.option(Config.redacted(name)), Option.isSome)
const wantsTink = Config.zipWith(isSet("TINK_CLIENT_ID"), isSet("TINK_CLIENT_SECRET"), (id, secret) => id || secret)

const layerTink = Layer.unwrapEffect(
  Effect.if(wantsTink, {
    onTrue: () => Effect.succeed(layerOnTink),
    onFalse: () => Effect.succeed(layerOnSandbox)
  })
)

const formatError = (error: ConfigError.ConfigError | HttpServerError.ServeError) =>
  ConfigError.isConfigError(error) ? String(error) : Server.formatServeError(error)

Layer.launch(layerMain.pipe(Layer.provide(layerTink), Layer.provide(Server.layerConfig))).pipe(
  Effect.provide(NodeHttpClient.layerUndici),
  Effect.tapError((error) => Console.error(`\n  ${formatError(error)}\n`)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
