/** Issues a user access token for the application's own use: a grant, and the exchange of its code. */
import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as Effect from "effect/Effect"
import type { UserReference } from "../../User.js"
import { bind, toClientRequest } from "../requests/call.js"
import { createAuthorization } from "../endpoints/authorization.js"
import { forbidden, withFlags } from "../errors.js"

/** An additional token does not change the user: after a lost response, the grant can start again. */
const asUnambiguous = (error: TinkError): TinkError => {
  const isLost = error.reason === "Transport" || error.reason === "Timeout" || (error.status ?? 0) >= 500
  return error.isAmbiguous ? withFlags(error, { isAmbiguous: false, isRetryable: isLost }) : error
}

/**
 * A code can be exchanged once, so a lost response needs a new code. A code that was invalid from the start means that the user
 * was deleted or revoked since the grant: the next grant says which.
 */
const needsNewCode = (error: TinkError): boolean =>
  error.operation === "getUserAccessToken" && (error.isRetryable || error.reason === "Invalid")

export const checkGranted =
  (scopes: ReadonlyArray<UserScope>) =>
  (token: AccessToken): Effect.Effect<AccessToken, TinkError> => {
    // A response without scopes does not say what was granted.
    const missing = token.scopes.length === 0 ? [] : scopes.filter((scope) => !token.scopes.includes(scope))
    return missing.length === 0
      ? Effect.succeed(token)
      : forbidden("getUserAccessToken", `Tink has not granted ${missing.join(", ")}`)
  }

type Input = UserReference & { readonly scopes: ReadonlyArray<UserScope> }

/** An application with a private key needs no code. */
export const issueUserToken = (http: TinkHttp.Service, input: Input): Effect.Effect<AccessToken, TinkError> => {
  // Its own, as a service that is mocked seems to have every method.
  const issue = Object.hasOwn(http, "issueUserToken") ? http.issueUserToken : undefined
  return issue === undefined
    ? exchangeNewCode(http, input)
    : Effect.flatMap(
        issue({ user: input.userId ?? input.externalUserId, scopes: input.scopes }),
        checkGranted(input.scopes)
      )
}

const exchangeNewCode = (http: TinkHttp.Service, input: Input): Effect.Effect<AccessToken, TinkError> =>
  bind(createAuthorization, [input]).pipe(
    Effect.flatMap((call) => http.request({ ...toClientRequest(call), isSafe: true })),
    Effect.flatMap((grant) => http.exchangeCode(grant.code)),
    Effect.mapError(asUnambiguous),
    Effect.retry({ times: 1, while: needsNewCode }),
    Effect.flatMap(checkGranted(input.scopes))
  )
