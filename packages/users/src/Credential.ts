/**
 * A user's connection to a bank, which Tink calls credentials (`tink-api.md` 6.1).
 *
 * @since 0.1.0
 */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import * as DateTime from "effect/DateTime"
import * as Inspectable from "effect/Inspectable"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import { optional, optionalTime } from "./internal/schema.js"

/**
 * The statuses that Tink documents (`tink-api.md` 6.2).
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownStatus = Schema.Literal(
  "CREATED",
  "AUTHENTICATING",
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  "UPDATING",
  "UPDATED",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "PERMANENT_ERROR",
  "SESSION_EXPIRED",
  "DELETED"
)

/**
 * A documented status, or any other that Tink comes to send, as it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Union(KnownStatus, Schema.String.pipe(Schema.brand("@effect-tink/UnknownStatus")))

/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * The kinds of credentials that Tink documents. The kind of one connection is not stable: see `tink-api.md` 6.1.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownType = Schema.Literal("PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP")

/**
 * A documented kind, or any other that Tink comes to send, as it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Type = Schema.Union(KnownType, Schema.String.pipe(Schema.brand("@effect-tink/UnknownType")))

/**
 * @since 0.1.0
 * @category models
 */
export type Type = typeof Type.Type

/**
 * @since 0.1.0
 * @category models
 */
export class Credential extends Schema.Class<Credential>("@effect-tink/users/Credential")({
  id: CredentialsId,
  /** The user it belongs to. */
  userId: optional(UserId),
  /** The bank, for example `se-demobank-open-banking-redirect`. */
  providerName: Schema.String,
  type: optional(Type),
  status: Status,
  /** When `status` last changed, also to the same value. */
  statusUpdated: optionalTime,
  /** What to tell the user about the status, in their language. */
  statusPayload: optional(Schema.String),
  /** When data was last fetched from the bank. */
  updated: optionalTime,
  /** When the user has to renew their consent. A credential keeps its status when that time passes (`tink-api.md` 6.2). */
  sessionExpiryDate: optionalTime,
  /** What the user logs in with; empty for banks to which they are redirected. Whatever prints a credential shows the names alone. */
  fields: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
    default: () => ({}),
    nullable: true
  }),
  /** What Tink waits for while the status is `AWAITING_…`; may hold a one-time token (`tink-api.md` 6.3). */
  supplementalInformation: optional(Schema.Redacted(Schema.String))
}) {
  /** By their names alone: should Tink repeat a password among the fields, no log shows it. */
  toJSON() {
    return { ...this, fields: Record.map(this.fields, () => "<redacted>") }
  }

  override toString(): string {
    return Inspectable.format(this)
  }

  [Inspectable.NodeInspectSymbol]() {
    return this.toJSON()
  }

  /** Whether the consent of the user has run out at the given time. */
  isExpired(now: DateTime.Utc): boolean {
    return this.sessionExpiryDate !== undefined && DateTime.lessThanOrEqualTo(this.sessionExpiryDate, now)
  }
}
