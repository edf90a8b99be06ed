/**
 * Users: what Tink stores of them, and what an application can set (`tink-api.md` 3 and 5).
 *
 * @since 0.1.0
 */
import { UserId } from "@effect-tink/http/Ids"
import * as Schema from "effect/Schema"
import * as Input from "./internal/input.js"
import { openStruct, optional } from "./internal/schema.js"

const exact = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

// ---------------------------------------------------------------------------------------------------------------------
// The user
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The notifications that a user receives.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NotificationSettings = openStruct({
  balance: exact(Schema.Boolean),
  budget: exact(Schema.Boolean),
  doubleCharge: exact(Schema.Boolean),
  einvoices: exact(Schema.Boolean),
  fraud: exact(Schema.Boolean),
  income: exact(Schema.Boolean),
  largeExpense: exact(Schema.Boolean),
  leftToSpend: exact(Schema.Boolean),
  loanUpdate: exact(Schema.Boolean),
  summaryMonthly: exact(Schema.Boolean),
  summaryWeekly: exact(Schema.Boolean),
  transaction: exact(Schema.Boolean),
  unusualAccount: exact(Schema.Boolean),
  unusualCategory: exact(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NotificationSettings extends Schema.Schema.Type<typeof NotificationSettings> {}

/**
 * The periods that Tink documents: calendar months, or months that begin on the `periodAdjustedDay`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownPeriodMode = Schema.Literal("MONTHLY", "MONTHLY_ADJUSTED")

/**
 * A documented period, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PeriodMode = Schema.Union(
  KnownPeriodMode,
  Schema.NonEmptyString.pipe(Schema.brand("@effect-tink/UnknownPeriodMode"))
)

/**
 * @since 0.1.0
 * @category models
 */
export type PeriodMode = typeof PeriodMode.Type

/**
 * The profile of a user (`tink-api.md` 5.1). Unknown members are kept: `Users.updateProfile` replaces the whole profile, so a
 * member that is lost here would be lost at Tink too.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserProfile = openStruct({
  /** ISO 4217. Follows from the market; Tink does not change it. */
  currency: Schema.NonEmptyString,
  /** The language in which Tink addresses the user, like `sv_SE`. */
  locale: Schema.NonEmptyString,
  /** ISO 3166-1. Tink does not change it. */
  market: Schema.NonEmptyString,
  /** Like `Europe/Stockholm`. */
  timeZone: Schema.NonEmptyString,
  /** The day of the month on which a period begins, 1 to 31. */
  periodAdjustedDay: exact(Schema.Int),
  periodMode: PeriodMode,
  notificationSettings: exact(NotificationSettings)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface UserProfile extends Schema.Schema.Type<typeof UserProfile> {}

/**
 * A user (`tink-api.md` 5.1).
 *
 * @since 0.1.0
 * @category models
 */
export class User extends Schema.Class<User>("@effect-tink/users/User")({
  id: UserId,
  /** The Tink app that the user belongs to. */
  appId: Schema.String,
  /** The application's id for the user, if it gave one. */
  externalUserId: optional(Schema.String),
  created: Schema.DateTimeUtcFromNumber,
  /** The features that Tink enabled for the user. */
  flags: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [], nullable: true }),
  /** Redacted: it identifies a person. */
  nationalId: optional(Schema.Redacted(Schema.String)),
  username: optional(Schema.String),
  profile: UserProfile
}) {}

/**
 * A user that was just created (`tink-api.md` 3).
 *
 * @since 0.1.0
 * @category models
 */
export class CreatedUser extends Schema.Class<CreatedUser>("@effect-tink/users/CreatedUser")({
  userId: UserId.pipe(Schema.propertySignature, Schema.fromKey("user_id")),
  /** The application's id for the user, if it gave one. */
  externalUserId: Schema.optionalWith(Schema.String, { exact: true, nullable: true }).pipe(
    Schema.fromKey("external_user_id")
  )
}) {}

// ---------------------------------------------------------------------------------------------------------------------
// Input
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A reference to a user, by the id that Tink gave them or by the application's own.
 *
 * @since 0.1.0
 * @category models
 */
export type UserReference =
  | { readonly userId: UserId; readonly externalUserId?: undefined }
  | { readonly externalUserId: string; readonly userId?: undefined }

/**
 * @since 0.1.0
 * @category schemas
 */
export const CreateUserInput = Schema.Struct({
  /** The user's country: two capital letters, ISO 3166-1. */
  market: Input.Market,
  /** The language in which Tink addresses the user, like `sv_SE`. By default the market's own. */
  locale: Schema.optional(Input.Locale),
  /** The application's id for the user: unique in the application, preferably of `a-z 0-9 -`, and nothing personal. */
  externalUserId: Schema.optional(Input.Text).pipe(Schema.fromKey("external_user_id")),
  /** Beta. Tink deletes a temporary user after 24 hours. By default the setting of the Tink app. */
  retentionClass: Schema.optional(
    Schema.Literal("permanent", "temporary").annotations(Input.requirement("must be permanent or temporary"))
  ).pipe(Schema.fromKey("retention_class"))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateUserInput extends Schema.Schema.Type<typeof CreateUserInput> {}

/**
 * @since 0.1.0
 * @category models
 */
export interface EnsureUserInput extends CreateUserInput {
  readonly externalUserId: string
}

/**
 * What to change of a user: at least one of these.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UpdateUserInput = Schema.Struct({
  /** The application's id for the user. The user is no longer found by the old one. */
  externalUserId: Schema.optional(Input.Text),
  username: Schema.optional(Input.Text)
}).pipe(
  Schema.filter(({ externalUserId, username }) => externalUserId !== undefined || username !== undefined),
  Schema.annotations(Input.sentence("give externalUserId or username"))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface UpdateUserInput extends Schema.Schema.Type<typeof UpdateUserInput> {}
