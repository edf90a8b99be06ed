/**
 * Where a request gets its bearer token from.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AccessToken } from "./AccessToken.js"
import * as Internal from "./internal/tokenSource.js"
import type { TinkError } from "./TinkError.js"

/**
 * A source of valid access tokens.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSource {
  /** A token that is valid as far as is known. */
  readonly get: Effect.Effect<Redacted.Redacted, TinkError>
  /** Tells the source that Tink has refused a token, so that `get` does not return that one again if it can help it. */
  readonly invalidate: (refused: Redacted.Redacted) => Effect.Effect<void>
}

/**
 * A source of one given token, which it cannot renew.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromToken = (token: Redacted.Redacted): TokenSource => Internal.fromToken(token)

/**
 * A source that fetches a token when one is needed and keeps it until shortly before it expires, counted from when it was
 * asked for.
 *
 * Concurrent callers share one fetch and its outcome; a caller who leaves does not disturb it. A failed fetch is not
 * kept. Fetches end with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (fetch: Effect.Effect<AccessToken, TinkError>): Effect.Effect<TokenSource, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => unsafeMake(fetch, scope))

/**
 * The same, where the scope is at hand. It must be open for as long as the source is used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (fetch: Effect.Effect<AccessToken, TinkError>, scope: Scope.Scope): TokenSource =>
  Internal.makeTokenSource(fetch, scope)
