/**
 * What a refresh comes to.
 *
 * @since 0.1.0
 */
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Credential, KnownStatus, Status } from "./Credential.js"

/**
 * Why a refresh cannot go on without the user, where Tink documents it: the status of the credential, or `SESSION_EXPIRED`
 * also when its consent has run out and Tink has not noticed yet (`tink-api.md` 6.2).
 *
 * - `AUTHENTICATION_ERROR`: they did not log in, or could not
 * - `SESSION_EXPIRED`: they have to renew their consent
 * - `AWAITING_THIRD_PARTY_APP_AUTHENTICATION`, `AWAITING_MOBILE_BANKID_AUTHENTICATION`: they have to approve it at the bank
 * - `AWAITING_SUPPLEMENTAL_INFORMATION`: they have to answer a question, see `submitSupplementalInformation`
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownWhy = Schema.Literal(
  "AUTHENTICATION_ERROR",
  "SESSION_EXPIRED",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION"
)

/**
 * A documented reason, or any other `AWAITING_…` status that Tink comes to send, as it is.
 *
 * @since 0.1.0
 * @category models
 */
export type Why = typeof KnownWhy.Type | Exclude<Status, typeof KnownStatus.Type>

/**
 * Each comes with the credential as it was seen last.
 *
 * - `Updated`: the bank has delivered
 * - `NeedsUser`: it cannot go on without the user; `tinkLinkUrl` makes the link on which to send them, where `refreshAndWait`
 *   was told how to: each is good for one visit, so run it when they are about to go
 * - `Temporary`: it failed, and may succeed later
 * - `Permanent`: Tink has disabled the bank, or the credential is deleted; no later refresh will succeed
 * - `Refused`: Tink accepted the request and did nothing, as it does with one too many: try again in some minutes
 * - `StillRunning`: it had not ended when the schedule did
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshOutcome = Data.TaggedEnum<{
  Updated: { readonly credential: Credential }
  NeedsUser: {
    readonly credential: Credential
    readonly why: Why
    readonly tinkLinkUrl: Option.Option<Effect.Effect<Redacted.Redacted, TinkError>>
  }
  Temporary: { readonly credential: Credential }
  Permanent: { readonly credential: Credential }
  Refused: { readonly credential: Credential }
  StillRunning: { readonly credential: Credential }
}>

/**
 * Constructors, and `$match` and `$is`, which leave no outcome out unseen.
 *
 * @example
 * ```ts
 * import * as RefreshOutcome from "@effect-tink/users/RefreshOutcome"
 *
 * export const inWords = RefreshOutcome.$match({
 *   Updated: () => "up to date",
 *   NeedsUser: ({ why }) => `over to you: ${why}`,
 *   Temporary: () => "the bank has a problem, try again later",
 *   Permanent: () => "this bank is no longer available",
 *   Refused: () => "it was refreshed a moment ago",
 *   StillRunning: () => "the bank takes its time"
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const { $is, $match, NeedsUser, Permanent, Refused, StillRunning, Temporary, Updated } =
  Data.taggedEnum<RefreshOutcome>()
