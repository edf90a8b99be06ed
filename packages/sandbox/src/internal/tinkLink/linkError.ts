/**
 * How a visit to Tink Link fails: tink-api.md 11.4. The user returns to the app with it.
 */
import * as Data from "effect/Data"

export class LinkError extends Data.TaggedError("LinkError")<{
  readonly error: string
  readonly reason: string
  /** For the user. */
  readonly message: string
}> {}

const badRequest = (reason: string, message: string) => new LinkError({ error: "BAD_REQUEST", reason, message })

const internal = (reason: string, message: string) =>
  new LinkError({ error: "INTERNAL_ERROR", reason: `REQUEST_FAILED_${reason}`, message })

/** A parameter is missing or not valid; the reason has its name. */
export const invalidParameter = (name: string) =>
  badRequest(`INVALID_PARAMETER_${name.toUpperCase()}`, `The link's ${name} is missing or not valid.`)

export const unknownProvider = new LinkError({
  error: "TEMPORARY_ERROR",
  reason: "REQUEST_FAILED_FETCH_PROVIDER",
  message: "There is no such bank in this market."
})

export const noProviders = internal("FETCH_PROVIDERS", "There are no banks in this market.")

/** The code is used, expired, unknown or not for Tink Link: its token call fails. */
export const noUser = internal("FETCH_EXISTING_USER", "The link was used before, or is too old.")

export const noSession = internal("FETCH_SESSION", "The link's session was used before, or is too old.")

export const noCredentials = internal("FETCH_CREDENTIALS", "The bank connection does not exist.")

/** The documented reason for a code without `credentials:write`. */
export const cannotCreateCredentials = internal("CREATE_CREDENTIALS", "The app has no right to connect a bank.")

export const missingScopes = (scopes: ReadonlyArray<string>) =>
  badRequest("INVALID_STATE_SCOPE", `The link's code lacks ${scopes.join(", ")}.`)

export const disabledProvider = badRequest("INVALID_STATE_PROVIDER", "The bank cannot be used for this.")

export const notOpenBanking = badRequest(
  "INVALID_STATE_NON_OPEN_BANKING_PROVIDER",
  "The bank has no open banking, which this needs."
)

export const awaitingThirdParty = badRequest(
  "INVALID_STATE_CREDENTIALS_IS_AWAITING_THIRD_PARTY",
  "The bank waits for another login."
)

export const rateLimited = badRequest(
  "INVALID_STATE_REFRESH_CREDENTIALS_RATE_LIMITED",
  "The bank connection is being refreshed."
)
