/**
 * The query parameters and body fields that several requests share: tink-api.md 6.4 to 6.6.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "./apiErrors.js"
import type { Incoming } from "./incoming.js"

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

/** Reads a query parameter. An empty one counts as absent, as in forms (tink-api.md 2): public clients send both. */
export const readText = ({ query }: Incoming, name: string): string | undefined => query.get(name) || undefined

/** Reads the `items` of the query. */
export const readItems = (request: Incoming): Effect.Effect<ReadonlyArray<string>, apiErrors.ApiError> => {
  const requested = request.query.getAll("items")
  return requested.every((item) => items.has(item))
    ? Effect.succeed(requested)
    : Effect.fail(apiErrors.invalid("items has an item that cannot be refreshed"))
}

/** Reads a flag of the query. Default: `false`. */
export const readFlag = (request: Incoming, name: string): Effect.Effect<boolean, apiErrors.ApiError> => {
  const value = readText(request, name) ?? "false"
  return value === "true" || value === "false"
    ? Effect.succeed(value === "true")
    : Effect.fail(apiErrors.invalid(`${name} has to be true or false`))
}

/** Reads a query parameter that is one of some names. Default: `undefined`. */
export const readChoice = (
  request: Incoming,
  name: string,
  choices: ReadonlyArray<string>
): Effect.Effect<string | undefined, apiErrors.ApiError> => {
  const value = readText(request, name)
  return value === undefined || choices.includes(value)
    ? Effect.succeed(value)
    : Effect.fail(apiErrors.invalid(`${name} has to be one of ${choices.join(", ")}`))
}

/** tink-api.md 6.6, beta. */
const AuthenticationOption = Schema.Struct({
  authenticationOptionDefinition: Schema.NonEmptyString,
  authenticationOptionsGroup: Schema.NonEmptyString,
  fields: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})

// Absolute, of any scheme: `tink://open` is the default (6.6).
const Uri = Schema.String.pipe(Schema.filter((text) => URL.canParse(text)))

/** The fields of every body that sends the user to their bank. */
export const authenticationFields = {
  appUri: Schema.optional(Uri),
  callbackUri: Schema.optional(Uri),
  originatingUserIp: Schema.optional(Schema.String),
  selectedAuthenticationOptions: Schema.optional(Schema.Array(AuthenticationOption))
}

export const UserAvailability = Schema.Struct({
  userPresent: Schema.Boolean,
  userAvailableForInteraction: Schema.Boolean,
  originatingUserIp: Schema.optional(Schema.String)
})
