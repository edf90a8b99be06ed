/**
 * Following the bank connections of a user while they are on their way.
 *
 * @since 0.1.0
 */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Credential } from "./Credential.js"
import type { RefreshOptions } from "./CredentialOperations.js"
import type * as Polling from "./Polling.js"
import type { RefreshOutcome } from "./RefreshOutcome.js"
import type * as TinkLink from "./TinkLink.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RefreshAndWaitOptions extends RefreshOptions, Polling.Options {
  /** Told what `followCredential` would give, while it is waited for: to show progress. */
  readonly onProgress?: ((credential: Credential) => Effect.Effect<void>) | undefined
  /**
   * How to make the link on which the user goes on, should it need them: a `TinkLink.updateConsent`, with a code from
   * `delegateAuthorization` that the user sees `idHint` with. `tinkLinkUrl` of the outcome makes it when it is run.
   */
  readonly tinkLink?:
    | (Omit<TinkLink.UpdateConsentOptions, "authorizationCode" | "clientId" | "credentialsId"> & {
        readonly idHint: string
      })
    | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FollowingOperations {
  /**
   * A connection now, and each time that its status changes (`status`, or `statusUpdated` where the same status comes again),
   * until it comes to rest (`UPDATED`, `SESSION_EXPIRED`, `DELETED` or an error) or waits for the user (`AWAITING_…`), which
   * comes last. Needs a session with `credentials:read`.
   *
   * Tink is asked as the schedule says, past the cache; the answers are cached, and nothing older is used any more. All who
   * follow a connection with the same rights share the requests. Right after a change, an old status may still be read: it
   * is given out, but not taken for the end (`tink-api.md` 6.4).
   *
   * Ends without such a status when the schedule ends, by default after ten minutes. Passing failures, those with
   * `isRetryable`, are waited out; other failures, and one that is the last answer, are the stream's. Fails with `NotFound`
   * when the connection is deleted.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Console from "effect/Console"
   * import * as Effect from "effect/Effect"
   * import * as Stream from "effect/Stream"
   *
   * export const show = (session: UserSession<"credentials:read">, id: Ids.CredentialsId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* Stream.runForEach(users.followCredential(session, id), ({ status }) => Console.log(status))
   *   })
   * ```
   */
  readonly followCredential: (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options?: Polling.FollowOptions
  ) => Stream.Stream<Credential, TinkError>

  /**
   * Refreshes a connection, as `refreshCredential` does, and waits for what it comes to (`tink-api.md` 6.2 and 6.4). Needs a
   * session with `credentials:read` and `credentials:refresh`.
   *
   * That the bank or the user stands in the way is no failure but an outcome. A refresh that Tink does not accept is a
   * failure: `RateLimited` when it says so, `NotFound`. Tink may also accept one and do nothing: the outcome is `Refused`, when
   * `statusUpdated` has not moved within `patience`. When nobody knows whether the refresh was accepted, the connection shows
   * it; if it does not move either, that failure is the result. A failure after the refresh was sent is never `isRetryable`, as
   * to repeat this is to refresh twice; `followCredential` goes on where it ended. With `tinkLink`, the Tink app needs
   * `authorization:grant`.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as RefreshOutcome from "@effect-tink/users/RefreshOutcome"
import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const isUpToDate = (
   *   session: UserSession<"credentials:read" | "credentials:refresh">,
   *   id: Ids.CredentialsId
   * ) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const outcome = yield* users.refreshAndWait(session, id)
   *     return RefreshOutcome.$is("Updated")(outcome)
   *   })
   * ```
   */
  readonly refreshAndWait: (
    session: UserSession<"credentials:read" | "credentials:refresh">,
    id: CredentialsId,
    options?: RefreshAndWaitOptions
  ) => Effect.Effect<RefreshOutcome, TinkError>
}
