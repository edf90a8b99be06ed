import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AccessToken, State, User } from "../state/state.js"
import * as apiErrors from "./apiErrors.js"
import type { Incoming } from "./incoming.js"
import type { RoutedRequest } from "./router.js"

const bearerToken = (incoming: Incoming): string | undefined =>
  /^bearer +(\S+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1]

const requireToken = Effect.fnUntraced(function* (state: State, incoming: Incoming, scope: string) {
  const now = yield* Clock.currentTimeMillis
  const token: AccessToken | undefined = state.tokens.get(bearerToken(incoming) ?? "")
  if (token === undefined || now >= token.expiresAt) return yield* apiErrors.unauthorized
  const isBound = token.certificate !== undefined
  if (isBound && token.certificate !== incoming.connection.certificate) return yield* apiErrors.unauthorized
  if (!token.scopes.has(scope)) return yield* apiErrors.missingScope(scope)
  return token
})

/** Requires a client token with the scope. */
export const requireClient = Effect.fnUntraced(function* (state: State, incoming: Incoming, scope: string) {
  const token = yield* requireToken(state, incoming, scope)
  if (token.userId !== undefined) return yield* apiErrors.wrongKindOfToken("client")
})

/** Requires a user token with the scope, and returns its user. */
export const requireUser: (state: State, incoming: Incoming, scope: string) => Effect.Effect<User, apiErrors.ApiError> =
  Effect.fnUntraced(function* (state, incoming, scope) {
    const token = yield* requireToken(state, incoming, scope)
    if (token.userId === undefined) return yield* apiErrors.wrongKindOfToken("user")
    // Deleting a user deletes their tokens, so the user exists; if not, the token is not valid.
    return yield* Effect.fromNullable(state.users.get(token.userId)).pipe(Effect.mapError(() => apiErrors.unauthorized))
  })

/** Requires a token of either kind with the scope, and returns its user, if it has one. */
export const requireAny: (
  state: State,
  incoming: Incoming,
  scope: string
) => Effect.Effect<User | undefined, apiErrors.ApiError> = Effect.fnUntraced(function* (state, incoming, scope) {
  const { userId } = yield* requireToken(state, incoming, scope)
  return userId === undefined ? undefined : state.users.get(userId)
})

/** Whether a request has a token, valid or not. */
export const hasToken = (incoming: Incoming): boolean => incoming.headers["authorization"] !== undefined

/** Requires a user token with the scope, and returns the credentials of the path, if they are the user's. */
export const requireOwnCredentials = Effect.fnUntraced(function* (state: State, request: RoutedRequest, scope: string) {
  const user = yield* requireUser(state, request, scope)
  const credentials = state.credentials.get(request.params["id"] ?? "")
  if (credentials === undefined || credentials.userId !== user.id) return yield* apiErrors.unknownCredentials
  return credentials
})
