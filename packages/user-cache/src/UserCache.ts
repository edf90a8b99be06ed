/**
 * A cache whose entries belong to users: reads are stored for a short time, and a change of a user invalidates all that is
 * stored of them.
 *
 * @since 0.1.0
 */
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isAmbiguousExit } from "./internal/ambiguity.js"
import { zeros } from "./internal/counters.js"
import { readSettings } from "./internal/settings.js"
import * as internal from "./internal/userCache.js"

/**
 * The promises of a `UserCache`:
 *
 * - **Never stale past a change.** A stored value or an in-flight lookup answers a read only if its lookup started after
 *   the last invalidation of the user that completed before the read began, and less than the time to live ago. A lookup
 *   in flight when its user is invalidated still answers its waiters, and is never stored.
 * - **A mutation always ends by invalidating its user**: see `invalidateAfter`. After an ambiguous outcome the user is
 *   quarantined: nothing is stored, and every read runs its own lookup.
 * - **No step back behind a refresh.** After a refresh, no read of its user is answered by an older lookup.
 * - **One lookup for many readers** of one key. A reader that times out or is interrupted does not affect the others.
 *   When the last one leaves, the lookup is interrupted. It runs under the span of the reader that started it.
 * - **Failures are not stored.** They go to the waiters of that lookup.
 * - **Bounded.** `capacity` bounds the values of all users together. The least recently used is evicted first.
 *
 * The caller must ensure that a key is only used by callers that could have run its lookup themselves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Reads the value of `key` for a user: the stored one, that of an in-flight lookup, or that of `lookup`, which is then
   * stored.
   *
   * A key names one kind of value. Use the same `lookup` and `options` for it everywhere: those of the read that starts
   * the lookup count. A lookup must not `get` its own user and key, because it would wait for itself. Fails as the lookup
   * fails. Once the scope of the cache is closed, a read that needs a lookup is interrupted, or fails with `interrupted`.
   */
  readonly get: <A, E, R>(
    userId: string,
    key: string,
    lookup: Effect.Effect<A, E, R>,
    options?: GetOptions<A, E>
  ) => Effect.Effect<A, E, R>

  /**
   * Runs `lookup` even if a value is stored or a lookup in flight, and stores its value. For callers that need the current
   * state, and for polling.
   *
   * On success, everything of that user whose lookup started earlier is dropped, of all keys: no later `get` is answered
   * by something older. The waiters of a dropped lookup still get its answer. Of two overlapping lookups, the one that
   * started later counts as the newer. The value is not stored if the user was invalidated meanwhile, or if a later lookup
   * of the same key has stored its value or is in flight.
   *
   * While it runs, stored values and in-flight lookups keep answering `get`. A `get` that finds neither may join it. On
   * failure nothing changes. If its caller is interrupted, the lookup is too, unless a `get` has joined it. During a
   * quarantine its value is not stored and it cannot be joined.
   */
  readonly refresh: <A, E, R>(
    userId: string,
    key: string,
    lookup: Effect.Effect<A, E, R>,
    options?: GetOptions<A, E>
  ) => Effect.Effect<A, E, R>

  /**
   * Drops everything that was read of a user. The cost depends only on what is stored of that user.
   */
  readonly invalidate: (userId: string) => Effect.Effect<void>

  /**
   * Runs a mutation of a user, and invalidates the user before it returns: after success, failure, timeout and
   * interruption alike.
   *
   * If the outcome is ambiguous (the mutation may have been applied, or may still be), the user is also quarantined.
   * Success is never ambiguous. An interruption or a defect always is. For a failure, `isAmbiguous` decides. Give the
   * mutation a timeout of its own: until it ends, values from before it may be served.
   */
  readonly invalidateAfter: <A, E, R>(
    userId: string,
    mutation: Effect.Effect<A, E, R>,
    isAmbiguous: (error: E) => boolean
  ) => Effect.Effect<A, E, R>

  /**
   * The users that another process has changed, as far as this one was told: to look again early. Empty for a cache of one
   * process.
   */
  readonly changes: Stream.Stream<string>

  /** The numbers since the cache was made. The metrics `tink_user_cache_*` count the same for all caches together. */
  readonly stats: Effect.Effect<Stats>
}

