import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as errors from "./errors.js"
import type { AccessToken, State, User } from "./state.js"
import type { ApiError, Incoming } from "./wire.js"

const bearerOf = (incoming: Incoming): string | undefined =>
  /^bearer +(\S+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1]

const requireToken = Effect.fnUntraced(function* (state: State, incoming: Incoming, scope: string) {
  const now = yield* Clock.currentTimeMillis
  const token: AccessToken | undefined = state.tokens.get(bearerOf(incoming) ?? "")
  if (token === undefined || now >= token.expiresAt) return yield* errors.unauthorized
  if (!token.scopes.has(scope)) return yield* errors.missingScope(scope)
  return token
})

/** Lets a client token with the scope through. */
export const requireClient = Effect.fnUntraced(function* (state: State, incoming: Incoming, scope: string) {
  const token = yield* requireToken(state, incoming, scope)
  if (token.userId !== undefined) return yield* errors.wrongKindOfToken("client")
})

/** Lets a user token with the scope through, and says whose it is. */
export const requireUser: (state: State, incoming: Incoming, scope: string) => Effect.Effect<User, ApiError> =
  Effect.fnUntraced(function* (state, incoming, scope) {
    const token = yield* requireToken(state, incoming, scope)
    if (token.userId === undefined) return yield* errors.wrongKindOfToken("user")
    // A user takes their tokens along when they are deleted, so this is not reached; a token without its user is no token.
    return yield* Effect.fromNullable(state.users.get(token.userId)).pipe(Effect.mapError(() => errors.unauthorized))
  })
