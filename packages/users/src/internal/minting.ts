/** Getting a user access token for the application's own use: a grant, and its exchange. */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as Effect from "effect/Effect"
import type { UserReference } from "../Users.js"
import * as Requests from "./requests.js"

/** A token more or less changes nothing of the user: what was lost on the way can be asked for again, from the start. */
const toHarmless = (error: TinkError): TinkError => {
  const isLost = error.reason === "Transport" || error.reason === "Timeout" || (error.status ?? 0) >= 500
  return error.isAmbiguous ? new TinkError({ ...error, isAmbiguous: false, isRetryable: isLost }) : error
}

/** A code can be exchanged once, so when the answer is lost, a new code is needed. */
const isLostExchange = (error: TinkError): boolean => error.isRetryable && error.operation === "getUserAccessToken"

const checkGranted = (scopes: ReadonlyArray<UserScope>) => (token: AccessToken) => {
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
  http.request({ ...Requests.createAuthorization(input), isSafe: true }).pipe(
    Effect.flatMap((grant) => http.exchangeCode(grant.code)),
    Effect.mapError(toHarmless),
    Effect.retry({ times: 1, while: isLostExchange }),
    Effect.flatMap(checkGranted(input.scopes))
  )
