/**
 * Tink users and their bank credentials.
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import { type CredentialsId, UserId } from "@effect-tink/http/Ids"
import { toDuration } from "@effect-tink/http/InputRules"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import { TinkHttp } from "@effect-tink/http/TinkHttp"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as SettingRules from "@effect-tink/user-cache/SettingRules"
import * as Cache from "@effect-tink/user-cache/UserCache"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Credential } from "./Credential.js"
import type { ClientEndpoint, Operations, SessionEndpoint } from "./Endpoint.js"
import * as Access from "./internal/requests/access.js"
import { findEndpointProblem } from "./internal/requests/call.js"
import { endpoints } from "./internal/endpoints/all.js"
import { type ChangeListener, listen } from "./internal/following/changeListeners.js"
import { makeChanges } from "./internal/following/changes.js"
import * as Follow from "./internal/following/follow.js"
import { makeGate } from "./internal/following/gate.js"
import * as Pollers from "./internal/following/pollers.js"
import * as Freshness from "./internal/requests/freshness.js"
import { monotonicMillis } from "./internal/monotonic.js"
import * as authorize from "./internal/operations/authorize.js"
import * as authorizeWithCode from "./internal/operations/authorizeWithCode.js"
import * as changed from "./internal/operations/changed.js"
import * as deleteUser from "./internal/operations/deleteUser.js"
import * as endpointOperations from "./internal/operations/endpointOperations.js"
import * as ensureUser from "./internal/operations/ensureUser.js"
import * as followCredential from "./internal/operations/followCredential.js"
import * as getUserAccessToken from "./internal/operations/getUserAccessToken.js"
import * as refreshAndWait from "./internal/operations/refreshAndWait.js"
import * as revokeAll from "./internal/operations/revokeAll.js"
import { issueUserToken } from "./internal/tokens/issueUserToken.js"
import { makeUserTokens } from "./internal/tokens/userTokens.js"
import type { FollowOptions, Outcome, RefreshAndWaitOptions } from "./Refresh.js"
import type { CreatedUser, EnsureUserInput, UserReference } from "./User.js"
import type { UserSession } from "./UserSession.js"

// ---------------------------------------------------------------------------------------------------------------------
// The service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The operations that are one request. Each is described by a record in `internal/endpoints`.
 *
 * @since 0.1.0
 * @category models
 */
export interface EndpointOperations extends Operations<typeof endpoints> {}

