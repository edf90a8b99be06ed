/**
 * Providers: the banks that a user can connect (`tink-api.md` 6.7).
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fieldMembers } from "./internal/schemas/fieldMembers.js"
import * as Input from "./internal/schemas/input.js"
import { Int, lenient, lenientList, orEmpty, lenientMember, lenientOr, orUnknown } from "./internal/schemas/schema.js"

/**
 * What a provider can fetch, or an unknown capability as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Capability = orUnknown(
  Schema.Literal(
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
export class Field extends Schema.Class<Field>("@effect-tink/users/Field")(
  lenient("Field", {
    name: Schema.String,
    ...fieldMembers,
    /** What the field already holds. */
    value: Schema.String,
    defaultValue: Schema.String,
    additionalInfo: Schema.String,
    selectOptions: lenientList(
      "Field",
      "selectOptions",
      Schema.Struct(lenient("SelectOption", { text: Schema.String, value: Schema.String, iconUrl: Schema.String }))
    )
  })
) {}

const list = <A, I>(model: string, member: string, item: Schema.Schema<A, I>) =>
  lenientOr(model, member, lenientList(model, member, item), [])

/**
 * A bank, or one of its ways to log in.
 *
 * @since 0.1.0
 * @category models
 */
export class Provider extends Schema.Class<Provider>("@effect-tink/users/Provider")({
  /** What identifies the provider: `providerName` of a credential. */
  name: Schema.String,
  ...lenient("Provider", {
    /** What to show the user. */
    displayName: Schema.String,
    displayDescription: Schema.String,
    groupDisplayName: Schema.String,
    /** ISO 3166-1. */
    market: Schema.String,
    /** ISO 4217. */
    currency: Schema.String,
    type: orUnknown(Schema.Literal("BANK", "CREDIT_CARD", "BROKER", "TEST", "OTHER")),
    /** Only an enabled provider accepts a new credential or a refresh. */
    status: orUnknown(Schema.Literal("ENABLED", "TEMPORARY_DISABLED", "DISABLED")),
    accessType: orUnknown(Schema.Literal("OPEN_BANKING", "OTHER")),
    credentialsType: orUnknown(Schema.Literal("PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP")),
    authenticationFlow: orUnknown(Schema.Literal("EMBEDDED", "REDIRECT", "DECOUPLED")),
    authenticationUserType: orUnknown(Schema.Literal("PERSONAL", "BUSINESS", "CORPORATE"))
  }),
  capabilities: list("Provider", "capabilities", Capability),
  pisCapabilities: list("Provider", "pisCapabilities", Schema.String),
  paymentConditions: list("Provider", "paymentConditions", Schema.String),
  keywords: list("Provider", "keywords", Schema.String),
  ...lenient("Provider", {
    financialInstitutionId: Schema.String,
    financialInstitutionName: Schema.String
  }),
  /** Beta. */
  financialServices: list(
    "Provider",
    "financialServices",
    Schema.Struct(lenient("FinancialService", { segment: Schema.String, shortName: Schema.String }))
  ),
  /** What the user has to give. Empty for providers to which they are redirected. */
  fields: list("Provider", "fields", Field),
  ...lenient("Provider", {
    /** Beta. Whether `listAuthenticationOptions` has something to choose from. */
    hasAuthenticationOptions: Schema.Boolean,
    multiFactor: Schema.Boolean,
    popular: Schema.Boolean,
    passwordHelpText: Schema.String
  }),
  images: lenientMember(
    "Provider",
    "images",
    Schema.Struct(lenient("Images", { icon: Schema.String, banner: Schema.String }))
  ),
  ...lenient("Provider", {
    rank: Int,
    releaseStatus: Schema.String
  })
}) {}

/**
 * A way in which a bank identifies itself in a market.
 *
 * @since 0.1.0
 * @category models
 */
export class ProviderIdentifier extends Schema.Class<ProviderIdentifier>("@effect-tink/users/ProviderIdentifier")({
  market: Schema.String,
  providerName: lenientMember("ProviderIdentifier", "providerName", Schema.String),
  type: orUnknown(Schema.Literal("BLZ", "BIC", "SE_CLEARINGNUMBER", "IBAN")),
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
    ...lenient("AuthenticationOption", {
      /** `authenticationOptionDefinition` of a `SelectedAuthenticationOption`. */
      name: Schema.String,
      displayText: Schema.String,
      helpText: Schema.String,
      default: Schema.Boolean
    }),
    fields: list("AuthenticationOption", "fields", Field),
    supportedChannels: list("AuthenticationOption", "supportedChannels", Schema.String)
  }
) {}

/**
 * Ways to log in; the user chooses one. Beta.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthenticationOptionsGroup extends Schema.Class<AuthenticationOptionsGroup>(
  "@effect-tink/users/AuthenticationOptionsGroup"
)({
  ...lenient("AuthenticationOptionsGroup", {
    /** `authenticationOptionsGroup` of a `SelectedAuthenticationOption`. */
    name: Schema.String,
    displayText: Schema.String,
    helpText: Schema.String
  }),
  authenticationOptions: list("AuthenticationOptionsGroup", "authenticationOptions", AuthenticationOption)
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
  authenticationOptionsGroups: list("AuthenticationOptions", "authenticationOptionsGroups", AuthenticationOptionsGroup)
}) {}

const filters = {
  /** Only those with this capability. */
  capability: Schema.optional(Input.Text),
  /** Only those with this capability for payments. */
  pisCapability: Schema.optional(Input.Text),
  /** By default false. */
  includeTestProviders: Schema.optional(Input.Flag),
  /** By default false. */
  excludeNonTestProviders: Schema.optional(Input.Flag)
}

/**
 * Which providers to list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListProvidersOptions = Schema.Struct({
  ...filters,
  /** The language of the texts, like `sv` or `sv-SE` (BCP 47). */
  language: Schema.optional(Input.Language).pipe(Schema.fromKey("Accept-Language"))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ListProvidersOptions extends Schema.Schema.Type<typeof ListProvidersOptions> {}

/**
 * Which providers of a user to list.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ListUserProvidersOptions = Schema.Struct({
  ...filters,
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
  providerIdentifiers: orEmpty(lenientList("ProviderIdentifiers", "providerIdentifiers", ProviderIdentifier)),
  /** Absent on the last page. */
  nextPageToken: Schema.optionalToOptional(Schema.NullOr(Schema.String), Schema.String, {
    decode: Option.filter((token): token is string => token !== null && token !== ""),
    encode: (token) => token
  })
}) {}
