/**
 * Refreshing a credential and following it until the refresh ends (`tink-api.md` 6.2 and 6.4).
 *
 * @since 0.1.0
 */
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Credential, KnownStatus, RefreshOptions, Status } from "./Credential.js"
import type * as TinkLink from "./TinkLink.js"

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Polls at once, again after one second, then a little later each time, up to every two seconds, as `tink-api.md` 6.4 advises;
 * for ten minutes, which is longer than Tink waits for a user (6.2).
 *
 * @since 0.1.0
 * @category schedules
 */
export const schedule: Schedule.Schedule<unknown> = Schedule.exponential("1 second", 1.1).pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.upTo("10 minutes")
)

/**
 * Polls at once, and every 30 seconds for ten minutes, in case a delivery is lost. For applications whose webhooks call
 * `Users.changed`, at which followers poll anyway.
 *
 * @since 0.1.0
 * @category schedules
 */
export const scheduleWithWebhooks: Schedule.Schedule<unknown> = Schedule.spaced("30 seconds").pipe(
  Schedule.upTo("10 minutes")
)

/**
 * How a credential is polled.
 *
 * @since 0.1.0
 * @category models
 */
export interface PollingOptions {
  /**
   * When to poll, and, where it ends, when to give up. By default `Refresh.schedule`. All followers of a credential with the
   * same schedule (the same value: make it a constant) share the polls, and a change of the user starts it again. Each follower
   * gives up at its own time, after at least one response. The shortest wait is 100 milliseconds.
   *
   * @example
   * ```ts
   * import type { Refresh } from "@effect-tink/users"
   * import { Schedule } from "effect"
   *
   * export const patient: Refresh.PollingOptions = {
   *   schedule: Schedule.spaced("5 seconds").pipe(Schedule.upTo("1 hour"))
   * }
   * ```
   */
  readonly schedule?: Schedule.Schedule<unknown> | undefined
  /**
   * How long Tink may answer as it did before a change, after it accepted the change (`tink-api.md` 6.4). Until then a status
   * is final only if `statusUpdated` has moved. By default 30 seconds.
   */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * How a credential is followed.
 *
 * @since 0.1.0
 * @category models
 */
export interface FollowOptions extends PollingOptions {
  /**
   * The credential as it was before the change that is followed. A status that is the same as this one is not final before
   * `patience` is over. Changes through the same `Users` need no such hint.
   */
  readonly since?: Credential | undefined
}

/**
 * How a credential is refreshed and followed.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshAndWaitOptions extends RefreshOptions, PollingOptions {
  /** Runs with each credential that `followCredential` would emit, to show progress. */
  readonly onProgress?: ((credential: Credential) => Effect.Effect<void>) | undefined
  /**
   * How to make the link on which the user continues if the refresh needs them: a `TinkLink.updateConsent` with a code from
   * `delegateAuthorization`, where the user sees `idHint`. Running `tinkLinkUrl` of the outcome makes it.
   */
  readonly tinkLink?:
    | (Omit<TinkLink.Options<"updateConsent">, "authorizationCode" | "clientId" | "credentialsId"> & {
        readonly idHint: string
      })
    | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Outcome
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The documented reasons why a refresh cannot continue without the user: the status of the credential. `SESSION_EXPIRED` is also
 * the reason when the consent has expired and Tink has not noticed yet (`tink-api.md` 6.2).
 *
 * - `AUTHENTICATION_ERROR`: the user did not log in, or could not
 * - `SESSION_EXPIRED`: the user has to renew their consent
 * - `AWAITING_THIRD_PARTY_APP_AUTHENTICATION`, `AWAITING_MOBILE_BANKID_AUTHENTICATION`: the user has to approve it at the bank
 * - `AWAITING_SUPPLEMENTAL_INFORMATION`: the user has to answer a question, see `submitSupplementalInformation`
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
 * A documented reason, or an unknown `AWAITING_…` status as Tink sends it.
 *
 * @since 0.1.0
 * @category models
 */
export type Why = typeof KnownWhy.Type | Exclude<Status, typeof KnownStatus.Type>

/**
 * The outcome of a refresh, with the credential as it was last read.
 *
 * - `Updated`: the bank has delivered
 * - `NeedsUser`: the refresh cannot continue without the user. Where `refreshAndWait` was told how, `tinkLinkUrl` makes the link to
 *   send them to. A link is good for one visit: run it when they are about to go
 * - `Temporary`: it failed, and may succeed later
 * - `Permanent`: Tink has disabled the bank, or the credential is deleted; no later refresh will succeed
 * - `Refused`: Tink accepted the request and did nothing, as it does with one too many: try again in some minutes
 * - `StillRunning`: it had not ended when the schedule did
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = Data.TaggedEnum<{
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
 * Constructors, and `$match` and `$is`, which are exhaustive.
 *
 * @example
 * ```ts
 * import { Refresh } from "@effect-tink/users"
 *
 * export const formatOutcome = Refresh.$match({
 *   Updated: () => "up to date",
 *   NeedsUser: ({ why }) => `over to you: ${why}`,
 *   Temporary: () => "the bank has a problem, try again later",
 *   Permanent: () => "this bank is no longer available",
 *   Refused: () => "it was refreshed a moment ago",
 *   StillRunning: () => "the bank is still working"
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const { $is, $match, NeedsUser, Permanent, Refused, StillRunning, Temporary, Updated } =
  Data.taggedEnum<Outcome>()
