import type { Preferences, User } from "../state/state.js"
import { marketDefaults } from "./markets.js"

export const notificationSettingNames = (
  "balance budget doubleCharge einvoices fraud income largeExpense leftToSpend loanUpdate summaryMonthly summaryWeekly " +
  "transaction unusualAccount unusualCategory"
).split(" ")

/** The preferences of a new user. */
export const initialPreferences = (market: string, locale: string): Preferences => ({
  locale,
  timeZone: marketDefaults(market).timeZone,
  periodAdjustedDay: 25,
  periodMode: "MONTHLY_ADJUSTED",
  notificationSettings: Object.fromEntries(notificationSettingNames.map((name) => [name, false]))
})

/** The UserProfile of tink-api.md 5.1. It has its periods twice: as the reference has them, and as a client has seen them. */
export const present = ({ market, preferences }: User) => ({
  ...preferences,
  periodSettings: { mode: preferences.periodMode, adjustedPeriodDay: preferences.periodAdjustedDay },
  currency: marketDefaults(market).currency,
  market
})
