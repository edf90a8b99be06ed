/**
 * "Your banks", a web application: on a sandbox that it starts itself or, if TINK_CLIENT_ID and TINK_CLIENT_SECRET are set, on
 * Tink.
 */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { RedisInvalidationStore, SharedUserCache } from "@effect-tink/user-cache-redis"
import { Users } from "@effect-tink/users"
import { Config, ConfigError, Console, Duration, Effect, Layer, Option } from "effect"
import * as App from "./app.js"
import * as Database from "./database/database.js"
import * as Server from "./server.js"
import { defaultLimits, Settings } from "./settings.js"
import { isTink, tinkLinkUrl } from "./tinkLinkUrl.js"
import * as Webhooks from "./webhooks.js"

const cacheOptions = { capacity: 10_000 }

const baseUrl = Config.withDefault(Config.string("TINK_BASE_URL"), "https://api.tink.com")

const wholeNumber = (name: string, fallback: number) =>
  Config.withDefault(
    Config.validate(Config.integer(name), { message: "must be 0 or more", validation: (number) => number >= 0 }),
    fallback
  )

const limits = Config.all({
  registrationsPerAddress: wholeNumber("NEW_USERS_PER_HOUR_AND_ADDRESS", defaultLimits.registrationsPerAddress),
  registrations: wholeNumber("NEW_USERS_PER_HOUR", defaultLimits.registrations),
  eventStreamsPerSession: Config.succeed(defaultLimits.eventStreamsPerSession),
  eventStreams: wholeNumber("MAX_OPEN_PAGES", defaultLimits.eventStreams)
})

// All processes of one Tink app that share a Redis see each other's changes.
const layerUserCache = Layer.unwrapEffect(
  Effect.gen(function* () {
    const redis = yield* Config.option(Config.redacted("REDIS_URL"))
    if (Option.isNone(redis)) return UserCache.layer(cacheOptions)
    const { clientId } = yield* TinkHttp.TinkHttp
    const namespace = yield* RedisInvalidationStore.makeNamespace({ baseUrl: yield* baseUrl, clientId })
    return SharedUserCache.layer(cacheOptions).pipe(Layer.provide(RedisInvalidationStore.layerConfig({ namespace })))
  })
)

const layerUsers = Users.layer.pipe(Layer.provideMerge(layerUserCache))

const layerSettings = (baseUrl: string, sandbox: Option.Option<TinkSandbox.Service>) =>
  Layer.effect(
    Settings,
    Effect.all({
      origin: Server.origin,
      webhookSecret: Effect.flatMap(Server.origin, (origin) =>
        Webhooks.findSecret({ isSandbox: !isTink(baseUrl), origin })
      ),
      market: Config.withDefault(Config.string("TINK_MARKET"), "SE"),
      testBanks: Config.withDefault(Config.boolean("TINK_TEST_BANKS"), false),
      tinkLinkUrl: tinkLinkUrl(baseUrl),
      proxies: wholeNumber("PROXIES", 0),
      limits,
      customerRetention: Config.withDefault(Config.duration("CUSTOMER_RETENTION"), Duration.days(30)),
      sandbox: Effect.succeed(sandbox)
    })
  )

const layerOnSandbox = Layer.unwrapEffect(
  Effect.map(TinkSandbox.TinkSandbox, (sandbox) =>
    Layer.provideMerge(layerSettings(sandbox.baseUrl, Option.some(sandbox)), TinkHttp.layer(sandbox))
  )
).pipe(Layer.provide(TinkSandbox.layerServer()))

// The first checks the URL.
const layerOnTink = Layer.unwrapEffect(Effect.map(baseUrl, (url) => layerSettings(url, Option.none()))).pipe(
  // Tink's list of the banks of a market is long.
  Layer.provideMerge(TinkHttp.layerConfig({ maxBodySize: 16 * 1024 * 1024 }))
)

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

// If only some of them are set, layerConfig fails and names the others.
const isSet = (name: string) => Config.map(Config.option(Config.redacted(name)), Option.isSome)
const wantsTink = Config.map(
  Config.all([isSet("TINK_CLIENT_ID"), isSet("TINK_CLIENT_SECRET"), isSet("TINK_BASE_URL")]),
  (names) => names.includes(true)
)

const layerTink = Layer.unwrapEffect(
  Effect.if(wantsTink, {
    onTrue: () => Effect.succeed(layerOnTink),
    onFalse: () => Effect.succeed(layerOnSandbox)
  })
)

/** The program. It needs an `HttpClient`. */
export const layer = Layer.mergeAll(App.layer, announce).pipe(
  Layer.provide(layerUsers),
  Layer.provide(layerTink),
  Layer.provide([Server.layerConfig, Database.layerConfig])
)

export const formatError = (error: Layer.Layer.Error<typeof layer>) => {
  if (ConfigError.isConfigError(error)) return String(error)
  if (error._tag === "ServeError") return Server.formatServeError(error)
  return error._tag === "StoreError"
    ? `Redis cannot be used: ${error.message}`
    : `The database cannot be used: ${error.message}`
}
