import { asyncCacheDedupeReferences } from "../contestants/asyncCacheDedupe.js"
import { bentocache } from "../contestants/bentocache.js"
import { cacheableGetOrSet, cacheableTags } from "../contestants/cacheable.js"
import { effectCache, effectCachePerUser } from "../contestants/effectCache.js"
import { lruCache, lruCacheFetch, lruCacheFetchIgnoringAbort } from "../contestants/lruCache.js"
import { pMemoizePerUser } from "../contestants/pMemoize.js"
import { queryCoreCancel, queryCoreInvalidate } from "../contestants/queryCore.js"
import { userCache } from "../contestants/userCache.js"
import { type Adapter, fromGrouped, fromGroupedEffect, fromKeyed, fromKeyedEffect } from "./adapter.js"

const noGroups = "It has no groups: the example records the keys of each user, and forgets no key."

export const effectCacheAdapter: Adapter = {
  name: "effect/Cache",
  package: "effect",
  make: fromKeyedEffect(effectCache),
  notes: [
    noGroups,
    "Failures have a time to live of zero, and are served for the rest of their millisecond; with Cache.make, for all of the time to live."
  ]
}

export const effectCachePerUserAdapter: Adapter = {
  name: "effect/Cache, one per user",
  package: "effect",
  make: fromGroupedEffect(effectCachePerUser),
  notes: [
    "A late result is stored in a cache that is no longer used: never stale. In return the capacity bounds the users, and the entries of each, not the entries of all."
  ]
}

export const userCacheAdapter: Adapter = {
  name: "UserCache",
  package: "@effect-tink/user-cache",
  make: fromGroupedEffect(userCache)
}

/** The contestants, in the order of the table. */
export const adapters: ReadonlyArray<Adapter> = [
  effectCacheAdapter,
  effectCachePerUserAdapter,
  { name: "lru-cache, get and set", package: "lru-cache", make: fromKeyed(lruCache), notes: [noGroups] },
  { name: "lru-cache, fetch", package: "lru-cache", make: fromKeyed(lruCacheFetch), notes: [noGroups] },
  {
    name: "lru-cache, fetch, ignoreFetchAbort",
    package: "lru-cache",
    make: fromKeyed(lruCacheFetchIgnoringAbort),
    notes: [
      noGroups,
      "The signal of a reader is ignored, too. By its documentation an aborted fetch is stored all the same; after delete it is not."
    ]
  },
  {
    name: "cacheable, getOrSet",
    package: "cacheable",
    make: fromKeyed(cacheableGetOrSet),
    notes: [noGroups, "getOrSet and wrap take no tags."]
  },
  {
    name: "cacheable, tags",
    package: "cacheable",
    make: fromGrouped(cacheableTags),
    notes: ["An invalidation only increments a counter; a later read finds out what is stale, and drops it."]
  },
  {
    name: "bentocache, tags",
    package: "bentocache",
    make: fromGrouped(bentocache),
    notes: [
      "An invalidation only records the time; a later read finds out what is stale. Namespaces and clear are stale, too.",
      "The timeout of a reader (hardTimeout) stops nothing, and makes the other waiters send a second request."
    ]
  },
  {
    name: "async-cache-dedupe, references",
    package: "async-cache-dedupe",
    make: fromGrouped(asyncCacheDedupeReferences)
  },
  {
    name: "p-memoize, one per user",
    package: "p-memoize",
    make: fromGrouped(pMemoizePerUser),
    notes: [
      "Nothing expires or is evicted, unless the cache that is passed in does it. It says that it needs Node.js 22."
    ]
  },
  {
    name: "query-core, invalidateQueries",
    package: "@tanstack/query-core",
    make: fromGrouped(queryCoreInvalidate),
    notes: ["refetchType all changes nothing: a refetch joins the lookup in flight."]
  },
  {
    name: "query-core, cancelQueries first",
    package: "@tanstack/query-core",
    make: fromGrouped(queryCoreCancel),
    notes: ["removeQueries, and cancelQueries with the option silent, fail the readers just the same."]
  },
  userCacheAdapter
]
