/**
 * A `UserCache` that keeps its promises across processes: after a change of a user has ended in one, no read in any other
 * is answered by what was there before.
 *
 * @since 0.1.0
 */
import * as SettingRules from "@effect-tink/user-cache/SettingRules"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as internal from "./internal/sharedCache.js"
import { InvalidationStore } from "./InvalidationStore.js"

/**
 * The settings of a shared cache. All processes that share a store need the same `timeToLive` and `lease`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends UserCache.Options {
  /**
   * For how long the answer of the store counts. Zero by default: every read asks. With a lease, a hit within it costs no
   * round trip, and every change takes at least as long as the lease.
   */
  readonly lease?: Duration.DurationInput | undefined
  /**
   * How long the end of a change waits for a store that cannot be told of it: at most, and by default, the time to live.
   * With less, another process may be answered by what was there before, until that has expired.
   */
  readonly holdBack?: Duration.DurationInput | undefined
  /** How long the store may take to answer. After that, a read runs its own lookup. 200 milliseconds by default. */
  readonly commandTimeout?: Duration.DurationInput | undefined
}

/**
 * The numbers of one shared cache. `bypasses` includes the two kinds below. A user whose generation is new to this process
 * counts in `invalidations`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats extends UserCache.Stats {
  /** Questions and messages sent to the store. */
  readonly roundTrips: number
  /** Those that the store did not answer, or not in time. */
  readonly storeFailures: number
  /** Reads of a user who was changing or quarantined in some process. */
  readonly changingBypasses: number
  /** Reads that the store could not validate. */
  readonly unvalidatedBypasses: number
  /** Changes that are held back now, because the store cannot be told of their end. */
  readonly heldBack: number
  /** How long ends of changes were held back, all together. Grows when one has ended. */
  readonly heldBackMillis: number
}

/**
 * A `UserCache` with more numbers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends UserCache.Service {
  readonly stats: Effect.Effect<Stats>
}

const problem = (name: keyof Options, requirement: string) =>
  Effect.fail(ConfigError.InvalidData([name], `SharedUserCache: ${name} must be ${requirement}`))

const readCapacity = (options: Options) => {
  const capacity = SettingRules.read(options, "capacity")
  return SettingRules.isCapacity(capacity)
    ? Effect.succeed(capacity)
    : problem("capacity", SettingRules.capacityRequirement)
}

const readMillis = (
  options: Options,
  name: keyof Options,
  fallback: Duration.DurationInput,
  range: { readonly min?: number; readonly max?: number; readonly rule?: string } = {}
) => {
  const value = SettingRules.read(options, name)
  const isInRange = (millis: number) => millis >= (range.min ?? 0) && millis <= (range.max ?? Number.MAX_SAFE_INTEGER)
  return Option.match(Option.filter(SettingRules.toMillis(value === undefined ? fallback : value), isInRange), {
    onNone: () => problem(name, `a finite duration${range.rule ?? ""}`),
    onSome: Effect.succeed
  })
}

const readSettings = (options: Options): Effect.Effect<internal.Settings, ConfigError.ConfigError> =>
  Effect.flatMap(readMillis(options, "timeToLive", "30 seconds"), (timeToLiveMillis) => {
    const withinLife = { max: timeToLiveMillis, rule: ", at most the time to live" }
    return Effect.all(
      {
        capacity: readCapacity(options),
        timeToLiveMillis: Effect.succeed(timeToLiveMillis),
        quarantineMillis: readMillis(options, "quarantine", "30 seconds"),
        leaseMillis: readMillis(options, "lease", 0, withinLife),
        holdBackMillis: readMillis(options, "holdBack", timeToLiveMillis, withinLife),
        commandTimeoutMillis: readMillis(options, "commandTimeout", "200 millis", {
          min: 1,
          rule: " of at least a millisecond"
        })
      },
      { mode: "validate" }
    ).pipe(Effect.mapError(SettingRules.joinErrors))
  })

/**
 * Makes a cache that asks the store before it answers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, ConfigError.ConfigError, InvalidationStore | Scope.Scope> =>
  Effect.flatMap(readSettings(options), (settings) =>
    Effect.flatMap(InvalidationStore, (store) => internal.make(store, settings))
  )

/**
 * Provides `UserCache`, so that `Users` is right across processes.
 *
 * @example
 * ```ts
 * import { RedisInvalidationStore, SharedUserCache } from "@effect-tink/user-cache-redis"
 * import { Layer } from "effect"
 *
 * export const UserCacheLive = SharedUserCache.layer({ capacity: 10_000 }).pipe(
 *   Layer.provide(RedisInvalidationStore.layerConfig({ namespace: "shop-production" })) // REDIS_URL
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<UserCache.UserCache, ConfigError.ConfigError, InvalidationStore> =>
  Layer.scoped(UserCache.UserCache, make(options))
