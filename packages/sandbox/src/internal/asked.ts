/**
 * What the requests that start something may ask for: tink-api 6.4 to 6.6.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as errors from "./errors.js"
import type { ApiError, RoutedRequest } from "./wire.js"

const items: ReadonlySet<string> = new Set([
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
  "IDENTITY_DATA",
  // Deprecated.
  "EINVOICES",
  "LIST_BENEFICIARIES"
])

/** The `items` of the query, each known. */
export const itemsOf = (request: RoutedRequest): Effect.Effect<ReadonlyArray<string>, ApiError> => {
  const asked = request.query.getAll("items")
  return asked.every((item) => items.has(item))
    ? Effect.succeed(asked)
    : Effect.fail(errors.invalid("items has an item that cannot be refreshed"))
}

/** A flag of the query; `false` if it is not there. */
export const flag = (request: RoutedRequest, name: string): Effect.Effect<boolean, ApiError> => {
  const value = request.query.get(name) ?? "false"
  return value === "true" || value === "false"
    ? Effect.succeed(value === "true")
    : Effect.fail(errors.invalid(`${name} has to be true or false`))
}

// Absolute, of any scheme: `tink://open` is the default (6.6).
const Uri = Schema.String.pipe(Schema.filter((text) => URL.canParse(text)))

/** What every body that sends the customer to their bank can hold. The options are beta, and what is in them is not known. */
export const authenticationFields = {
  appUri: Schema.optional(Uri),
  callbackUri: Schema.optional(Uri),
  originatingUserIp: Schema.optional(Schema.String),
  selectedAuthenticationOptions: Schema.optional(Schema.Array(Schema.Unknown))
}

export const UserAvailability = Schema.Struct({
  userPresent: Schema.Boolean,
  userAvailableForInteraction: Schema.Boolean,
  originatingUserIp: Schema.optional(Schema.String)
})
