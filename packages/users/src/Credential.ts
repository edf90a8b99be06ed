/**
 * Credentials, Tink's word for a user's bank connections (`tink-api.md` 6).
 *
 * @since 0.1.0
 */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type * as DateTime from "effect/DateTime"
import * as Inspectable from "effect/Inspectable"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isExpiredAt } from "./internal/requests/freshness.js"
import * as Input from "./internal/schemas/input.js"
import {
  lenient,
  lenientOr,
  lenientTexts,
  optional,
  orUnknown,
  SerializedJson,
  Time
} from "./internal/schemas/schema.js"

// ---------------------------------------------------------------------------------------------------------------------
// The credential
// ---------------------------------------------------------------------------------------------------------------------

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
 * A documented status, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = orUnknown(KnownStatus)

/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/**
 * The kinds of credentials that Tink documents. The kind of a credential is not stable (`tink-api.md` 6.1).
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownType = Schema.Literal("PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP")

/**
 * A documented kind, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Type = orUnknown(KnownType)

/**
 * @since 0.1.0
 * @category models
 */
export type Type = typeof Type.Type

/**
 * A credential: a user's connection to a bank.
 *
 * @since 0.1.0
 * @category models
 */
export class Credential extends Schema.Class<Credential>("@effect-tink/users/Credential")({
  id: CredentialsId,
  /** The user it belongs to. */
  userId: optional(UserId),
  status: Status,
  ...lenient("Credential", {
    /** The bank, for example `se-demobank-open-banking-redirect`. */
    providerName: Schema.String,
    type: Type,
    /** When `status` last changed, also to the same value. */
    statusUpdated: Time,
    /** What to tell the user about the status, in their language. */
    statusPayload: Schema.String,
    /** When data was last fetched from the bank. */
    updated: Time,
    /** When the user has to renew their consent. A credential keeps its status when that time passes (`tink-api.md` 6.2). */
    sessionExpiryDate: Time,
    /**
     * What Tink waits for while the status is `AWAITING_…`; may hold a one-time token (`tink-api.md` 6.3). See
     * `SupplementalInformation`.
     */
    supplementalInformation: Schema.Redacted(SerializedJson)
  }),
  /** What the user logs in with; empty for banks to which they are redirected. Printing shows the names alone. */
  fields: lenientOr("Credential", "fields", lenientTexts("Credential", "fields"), {})
}) {
  /** Names alone: Tink may repeat a password among the fields. */
  toJSON() {
    return { ...this, fields: Record.map(this.fields, () => "<redacted>") }
  }

  override toString(): string {
    return Inspectable.format(this)
  }

  [Inspectable.NodeInspectSymbol]() {
    return this.toJSON()
  }

  /** Whether the user's consent has expired at the given time. */
  isExpired(now: DateTime.Utc): boolean {
    return isExpiredAt(this, now)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Input
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What the user gave, by the names of the fields that were asked for. No error repeats any of it, redacted or not.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields = Readonly<Record<string, string | Redacted.Redacted>>

const areFields = (value: unknown): value is Fields =>
  Input.isPlainObject(value) && Object.values(value).every((field) => Input.plainText(field) !== undefined)

const RedactedFields = Schema.declare(
  (value: unknown): value is Readonly<Record<string, Redacted.Redacted>> => Input.isPlainObject(value),
  { jsonSchema: { type: "object", additionalProperties: { type: "string" } } }
)

/**
 * Encodes to copies, since the caller may wipe a secret, and redacts all of them, since no error may repeat one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fields: Schema.Schema<Fields, Readonly<Record<string, Redacted.Redacted>>> = Schema.transform(
  RedactedFields,
  Schema.declare(areFields).annotations(Input.requirement("must be an object of strings")),
  {
    strict: true,
    decode: (fields) => fields,
    encode: Record.map((field) => Redacted.make(Input.plainText(field) ?? ""))
  }
)

/**
 * What can be fetched from a bank (`tink-api.md` 6.4), without what is deprecated.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshableItem = Schema.Literal(
  "CHECKING_ACCOUNTS",
  "CHECKING_TRANSACTIONS",
  "SAVING_ACCOUNTS",
  "SAVING_TRANSACTIONS",
  "CREDITCARD_ACCOUNTS",
  "CREDITCARD_TRANSACTIONS",
  "LOAN_ACCOUNTS",
  "LOAN_TRANSACTIONS",
  "INVESTMENT_ACCOUNTS",
  "INVESTMENT_TRANSACTIONS",
  "TRANSFER_DESTINATIONS",
  "IDENTITY_DATA"
)

/**
 * @since 0.1.0
 * @category models
 */
export type RefreshableItem = typeof RefreshableItem.Type

const Items = Schema.Array(RefreshableItem).pipe(
  Schema.minItems(1),
  Schema.annotations(Input.requirement("must be refreshable items, at least one"))
)

/**
 * One of a bank's ways to log in, as the user chose it. Beta.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SelectedAuthenticationOption = Schema.Struct({
  /** For example `SE_MOBILE_BANKID_OTHER_DEVICE`. */
  authenticationOptionDefinition: Input.Text,
  /** The group that it belongs to, for example `SE_MOBILE_BANKID_DEVICE_CHOICE`. */
  authenticationOptionsGroup: Input.Text,
  /** The fields that this way of logging in needs. */
  fields: Schema.optional(Fields)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface SelectedAuthenticationOption extends Schema.Schema.Type<typeof SelectedAuthenticationOption> {}

/** The IP address of the user. */
const originatingUserIp = Schema.optional(Input.IpAddress)

const uris = {
  /** Where the user comes back to from their bank: a URI of any scheme. By default `tink://open`. */
  appUri: Schema.optional(Input.Uri),
  /** Where the bank sends its own code; only for applications that are licensed to talk to banks themselves. */
  callbackUri: Schema.optional(Input.Uri)
}

/** Beta. One for each group that the bank has. */
const selectedAuthenticationOptions = Schema.optional(
  Schema.Array(SelectedAuthenticationOption).pipe(
    Schema.minItems(1),
    Schema.annotations(Input.requirement("must each have a definition and a group, at least one"))
  )
)

const login = { ...uris, originatingUserIp, selectedAuthenticationOptions }

const providerName = Input.Text

const triggerRefresh = Schema.optional(Input.Flag)

/**
 * How the user logs in.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthenticateOptions = Schema.Struct(login)

/**
 * @since 0.1.0
 * @category models
 */
export interface AuthenticateOptions extends Schema.Schema.Type<typeof AuthenticateOptions> {}

/**
 * A new credential, with what the user logs in with.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateCredentialInput = Schema.Struct({
  /** The bank, for example `se-demobank-open-banking-redirect`. */
  providerName,
  /** What the user logs in with; `{}` for banks to which they are redirected. */
  fields: Fields,
  ...login,
  /** What to fetch. By default everything. */
  items: Schema.optional(Items),
  /** Whether to fetch data at once. By default true. */
  triggerRefresh
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateCredentialInput extends Schema.Schema.Type<typeof CreateCredentialInput> {}

/**
 * What to change of a credential. Tink does not document what happens to a member that is left out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UpdateCredentialInput = Schema.Struct({
  providerName: Schema.optional(providerName),
  /** What the user logs in with. */
  fields: Schema.optional(Fields),
  ...login,
  /** Whether to fetch data at once. By default true. */
  triggerRefresh
})

