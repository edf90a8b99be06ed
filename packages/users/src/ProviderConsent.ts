/**
 * A user's consent to fetch their data from a bank (`tink-api.md` 7.1).
 *
 * @since 0.1.0
 */
import { CredentialsId } from "@effect-tink/http/Ids"
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { Status } from "./Credential.js"
import { isExpiredAt } from "./internal/requests/freshness.js"
import * as Input from "./internal/schemas/input.js"
import { lenient, lenientList, lenientOr, optional, orUnknown, Time } from "./internal/schemas/schema.js"

/**
 * The kinds of errors that Tink documents.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownErrorType = Schema.Literal(
  "UNKNOWN_ERROR",
  "TINK_SIDE_ERROR",
  "PROVIDER_ERROR",
  "USER_LOGIN_ERROR",
  "AUTHORIZATION_ERROR",
  "ACCOUNT_INFORMATION_ERROR"
)

/**
 * A documented kind, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorType = orUnknown(KnownErrorType)

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorType = typeof ErrorType.Type

/**
 * The reasons that Tink documents, in the order of the kinds of errors.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownErrorReason = Schema.Literal(
  "UNKNOWN_ERROR",
  "TINK_INTERNAL_SERVER_ERROR",
  "AUTHENTICATION_METHOD_NOT_SUPPORTED",
  "PROVIDER_UNAVAILABLE",
  "LICENSED_PARTY_REJECTED",
  "UNKNOWN_PROVIDER_ERROR",
  "THIRD_PARTY_AUTHENTICATION_UNAVAILABLE",
  "STATIC_CREDENTIALS_INCORRECT",
  "DYNAMIC_CREDENTIALS_INCORRECT",
  "DYNAMIC_CREDENTIALS_FLOW_CANCELLED",
  "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT",
  "USER_NOT_A_CUSTOMER",
  "USER_BLOCKED",
  "USER_CONCURRENT_LOGINS",
  "ACTION_NOT_PERMITTED",
  "SESSION_EXPIRED",
  "USER_ACTION_REQUIRED",
  "NO_ACCOUNTS"
)

/**
 * A documented reason, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorReason = orUnknown(KnownErrorReason)

/**
 * @since 0.1.0
 * @category models
 */
export type ErrorReason = typeof ErrorReason.Type

/**
 * Why a consent does not work.
 *
 * @since 0.1.0
 * @category models
 */
export class DetailedError extends Schema.Class<DetailedError>("@effect-tink/users/DetailedError")(
  lenient("DetailedError", {
    type: ErrorType,
    /** What to tell the user, in their language. */
    displayMessage: Schema.String,
    details: Schema.Struct(
      lenient("DetailedError.details", {
        reason: ErrorReason,
        /** Beta. Whether the same may succeed at another time. */
        retryable: Schema.Boolean
      })
    )
  })
) {}

/**
 * A consent. Tink guarantees none of its members.
 *
 * @since 0.1.0
 * @category models
 */
export class ProviderConsent extends Schema.Class<ProviderConsent>("@effect-tink/users/ProviderConsent")({
  /** The credential that it is for. Deleting that withdraws the consent. */
  credentialsId: optional(CredentialsId),
  status: optional(Status),
  ...lenient("ProviderConsent", {
    /** The bank, for example `uk-demobank-open-banking-redirect`. */
    providerName: Schema.String,
    /** When `status` last changed, also to the same value. */
    statusUpdated: Time,
    /** When the user has to renew their consent. It keeps its status when that time passes (`tink-api.md` 6.2). */
    sessionExpiryDate: Time,
    /** Beta. Whether `Users.extendProviderConsent` can do that. */
    sessionExtendable: Schema.Boolean,
    /** May also be present when all is well: go by the status (`tink-api.md` 7.1). */
    detailedError: DetailedError
  }),
  /** Empty when the login failed. */
  accountIds: lenientOr(
    "ProviderConsent",
    "accountIds",
    lenientList("ProviderConsent", "accountIds", Schema.String),
    []
  )
}) {
  /** Whether the consent has expired at the given time. */
  isExpired(now: DateTime.Utc): boolean {
    return isExpiredAt(this, now)
  }
}

/**
 * Which consents to list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListConsentsOptions = Schema.Struct({
  /** Lists only the consents for this credential. */
  credentialsId: Schema.optional(Input.CredentialsId)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ListConsentsOptions extends Schema.Schema.Type<typeof ListConsentsOptions> {}
