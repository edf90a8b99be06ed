import type { Adapter } from "./adapter.js"
import { asyncCacheDedupe } from "./adapters/asyncCacheDedupe.js"
import { bentocache } from "./adapters/bentocache.js"
import { cacheableGetOrSet, cacheableTags } from "./adapters/cacheable.js"
import { effectCache } from "./adapters/effectCache.js"
import { effectCacheNested } from "./adapters/effectCacheNested.js"
import { lruCache } from "./adapters/lruCache.js"
import { lruCacheFetch, lruCacheFetchIgnoring } from "./adapters/lruCacheFetch.js"
import { pMemoizePerUser } from "./adapters/pMemoize.js"
import { queryCoreCancel, queryCoreInvalidate } from "./adapters/queryCore.js"
import { userCache } from "./adapters/userCache.js"

/** In the order of the table. */
export const contestants: ReadonlyArray<Adapter> = [
  effectCache,
  effectCacheNested,
  lruCache,
  lruCacheFetch,
  lruCacheFetchIgnoring,
  cacheableGetOrSet,
  cacheableTags,
  bentocache,
  asyncCacheDedupe,
  pMemoizePerUser,
  queryCoreInvalidate,
  queryCoreCancel,
  userCache
]