/**
 * The operations.
 *
 * All fail with `TinkError` alone: with `Invalid` before anything is sent if the input or the session is not valid, with
 * `Forbidden` if a scope is missing, which the error names, with `Unauthorized` if the client secret or a token that cannot be
 * renewed is not valid, and otherwise as `TinkHttp` does. Operations that change a user invalidate what is cached of the user,
 * however they end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends EndpointOperations {
  /**
   * Returns the user with an external id, and creates them if they do not exist: exactly one user exists afterwards, even if
   * several processes call it at once and requests fail.
   *
   * An existing user is not changed, also if their market or locale differ. The Tink app needs the scopes `user:create`,
   * `authorization:grant` and, to find an existing user, `user:read` (`tink-api.md` 2, 3 and 5.1). A creation with an ambiguous
   * outcome is sent again only after the user was looked for and not found. Not cached.
   */
  readonly ensureUser: (input: EnsureUserInput) => Effect.Effect<CreatedUser, TinkError>

  /**
   * Deletes a user for good, with their consents, accounts and transactions (`tink-api.md` 4).
   *
   * Takes a session with `user:delete`, or the id that Tink or the application gave. With an id it authorizes itself: the Tink app
   * needs `authorization:grant` and `user:delete`, and to find a user by `externalUserId` also `user:read`. Succeeds if the user
   * does not exist any more. Drops the user's tokens. It is resent when it may have been processed, since that deletes no other.
   *
   * @example
   * ```ts
   * import type { Ids } from "@effect-tink/http"
   * import { Users } from "@effect-tink/users"
   * import { Effect } from "effect"
   *
   * export const forget = (userId: Ids.UserId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.deleteUser({ userId })
   *   })
   * ```
   */
  readonly deleteUser: (user: deleteUser.Target) => Effect.Effect<void, TinkError>

  /**
   * Returns a session for a user, which fetches and renews its token by itself.
   *
   * With `userId` nothing is sent: an unknown user (`NotFound`) or a scope that Tink does not grant (`Forbidden`) shows when the
   * session is used. With `externalUserId` the user is looked up, which takes three uncached requests each time. Tokens are kept
   * for each user and set of scopes, so a session may be made for each web request. They are dropped when the user is deleted or
   * revoked. A session is good for as long as the layer of this `Users` is open, and for no other `Users`: provide one shared layer.
   *
   * The Tink app needs `authorization:grant` and the scopes of the session; to find a user by `externalUserId` also `user:read`
   * (`tink-api.md` 2 and 5.1).
   *
   * @example
   * ```ts
   * import type { Ids } from "@effect-tink/http"
   * import { Users } from "@effect-tink/users"
   * import { Effect } from "effect"
   *
   * export const disconnectAll = (userId: Ids.UserId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:write"] })
   *     const credentials = yield* users.listCredentials(session)
   *     yield* Effect.forEach(credentials, ({ id }) => users.deleteCredential(session, id))
   *   })
   * ```
   */
  readonly authorize: <const Scopes extends UserScope>(
    input: UserReference & { readonly scopes: ReadonlyArray<Scopes> }
  ) => Effect.Effect<UserSession<Scopes>, TinkError>

  /**
   * Returns a session for a user whom the application does not know, from the code of one-time access (`tink-api.md` 10.1).
   *
   * Exchanges the code that Tink Link came back with, and asks Tink whose token it is: the code must be good for `user:read`, or
   * for `credentials:read` with at least one credential. The session ends when its token expires: operations then fail with
   * `Unauthorized`. Fails with `Invalid` if the code is unknown, used or expired, and with `Forbidden` if a scope is missing. A code
   * can be used once, also if this fails.
   */
  readonly authorizeWithCode: <const Scopes extends UserScope>(input: {
    readonly code: Redacted.Redacted
    readonly scopes: ReadonlyArray<Scopes>
  }) => Effect.Effect<UserSession<Scopes>, TinkError>

  /**
   * Exchanges an authorization code for a user access token (`tink-api.md` 1).
   *
   * Needs no token: the client id and secret are sent along. Not cached, and not resent when it may have been processed. Fails with
   * `Invalid` if the code is unknown, used or expired. `UserSession.make` makes a session of the token and its user.
   */
  readonly getUserAccessToken: (grant: { readonly code: Redacted.Redacted }) => Effect.Effect<AccessToken, TinkError>

  /**
   * Revokes all tokens and codes of a user, those of Tink Link included (`tink-api.md` 2.1).
   *
   * Drops the user's tokens however it ends. Sessions of `authorize` get new tokens when they are used, since the application may
   * still act for the user; sessions of `UserSession.make` end. The Tink app needs `authorization:revoke`, and to find a user by
   * `externalUserId` also `authorization:grant` and `user:read`. It is resent when it may have been processed. Fails with
   * `NotFound` if there is no such user.
   */
  readonly revokeAll: (user: UserReference) => Effect.Effect<void, TinkError>

  /**
   * Says that a user has changed elsewhere: in Tink Link, or as a webhook reports.
   *
   * Drops what is cached of the user, so that the next read asks Tink, and has those who follow any of the user's credentials
   * poll at once. It counts as a change of all their credentials: right after it a status is final if it has moved, or when
   * `patience` is over. Nothing is sent. Fails with `Invalid` if `userId` is not an id.
   *
   * @example
   * ```ts
   * import type { Ids } from "@effect-tink/http"
   * import { TinkLink, Users } from "@effect-tink/users"
   * import { Effect } from "effect"
   *
   * export const onCallback = (userId: Ids.UserId, url: string, state: string) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const redirect = yield* TinkLink.parseRedirect(url, { state })
   *     yield* users.changed({ userId })
   *     return redirect
   *   })
   * ```
   */
  readonly changed: (user: { readonly userId: UserId }) => Effect.Effect<void, TinkError>

  /**
   * Emits a credential now and on each status change, until the status is final or waits for the user.
   *
   * Final are `UPDATED`, `SESSION_EXPIRED`, `DELETED` and the errors; `AWAITING_…` waits for the user. A change is a new `status`, or
   * a new `statusUpdated` of the same status. Tink is polled as the schedule says, past the cache. The responses are cached, and
   * nothing older is used any more. All followers of a credential with the same rights share the polls. Right after a change Tink
   * may still return an old status: it is emitted, but is not final (`tink-api.md` 6.4).
   *
   * Ends when the schedule ends, by default after ten minutes. Retryable failures are ignored, unless one is the last outcome. Needs
   * `credentials:read`. Fails with `NotFound` when the credential is deleted.
   */
  readonly followCredential: (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options?: FollowOptions
  ) => Stream.Stream<Credential, TinkError>

  /**
   * Refreshes a credential and waits for the outcome (`tink-api.md` 6.2 and 6.4).
   *
   * A bank or a user that stands in the way is an outcome, not a failure. A refresh that Tink does not accept is a failure:
   * `RateLimited`, `NotFound`. Tink may also accept a refresh and do nothing: the outcome is `Refused` if `statusUpdated` has not
   * moved within `patience`. If it is unknown whether Tink accepted the refresh, the credential shows it; if it does not move, that
   * failure is the result. A failure after the refresh was sent is never `isRetryable`, since repeating the call would refresh
   * twice: continue with `followCredential`.
   *
   * Calls with equal `RefreshOptions` at the same time share one refresh, as at a double click. While one with other options runs,
   * a call waits for its end and then starts its own: `schedule` is for both together, `onProgress` for its own alone. If the
   * schedule ends first, the outcome is `StillRunning` and nothing was asked for. A refresh of another process is followed
   * instead, since Tink refuses a second one, and it is not known what it fetches.
   *
   * Needs `credentials:read` and `credentials:refresh`; with `tinkLink` the Tink app needs `authorization:grant`.
   *
   * @example
   * ```ts
   * import type { Ids } from "@effect-tink/http"
   * import { Refresh, Users, type UserSession } from "@effect-tink/users"
   * import { Effect } from "effect"
   *
   * export const isUpToDate = (
   *   session: UserSession.UserSession<"credentials:read" | "credentials:refresh">,
   *   id: Ids.CredentialsId
   * ) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const outcome = yield* users.refreshAndWait(session, id)
   *     return Refresh.$is("Updated")(outcome)
   *   })
   * ```
   */
  readonly refreshAndWait: (
    session: UserSession<"credentials:read" | "credentials:refresh">,
    id: CredentialsId,
    options?: RefreshAndWaitOptions
  ) => Effect.Effect<Outcome, TinkError>

  /**
   * Sends a request to an endpoint that this library does not have, made with `Endpoint.read` or `Endpoint.change`.
   *
   * It has what all operations have: the token of the session, retries, deadlines, the cache, invalidation and `TinkError`.
   *
   * @example
   * ```ts
   * import { Endpoint, Users, type UserSession } from "@effect-tink/users"
   * import { Effect, Schema } from "effect"
   *
   * const Account = Schema.Struct({ id: Schema.String, name: Schema.String })
   *
   * const listAccounts = Endpoint.read({
   *   name: "listAccounts",
   *   scope: "accounts:read",
   *   route: "/data/v2/accounts",
   *   response: Schema.parseJson(Schema.Struct({ accounts: Schema.Array(Account) }))
   * })
   *
   * export const accountNames = (session: UserSession.UserSession<"accounts:read">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { accounts } = yield* users.request(session, listAccounts)
   *     return accounts.map(({ name }) => name)
   *   })
   * ```
   */
  readonly request: <Scope extends UserScope, Args extends ReadonlyArray<unknown>, Answer>(
    session: UserSession<Scope>,
    endpoint: SessionEndpoint<Scope, Args, Answer>,
    ...args: Args
  ) => Effect.Effect<Answer, TinkError>

  /**
   * Sends a request to an endpoint that takes the application's own token, made with `Endpoint.client` or `Endpoint.clientRead`.
   *
   * It has retries, deadlines and `TinkError`, and the response is shared by all callers for as long as the endpoint says. It
   * invalidates nothing of a user: follow a change of a user with `changed`.
   *
   * @example
   * ```ts
   * import { Endpoint, Users } from "@effect-tink/users"
   * import { Effect, Schema } from "effect"
   *
   * const listCategories = Endpoint.clientRead({
   *   name: "listCategories",
   *   route: "/api/v1/categories",
   *   cache: { timeToLive: "1 day" },
   *   response: Schema.parseJson(Schema.Array(Schema.Struct({ id: Schema.String, code: Schema.String })))
   * })
   *
   * export const categories = Effect.flatMap(Users.Users, (users) => users.requestAsClient(listCategories))
   * ```
   */
  readonly requestAsClient: <Args extends ReadonlyArray<unknown>, Answer>(
    endpoint: ClientEndpoint<Args, Answer>,
    ...args: Args
  ) => Effect.Effect<Answer, TinkError>
}