/**
 * @since 0.1.0
 * @category models
 */
export interface UpdateCredentialInput extends Schema.Schema.Type<typeof UpdateCredentialInput> {}

/**
 * Whether the user takes part in a refresh.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserAvailability = Schema.Struct({
  /** Whether the user asked for the refresh themselves. */
  userPresent: Schema.Boolean,
  /** Whether they can log in if the bank asks them to. */
  userAvailableForInteraction: Schema.Boolean,
  /** The IP address of the user who asked for it. */
  originatingUserIp
}).annotations(Input.requirement("must say userPresent and userAvailableForInteraction"))

/**
 * @since 0.1.0
 * @category models
 */
export interface UserAvailability extends Schema.Schema.Type<typeof UserAvailability> {}

/**
 * How a credential is refreshed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshOptions = Schema.Struct({
  /** What to fetch. By default everything. */
  items: Schema.optional(Items),
  /** Whether the user chooses their accounts again. For enterprise customers of Tink. */
  optIn: Schema.optional(Input.Flag),
  /** Whether the user has to log in first in any case. `selectedAuthenticationOptions` need it. */
  authenticate: Schema.optional(Input.Flag),
  ...uris,
  selectedAuthenticationOptions,
  /** Where the user is not available, an expired session becomes `SESSION_EXPIRED` (`tink-api.md` 6.2). */
  userAvailability: Schema.optional(UserAvailability)
}).pipe(
  Schema.filter(
    ({ authenticate, selectedAuthenticationOptions }) =>
      selectedAuthenticationOptions === undefined || authenticate === true
  ),
  Schema.annotations(Input.sentence("selectedAuthenticationOptions need authenticate: true"))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions extends Schema.Schema.Type<typeof RefreshOptions> {}

/**
 * What a bank sent to an application that owns the bank's redirect URI (`tink-api.md` 6.3).
 *
 * @since 0.1.0
 * @category schemas
 */
export const RelayedCallbackInput = Schema.Struct({
  /** The `state` that the bank sent. */
  state: Input.SecretText,
  /** What else the bank sent, by name, URL-decoded. */
  parameters: Fields
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RelayedCallbackInput extends Schema.Schema.Type<typeof RelayedCallbackInput> {}

/**
 * What Tink answers to a relayed callback (`tink-api.md` 6.3).
 *
 * @since 0.1.0
 * @category models
 */
export class RelayedCallback extends Schema.Class<RelayedCallback>("@effect-tink/users/RelayedCallback")({
  /** Where to send the user: the `appUri` that the credential was given. */
  appUri: Schema.String.pipe(Schema.filter(Input.isSafeUri))
}) {}
