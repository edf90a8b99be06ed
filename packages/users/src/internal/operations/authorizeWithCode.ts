import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Credential } from "../../Credential.js"
import * as UserSession from "../../UserSession.js"
import { bind, toUserRequest } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { listCredentials } from "../endpoints/credentials.js"
import { getUserIdentity } from "../endpoints/steps.js"
import { forbidden, withFlags } from "../errors.js"
import { checkCode, checkScopes } from "../schemas/input.js"
import { withOperationSpan } from "../requests/operationSpan.js"
import { getIdentity } from "../tokens/findUser.js"
import { checkGranted } from "../tokens/issueUserToken.js"

const operation = "authorizeWithCode"

/** Not every credential names its user. */
const checkOneOwner = (credentials: ReadonlyArray<Credential>): Effect.Effect<UserId | undefined, TinkError> => {
  const [owner, ...others] = new Set(credentials.flatMap(({ userId }) => userId ?? []))
  return others.length === 0
    ? Effect.succeed(owner)
    : invalidInput(operation, "Tink answered with credentials of different users")
}

export const make = ({ http }: Dependencies) => {
  const findCredentialsOwner = (tokens: TokenSource.TokenSource) =>
    bind(listCredentials, []).pipe(
      Effect.flatMap((call) => http.request({ ...toUserRequest(call, undefined, tokens), operation })),
      Effect.flatMap(checkOneOwner)
    )

  /** Uses a scope that the token has. */
  const findOwner = (token: AccessToken, scopes: ReadonlyArray<UserScope>): Effect.Effect<UserId, TinkError> =>
    Effect.gen(function* () {
      const tokens = TokenSource.fromToken(token.accessToken)
      const has = (scope: UserScope) => [...scopes, ...token.scopes].includes(scope)
      if (has(getUserIdentity.scope)) return (yield* getIdentity(http, operation, tokens)).id
      const owner = has(listCredentials.scope) ? yield* findCredentialsOwner(tokens) : undefined
      return (
        owner ??
        (yield* forbidden(
          operation,
          `needs the scope ${getUserIdentity.scope}, or ${listCredentials.scope} and a credential, to identify the user`
        ))
      )
    })

  return <const Scopes extends UserScope>(input: {
    readonly code: Redacted.Redacted
    readonly scopes: ReadonlyArray<Scopes>
  }): Effect.Effect<UserSession.UserSession<Scopes>, TinkError> =>
    Effect.gen(function* () {
      yield* checkCode(operation, input)
      yield* checkScopes(operation, input)
      const token = yield* Effect.flatMap(http.exchangeCode(input.code), checkGranted(input.scopes))
      const userId = yield* Effect.mapError(findOwner(token, input.scopes), (error) =>
        // The code is used: the same call cannot succeed later.
        withFlags(error, { isRetryable: false })
      )
      return UserSession.make({ userId, accessToken: token.accessToken, scopes: input.scopes })
    }).pipe(withOperationSpan(operation))
}
