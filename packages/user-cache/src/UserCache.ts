/**
 * A cache whose entries belong to users: reads are kept for a short time, and a change of a user makes everything that
 * is kept of them unusable at once.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as internal from "./internal/userCache.js"

/**
 * What a `UserCache` promises:
 *
 * - **Never stale past a change.** A read is answered by a stored or running lookup only if that lookup started after
 *   the last invalidation of the user that completed before the read began, and less than the time to live ago. A
 *   lookup that is running when its user is invalidated still answers those who were waiting for it, and is not stored.
 * - **A mutation always ends by invalidating its user**, see `invalidateAfter`. After an ambiguous outcome nothing is
 *   stored for the user during a quarantine, and every read has a lookup of its own.
 * - **No step back behind a refresh.** What a refresh has seen, no later read of its user denies with something older.
 * - **One lookup for many readers** of one key. A reader who times out or is interrupted disturbs no other; when the last
 *   one leaves, the lookup is interrupted. It runs under the span of the reader who started it.
 * - **Failures are not kept**; they go to those who waited for that lookup.
 * - **Bounded** by `capacity` over all users together, least recently used first.
 *
 * Whoever calls `get` or `refresh` must see to it that a key is only used by callers who could have run the lookup
 * themselves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * The value of `key` for a user: the stored one, or that of a running lookup, or that of `lookup`, which is then
   * stored.
   *
   * A key stands for one kind of value: use the same `lookup` and `options` for it everywhere, as those of the read that
   * starts the lookup count. A lookup must not `get` its own user and key, as it would wait for itself. Fails as the
   * lookup fails; once the scope of the cache is closed, a read that needs a lookup is interrupted.
   */
  readonly get: <A, E, R>(
    userId: string,
    key: string,
    lookup: Effect.Effect<A, E, R>,
    options?: GetOptions<A>
  ) => Effect.Effect<A, E, R>

  /**
   * Runs `lookup` whatever is stored or running, and stores its value: for those who must see what is true now, and
   * for pollers, who so feed the cache that they bypass.
   *
   * When it succeeds, everything of that user whose lookup started before this one is dropped, of all keys: what this one
   * has seen, no later `get` denies with something older. Those who wait for one of these lookups still get its answer.
   * Of two lookups that overlap, the one that started later counts as the newer. The value itself is stored as that of a
   * `get` is, so not when the user was invalidated meanwhile; nor when a lookup of the key that started later has stored
   * its value or is running.
   *
   * While it runs, stored values and running lookups go on answering every `get`; a `get` that finds none may join this
   * one. When it fails, nothing changes. When its caller is interrupted, so is the lookup, unless a `get` has joined it.
   * In a quarantine nothing is stored and nobody joins.
   */
  readonly refresh: <A, E, R>(
    userId: string,
    key: string,
    lookup: Effect.Effect<A, E, R>,
    options?: GetOptions<A>
  ) => Effect.Effect<A, E, R>

  /**
   * Makes everything that was read of a user before now unusable. Costs no more than dropping what is stored of that
   * user, whatever is stored of others.
   */
  readonly invalidate: (userId: string) => Effect.Effect<void>

  /**
   * Runs a mutation of a user and, however it ends (success, failure, timeout, interruption), invalidates the user before
   * it returns.
   *
   * When the outcome is ambiguous, that is the mutation may have been applied or may be applied yet, the user is also
   * quarantined. Success is never ambiguous, an interruption or a defect always is, and of a failure `isAmbiguous`
   * decides. A mutation should bring its own timeout: until it ends, values from before it may be served.
   */
  readonly invalidateAfter: <A, E, R>(
    userId: string,
    mutation: Effect.Effect<A, E, R>,
    isAmbiguous: (error: E) => boolean
  ) => Effect.Effect<A, E, R>

  /** What has happened since the cache was made. The same numbers are counted in metrics `tink_user_cache_*`. */
  readonly stats: Effect.Effect<Stats>
}