/**
 * The service.
 *
 * @example
 * ```ts
 * import { TinkHttp } from "@effect-tink/http"
 * import { UserCache } from "@effect-tink/user-cache"
 * import { Users } from "@effect-tink/users"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Effect } from "effect"
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

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The settings of `layerWith` and `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many user access tokens are kept, by default 10 000. Those of the least recently used users are dropped first. */
  readonly tokenCapacity?: number | undefined
  /**
   * How long responses about credentials and consents are reused, never longer than the cache's own time to live: `inProgress`, by
   * default one second, while one is in any status but `UPDATED`, `DELETED`, `SESSION_EXPIRED` and the errors, and never past a
   * `sessionExpiryDate`. `false` leaves it to the cache alone.
   */
  readonly freshness?: { readonly inProgress?: Duration.DurationInput | undefined } | false | undefined
}

interface Settings {
  readonly capacity: number
  readonly inProgress: Duration.Duration | undefined
}

const defaults: Settings = { capacity: 10_000, inProgress: Duration.seconds(1) }

const problem = (name: string, requirement: string): ConfigError.ConfigError =>
  ConfigError.InvalidData([name], `Users: ${name} must be ${requirement}`)

const readCapacity = (options: Options | undefined): Effect.Effect<number, ConfigError.ConfigError> => {
  const capacity = SettingRules.read(options, "tokenCapacity")
  if (capacity === undefined) return Effect.succeed(defaults.capacity)
  return SettingRules.isCapacity(capacity)
    ? Effect.succeed(capacity)
    : Effect.fail(problem("tokenCapacity", SettingRules.capacityRequirement))
}

