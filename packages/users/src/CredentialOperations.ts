/**
 * What can be done with the bank connections of a user, which Tink calls credentials.
 *
 * @since 0.1.0
 */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Credential } from "./Credential.js"
import type { ReadOptions } from "./ReadOptions.js"
import type { RefreshableItem } from "./RefreshableItem.js"
import type { UserSession } from "./UserSession.js"

/**
 * What the user gave, by the names of the fields that were asked for. No error repeats any of it, redacted or not.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields = Readonly<Record<string, string | Redacted.Redacted>>

/**
 * Which of the ways to log in that a bank has the user wants. Beta.
 *
 * @since 0.1.0
 * @category models
 */
export interface SelectedAuthenticationOption {
  /** For example `SE_MOBILE_BANKID_OTHER_DEVICE`. */
  readonly authenticationOptionDefinition: string
  /** What it is one of, for example `SE_MOBILE_BANKID_DEVICE_CHOICE`. */
  readonly authenticationOptionsGroup: string
  /** What that way of logging in needs to know. */
  readonly fields?: Fields | undefined
}

/**
 * How the user is to log in.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthenticateOptions {
  /** Where the user comes back to from their bank: a URI of any scheme. `tink://open` by default. */
  readonly appUri?: string | undefined
  /** Where the bank sends its own code to; only for applications that are licensed to talk to banks themselves. */
  readonly callbackUri?: string | undefined
  /** The IP address of the user. */
  readonly originatingUserIp?: string | undefined
  /** Beta. One for each group that the bank has. */
  readonly selectedAuthenticationOptions?: ReadonlyArray<SelectedAuthenticationOption> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateCredentialInput extends AuthenticateOptions {
  /** The bank, for example `se-demobank-open-banking-redirect`. */
  readonly providerName: string
  /** What the user logs in with; none for banks to which they are redirected. */
  readonly fields: Fields
  /** What to fetch. All that there is by default. */
  readonly items?: ReadonlyArray<RefreshableItem> | undefined
  /** Whether to fetch data at once, which Tink does by default. */
  readonly triggerRefresh?: boolean | undefined
}

/**
 * What to change of a connection. Tink does not say what becomes of that which is not given.
 *
 * @since 0.1.0
 * @category models
 */
export interface UpdateCredentialInput extends AuthenticateOptions {
  readonly providerName?: string | undefined
  /** What the user logs in with. */
  readonly fields?: Fields | undefined
  /** Whether to fetch data at once, which Tink does by default. */
  readonly triggerRefresh?: boolean | undefined
}

/**
 * Whether there is somebody to ask.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserAvailability {
  /** Whether the user has asked for it themselves. */
  readonly userPresent: boolean
  /** Whether they can log in, should the bank want it. */
  readonly userAvailableForInteraction: boolean
  /** The IP address of the user who has asked for it. */
  readonly originatingUserIp?: string | undefined
}

