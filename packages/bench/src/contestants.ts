/** Who takes part in what. */
import type { Cache, Client, Contestant } from "./contestant.js"
import { asyncCacheDedupe } from "./contestants/asyncCacheDedupe.js"
import { bentocache } from "./contestants/bentocache.js"
import { cacheable, cacheableTags } from "./contestants/cacheable.js"
import { effectCache } from "./contestants/effectCache.js"
import { fetchContestant } from "./contestants/fetch.js"
import { lruCache } from "./contestants/lruCache.js"
import { openapiFetch } from "./contestants/openapiFetch.js"
import { plainMap } from "./contestants/plainMap.js"
import { platformClient } from "./contestants/platformClient.js"
import { prefixScan } from "./contestants/prefixScan.js"
import { undici } from "./contestants/undici.js"

/** Clients without a cache. */
export const clients: ReadonlyArray<Contestant<Client>> = [platformClient, undici, fetchContestant, openapiFetch]

/** Caches in front of a client, which have one lookup for all who wait. */
export const caches: ReadonlyArray<Contestant<Cache>> = [effectCache, lruCache, cacheable, bentocache, asyncCacheDedupe]

/** Ways to find what is stored of one user. */
export const groupings: ReadonlyArray<Contestant<Cache>> = [prefixScan, cacheableTags, bentocache, lruCache, plainMap]

/** For processes of their own, which are told only names. */
export const find = (contestants: ReadonlyArray<Contestant<Cache>>, name: string): Contestant<Cache> => {
  const found = contestants.find((contestant) => contestant.name === name)
  if (found === undefined) throw new Error(`no contestant is called ${name}`)
  return found
}
