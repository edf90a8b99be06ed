/**
 * What can be done with the consents of a user.
 *
 * @since 0.1.0
 */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type { ProviderConsent } from "./ProviderConsent.js"
import type { ReadOptions } from "./ReadOptions.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ListConsentsOptions extends ReadOptions {
  /** Those of this connection alone. */
  readonly credentialsId?: CredentialsId | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConsentOperations {
  /**
   * The user's consents (`GET /api/v1/provider-consents`, `tink-api.md` 7.1), all of them or those of one connection. Needs a
   * session with `provider-consents:read`. Cached as `listCredentials` is. For applications with continuous access alone.
   *
   * Fails with `Invalid` when Tink answers with consents of another connection. Consents do not say whose they are, so that a
   * session whose token is another user's is not noticed.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as DateTime from "effect/DateTime"
   * import * as Effect from "effect/Effect"
   *
   * export const toRenew = (session: UserSession<"provider-consents:read">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const now = yield* DateTime.now
   *     const consents = yield* users.listProviderConsents(session)
   *     return consents.filter((consent) => consent.isExpired(now))
   *   })
   * ```
   */
  readonly listProviderConsents: (
    session: UserSession<"provider-consents:read">,
    options?: ListConsentsOptions
  ) => Effect.Effect<ReadonlyArray<ProviderConsent>, TinkError>

  /**
   * Extends a consent without sending the user to their bank again (`POST /api/v1/provider-consents:extend`, `tink-api.md`
   * 7.2, beta), and invalidates what is cached of the user: their word is enough where a consent is `sessionExtendable`, as
   * in the United Kingdom. Needs a session with `provider-consents:write`. Where it is not, a user renews it in Tink Link:
   * see `TinkLink.updateConsent`.
   *
   * Fails with `Invalid` when the consent cannot be extended, and with `NotFound` when there is none. It is not sent again
   * when it may have been processed.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const reconfirm = (session: UserSession<"provider-consents:write">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { sessionExpiryDate } = yield* users.extendProviderConsent(session, id)
   *     return sessionExpiryDate
   *   })
   * ```
   */
  readonly extendProviderConsent: (
    session: UserSession<"provider-consents:write">,
    credentialsId: CredentialsId
  ) => Effect.Effect<ProviderConsent, TinkError>
}