/**
 * How a connection is to be refreshed.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions extends Omit<AuthenticateOptions, "originatingUserIp"> {
  /** What to fetch. All that there is by default. */
  readonly items?: ReadonlyArray<RefreshableItem> | undefined
  /** Where the user is not available, an expired session becomes `SESSION_EXPIRED` (`tink-api.md` 6.2). */
  readonly userAvailability?: UserAvailability | undefined
  /** Whether the user has to log in first in any case. `selectedAuthenticationOptions` need it. */
  readonly authenticate?: boolean | undefined
  /** Whether to let the user choose their accounts anew. For enterprise customers of Tink. */
  readonly optIn?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CredentialOperations {
  /**
   * The user's connections to banks (`GET /api/v1/credentials/list`, `tink-api.md` 6), all of them. Needs a session with
   * `credentials:read`. Cached for the cache's time to live, 30 seconds by default, and until the user is changed through
   * this library; only for a second while one of them is on its way, and never past the moment when a consent runs out
   * (`freshness` of `Users.layerWith`).
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
   * Connects a bank without Tink Link (`POST /api/v1/credentials`, `tink-api.md` 6 and 6.6), and invalidates what is cached of
   * the user. Needs a session with `credentials:write`. Tink logs in and fetches data after that: follow the status.
   *
   * Fails with `NotFound` when there is no such provider, with `Conflict` when the user has a connection with the same
   * provider and fields, and with `Invalid` when Tink does not take the fields or the user could not log in. It is not sent
   * again when it may have been processed: an error with `isAmbiguous` means that the connection may exist.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   * import type * as Redacted from "effect/Redacted"
   *
   * export const connect = (session: UserSession<"credentials:write">, username: string, password: Redacted.Redacted) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     return yield* users.createCredential(session, {
   *       providerName: "se-demobank-password",
   *       fields: { username, password },
   *       items: ["CHECKING_ACCOUNTS", "CHECKING_TRANSACTIONS"]
   *     })
   *   })
   * ```
   */
  readonly createCredential: (
    session: UserSession<"credentials:write">,
    input: CreateCredentialInput
  ) => Effect.Effect<Credential, TinkError>

  /**
   * Changes what a connection logs in with (`PUT /api/v1/credentials/{id}`, `tink-api.md` 6 and 6.6), and invalidates what is
   * cached of the user. Needs a session with `credentials:write`. Tink logs in and fetches data after that, unless told not
   * to: follow the status.
   *
   * Fails with `Conflict` while another request for the connection is on its way, and with `Invalid` when Tink does not take
   * the fields. It is not sent again when it may have been processed, as it may ask the user for something.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   * import type * as Redacted from "effect/Redacted"
   *
   * export const correct = (
   *   session: UserSession<"credentials:write">,
   *   id: Ids.CredentialsId,
   *   username: string,
   *   password: Redacted.Redacted
   * ) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     return yield* users.updateCredential(session, id, { fields: { username, password } })
   *   })
   * ```
   */
  readonly updateCredential: (
    session: UserSession<"credentials:write">,
    id: CredentialsId,
    input: UpdateCredentialInput
  ) => Effect.Effect<Credential, TinkError>

  /**
   * Asks the bank for new data (`POST /api/v1/credentials/{id}/refresh`, `tink-api.md` 6.4), and invalidates what is cached
   * of the user. Needs a session with `credentials:refresh`. Fails with `NotFound`.
   *
   * Success means that Tink has received the request; follow `status` and `statusUpdated` to see what comes of it. A
   * request too many is refused with `RateLimited`, or accepted without any effect. It is not sent again when it may have
   * been processed, as it may ask the user for something.
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
    id: CredentialsId,
    options?: RefreshOptions
  ) => Effect.Effect<void, TinkError>

  /**
   * Has the user log in at their bank once more, which renews the session there, without fetching data
   * (`POST /api/v1/credentials/{id}/authenticate`, `tink-api.md` 6.5), and invalidates what is cached of the user. Needs a
   * session with `credentials:refresh`. Fails with `NotFound`.
   *
   * Success means that Tink has received the request; follow the status. It is not sent again when it may have been processed.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const renew = (session: UserSession<"credentials:refresh">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.authenticateCredential(session, id, { appUri: "https://app.example/back" })
   *   })
   * ```
   */
  readonly authenticateCredential: (
    session: UserSession<"credentials:refresh">,
    id: CredentialsId,
    options?: AuthenticateOptions
  ) => Effect.Effect<void, TinkError>

  /**
   * Answers what a connection in `AWAITING_SUPPLEMENTAL_INFORMATION` asks the user, by the names of the fields in its
   * `supplementalInformation` (`POST /api/v1/credentials/{id}/supplemental-information`, `tink-api.md` 6.3), and invalidates
   * what is cached of the user. Needs a session with `credentials:refresh`. Fails with `NotFound`.
   *
   * An empty record, `{}`, cancels. The user has two minutes to answer, and may be asked again after that: see whether
   * `statusUpdated` has changed. It is not sent again when it may have been processed.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   * import type * as Redacted from "effect/Redacted"
   *
   * export const answer = (session: UserSession<"credentials:refresh">, id: Ids.CredentialsId, otp: Redacted.Redacted) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.submitSupplementalInformation(session, id, { otp })
   *   })
   * ```
   */
  readonly submitSupplementalInformation: (
    session: UserSession<"credentials:refresh">,
    id: CredentialsId,
    information: Fields
  ) => Effect.Effect<void, TinkError>

  /**
   * The QR code with which the user logs in on another device, such as their phone, as the text of a `data:image/png;base64,`
   * URI (`GET /api/v1/credentials/{id}/qr`, `tink-api.md` 6). Needs a session with `credentials:read`. Never cached, as it is
   * good once and whoever sees it can use it. Fails with `NotFound` when no QR code is waited for.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   * import * as Redacted from "effect/Redacted"
   *
   * export const picture = (session: UserSession<"credentials:read">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const qr = yield* users.getCredentialQr(session, id)
   *     return `<img src="${Redacted.value(qr)}" alt="QR code">`
   *   })
   * ```
   */
  readonly getCredentialQr: (
    session: UserSession<"credentials:read">,
    id: CredentialsId
  ) => Effect.Effect<Redacted.Redacted, TinkError>

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