/**
 * How the value of one `get` or `refresh` is kept.
 *
 * @example
 * ```ts
 * import type * as UserCache from "@effect-tink/user-cache/UserCache"
 * import * as DateTime from "effect/DateTime"
 *
 * interface Order {
 *   readonly isDone: boolean
 *   readonly expires: DateTime.Utc
 * }
 *
 * // What is still on its way is looked up again after a second, and nothing answers from its expiry on.
 * export const options: UserCache.GetOptions<Order> = {
 *   timeToLive: (order, startedAt) =>
 *     Math.min(DateTime.distance(startedAt, order.expires), order.isDone ? Number.POSITIVE_INFINITY : 1_000)
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface GetOptions<in A> {
  /**
   * How long this value answers reads, counted from `startedAt`, when its lookup started; never longer than the time to
   * live of the cache, which is also the default. A value whose time is over when it arrives is not stored and counts as
   * one of `lateResults`: so it always is with zero, a negative number or `NaN`.
   *
   * To keep a value until a time of the wall clock, give what is between `startedAt` and then: from then on it answers no
   * read, also when the clock is set meanwhile.
   *
   * It is asked once, when the lookup has succeeded, and only where a value may be stored: not in a quarantine. When it
   * throws, those who wait for the lookup get that as a defect. How long a lookup that still runs may be joined does not
   * depend on it.
   */
  readonly timeToLive?: ((value: A, startedAt: DateTime.Utc) => Duration.DurationInput) | undefined
}

/**
 * The numbers of one cache. Each `get` that was not interrupted before it began is one of `hits`, `joins`, `misses` and
 * `bypasses`, and each such `refresh` is one of `refreshes` and of nothing else.
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
  /** Reads of a quarantined user, each with a lookup of its own. */
  readonly bypasses: number
  /** Refreshes, each with a lookup of its own, in a quarantine or not. */
  readonly refreshes: number
  /** Values dropped to stay within the capacity. */
  readonly evictions: number
  /** Invalidations of a user. */
  readonly invalidations: number
  /** Invalidations that also began, or prolonged, a quarantine. */
  readonly quarantines: number
  /**
   * Results that came too late to be stored: their user had been invalidated, their time to live was over, or a refresh
   * or another lookup that started later had come first.
   */
  readonly lateResults: number
  /** Values stored now, of all users together. Those whose time to live is over count until they are met. */
  readonly size: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many values are stored at the most, of all users together; a whole number. */
  readonly capacity: number
  /**
   * How long a value answers reads at the most, counted from the start of its lookup. 30 seconds by default;
   * `GetOptions` has a shorter one for some values.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
  /** How long nothing is stored for a user after a mutation with an ambiguous outcome. 30 seconds by default. */
  readonly quarantine?: Duration.DurationInput | undefined
}

/**
 * The service.
 *
 * @example
 * ```ts
 * import * as UserCache from "@effect-tink/user-cache/UserCache"
 * import * as Effect from "effect/Effect"
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
 * Makes a cache. Lookups that still run when the scope closes are interrupted.
 *
 * Dies when `capacity` is not a whole number of at least 0, or a duration is not one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (!Number.isSafeInteger(options.capacity) || options.capacity < 0) {
      return yield* Effect.dieMessage(`UserCache: capacity must be a whole number of at least 0`)
    }
    return yield* internal.make({
      capacity: options.capacity,
      timeToLiveMillis: Duration.toMillis(options.timeToLive ?? "30 seconds"),
      quarantineMillis: Duration.toMillis(options.quarantine ?? "30 seconds"),
      scope: yield* Effect.scope
    })
  })

/**
 * A cache in the memory of this process.
 *
 * @example
 * ```ts
 * import * as UserCache from "@effect-tink/user-cache/UserCache"
 *
 * export const cache = UserCache.layer({ capacity: 10_000, timeToLive: "10 seconds" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<UserCache> => Layer.scoped(UserCache, make(options))

/**
 * A cache that caches nothing: every read runs its lookup. For tests, and to switch caching off.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerNoop: Layer.Layer<UserCache> = Layer.succeed(UserCache, {
  get: <A, E, R>(_userId: string, _key: string, lookup: Effect.Effect<A, E, R>) => lookup,
  refresh: <A, E, R>(_userId: string, _key: string, lookup: Effect.Effect<A, E, R>) => lookup,
  invalidate: () => Effect.void,
  invalidateAfter: <A, E, R>(_userId: string, mutation: Effect.Effect<A, E, R>) => mutation,
  stats: Effect.succeed({
    hits: 0,
    joins: 0,
    misses: 0,
    bypasses: 0,
    refreshes: 0,
    evictions: 0,
    invalidations: 0,
    quarantines: 0,
    lateResults: 0,
    size: 0
  })
})
