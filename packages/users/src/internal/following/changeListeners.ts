/**
 * Tells changes to all `Users` over one cache.
 *
 * The cache reports the changes of other processes only, and two `Users` of this process may use it.
 */
import type { UserId } from "@effect-tink/http/Ids"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Change, Changes } from "./changes.js"

/** A change of a user has ended. `add` adds it to the changes of one `Users`. */
export type ChangeListener = (userId: UserId, add: (changes: Changes) => Change) => void

const listeners = new WeakMap<UserCache.Service, Set<ChangeListener>>()

const listenersOf = (cache: UserCache.Service): Set<ChangeListener> => {
  const found = listeners.get(cache) ?? new Set()
  listeners.set(cache, found)
  return found
}

/** Listens until the scope is closed. Returns the listener that tells all `Users` over the cache, this one included. */
export const listen = (
  cache: UserCache.Service,
  listener: ChangeListener
): Effect.Effect<ChangeListener, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync((): ChangeListener => {
      const all = listenersOf(cache).add(listener)
      return (userId, add) => all.forEach((other) => other(userId, add))
    }),
    () => Effect.sync(() => listeners.get(cache)?.delete(listener))
  )
