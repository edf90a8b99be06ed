/**
 * How an application comes to act for a user.
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { DelegableScope, UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { AuthorizationGrant } from "./AuthorizationGrant.js"
import type { UserReference } from "./UserReference.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export type DelegateAuthorizationInput = UserReference & {
  /**
   * What the user knows themselves by, such as their name: they are shown it, to see that the link is meant for them. Only
   * characters of ISO-8859-1.
   */
  readonly idHint: string
  /** What the other application may do. What Tink Link needs, `TinkLink.scopes`, by default. */
  readonly scopes?: ReadonlyArray<DelegableScope> | undefined
  /** The client id of the other application. Tink Link, `TinkLink.actorClientId`, by default. */
  readonly actorClientId?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationOperations {
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
   * Lets another application act for a user, which is Tink Link unless said otherwise
   * (`POST /api/v1/oauth/authorization-grant/delegate`, `tink-api.md` 2): gives the code that the links of `TinkLink` carry. It
   * is for that application, can be used once, and soon, so make a new one for each link. Uses the application's token: the
   * Tink app needs `authorization:grant`, and the scopes that it delegates. Not cached. Fails with `NotFound` when there is
   * no such user, and with `Unauthorized` when the application may not delegate a scope.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import { TinkHttp } from "@effect-tink/http/TinkHttp"
   * import * as TinkLink from "@effect-tink/users/TinkLink"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const linkFor = (userId: Ids.UserId, name: string, state: string) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { clientId } = yield* TinkHttp
   *     const { code } = yield* users.delegateAuthorization({ userId, idHint: name })
   *     return yield* TinkLink.connectAccounts({
   *       clientId,
   *       redirectUri: "https://app.example/callback",
   *       authorizationCode: code,
   *       market: "SE",
   *       state
   *     })
   *   })
   * ```
   */
  readonly delegateAuthorization: (input: DelegateAuthorizationInput) => Effect.Effect<AuthorizationGrant, TinkError>

  /**
   * Revokes all tokens and codes of a user (`POST /api/v1/oauth/revoke-all`, `tink-api.md` 2.1), those that Tink Link got
   * included. Uses the application's token: the Tink app needs `authorization:revoke`, and to find a user by
   * `externalUserId` also `authorization:grant` and `user:read`.
   *
   * However it ends, no token of the user is kept and no answer about them is used again. It is sent again when it may have
   * been processed, as revoking twice revokes no more. Sessions of `authorize` get new tokens when they are used, as the
   * application may still act for the user; those with a token of their own end. Fails with `NotFound` when there is no such
   * user.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const lockOut = (userId: Ids.UserId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.revokeAll({ userId })
   *   })
   * ```
   */
  readonly revokeAll: (user: UserReference) => Effect.Effect<void, TinkError>

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
   * A session for a user. Its token is fetched when it is first needed, and again before it expires and when Tink refuses
   * it, once for all who need it: tokens are kept for each user and set of scopes, also from one session to the next, so
   * that a session may be made for each web request. They are dropped when the user is deleted or revoked.
   *
   * By `userId` nothing is sent, so that a user who does not exist (`NotFound`) or a scope that is not granted
   * (`Forbidden`) shows when the session is used. By `externalUserId` the user is looked for, which takes three requests;
   * the session stays with the user who was found.
   *
   * The Tink app needs `authorization:grant` and the scopes of the session; to find a user by `externalUserId` also
   * `user:read` (`tink-api.md` 2 and 5.1).
   *
   * A session is good for as long as the layer of this `Users` is open, and for no other `Users`: provide the layer once for
   * the application, not for each request.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
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
   * A session of a user whom the application does not know, by the code with which Tink Link comes back after one-time
   * access (`tink-api.md` 10.1). The code is exchanged, and Tink asked whose token it is: for that the code must be good for
   * `user:read`, or for `credentials:read` and have a bank. What the session reads is kept apart by user and token, as for
   * any other session.
   *
   * The session ends when its token expires: operations then fail with `Unauthorized`. Fails with `Invalid` when the code is
   * unknown, used or expired, and with `Forbidden` when a scope is missing. A code can be used once, also when this fails.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   * import type * as Redacted from "effect/Redacted"
   *
   * export const banksOf = (code: Redacted.Redacted) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const session = yield* users.authorizeWithCode({ code, scopes: ["credentials:read"] })
   *     return yield* users.listCredentials(session)
   *   })
   * ```
   */
  readonly authorizeWithCode: <const Scopes extends UserScope>(input: {
    readonly code: Redacted.Redacted
    readonly scopes: ReadonlyArray<Scopes>
  }) => Effect.Effect<UserSession<Scopes>, TinkError>
}
