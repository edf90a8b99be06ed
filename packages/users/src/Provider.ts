/**
 * Providers: the banks that a user can connect (`tink-api.md` 6.7).
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Input from "./internal/input.js"
import { optional } from "./internal/schema.js"

const open = <Literals extends readonly [string, ...Array<string>]>(...literals: Literals) =>
  Schema.Union(Schema.Literal(...literals), Schema.String.pipe(Schema.brand("@effect-tink/UnknownValue")))

/**
 * What a provider can fetch, or an unknown capability as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Capability = open(
  "CHECKING_ACCOUNTS",
  "CREATE_BENEFICIARIES",
  "CREATE_BENEFICIARIES_IN_PAYMENT",
  "CREDIT_CARDS",
  "EINVOICES",
  "IDENTITY_DATA",
  "INVESTMENTS",
  "LIST_BENEFICIARIES",
  "LOANS",
  "MORTGAGE_AGGREGATION",
  "MORTGAGE_LOAN",
  "PAYMENTS",
  "SAVINGS_ACCOUNTS",
  "TRANSFERS"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Capability = typeof Capability.Type

/**
 * A field of a form in which the user gives what their bank asks for. Its `name` is the key of the answer, in `fields` of
 * `createCredential` or in `submitSupplementalInformation`.
 *
 * @since 0.1.0
 * @category models
 */
export class Field extends Schema.Class<Field>("@effect-tink/users/Field")({
  name: optional(Schema.String),
  /** The label. */
  description: optional(Schema.String),
  helpText: optional(Schema.String),
  /** A placeholder, such as `NNNNNN`. */
  hint: optional(Schema.String),
  /** What the field already holds. An `immutable` field with a value is text to show. */
  value: optional(Schema.String),
  defaultValue: optional(Schema.String),
  /** A regular expression for the answer. */
  pattern: optional(Schema.String),
  /** What to tell the user if the answer does not match `pattern`. */
  patternError: optional(Schema.String),
  minLength: optional(Schema.Number),
  maxLength: optional(Schema.Number),
  numeric: optional(Schema.Boolean),
  /** Whether to hide the answer, as for a password. */
  masked: optional(Schema.Boolean),
  sensitive: optional(Schema.Boolean),
  immutable: optional(Schema.Boolean),
  optional: optional(Schema.Boolean),
  /** Whether the answer is `"true"` or `"false"`. */
  checkbox: optional(Schema.Boolean),
  /** Of the fields with the same `group`, only one is filled in if `oneOf` is true. */
  group: optional(Schema.String),
  oneOf: optional(Schema.Boolean),
  type: optional(Schema.String),
  style: optional(Schema.String),
  additionalInfo: optional(Schema.String),
  selectOptions: optional(
    Schema.Array(
      Schema.Struct({
        text: optional(Schema.String),
        value: optional(Schema.String),
        iconUrl: optional(Schema.String)
      })
    )
  )
}) {}

const texts = Schema.optionalWith(Schema.Array(Schema.String), { default: () => [], nullable: true })

/**
 * A bank, or one of its ways to log in.
 *
 * @since 0.1.0
 * @category models
 */
export class Provider extends Schema.Class<Provider>("@effect-tink/users/Provider")({
  /** What identifies the provider: `providerName` of a credential. */
  name: Schema.String,
  /** What to show the user. */
  displayName: optional(Schema.String),
  displayDescription: optional(Schema.String),
  groupDisplayName: optional(Schema.String),
  /** ISO 3166-1. */
  market: optional(Schema.String),
  /** ISO 4217. */
  currency: optional(Schema.String),
  type: optional(open("BANK", "CREDIT_CARD", "BROKER", "TEST", "OTHER")),
  /** Only an enabled provider accepts a new credential or a refresh. */
  status: optional(open("ENABLED", "TEMPORARY_DISABLED", "DISABLED")),
  accessType: optional(open("OPEN_BANKING", "OTHER")),
  credentialsType: optional(open("PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP")),
  authenticationFlow: optional(open("EMBEDDED", "REDIRECT", "DECOUPLED")),
  authenticationUserType: optional(open("PERSONAL", "BUSINESS", "CORPORATE")),
  capabilities: Schema.optionalWith(Schema.Array(Capability), { default: () => [], nullable: true }),
  pisCapabilities: texts,
  paymentConditions: texts,
  keywords: texts,
  financialInstitutionId: optional(Schema.String),
  financialInstitutionName: optional(Schema.String),
  /** Beta. */
  financialServices: optional(
    Schema.Array(Schema.Struct({ segment: optional(Schema.String), shortName: optional(Schema.String) }))
  ),
  /** What the user has to give. Empty for providers to which they are redirected. */
  fields: Schema.optionalWith(Schema.Array(Field), { default: () => [], nullable: true }),
  /** Beta. Whether `listAuthenticationOptions` has something to choose from. */
  hasAuthenticationOptions: optional(Schema.Boolean),
  multiFactor: optional(Schema.Boolean),
  popular: optional(Schema.Boolean),
  passwordHelpText: optional(Schema.String),
  images: optional(Schema.Struct({ icon: optional(Schema.String), banner: optional(Schema.String) })),
  rank: optional(Schema.Number),
  releaseStatus: optional(Schema.String)
}) {}

