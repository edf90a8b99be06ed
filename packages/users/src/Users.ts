/**
 * Tink users and their bank credentials.
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import { TinkHttp } from "@effect-tink/http/TinkHttp"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import * as TokenSource from "@effect-tink/http/TokenSource"
import { UserCache } from "@effect-tink/user-cache/UserCache"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Order from "effect/Order"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { AuthorizationGrant } from "./AuthorizationGrant.js"
import type { CreatedUser } from "./CreatedUser.js"
import type { Credential } from "./Credential.js"
import * as Input from "./internal/input.js"
import { mint } from "./internal/minting.js"
import { checkId, checkOwner } from "./internal/ownership.js"
import * as Requests from "./internal/requests.js"
import { type Secrets, secretsOf, UserSessionImpl } from "./internal/userSession.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateUserInput {
  /** The user's country: two capital letters, ISO 3166-1. */
  readonly market: string
  /** The language in which Tink addresses the user, like `sv_SE`. The market's own by default. */
  readonly locale?: string | undefined
  /** The application's id for the user: unique in the application, best of `a-z 0-9 -`, and nothing personal. */
  readonly externalUserId?: string | undefined
  /** Beta. A temporary user is deleted by Tink after 24 hours. The setting of the Tink app by default. */
  readonly retentionClass?: "permanent" | "temporary" | undefined
}

/**
 * A user, by the id that Tink gave or by the one that the application gave.
 *
 * @since 0.1.0
 * @category models
 */
export type UserReference =
  | { readonly userId: UserId; readonly externalUserId?: undefined }
  | { readonly externalUserId: string; readonly userId?: undefined }

/**
 * @since 0.1.0
 * @category models
 */
export interface ReadOptions {
  /** Asks Tink, whatever is cached, and leaves the cache as it is. */
  readonly bypassCache?: boolean | undefined
}

