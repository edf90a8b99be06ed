/** Which contestants take part in which benchmarks. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { asyncCacheDedupe } from "../contestants/asyncCacheDedupe.js"
import { bentocache } from "../contestants/bentocache.js"
import { cacheableGetOrSet, cacheableTags as makeCacheableTags } from "../contestants/cacheable.js"
import { effectCache as makeEffectCache } from "../contestants/effectCache.js"
import { exactLru as makeExactLru } from "../contestants/exactLru.js"
import { lruCacheFetchIgnoringAbort, lruCacheScan } from "../contestants/lruCache.js"
import { plainMap } from "../contestants/plainMap.js"
import { userCache as makeUserCache } from "../contestants/userCache.js"
import { fetchContestant } from "./clients/fetch.js"
import { openapiFetch } from "./clients/openapiFetch.js"
import { guardedPlatformClient, layerHttpClient, makePlatformClient, platformClient } from "./clients/platformClient.js"
import { undici } from "./clients/undici.js"
import type { Cache, Client, Contestant } from "./contestant.js"
import * as Effects from "./effects.js"
import { fetchClient } from "./fetchClient.js"
import { fromGrouped, fromKeyed } from "./promises.js"
import { listPath } from "./tink.js"

export const effectCache: Contestant<Cache> = {
  name: "effect/Cache",
  packages: ["effect"],
  make: async (setup) => {
    const runtime = ManagedRuntime.make(layerHttpClient(setup))
    const client = await runtime.runPromise(makePlatformClient(setup.origin))
    const cache = await runtime.runPromise(makeEffectCache({ ...setup, lookup: client.list }))
    return Effects.makeCache(setup, runtime, {
      open: (userId) => userId,
      list: cache.get,
      invalidate: cache.invalidate,
      change: (userId) => Effect.ensuring(client.refresh(userId), cache.invalidate(userId))
    })
  }
}

/** `UserCache` alone, in front of the hand-written client. */
export const userCache: Contestant<Cache> = {
  name: "UserCache",
  packages: ["@effect-tink/user-cache"],
  make: async (setup) => {
    const client = fetchClient(setup.origin)
    const lookup = (userId: string) => Effect.tryPromise(() => client.list(userId))
    const runtime = ManagedRuntime.make(Layer.scope)
    const cache = await runtime.runPromise(makeUserCache({ ...setup, lookup }))
    return Effects.makeCache(setup, runtime, {
      open: (userId) => userId,
      list: (userId) => cache.get(userId, listPath),
      invalidate: cache.invalidateUser,
      change: (userId) =>
        Effect.ensuring(Effect.asVoid(Effect.tryPromise(() => client.refresh(userId))), cache.invalidateUser(userId))
    })
  }
}

export const lruCache: Contestant<Cache> = {
  name: "lru-cache",
  packages: ["lru-cache"],
  make: fromKeyed(lruCacheFetchIgnoringAbort)
}

export const cacheableTags: Contestant<Cache> = {
  name: "cacheable, tags",
  packages: ["cacheable"],
  make: fromGrouped(makeCacheableTags)
}

export const exactLru: Contestant<Cache> = { name: "exact LRU", packages: [], make: fromKeyed(makeExactLru) }

const bento: Contestant<Cache> = { name: "bentocache", packages: ["bentocache"], make: fromGrouped(bentocache) }

/** Clients without a cache. */
export const clients: ReadonlyArray<Contestant<Client>> = [
  platformClient,
  guardedPlatformClient,
  undici,
  fetchContestant,
  openapiFetch
]

/** Caches in front of a client, in which concurrent readers share one lookup. */
export const caches: ReadonlyArray<Contestant<Cache>> = [
  effectCache,
  lruCache,
  { name: "cacheable", packages: ["cacheable"], make: fromKeyed(cacheableGetOrSet) },
  bento,
  { name: "async-cache-dedupe", packages: ["async-cache-dedupe"], make: fromKeyed(asyncCacheDedupe) }
]

/** Ways to find what is stored of one user. */
export const groupings: ReadonlyArray<Contestant<Cache>> = [
  { name: "scan by prefix", packages: ["lru-cache"], make: fromGrouped(lruCacheScan) },
  cacheableTags,
  bento,
  lruCache,
  { name: "a plain Map", packages: [], make: fromKeyed(plainMap) }
]

/** Processes of their own are told only names. */
export const find = (contestants: ReadonlyArray<Contestant<Cache>>, name: string): Contestant<Cache> => {
  const found = contestants.find((contestant) => contestant.name === name)
  if (found === undefined) throw new Error(`no contestant is called ${name}`)
  return found
}
