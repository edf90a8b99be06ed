import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { GroupedEffectCache, GroupedEffectOptions } from "./cache.js"

/** README: `get`, `invalidate`. */
export const userCache = <A, E>({
  capacity,
  lookup,
  timeToLive
}: GroupedEffectOptions<A, E>): Effect.Effect<GroupedEffectCache<A, E>, never, Scope.Scope> =>
  Effect.map(Effect.orDie(UserCache.make({ capacity, timeToLive })), (cache) => ({
    get: (userId, key) => cache.get(userId, key, lookup(userId, key)),
    invalidateUser: cache.invalidate
  }))
