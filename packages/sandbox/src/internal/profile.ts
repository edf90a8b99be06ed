/**
 * `GET` and `PUT /api/v1/user/profile`, and the profile within `GET /api/v1/user`: tink-api 5.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as auth from "./auth.js"
import * as body from "./body.js"
import * as errors from "./errors.js"
import { customsOf, isLocale, isTimeZone } from "./markets.js"
import type { Preferences, State, User } from "./state.js"
import { type Handler, json, type Route } from "./wire.js"

const settingNames = (
  "balance budget doubleCharge einvoices fraud income largeExpense leftToSpend loanUpdate summaryMonthly summaryWeekly " +
  "transaction unusualAccount unusualCategory"
).split(" ")

/** How a user begins. */
export const initial = (market: string, locale: string): Preferences => ({
  locale,
  timeZone: customsOf(market).timeZone,
  periodAdjustedDay: 25,
  periodMode: "MONTHLY_ADJUSTED",
  notificationSettings: Object.fromEntries(settingNames.map((name) => [name, false]))
})

/** The UserProfile of tink-api 5.1. */
export const present = ({ market, preferences }: User) => ({
  ...preferences,
  currency: customsOf(market).currency,
  market
})

// All of them, since PUT replaces: a field that is missing would have to be forgotten, and none of them can be. What cannot
// be changed (currency, market) and what is not known is ignored.
const PutProfile = Schema.Struct({
  locale: Schema.String.pipe(Schema.filter(isLocale)),
  timeZone: Schema.String.pipe(Schema.filter(isTimeZone)),
  periodAdjustedDay: Schema.Int.pipe(Schema.between(1, 31)),
  periodMode: Schema.Literal("MONTHLY", "MONTHLY_ADJUSTED"),
  notificationSettings: Schema.Struct(Object.fromEntries(settingNames.map((name) => [name, Schema.Boolean])))
})

const decodePutProfile = body.json(PutProfile)

const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "user:read")
    return json(200, present(user))
  })

const replace = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* auth.requireUser(state, request, "user:write")
    const preferences = yield* decodePutProfile(request)
    // Read again: the user may have changed, or gone, while the body was decoded.
    const user = state.users.get(id)
    if (user === undefined) return yield* errors.unauthorized
    const changed: User = { ...user, preferences }
    state.users.set(id, changed)
    return json(200, present(changed))
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/user/profile", handler: read(state) },
  { method: "PUT", path: "/api/v1/user/profile", handler: replace(state) }
]