/**
 * How the value of one `get` or `refresh` is stored.
 *
 * @example
 * ```ts
 * import type { UserCache } from "@effect-tink/user-cache"
 * import { DateTime } from "effect"
 *
 * interface Order {
 *   readonly isDone: boolean
 *   readonly expires: DateTime.Utc
 * }
 *
 * // An open order is looked up again after a second. No order is served after its expiry.
 * export const options: UserCache.GetOptions<Order> = {
 *   timeToLive: (order, startedAt) =>
 *     Math.min(DateTime.distance(startedAt, order.expires), order.isDone ? Number.POSITIVE_INFINITY : 1_000)
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface GetOptions<in A, out E = never> {
  /**
   * How long this value answers reads, counted from `startedAt`, the start of its lookup. The time to live of the cache is
   * the default and the maximum. A value that has expired when it arrives is not stored and counts in `lateResults`:
   * always so for zero, a negative number or `NaN`.
   *
   * To store a value until a time of the wall clock, return the distance from `startedAt` to that time. The value answers
   * no read after it, even if the clock is set meanwhile.
   *
   * Called once, when the lookup has succeeded and its value may be stored: not during a quarantine. What it throws is a
   * defect of the waiters. It does not change how long an in-flight lookup may be joined.
   */
  readonly timeToLive?: ((value: A, startedAt: DateTime.Utc) => Duration.DurationInput) | undefined
  /** The error of a read whose lookup was interrupted, as it is when the cache closes. Without it, the read is interrupted. */
  readonly interrupted?: (() => E) | undefined
}

/**
 * The numbers of one cache. Each `get` counts as one of `hits`, `joins`, `misses` and `bypasses`, and each `refresh` as one
 * of `refreshes` only. A call that is interrupted before it begins does not count.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  /** Reads answered by a stored value. */
  readonly hits: number
  /** Reads that waited for a lookup which another read, or a refresh, had started. */
  readonly joins: number
  /** Reads that started a lookup. */
  readonly misses: number
  /** Reads of a quarantined user, each with its own lookup. */
  readonly bypasses: number
  /** Refreshes, during a quarantine or not, each with its own lookup. */
  readonly refreshes: number
  /** Values dropped to stay within the capacity. */
  readonly evictions: number
  /** Invalidations of a user. */
  readonly invalidations: number
  /** Invalidations that also started or extended a quarantine. */
  readonly quarantines: number
  /** Results not stored: the user was invalidated, the time to live was over, or a newer lookup superseded them. */
  readonly lateResults: number
  /** Values stored now, of all users together. Expired ones count until a read finds them. */
  readonly size: number
}

/**
 * The settings of a cache.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The maximum number of stored values, of all users together: a whole number of at least 0. */
  readonly capacity: number
  /**
   * How long a value answers reads, counted from the start of its lookup. 30 seconds by default. `GetOptions` may shorten
   * it for single values.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
  /** How long nothing is stored for a user after a mutation with an ambiguous outcome. 30 seconds by default. */
  readonly quarantine?: Duration.DurationInput | undefined
}

/**
 * The service: a cache whose entries belong to users.
 *
 * @example
 * ```ts
 * import { UserCache } from "@effect-tink/user-cache"
 * import { Effect } from "effect"
 *
 * export const program = Effect.gen(function* () {
 *   const cache = yield* UserCache.UserCache
 *   const fetchName = Effect.succeed("Ada")
 *   yield* cache.get("user-1", "name", fetchName) // runs fetchName
 *   yield* cache.get("user-1", "name", fetchName) // does not
 *   yield* cache.invalidate("user-1")
 *   return yield* cache.stats // 1 hit, 1 miss, 1 invalidation
 * }).pipe(Effect.provide(UserCache.layer({ capacity: 10_000 })))
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class UserCache extends Context.Tag("@effect-tink/user-cache/UserCache")<UserCache, Service>() {}

/**
 * Whether a mutation may have been applied, or may still be, although it did not succeed: what `invalidateAfter`
 * quarantines after. For a service that decorates this one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAmbiguousOutcome: <A, E>(exit: Exit.Exit<A, E>, isAmbiguous: (error: E) => boolean) => boolean =
  isAmbiguousExit

/**
 * Makes a cache. Lookups in flight when the scope closes are interrupted.
 *
 * Fails with a `ConfigError` that names every setting that is not valid: `capacity` must be a whole number of at least 0, and the
 * durations must not be negative.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, ConfigError.ConfigError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* readSettings(options)
    const engine = yield* internal.make({ ...settings, scope: yield* Effect.scope })
    return {
      ...engine,
      changes: Stream.empty,
      // A key names one kind of value, so what is stored or awaited under it has the type of the lookup at hand.
      get: engine.get as Service["get"],
      refresh: engine.refresh as Service["refresh"]
    }
  })

/**
 * A cache in the memory of this process. Fails if a setting is not valid, as `make` does.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<UserCache, ConfigError.ConfigError> =>
  Layer.scoped(UserCache, make(options))

/**
 * A cache that stores nothing: every read runs its lookup. For tests, and to switch caching off.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNoop: Layer.Layer<UserCache> = Layer.succeed(UserCache, {
  get: <A, E, R>(_userId: string, _key: string, lookup: Effect.Effect<A, E, R>) => lookup,
  refresh: <A, E, R>(_userId: string, _key: string, lookup: Effect.Effect<A, E, R>) => lookup,
  invalidate: () => Effect.void,
  invalidateAfter: <A, E, R>(_userId: string, mutation: Effect.Effect<A, E, R>) => mutation,
  changes: Stream.empty,
  stats: Effect.succeed({ ...zeros, size: 0 })
})
