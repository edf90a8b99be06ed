/**
 * The store in Redis, over the client that the application has: node-redis 5 or 6, ioredis 5 or 6, or a connection that
 * is opened here.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Connection } from "./internal/connection.js"
import { fromIoredis, type IoredisClient } from "./internal/ioredis.js"
import { fromNodeRedis, type NodeRedisClient, openNodeRedis } from "./internal/nodeRedis.js"
import * as redisStore from "./internal/redisStore.js"
import { type InvalidationStore, InvalidationStore as Tag, type Service, type StoreError } from "./InvalidationStore.js"

export type { IoredisClient } from "./internal/ioredis.js"
export type { NodeRedisClient } from "./internal/nodeRedis.js"

/**
 * The settings of a store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Separates applications that share a Redis: 1 to 64 letters, digits, `_`, `.` and `-`. All processes that read and
   * change the same users of Tink need the same one: see `makeNamespace`.
   */
  readonly namespace: string
}

/**
 * A namespace for one Tink app: a hash of the base URL and the client id.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeNamespace = (app: { readonly baseUrl: string; readonly clientId: string }): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() =>
      crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${app.baseUrl.replace(/\/+$/, "")} ${app.clientId}`))
    ),
    (bytes) => Encoding.encodeHex(new Uint8Array(bytes).subarray(0, 8))
  )

const make = (connection: Connection, { namespace }: Options) =>
  Effect.gen(function* () {
    if (!/^[\w.-]{1,64}$/.test(namespace)) {
      return yield* Effect.fail(
        ConfigError.InvalidData(["namespace"], "must be 1 to 64 letters, digits, `_`, `.` and `-`")
      )
    }
    const { check, store } = yield* redisStore.make(connection, namespace)
    yield* redisStore.verify(check)
    return store
  })

/**
 * Makes a store of a connected client of node-redis: of `createClient`, `createCluster` or `createSentinel`.
 *
 * Turn its offline queue off (`disableOfflineQueue: true`): a command that waits for a connection is answered too late.
 * Fails if the server refuses what the store needs. A server that does not answer is logged as a warning.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeNodeRedis = (
  client: NodeRedisClient,
  options: Options
): Effect.Effect<Service, StoreError | ConfigError.ConfigError> => make(fromNodeRedis(client), options)

/**
 * Makes a store of a client of ioredis: of `Redis` or `Cluster`.
 *
 * Turn its offline queue off (`enableOfflineQueue: false`), and its repetition of commands (`maxRetriesPerRequest: 0`).
 * Fails if the server refuses what the store needs. A server that does not answer is logged as a warning.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeIoredis = (
  client: IoredisClient,
  options: Options
): Effect.Effect<Service, StoreError | ConfigError.ConfigError> => make(fromIoredis(client), options)

/**
 * A store over a client of node-redis that the application has connected, and closes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNodeRedis = (
  client: NodeRedisClient,
  options: Options
): Layer.Layer<InvalidationStore, StoreError | ConfigError.ConfigError> =>
  Layer.effect(Tag, makeNodeRedis(client, options))

/**
 * A store over a client of ioredis that the application has made, and closes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerIoredis = (
  client: IoredisClient,
  options: Options
): Layer.Layer<InvalidationStore, StoreError | ConfigError.ConfigError> =>
  Layer.effect(Tag, makeIoredis(client, options))

/**
 * Where `layerConfig` connects to.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions extends Options {
  /** `redis://` or `rediss://`, with user and password if needed. `REDIS_URL` by default. */
  readonly url?: Config.Config<Redacted.Redacted> | undefined
}

/** For a missing secret, the error of `Config.redacted` says `<redacted>` in place of the reason. */
const explainMissing = (error: ConfigError.ConfigError): ConfigError.ConfigError =>
  error._op === "MissingData" ? ConfigError.MissingData([...error.path], `${error.path.join(".")} is not set`) : error

const open = (
  options: ConfigOptions
): Effect.Effect<NodeRedisClient, StoreError | ConfigError.ConfigError, Scope.Scope> =>
  Effect.gen(function* () {
    const url = yield* Effect.mapError(options.url ?? Config.redacted("REDIS_URL"), explainMissing)
    if (!/^rediss?:\/\/./.test(Redacted.value(url)) || !URL.canParse(Redacted.value(url))) {
      return yield* Effect.fail(
        ConfigError.InvalidData(["REDIS_URL"], "must be a URL that starts with redis:// or rediss://")
      )
    }
    return yield* openNodeRedis(Redacted.value(url))
  })

/**
 * A store over a connection of node-redis that is opened here, and closed with the layer. Needs the package `redis`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions
): Layer.Layer<InvalidationStore, StoreError | ConfigError.ConfigError> =>
  Layer.scoped(
    Tag,
    Effect.flatMap(open(options), (client) => makeNodeRedis(client, options))
  )
