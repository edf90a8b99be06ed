/** Who takes part in what is run in processes of their own, which are told only names. */
import { bentocache } from "./contestants/bentocache.js"
import { cacheable, cacheableTags } from "./contestants/cacheable.js"
import { effectCache } from "./contestants/effectCache.js"
import { effectTinkBare } from "./contestants/effectTink.js"
import { lruCache } from "./contestants/lruCache.js"
import { prefixScan } from "./contestants/prefixScan.js"
import { userCache } from "./contestants/userCache.js"

export const invalidationContestants = [userCache, prefixScan, cacheableTags, bentocache, lruCache]

export const memoryContestants = [effectTinkBare, effectCache, lruCache, cacheable, bentocache]
