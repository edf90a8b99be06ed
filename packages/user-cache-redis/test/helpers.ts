import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { createClient } from "redis"
import { type RedisServer, startRedisServer } from "../race/redisServer.js"
import { InvalidationStore, type Service } from "../src/InvalidationStore.js"
import * as RedisInvalidationStore from "../src/RedisInvalidationStore.js"
import * as SharedUserCache from "../src/SharedUserCache.js"

export class Failed extends Data.TaggedError("Failed")<{ readonly isAmbiguous: boolean }> {}

export const ambiguous = Effect.fail(new Failed({ isAmbiguous: true }))

export const isAmbiguous = (error: Failed) => error.isAmbiguous

/** An origin with one value per user, which counts its lookups. */
export const makeOrigin = () => {
  const versions = new Map<string, number>()
  const version = (userId: string) => versions.get(userId) ?? 0
  const origin = {
    lookups: 0,
    lookup: (userId: string) =>
      Effect.sync(() => {
        origin.lookups += 1
        return version(userId)
      }),
    change: (userId: string) => Effect.sync(() => void versions.set(userId, version(userId) + 1)),
    read: (cache: SharedUserCache.Service, userId = "ada") => cache.get(userId, "balance", origin.lookup(userId)),
    changeThrough: (cache: SharedUserCache.Service, userId = "ada") =>
      cache.invalidateAfter(userId, origin.change(userId), () => false)
  }
  return origin
}

/** A cache as another process has it. */
export const makeProcess = (store: Service, options: Partial<SharedUserCache.Options> = {}) =>
  SharedUserCache.make({ capacity: 100, ...options }).pipe(Effect.provideService(InvalidationStore, store))

export const redisServer = (options: Parameters<typeof startRedisServer>[0] = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => startRedisServer(options)),
    (server) => Effect.promise(() => server.kill())
  )

/** A client that fails at once while there is no connection. */
export const nodeRedis = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: 20 } })
      client.on("error", () => {})
      await client.connect()
      return client
    }),
    (client) => Effect.sync(() => client.destroy())
  )

export const storeOn = ({ url }: Pick<RedisServer, "url">) =>
  Effect.flatMap(nodeRedis(url), (client) => RedisInvalidationStore.makeNodeRedis(client, { namespace: "test" }))