/**
 * The operations.
 *
 * All fail with `TinkError` alone: with `Invalid` before anything is sent when the input or the session is not valid, and
 * otherwise as `TinkHttp` does. `Unauthorized` (the client secret, or a token that cannot be renewed) and
 * `Forbidden` (a scope is missing) can come of each.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Creates a user (`POST /api/v1/user/create`, `tink-api.md` 3). Uses the application's token: the Tink app needs the
   * scope `user:create`. Not cached.
   *
   * Fails with `Conflict` when the external id is taken, and with `Invalid` when Tink does not take the market or the
   * locale. It is not sent again when it may have been processed: an error with `isAmbiguous` means that the user may
   * exist.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const program = Effect.gen(function* () {
   *   const users = yield* Users.Users
   *   return yield* users.createUser({ market: "SE", locale: "sv_SE", externalUserId: "cust-0001" })
   * })
   * ```
   */
  readonly createUser: (input: CreateUserInput) => Effect.Effect<CreatedUser, TinkError>

  /**
   * Deletes a user with their consents, accounts and transactions (`POST /api/v1/user/delete`, `tink-api.md` 4), and
   * invalidates all that is cached of them. Needs a session with `user:delete`.
   *
   * Not sent again when it may have been processed: after an error with `isAmbiguous` the user may be gone. Afterwards
   * the user's sessions fail, those of `authorize` with `NotFound`.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const forget = (userId: Ids.UserId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const session = yield* users.authorize({ userId, scopes: ["user:delete"] })
   *     yield* users.deleteUser(session)
   *   })
   * ```
   */
  readonly deleteUser: (session: UserSession<"user:delete">) => Effect.Effect<void, TinkError>

  /**
   * Grants the application access to a user (`POST /api/v1/oauth/authorization-grant`, `tink-api.md` 2): gives a code to
   * exchange with `getUserAccessToken`. Uses the application's token: the Tink app needs `authorization:grant`, and the
   * scopes that it grants itself. Not cached. Fails with `NotFound` when there is no such user.
   *
   * `authorize` does both, and renews what it got.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const program = Effect.gen(function* () {
   *   const users = yield* Users.Users
   *   const grant = yield* users.createAuthorization({ externalUserId: "cust-0001", scopes: ["credentials:read"] })
   *   return yield* users.getUserAccessToken(grant)
   * })
   * ```
   */
  readonly createAuthorization: (
    input: UserReference & { readonly scopes: ReadonlyArray<UserScope> }
  ) => Effect.Effect<AuthorizationGrant, TinkError>

  /**
   * Exchanges an authorization code for a user access token (`POST /api/v1/oauth/token`, `tink-api.md` 1). Needs no token,
   * as the client id and secret go along. Not cached, and not sent again when it may have been processed: fails with `Invalid` when the code is unknown, used
   * or expired.
   *
   * `UserSession.make` makes a session of the token and the user that it is for.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as UserSession from "@effect-tink/users/UserSession"
   * import type * as Redacted from "effect/Redacted"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const sessionOf = (userId: Ids.UserId, code: Redacted.Redacted) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { accessToken } = yield* users.getUserAccessToken({ code })
   *     return UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
   *   })
   * ```
   */
  readonly getUserAccessToken: (grant: { readonly code: Redacted.Redacted }) => Effect.Effect<AccessToken, TinkError>

  /**
   * A session for a user, with a token that is renewed before it expires and when Tink refuses it. The first token is
   * fetched here, so it fails with `NotFound` when there is no such user, and with `Forbidden` when a scope is not granted.
   *
   * The Tink app needs `authorization:grant` and the scopes of the session; to find a user by `externalUserId`, which
   * takes three requests more, also `user:read`. The session stays with the user who was found.
   *
   * A session is renewed for as long as the layer of this `Users` is open: provide the layer once for the application, not
   * for each request. Afterwards a call that needs a new token is interrupted.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const program = Effect.gen(function* () {
   *   const users = yield* Users.Users
   *   return yield* users.authorize({ externalUserId: "cust-0001", scopes: ["credentials:read", "credentials:write"] })
   * })
   * ```
   */
  readonly authorize: <const Scopes extends UserScope>(
    input: UserReference & { readonly scopes: ReadonlyArray<Scopes> }
  ) => Effect.Effect<UserSession<Scopes>, TinkError>

  /**
   * The user's connections to banks (`GET /api/v1/credentials/list`, `tink-api.md` 6), all of them. Needs a session with
   * `credentials:read`. Cached for the cache's time to live, 30 seconds by default, and until the user is changed through
   * this library.
   *
   * Fails with `Invalid` when Tink answers with credentials of another user than the session says.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const banksOf = (session: UserSession<"credentials:read">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const credentials = yield* users.listCredentials(session)
   *     return credentials.map(({ providerName }) => providerName)
   *   })
   * ```
   */
  readonly listCredentials: (
    session: UserSession<"credentials:read">,
    options?: ReadOptions
  ) => Effect.Effect<ReadonlyArray<Credential>, TinkError>

  /**
   * One connection (`GET /api/v1/credentials/{id}`, `tink-api.md` 6). Needs a session with `credentials:read`. Cached as
   * `listCredentials` is. Fails with `NotFound` when the user has no such connection, and with `Invalid` when Tink answers
   * with another one.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * // past the cache, as whoever polls wants it
   * export const statusOf = (session: UserSession<"credentials:read">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const credential = yield* users.getCredential(session, id, { bypassCache: true })
   *     return credential.status
   *   })
   * ```
   */
  readonly getCredential: (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options?: ReadOptions
  ) => Effect.Effect<Credential, TinkError>

  /**
   * Asks the bank for new data (`POST /api/v1/credentials/{id}/refresh`, `tink-api.md` 6.4), and invalidates what is cached
   * of the user. Needs a session with `credentials:refresh`. Fails with `NotFound`.
   *
   * Success means that Tink has received the request; follow `status` and `statusUpdated` to see what comes of it. A
   * request too many is refused with `RateLimited`, or accepted without any effect.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const refresh = (session: UserSession<"credentials:refresh">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.refreshCredential(session, id)
   *   })
   * ```
   */
  readonly refreshCredential: (
    session: UserSession<"credentials:refresh">,
    id: CredentialsId
  ) => Effect.Effect<void, TinkError>

  /**
   * Deletes a connection (`DELETE /api/v1/credentials/{id}`, `tink-api.md` 6 and 7.3), and invalidates what is cached of
   * the user. Needs a session with `credentials:write`. Tink finishes the deletion later. Fails with `NotFound`, but not
   * when an earlier attempt of the same call deleted it.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const disconnect = (session: UserSession<"credentials:write">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.deleteCredential(session, id)
   *   })
   * ```
   */
  readonly deleteCredential: (
    session: UserSession<"credentials:write">,
    id: CredentialsId
  ) => Effect.Effect<void, TinkError>
}

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

/** Tells the sessions of one `Users` from those of another, which may be another application's, in a shared cache. */
let instances = 0

