/**
 * What can be done with the bank connections of a user, which Tink calls credentials.
 *
 * @since 0.1.0
 */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type { Credential } from "./Credential.js"
import type { ReadOptions } from "./ReadOptions.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface CredentialOperations {
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
