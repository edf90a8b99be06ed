import type { UserId } from "@effect-tink/http/Ids"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import type { UserReference } from "../../User.js"
import { bind, toUserRequest } from "../requests/call.js"
import { getUserIdentity } from "../endpoints/steps.js"
import { issueUserToken } from "./issueUserToken.js"

/** Asks Tink whose token it is. */
export const getIdentity = (http: TinkHttp.Service, operation: string, tokens: TokenSource.TokenSource) =>
  Effect.flatMap(bind(getUserIdentity, []), (call) =>
    http.request({ ...toUserRequest(call, undefined, tokens), operation })
  )

/**
 * Whether Tink answered about another user. An application with a private key sends Tink's id and its own in the same
 * field (`tink-api.md` 1.5): an external id that equals Tink's id of another user would name that user.
 */
const isOtherUser = (found: Effect.Effect.Success<ReturnType<typeof getIdentity>>, externalUserId: string): boolean =>
  found.externalUserId === undefined ? found.id === externalUserId : found.externalUserId !== externalUserId

/** An external id can be given to another user later: it is looked up each time, and never used as an identity. */
export const findUserId = (
  http: TinkHttp.Service,
  operation: string,
  externalUserId: string
): Effect.Effect<UserId, TinkError> =>
  Effect.gen(function* () {
    const token = yield* issueUserToken(http, { externalUserId, scopes: [getUserIdentity.scope] })
    const found = yield* getIdentity(http, operation, TokenSource.fromToken(token.accessToken))
    if (isOtherUser(found, externalUserId)) {
      return yield* invalidInput(operation, "Tink answered about another user than the one asked for")
    }
    return found.id
  }).pipe(
    // The token was invalid before it was used: its user was deleted or revoked since.
    Effect.retry({ times: 1, while: (error) => error.reason === "Unauthorized" && error.operation === operation })
  )

export const resolveUserId = (
  http: TinkHttp.Service,
  operation: string,
  { externalUserId, userId }: UserReference
): Effect.Effect<UserId, TinkError> =>
  userId === undefined ? findUserId(http, operation, externalUserId) : Effect.succeed(userId)