const readInProgress = (
  options: Options | undefined
): Effect.Effect<Duration.Duration | undefined, ConfigError.ConfigError> => {
  const freshness = SettingRules.read(options, "freshness")
  if (freshness === false) return Effect.succeed(undefined)
  const inProgress = freshness === null ? null : SettingRules.read(freshness, "inProgress")
  return Option.match(toDuration(inProgress === undefined ? defaults.inProgress : inProgress), {
    onNone: () => Effect.fail(problem("freshness.inProgress", "a duration")),
    onSome: Effect.succeed
  })
}

/** Fails with one error for all settings that are not valid. At run time they may be of any type. */
const readSettings = (options: Options | undefined): Effect.Effect<Settings, ConfigError.ConfigError> =>
  Effect.all({ capacity: readCapacity(options), inProgress: readInProgress(options) }, { mode: "validate" }).pipe(
    Effect.mapError(SettingRules.joinErrors)
  )

/** More followers would block the event loop for longer than a request may wait. */
const followersPerTurn = 100

/** The list of all banks of a market may have several 100 kB, and there is one for each language. */
const publicCapacity = 200

const fromSettings = ({
  capacity,
  inProgress
}: Settings): Effect.Effect<Service, never, TinkHttp | Cache.UserCache | Scope.Scope> =>
  // Interruptible, also where a layer is built in an uninterruptible region: what it starts must end with it.
  Effect.gen(function* () {
    const http = yield* TinkHttp
    const cache = yield* Cache.UserCache
    const scope = yield* Effect.scope
    // Short, since every cache key has it.
    const usersId = crypto.randomUUID().slice(0, 13)
    const userTokens = makeUserTokens({
      capacity,
      makeSource: (userId, scopes) => TokenSource.unsafeMake(issueUserToken(http, { userId, scopes }), scope)
    })
    const clock = yield* Effect.clock
    const changes = makeChanges(() => monotonicMillis(clock))
    const pollers = yield* Pollers.make(changes)
    let isClosed = false
    // Added after the finalizers of the pollers, so that it runs before them.
    yield* Effect.addFinalizer(() => Effect.sync(() => (isClosed = true)))

    const onChange: ChangeListener = (userId, add) => pollers.changed(userId, add(changes).number)
    const tellAll = yield* listen(cache, onChange)
    const access = Access.make({
      http,
      cache,
      // Its settings are constants. Each endpoint says how long its responses live.
      publicCache: yield* Effect.orDie(Cache.make({ capacity: publicCapacity, timeToLive: Duration.infinity })),
      userTokens,
      usersId,
      connectionTimeToLive: inProgress && Freshness.timeToLive(inProgress),
      isClosed: () => isClosed,
      onChange: (userId, credentialsId) =>
        tellAll(userId, (changes) =>
          credentialsId === undefined ? changes.next() : changes.addCredential(userId, credentialsId)
        )
    })
    // Another process has changed them. Each `Users` over the cache reads this stream by itself.
    yield* Effect.forkScoped(
      Stream.runForEach(Stream.filter(cache.changes, Schema.is(UserId)), (userId) =>
        Effect.sync(() => onChange(userId, (changes) => changes.addElsewhere(userId)))
      )
    )

    const follow = Follow.make({ access, pollers, changes })
    const dependencies = { http, access, changes, gate: yield* makeGate(followersPerTurn), userTokens, usersId }

    return Users.of({
      ...endpointOperations.make(access, endpoints),
      ensureUser: ensureUser.make(dependencies),
      deleteUser: deleteUser.make(dependencies),
      authorize: authorize.make(dependencies),
      authorizeWithCode: authorizeWithCode.make(dependencies),
      getUserAccessToken: getUserAccessToken.make(dependencies),
      revokeAll: revokeAll.make(dependencies),
      changed: changed.make({ cache, tellAll }),
      followCredential: followCredential.make(dependencies, follow),
      refreshAndWait: refreshAndWait.make(dependencies, follow),
      request: (session, endpoint, ...args) => {
        const problem = findEndpointProblem(endpoint, ["Read", "Change"], "Endpoint.read or Endpoint.change")
        return problem === undefined ? access.request(session, endpoint, args) : invalidInput("request", problem)
      },
      requestAsClient: (endpoint, ...args) => {
        const problem = findEndpointProblem(endpoint, ["Client"], "Endpoint.client or Endpoint.clientRead")
        return problem === undefined ? access.requestAsClient(endpoint, args) : invalidInput("requestAsClient", problem)
      }
    })
  }).pipe(Effect.interruptible)

