/** The one shape in which every cache is checked. */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import {
  type GroupedEffectCache,
  type GroupedEffectOptions,
  joinKey,
  type KeyedEffectCache,
  type KeyedEffectOptions,
  type MakeGrouped,
  type MakeKeyed
} from "../contestants/cache.js"

/** Where the values come from. A request reads its value when it is sent. */
export type Origin = () => Promise<string>

/** A cache in front of one origin. */
export interface CheckedCache {
  readonly get: (userId: string, key: string) => Promise<string>
  /** Resolves when, by the documentation, earlier values of the user are no longer served. */
  readonly invalidateUser: (userId: string) => Promise<unknown>
  /**
   * A `get` whose reader gives up after so many milliseconds, by the library's own means. Absent where it has none: such a
   * reader can only stop listening (`Promise.race`), which disturbs no other reader and stops no request.
   */
  readonly getWithin?: (userId: string, key: string, millis: number) => Promise<string>
  readonly close?: () => Promise<unknown>
}

export interface Adapter {
  readonly name: string
  /** The package whose version is printed. */
  readonly package: string
  readonly make: (origin: Origin, capacity: number) => CheckedCache | Promise<CheckedCache>
  /** Footnotes of the table. */
  readonly notes?: ReadonlyArray<string>
}

const timeToLive = 30_000

export const fromGrouped =
  (make: MakeGrouped): Adapter["make"] =>
  (lookup, capacity) =>
    make({ capacity, timeToLive, lookup })

/**
 * The grouping that a cache without groups leaves to its application: the keys of each user. Walking the keys
 * of the cache instead would miss the lookups in flight, and takes as long as the cache is large.
 */
const makeKeys = () => {
  const users = new Map<string, Map<string, string>>()
  return {
    add: (userId: string, key: string): string => {
      const keys = users.get(userId) ?? new Map<string, string>()
      users.set(userId, keys)
      const joined = keys.get(key) ?? joinKey(userId, key)
      keys.set(key, joined)
      return joined
    },
    of: (userId: string): ReadonlyArray<string> => [...(users.get(userId)?.values() ?? [])]
  }
}

export const fromKeyed =
  (make: MakeKeyed): Adapter["make"] =>
  (lookup, capacity) => {
    const { close, get, getWithin, invalidate } = make({ capacity, timeToLive, lookup })
    const keys = makeKeys()
    return {
      get: (userId, key) => get(keys.add(userId, key)),
      ...(getWithin && { getWithin: (userId, key, millis) => getWithin(keys.add(userId, key), millis) }),
      invalidateUser: (userId) => invalidate(keys.of(userId)),
      ...(close && { close })
    }
  }

class RequestFailed extends Data.TaggedError("RequestFailed")<{ readonly cause: unknown }> {}

const request = (origin: Origin) => Effect.tryPromise({ try: origin, catch: (cause) => new RequestFailed({ cause }) })

/** Like `Effect.runPromise`, with errors that fit in a line. */
const run = async <A>(effect: Effect.Effect<A, unknown>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.isInterruptedOnly(exit.cause) ? new Error("interrupted") : Cause.squash(exit.cause)
}

type MakeGroupedEffect = (
  options: GroupedEffectOptions<string, RequestFailed>
) => Effect.Effect<GroupedEffectCache<string, RequestFailed>, never, Scope.Scope>

export const fromGroupedEffect =
  (make: MakeGroupedEffect): Adapter["make"] =>
  async (origin, capacity) => {
    const scope = Effect.runSync(Scope.make())
    const options = { capacity, timeToLive, lookup: () => request(origin) }
    const { get, invalidateUser } = await run(Scope.extend(make(options), scope))
    return {
      get: (userId, key) => run(get(userId, key)),
      getWithin: (userId, key, millis) => run(Effect.timeout(get(userId, key), millis)),
      invalidateUser: (userId) => run(invalidateUser(userId)),
      close: () => run(Scope.close(scope, Exit.void))
    }
  }

type MakeKeyedEffect = (
  options: KeyedEffectOptions<string, RequestFailed>
) => Effect.Effect<KeyedEffectCache<string, RequestFailed>>

export const fromKeyedEffect = (make: MakeKeyedEffect): Adapter["make"] =>
  fromGroupedEffect(({ lookup, ...options }) =>
    Effect.map(make({ ...options, lookup: (key) => lookup(key, key) }), ({ get, invalidate }) => {
      const keys = makeKeys()
      return {
        get: (userId, key) => get(keys.add(userId, key)),
        invalidateUser: (userId) => Effect.forEach(keys.of(userId), invalidate, { discard: true })
      }
    })
  )
