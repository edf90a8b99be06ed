/**
 * Users: what Tink stores of them, and what an application can set (`tink-api.md` 3 and 5).
 *
 * @since 0.1.0
 */
import { UserId } from "@effect-tink/http/Ids"
import * as Schema from "effect/Schema"
import * as Input from "./internal/schemas/input.js"
import { Int, lenient, lenientList, lenientMember, lenientOr, openStruct, Time } from "./internal/schemas/schema.js"

// ---------------------------------------------------------------------------------------------------------------------
// The user
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The notifications that a user receives.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NotificationSettings = openStruct("NotificationSettings", {
  balance: Schema.Boolean,
  budget: Schema.Boolean,
  doubleCharge: Schema.Boolean,
  einvoices: Schema.Boolean,
  fraud: Schema.Boolean,
  income: Schema.Boolean,
  largeExpense: Schema.Boolean,
  leftToSpend: Schema.Boolean,
  loanUpdate: Schema.Boolean,
  summaryMonthly: Schema.Boolean,
  summaryWeekly: Schema.Boolean,
  transaction: Schema.Boolean,
  unusualAccount: Schema.Boolean,
  unusualCategory: Schema.Boolean
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
  Schema.NonEmptyString.pipe(Schema.brand("@effect-tink/UnknownValue"))
)

/**
 * @since 0.1.0
 * @category models
 */
export type PeriodMode = typeof PeriodMode.Type

/**
 * The periods of a user, as another client has met them: no page of Tink documents this form (`tink-api.md` 5.1).
 *
 * @since 0.1.0
 * @category schemas
 */
export const PeriodSettings = openStruct("PeriodSettings", {
  mode: PeriodMode,
  /** The day of the month on which a period begins, 1 to 31. */
  adjustedPeriodDay: Int
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PeriodSettings extends Schema.Schema.Type<typeof PeriodSettings> {}

/**
 * The profile of a user (`tink-api.md` 5.1). Tink has also answered with a part of it. Unknown members are kept:
 * `Users.updateProfile` replaces the whole profile, so a member that is lost here would be lost at Tink too.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserProfile = openStruct("UserProfile", {
  /** ISO 4217. Follows from the market; Tink does not change it. */
  currency: Schema.NonEmptyString,
  /** The language in which Tink addresses the user, like `sv_SE`. */
  locale: Schema.NonEmptyString,
  /** ISO 3166-1. Tink does not change it. */
  market: Schema.NonEmptyString,
  /** Like `Europe/Stockholm`. */
  timeZone: Schema.NonEmptyString,
  /** The day of the month on which a period begins, 1 to 31. */
  periodAdjustedDay: Int,
  periodMode: PeriodMode,
  periodSettings: PeriodSettings,
  notificationSettings: NotificationSettings
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
  ...lenient("User", {
    /** The Tink app that the user belongs to. */
    appId: Schema.String,
    /** The application's id for the user, if it gave one. */
    externalUserId: Schema.String,
    created: Time,
    /** Redacted: it identifies a person. */
    nationalId: Schema.Redacted(Schema.String),
    username: Schema.String
  }),
  /** What Tink has switched on for the user. */
  flags: lenientOr("User", "flags", lenientList("User", "flags", Schema.String), []),
  profile: lenientOr("User", "profile", UserProfile, {})
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
  externalUserId: lenientMember("CreatedUser", "externalUserId", Schema.String).pipe(Schema.fromKey("external_user_id"))
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
 * A new user.
 *
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
 * The user that `ensureUser` finds or creates, by their external id.
 *
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
