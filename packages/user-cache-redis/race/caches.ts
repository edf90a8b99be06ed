/** The caches that race, each set up as its documentation says for several processes. */
import * as UserCache from "@effect-tink/user-cache/UserCache"
import KeyvRedis from "@keyv/redis"
import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { redisBusDriver, redisDriver } from "bentocache/drivers/redis"
import { Cacheable } from "cacheable"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { createClient } from "redis"
import * as RedisInvalidationStore from "../src/RedisInvalidationStore.js"
import * as SharedUserCache from "../src/SharedUserCache.js"

type Version = () => Promise<number>

export interface Cache {
  readonly read: (user: string, lookup: Version) => Promise<number>
  /** Runs a change of a user, and resolves when the cache has been told. */
  readonly change: (user: string, mutation: Version) => Promise<number>
}

const toCache = (layer: Layer.Layer<UserCache.UserCache, unknown>): Cache => {
  const runtime = ManagedRuntime.make(layer)
  const run = <A>(use: (cache: UserCache.Service) => Effect.Effect<A>) =>
    runtime.runPromise(Effect.flatMap(UserCache.UserCache, use))
  return {
    read: (user, lookup) => run((cache) => cache.get(user, "balance", Effect.promise(lookup))),
    change: (user, mutation) => run((cache) => cache.invalidateAfter(user, Effect.promise(mutation), () => true))
  }
}

const shared = (redisUrl: string, lease: number): Cache => {
  const client = createClient({ url: redisUrl, disableOfflineQueue: true, commandOptions: { timeout: 200 } })
  client.on("error", () => {})
  const connected = Effect.promise(() => client.connect())
  return toCache(
    SharedUserCache.layer({ capacity: 10_000, lease }).pipe(
      Layer.provide(
        Layer.unwrapEffect(
          Effect.as(connected, RedisInvalidationStore.layerNodeRedis(client, { namespace: `race-${lease}` }))
        )
      )
    )
  )
}

/** The cache of each process alone, told by a channel what to invalidate. */
const hints = (redisUrl: string): Cache => {
  const connect = () => {
    const client = createClient({ url: redisUrl })
    client.on("error", () => {})
    return client.connect().then(() => client)
  }
  const publisher = connect()
  const layer = Layer.scoped(
    UserCache.UserCache,
    Effect.gen(function* () {
      const cache = yield* UserCache.make({ capacity: 10_000 })
      const subscriber = yield* Effect.promise(connect)
      yield* Effect.promise(() => subscriber.subscribe("race", (user) => void Effect.runFork(cache.invalidate(user))))
      return cache
    })
  )
  const cache = toCache(layer)
  return {
    ...cache,
    change: async (user, mutation) => {
      const version = await cache.change(user, mutation)
      await (await publisher).publish("race", user)
      return version
    }
  }
}

const bentocache = (redisUrl: string): Cache => {
  const { hostname: host, port } = new URL(redisUrl)
  const connection = { host, port: Number(port) }
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 10_000 }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection }))
  const cache = new BentoCache({ default: "users", ttl: "30s", stores: { users: store } })
  return {
    read: (user, lookup) => cache.getOrSet({ key: user, factory: lookup }),
    change: async (user, mutation) => {
      const version = await mutation()
      await cache.delete({ key: user })
      return version
    }
  }
}

const cacheable = (redisUrl: string): Cache => {
  const cache = new Cacheable({ secondary: new KeyvRedis(redisUrl), ttl: "30s" })
  return {
    read: async (user, lookup) => {
      const version = await cache.getOrSet(user, lookup)
      return version ?? lookup()
    },
    change: async (user, mutation) => {
      const version = await mutation()
      await cache.delete(user)
      return version
    }
  }
}

export const caches = {
  strict: { title: "SharedUserCache", make: (url: string) => shared(url, 0) },
  lease: { title: "SharedUserCache, lease of 50 ms", make: (url: string) => shared(url, 50) },
  hints: { title: "memory + hints by pub/sub", make: hints },
  bentocache: { title: "bentocache: memory + Redis + bus", make: bentocache },
  cacheable: { title: "cacheable + @keyv/redis", make: cacheable }
} as const

export type CacheName = keyof typeof caches
