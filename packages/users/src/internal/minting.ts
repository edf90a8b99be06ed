/** Getting a user access token for the application's own use, and what it takes to know whose it is. */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import type { UserReference } from "../UserReference.js"
import { createAuthorization } from "./authorizationRequests.js"
import { getUserIdentity } from "./userRequests.js"

/** A token more or less changes nothing of the user: what was lost on the way can be asked for again, from the start. */
const toHarmless = (error: TinkError): TinkError => {
  const isLost = error.reason === "Transport" || error.reason === "Timeout" || (error.status ?? 0) >= 500
  return error.isAmbiguous ? new TinkError({ ...error, isAmbiguous: false, isRetryable: isLost }) : error
}

/**
 * A code can be exchanged once, so when the answer is lost, a new code is needed. One that was void from the start tells
 * that its user has been deleted or revoked meanwhile, or nearly so: the next grant says which.
 */
const needsNewCode = (error: TinkError): boolean =>
  error.operation === "getUserAccessToken" && (error.isRetryable || error.reason === "Invalid")

export const checkGranted =
  (scopes: ReadonlyArray<UserScope>) =>
  (token: AccessToken): Effect.Effect<AccessToken, TinkError> => {
    // No scopes in the answer: Tink has not said what it granted.
    const missing = token.scopes.length === 0 ? [] : scopes.filter((scope) => !token.scopes.includes(scope))
    return missing.length === 0
      ? Effect.succeed(token)
      : Effect.fail(
          new TinkError({
            reason: "Forbidden",
            operation: "getUserAccessToken",
            detail: `Tink has not granted ${missing.join(", ")}`,
            isRetryable: false,
            isAmbiguous: false
          })
        )
  }

export const mint = (
  http: TinkHttp.Service,
  input: UserReference & { readonly scopes: ReadonlyArray<UserScope> }
): Effect.Effect<AccessToken, TinkError> =>
  http.request({ ...createAuthorization(input), isSafe: true }).pipe(
    Effect.flatMap((grant) => http.exchangeCode(grant.code)),
    Effect.mapError(toHarmless),
    Effect.retry({ times: 1, while: needsNewCode }),
    Effect.flatMap(checkGranted(input.scopes))
  )

/** An external id can be given to another user later, so it is looked up each time, and never used as an identity. */
export const findUserId = (
  http: TinkHttp.Service,
  operation: string,
  externalUserId: string
): Effect.Effect<UserId, TinkError> =>
  Effect.gen(function* () {
    const token = yield* mint(http, { externalUserId, scopes: ["user:read"] })
    const found = yield* http.request(getUserIdentity(operation, TokenSource.fromToken(token.accessToken)))
    if (found.externalUserId !== undefined && found.externalUserId !== externalUserId) {
      return yield* invalidInput(operation, "Tink answered with another user than the one asked for")
    }
    return found.id
    // The token was void before it was used: its user has been deleted or revoked meanwhile.
  }).pipe(
    Effect.retry({ times: 1, while: (error) => error.reason === "Unauthorized" && error.operation === operation })
  )

/** The id of a user, whichever way they are named. */
export const userIdOf = (
  http: TinkHttp.Service,
  operation: string,
  { externalUserId, userId }: UserReference
): Effect.Effect<UserId, TinkError> =>
  userId === undefined ? findUserId(http, operation, externalUserId) : Effect.succeed(userId)
