/**
 * Tink users and their bank credentials.
 *
 * @since 0.1.0
 */
import { TinkHttp } from "@effect-tink/http/TinkHttp"
import * as TokenSource from "@effect-tink/http/TokenSource"
import { UserCache } from "@effect-tink/user-cache/UserCache"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { AuthorizationOperations } from "./AuthorizationOperations.js"
import type { ConsentOperations } from "./ConsentOperations.js"
import type { CredentialOperations } from "./CredentialOperations.js"
import type { FollowingOperations } from "./FollowingOperations.js"
import * as Access from "./internal/access.js"
import * as authorizationOperations from "./internal/authorizationOperations.js"
import * as consentOperations from "./internal/consentOperations.js"
import * as credentialOperations from "./internal/credentialOperations.js"
import * as Following from "./internal/following.js"
import * as followingOperations from "./internal/followingOperations.js"
import * as Freshness from "./internal/freshness.js"
import { makeLatestChanges } from "./internal/latestChanges.js"
import { mint } from "./internal/minting.js"
import * as Pollers from "./internal/pollers.js"
import * as userOperations from "./internal/userOperations.js"
import { makeUserTokens } from "./internal/userTokens.js"
import type { UserOperations } from "./UserOperations.js"

/**
 * The operations.
 *
 * All fail with `TinkError` alone: with `Invalid` before anything is sent when the input or the session is not valid, with
 * `Forbidden` when a scope is missing, which it names, with `Unauthorized` when the client secret or a token that cannot be
 * renewed is not valid, and otherwise as `TinkHttp` does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service
  extends UserOperations, AuthorizationOperations, CredentialOperations, FollowingOperations, ConsentOperations {}

/**
 * The service.
 *
 * @example
 * ```ts
 * import * as TinkHttp from "@effect-tink/http/TinkHttp"
 * import * as UserCache from "@effect-tink/user-cache/UserCache"
 * import * as Users from "@effect-tink/users/Users"
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as Effect from "effect/Effect"
 *
 * export const program = Effect.gen(function* () {
 *   const users = yield* Users.Users
 *   const { userId } = yield* users.createUser({ market: "SE", locale: "sv_SE" })
 *   const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
 *   return yield* users.listCredentials(session)
 * }).pipe(
 *   Effect.provide(Users.layer),
 *   Effect.provide(UserCache.layer({ capacity: 10_000 })),
 *   Effect.provide(TinkHttp.layerConfig()),
 *   Effect.provide(FetchHttpClient.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class Users extends Context.Tag("@effect-tink/users/Users")<Users, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many user access tokens are kept at the most, those of the least recently used users first to go. 10 000 by default. */
  readonly tokenCapacity?: number | undefined
  /**
   * How long an answer is cached by what it says, never longer than the cache's own time to live: `inProgress` (1 second by
   * default) while a connection to a bank is on its way, that is in any status but `UPDATED`, `DELETED`, `SESSION_EXPIRED`
   * and the errors; and never past the moment when a `sessionExpiryDate` passes. `false` leaves it to the cache alone.
   */
  readonly freshness?: { readonly inProgress?: Duration.DurationInput | undefined } | false | undefined
}

/** Tells the sessions of one `Users` from those of another, which may be another application's, in a shared cache. */
let instances = 0

const isCapacity = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

/** `Duration.decodeUnknown` takes a number that is none, or less than nothing, for no time at all. */
const durationOf = (value: unknown): Option.Option<Duration.Duration> =>
  typeof value === "number" && !(value >= 0) ? Option.none() : Duration.decodeUnknown(value)

const inProgressOf = (freshness: Options["freshness"]): Option.Option<Duration.Duration> =>
  freshness === false ? Option.some(Duration.zero) : durationOf(freshness?.inProgress ?? "1 second")

/**
 * Dies when `tokenCapacity` is not a whole number of at least 0, or `freshness.inProgress` is not a duration.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, never, TinkHttp | UserCache | Scope.Scope> =>
  Effect.gen(function* () {
    const capacity = options.tokenCapacity ?? 10_000
    if (!isCapacity(capacity))
      return yield* Effect.dieMessage("Users: tokenCapacity must be a whole number of at least 0")
    const inProgress = inProgressOf(options.freshness)
    if (Option.isNone(inProgress)) return yield* Effect.dieMessage("Users: freshness.inProgress must be a duration")
    const http = yield* TinkHttp
    const cache = yield* UserCache
    const scope = yield* Effect.scope
    let isClosed = false

    const users = ++instances
    const userTokens = makeUserTokens({
      capacity,
      makeSource: (userId, scopes) => TokenSource.unsafeMake(mint(http, { userId, scopes }), scope)
    })
    const pollers = yield* Pollers.make
    // After what it is told of, so that it comes before the end of that.
    yield* Effect.addFinalizer(() => Effect.sync(() => (isClosed = true)))
    const access = Access.make({
      http,
      cache,
      userTokens,
      users,
      isClosed: () => isClosed,
      onChange: pollers.changed
    })
    const timeToLive = options.freshness === false ? undefined : Freshness.timeToLive(inProgress.value)
    const latestChanges = makeLatestChanges()
    const parts = { http, access, userTokens, latestChanges, users }
    const authorization = authorizationOperations.make(parts)
    const credentials = credentialOperations.make(parts, timeToLive)

    return Users.of({
      ...userOperations.make(parts),
      ...authorization,
      ...consentOperations.make(parts, timeToLive),
      ...credentials,
      ...followingOperations.make(parts, {
        delegateAuthorization: authorization.delegateAuthorization,
        follow: Following.make({ access, pollers, latestChanges }),
        getCredential: credentialOperations.getCredential(timeToLive),
        refreshCredential: credentials.refreshCredential
      })
    })
  })

/**
 * `Users` over whichever `TinkHttp` and `UserCache` the application provides, with other settings than the default ones.
 *
 * @example
 * ```ts
 * import * as Users from "@effect-tink/users/Users"
 *
 * export const UsersLive = Users.layerWith({ tokenCapacity: 1000, freshness: { inProgress: "500 millis" } })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
// Fresh: layers are built once per reference, whatever is provided to them, so that in one graph (a `LayerMap` of tenants)
// the `Users` of one tenant would answer for another.
export const layerWith = (options: Options): Layer.Layer<Users, never, TinkHttp | UserCache> =>
  Layer.fresh(Layer.scoped(Users, make(options)))

/**
 * `Users` over whichever `TinkHttp` and `UserCache` the application provides.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Users, never, TinkHttp | UserCache> = layerWith({})