const traced = (operation: string, userId?: UserId) =>
  Effect.withSpan(`Users.${operation}`, {
    captureStackTrace: false,
    attributes: userId === undefined ? {} : { "tink.user_id": userId }
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, TinkHttp | UserCache | Scope.Scope> = Effect.gen(function* () {
  const http = yield* TinkHttp
  const cache = yield* UserCache
  const scope = yield* Effect.scope
  const instance = ++instances

  /** A read of a user, from the cache where that is allowed. Only what goes to Tink is traced. */
  const read = <A>(
    session: UserSession<never>,
    secrets: Secrets,
    request: TinkRequest<A>,
    check: (answer: A) => Effect.Effect<void, TinkError>,
    options: ReadOptions | undefined
  ): Effect.Effect<A, TinkError> => {
    const lookup = Effect.tap(http.request(request), check).pipe(traced(request.operation, session.userId))
    const key = [request.operation, ...Object.values(request.params ?? {}), instance, secrets.identity].join(" ")
    return options?.bypassCache === true ? lookup : cache.get(session.userId, key, lookup)
  }

  /** A change of a user: whatever comes of it, nothing that was read before is used again. */
  const mutate = (session: UserSession<never>, request: TinkRequest<void>): Effect.Effect<void, TinkError> =>
    cache
      .invalidateAfter(session.userId, http.request(request), (error) => error.isAmbiguous)
      .pipe(traced(request.operation, session.userId))

  /** An external id can be given to another user later, so it is looked up each time, and never used as an identity. */
  const findUserId = (externalUserId: string) =>
    Effect.gen(function* () {
      const token = yield* mint(http, { externalUserId, scopes: ["user:read"] })
      const found = yield* http.request(Requests.getUserIdentity(TokenSource.fromToken(token.accessToken)))
      if (found.externalUserId !== undefined && found.externalUserId !== externalUserId) {
        return yield* invalidInput("authorize", "Tink answered with another user than the one asked for")
      }
      return found.id
    })

  return Users.of({
    createUser: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkCreateUser("createUser", input), () => http.request(Requests.createUser(input)))
      ).pipe(traced("createUser")),

    deleteUser: (session) =>
      Effect.gen(function* () {
        const { tokens } = yield* secretsOf("deleteUser", session)
        yield* mutate(session, Requests.deleteUser(tokens))
      }),

    createAuthorization: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkAuthorization("createAuthorization", input), () =>
          http.request(Requests.createAuthorization(input))
        )
      ).pipe(traced("createAuthorization")),

    getUserAccessToken: (grant) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkCode("getUserAccessToken", grant), () => http.exchangeCode(grant.code))
      ).pipe(traced("getUserAccessToken")),

    authorize: <const Scopes extends UserScope>(input: UserReference & { readonly scopes: ReadonlyArray<Scopes> }) =>
      Effect.gen(function* () {
        yield* Input.checkAuthorization("authorize", input)
        const scopes = Arr.sort(new Set(input.scopes), Order.string)
        const userId = input.userId ?? (yield* findUserId(input.externalUserId))
        const tokens = yield* Scope.extend(TokenSource.make(mint(http, { userId, scopes })), scope)
        yield* tokens.get
        const identity = `minted:${instance}:${scopes.join(",")}`
        return new UserSessionImpl<Scopes>(userId, scopes, { tokens, identity })
      }).pipe(traced("authorize")),

    listCredentials: (session, options) =>
      Effect.gen(function* () {
        const secrets = yield* secretsOf("listCredentials", session)
        const request = Requests.listCredentials(secrets.tokens)
        return yield* read(session, secrets, request, checkOwner("listCredentials", session.userId), options)
      }),

    getCredential: (session, id, options) =>
      Effect.gen(function* () {
        const secrets = yield* secretsOf("getCredential", session)
        yield* Input.checkCredentialsId("getCredential", id)
        const request = Requests.getCredential(secrets.tokens, id)
        const check = (credential: Credential) =>
          Effect.andThen(
            checkId("getCredential", id)(credential),
            checkOwner("getCredential", session.userId)([credential])
          )
        return yield* read(session, secrets, request, check, options)
      }),

    refreshCredential: (session, id) =>
      Effect.gen(function* () {
        const { tokens } = yield* secretsOf("refreshCredential", session)
        yield* Input.checkCredentialsId("refreshCredential", id)
        yield* mutate(session, Requests.refreshCredential(tokens, id))
      }),

    deleteCredential: (session, id) =>
      Effect.gen(function* () {
        const { tokens } = yield* secretsOf("deleteCredential", session)
        yield* Input.checkCredentialsId("deleteCredential", id)
        yield* mutate(session, Requests.deleteCredential(tokens, id))
      })
  })
})

/**
 * `Users` over whichever `TinkHttp` and `UserCache` the application provides.
 *
 * @since 0.1.0
 * @category layers
 */
// Fresh: layers are built once per reference, whatever is provided to them, so that in one graph (a `LayerMap` of tenants)
// the `Users` of one tenant would answer for another.
export const layer: Layer.Layer<Users, never, TinkHttp | UserCache> = Layer.fresh(Layer.scoped(Users, make))