/**
 * A way in which a bank identifies itself in a market.
 *
 * @since 0.1.0
 * @category models
 */
export class ProviderIdentifier extends Schema.Class<ProviderIdentifier>("@effect-tink/users/ProviderIdentifier")({
  market: Schema.String,
  providerName: optional(Schema.String),
  type: open("BLZ", "BIC", "SE_CLEARINGNUMBER", "IBAN"),
  value: Schema.String
}) {}

/**
 * One of a bank's ways to log in. Beta.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthenticationOption extends Schema.Class<AuthenticationOption>("@effect-tink/users/AuthenticationOption")(
  {
    /** `authenticationOptionDefinition` of a `SelectedAuthenticationOption`. */
    name: optional(Schema.String),
    displayText: optional(Schema.String),
    helpText: optional(Schema.String),
    default: optional(Schema.Boolean),
    fields: Schema.optionalWith(Schema.Array(Field), { default: () => [], nullable: true }),
    supportedChannels: texts
  }
) {}

/**
 * Ways to log in of which the user chooses one. Beta.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthenticationOptionsGroup extends Schema.Class<AuthenticationOptionsGroup>(
  "@effect-tink/users/AuthenticationOptionsGroup"
)({
  /** `authenticationOptionsGroup` of a `SelectedAuthenticationOption`. */
  name: optional(Schema.String),
  displayText: optional(Schema.String),
  helpText: optional(Schema.String),
  authenticationOptions: Schema.optionalWith(Schema.Array(AuthenticationOption), { default: () => [], nullable: true })
}) {}

/**
 * The ways to log in at one provider. Beta.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthenticationOptions extends Schema.Class<AuthenticationOptions>(
  "@effect-tink/users/AuthenticationOptions"
)({
  providerName: Schema.String,
  authenticationOptionsGroups: Schema.optionalWith(Schema.Array(AuthenticationOptionsGroup), {
    default: () => [],
    nullable: true
  })
}) {}

/**
 * Which providers to list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListProvidersOptions = Schema.Struct({
  /** Only those with this capability. */
  capability: Schema.optional(Input.Text),
  /** Only those with this capability for payments. */
  pisCapability: Schema.optional(Input.Text),
  /** By default false. */
  includeTestProviders: Schema.optional(Input.Flag),
  /** By default false. */
  excludeNonTestProviders: Schema.optional(Input.Flag)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ListProvidersOptions extends Schema.Schema.Type<typeof ListProvidersOptions> {}

/**
 * @since 0.1.0
 * @category schemas
 */
export const ListUserProvidersOptions = Schema.Struct({
  ...ListProvidersOptions.fields,
  /** Only the provider with this name. */
  name: Schema.optional(Input.Text)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ListUserProvidersOptions extends Schema.Schema.Type<typeof ListUserProvidersOptions> {}

/**
 * Which identifiers to list, and which page of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListIdentifiersOptions = Schema.Struct({
  market: Schema.optional(Input.Market).pipe(Schema.fromKey("marketEq")),
  type: Schema.optional(Input.Text).pipe(Schema.fromKey("typeEq")),
  value: Schema.optional(Input.Text).pipe(Schema.fromKey("valueEq")),
  providerName: Schema.optional(Input.Text).pipe(Schema.fromKey("providerNameEq")),
  /** By default 50, at most 1000. */
  pageSize: Schema.optional(
    Schema.Int.pipe(Schema.between(1, 1000), Schema.annotations(Input.requirement("must be 1 to 1000")))
  ),
  /** `nextPageToken` of the page before. */
  pageToken: Schema.optional(Input.Text)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ListIdentifiersOptions extends Schema.Schema.Type<typeof ListIdentifiersOptions> {}

/**
 * One page of identifiers.
 *
 * @since 0.1.0
 * @category models
 */
export class ProviderIdentifiers extends Schema.Class<ProviderIdentifiers>("@effect-tink/users/ProviderIdentifiers")({
  providerIdentifiers: Schema.Array(ProviderIdentifier),
  /** Absent on the last page. */
  nextPageToken: Schema.optionalToOptional(Schema.NullOr(Schema.String), Schema.String, {
    decode: Option.filter((token): token is string => token !== null && token !== ""),
    encode: (token) => token
  })
}) {}
