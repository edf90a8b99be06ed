/**
 * How Tink addresses a user, and how it divides up their months (`tink-api.md` 5.1).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { openStruct } from "./internal/schema.js"

const exact = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/**
 * What a user is told about.
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
 * The ways to divide up months that Tink documents: by the calendar, or from one `periodAdjustedDay` to the next.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownPeriodMode = Schema.Literal("MONTHLY", "MONTHLY_ADJUSTED")

/**
 * A documented way, or any other that Tink comes to send, as it is.
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
 * The profile of a user. What Tink comes to add to it is kept as it is, though it has no type: `Users.updateProfile`
 * replaces the whole, so what was left out on the way would be lost.
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
