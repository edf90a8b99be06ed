/** Caches that several processes share over Redis, each set up as its own documentation recommends. */
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as RedisInvalidationStore from "@effect-tink/user-cache-redis/RedisInvalidationStore"
import * as SharedUserCache from "@effect-tink/user-cache-redis/SharedUserCache"
import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { redisBusDriver, redisDriver } from "bentocache/drivers/redis"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { createClient } from "redis"
import * as scripts from "../../../../user-cache-redis/src/internal/scripts.js"
import type { Entrant } from "../comparison.js"

export interface SharedClient {
  /** Prepares so many readers at once. Each reads so many times. */
  readonly read: (userIds: ReadonlyArray<string>, times: number) => () => Promise<unknown>
  /** Changes so many times, one after another. */
  readonly change: (userId: string, times: number) => Promise<unknown>
  /** The round trips to Redis so far. Absent where they are not counted. */
  readonly roundTrips?: () => Promise<number>
  readonly close: () => Promise<unknown>
}

export interface SharedContestant extends Entrant {
  readonly make: (redisUrl: string) => Promise<SharedClient>
}

const capacity = 10_000
const value = { balance: 100 }
const readValue = async () => value

const connect = async (url: string) => {
  const client = createClient({ url, disableOfflineQueue: true, commandOptions: { timeout: 0 } })
  client.on("error", () => {})
  await client.connect()
  return client
}

const repeat = (effect: Effect.Effect<unknown>, times: number) =>
  Effect.suspend(() => {
    let left = times
    return Effect.whileLoop({ while: () => left > 0, body: () => effect, step: () => void (left -= 1) })
  })

const fromCache = <S extends UserCache.Service>(
  cache: S,
  run: <A>(effect: Effect.Effect<A>) => Promise<A>
): Pick<SharedClient, "read" | "change"> => {
  const lookup = Effect.succeed(value)
  return {
    read: (userIds, times) => () =>
      Promise.all(userIds.map((userId) => run(repeat(cache.get(userId, "balance", lookup), times)))),
    change: (userId, times) =>
      run(
        repeat(
          cache.invalidateAfter(userId, Effect.void, () => true),
          times
        )
      )
  }
}

const sharedUserCache = (name: string, lease: Duration.DurationInput): SharedContestant => ({
  name,
  packages: [],
  make: async (url) => {
    const client = await connect(url)
    const runtime = ManagedRuntime.make(
      Layer.scoped(UserCache.UserCache, SharedUserCache.make({ capacity, lease })).pipe(
        Layer.provide(RedisInvalidationStore.layerNodeRedis(client, { namespace: `bench-${name.length}` }))
      )
    )
    // The service has the numbers of `SharedUserCache.make`.
    const cache = (await runtime.runPromise(UserCache.UserCache)) as SharedUserCache.Service
    return {
      ...fromCache(cache, (effect) => runtime.runPromise(effect)),
      roundTrips: async () => (await runtime.runPromise(cache.stats)).roundTrips,
      close: async () => {
        await runtime.dispose()
        client.destroy()
      }
    }
  }
})

export const effectTink = sharedUserCache("effect-tink", 0)
export const effectTinkLease = sharedUserCache("effect-tink, lease", "1 second")

/** The cache of one process. */
export const inProcess: SharedContestant = {
  name: "UserCache of one process",
  packages: [],
  make: async () => {
    const runtime = ManagedRuntime.make(UserCache.layer({ capacity }))
    const cache = await runtime.runPromise(UserCache.UserCache)
    return { ...fromCache(cache, (effect) => runtime.runPromise(effect)), close: () => runtime.dispose() }
  }
}

/** The question that a read asks, sent for all readers at once, with nothing around it. */
export const bareScript: SharedContestant = {
  name: "bare EVALSHA",
  packages: ["redis"],
  make: async (url) => {
    const client = await connect(url)
    const sha = await client.scriptLoad(scripts.validate.text)
    return {
      read: (userIds, times) => {
        const options = {
          keys: userIds.flatMap((userId) => [`bare:{${userId}}s`, `bare:{${userId}}p`]),
          arguments: ["a-token"]
        }
        return async () => {
          for (let time = 0; time < times; time++) await client.evalSha(sha, options)
        }
      },
      change: async (userId, times) => {
        const options = { keys: [`bare:{${userId}}s`, `bare:{${userId}}p`], arguments: ["a-token"] }
        for (let time = 0; time < 2 * times; time++) await client.evalSha(sha, options)
      },
      close: async () => client.destroy()
    }
  }
}

/** Documentation, "Multi-tier" and "Bus": the memory of the process in front of Redis, and a bus that invalidates it. */
export const bentocache: SharedContestant = {
  name: "bentocache",
  packages: ["bentocache", "ioredis"],
  make: async (url) => {
    const { hostname: host, port } = new URL(url)
    const connection = { host, port: Number(port) }
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: capacity, serialize: false }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection }))
    const cache = new BentoCache({ default: "users", ttl: "30s", stores: { users: store } })
    const readRepeatedly = async (key: string, times: number) => {
      for (let time = 0; time < times; time++) await cache.getOrSet({ key, factory: readValue })
    }
    return {
      read: (userIds, times) => () => Promise.all(userIds.map((userId) => readRepeatedly(userId, times))),
      change: async (userId, times) => {
        for (let time = 0; time < times; time++) await cache.delete({ key: userId })
      },
      close: () => cache.disconnectAll()
    }
  }
}