/**
 * Makes the service for as long as the scope is open.
 *
 * Fails with a `ConfigError` that names every setting that is not valid: `tokenCapacity` must be a whole number of at least 0, and
 * `freshness.inProgress` a duration.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Service, ConfigError.ConfigError, TinkHttp | Cache.UserCache | Scope.Scope> =>
  Effect.flatMap(readSettings(options), fromSettings)

/**
 * `Users` with other settings than the default ones. Fails if a setting is not valid, as `make` does.
 *
 * @example
 * ```ts
 * import { Users } from "@effect-tink/users"
 *
 * export const UsersLive = Users.layerWith({ tokenCapacity: 1000, freshness: { inProgress: "500 millis" } })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
// Fresh: a layer is built once per reference, with the first dependencies that it meets. In one graph (a `LayerMap` of
// tenants) the `Users` of one tenant would answer for another.
export const layerWith = (options: Options): Layer.Layer<Users, ConfigError.ConfigError, TinkHttp | Cache.UserCache> =>
  Layer.fresh(Layer.scoped(Users, make(options)))

/**
 * `Users` over the `TinkHttp` and the `UserCache` that the application provides.
 *
 * Each provide makes an instance, whose sessions no other one takes. Instances over one `UserCache` notice each other's changes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Users, never, TinkHttp | Cache.UserCache> = Layer.fresh(
  Layer.scoped(Users, fromSettings(defaults))
)
