import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import type * as Redacted from "effect/Redacted"
import type { AuthorizationOperations } from "../AuthorizationOperations.js"
import type { Credential } from "../Credential.js"
import type { UserReference } from "../UserReference.js"
import * as UserSession from "../UserSession.js"
import { traced } from "./access.js"
import * as Requests from "./authorizationRequests.js"
import { listCredentials } from "./credentialRequests.js"
import * as Input from "./input.js"
import { checkGranted, userIdOf } from "./minting.js"
import type { Parts } from "./operations.js"
import { getUserIdentity } from "./userRequests.js"
import { makeSession } from "./userSession.js"

/** The code is used by now: asking again with it cannot help. */
const toFinal = (error: TinkError): TinkError => new TinkError({ ...error, isRetryable: false })

const operation = "authorizeWithCode"

/** Not every connection says whose it is. */
const ownerOfAll = (credentials: ReadonlyArray<Credential>): Effect.Effect<UserId | undefined, TinkError> => {
  const [owner, ...others] = new Set(credentials.flatMap(({ userId }) => userId ?? []))
  return others.length === 0
    ? Effect.succeed(owner)
    : Effect.fail(invalidInput(operation, "Tink answered with connections of different users"))
}

export const make = ({ access, http, users, userTokens }: Parts): AuthorizationOperations => {
  /** Whose token it is, by whichever of its scopes tells. */
  const ownerOf = (token: AccessToken, scopes: ReadonlyArray<UserScope>): Effect.Effect<UserId, TinkError> => {
    const tokens = TokenSource.fromToken(token.accessToken)
    const has = (scope: UserScope) => [...scopes, ...token.scopes].includes(scope)
    if (has("user:read")) return Effect.map(http.request(getUserIdentity(operation, tokens)), ({ id }) => id)
    const viaCredentials = has("credentials:read")
      ? Effect.flatMap(http.request({ ...listCredentials(tokens), operation }), ownerOfAll)
      : Effect.succeed(undefined)
    return Effect.flatMap(viaCredentials, (userId) =>
      userId === undefined
        ? new TinkError({
            reason: "Forbidden",
            operation,
            detail: "needs the scope user:read, or credentials:read and a bank, to know whose token it is",
            isRetryable: false,
            isAmbiguous: false
          })
        : Effect.succeed(userId)
    )
  }

  return {
    createAuthorization: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkAuthorization("createAuthorization", input), () =>
          http.request(Requests.createAuthorization(input))
        )
      ).pipe(traced("createAuthorization")),

    delegateAuthorization: (input) =>
      Effect.suspend(() =>
        Input.checkReference("delegateAuthorization", input).pipe(
          Effect.zipRight(Input.checkDelegation("delegateAuthorization", input)),
          Effect.andThen(() => http.request(Requests.delegateAuthorization(input)))
        )
      ).pipe(traced("delegateAuthorization")),

    revokeAll: (user) =>
      Effect.gen(function* () {
        yield* Input.checkReference("revokeAll", user)
        const userId = yield* userIdOf(http, "revokeAll", user)
        yield* access
          .mutate(userId, "revokeAll", http.request(Requests.revokeAll(userId)))
          .pipe(Effect.ensuring(Effect.sync(() => userTokens.forget(userId))))
      }),

    getUserAccessToken: (grant) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkCode("getUserAccessToken", grant), () => http.exchangeCode(grant.code))
      ).pipe(traced("getUserAccessToken")),

    authorize: <const Scopes extends UserScope>(input: UserReference & { readonly scopes: ReadonlyArray<Scopes> }) =>
      Effect.gen(function* () {
        yield* Input.checkAuthorization("authorize", input)
        const userId = yield* userIdOf(http, "authorize", input)
        const scopes = Arr.sort(new Set(input.scopes), Order.string)
        return makeSession<Scopes>(userId, scopes, {
          _tag: "Minted",
          users,
          identity: `minted:${scopes.join(",")}`
        })
      }).pipe(traced("authorize")),

    authorizeWithCode: <const Scopes extends UserScope>(input: {
      readonly code: Redacted.Redacted
      readonly scopes: ReadonlyArray<Scopes>
    }) =>
      Effect.gen(function* () {
        yield* Input.checkCode(operation, input)
        yield* Input.checkScopes(operation, input)
        const token = yield* Effect.flatMap(http.exchangeCode(input.code), checkGranted(input.scopes))
        const userId = yield* Effect.mapError(ownerOf(token, input.scopes), toFinal)
        return UserSession.make({ userId, accessToken: token.accessToken, scopes: input.scopes })
      }).pipe(traced(operation))
  }
}
