/**
 * Sources of the bearer tokens of requests.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AccessToken } from "./AccessToken.js"
import { withCachedToken } from "./internal/cachedToken.js"
import { TinkError } from "./TinkError.js"

/**
 * A source of valid access tokens.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSource {
  /** A token that is valid as far as the source knows. */
  readonly get: Effect.Effect<Redacted.Redacted, TinkError>
  /** Tells the source that Tink refused a token. If the source can renew it, `get` does not return that token again. */
  readonly invalidate: (refused: Redacted.Redacted) => Effect.Effect<void>
}

/**
 * A source of one given token. It cannot renew it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromToken = (token: Redacted.Redacted): TokenSource =>
  withCachedToken({ get: Effect.succeed(token), invalidate: () => Effect.void }, () => token)

/**
 * A source that fetches a token when one is needed, and caches it until one minute before it expires, or until half of its
 * lifetime if that is later. The lifetime counts from the start of the fetch.
 *
 * Concurrent callers share one fetch and its result. A caller that is interrupted does not affect the others. A failed
 * fetch is not cached. Fetches are interrupted when the scope closes: their callers fail with `Transport`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (fetch: Effect.Effect<AccessToken, TinkError>): Effect.Effect<TokenSource, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => unsafeMake(fetch, scope))

const closed = new TinkError({
  reason: "Transport",
  operation: "getAccessToken",
  detail: "the scope of the token source was closed",
  isRetryable: false,
  isAmbiguous: false
})

/** A token is renewed this long before it expires, or after half of its lifetime if that is short. */
const renewalMargin = Duration.toMillis("1 minute")

const usableMillis = (token: AccessToken): number => {
  const lifetime = Duration.toMillis(token.expiresIn)
  return lifetime - Math.min(renewalMargin, lifetime / 2)
}

/**
 * The source of `make`, with a given scope. The scope must be open for as long as the source is used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (fetch: Effect.Effect<AccessToken, TinkError>, scope: Scope.Scope): TokenSource => {
  let cached: { readonly token: Redacted.Redacted; readonly until: number } | undefined
  let pending: Deferred.Deferred<Redacted.Redacted, TinkError> | undefined

  const settle = (
    result: Deferred.Deferred<Redacted.Redacted, TinkError>,
    exit: Exit.Exit<AccessToken, TinkError>,
    startedAt: number
  ): void => {
    pending = undefined
    // Interrupted by the end of the scope: the callers are not.
    if (Exit.isInterrupted(exit)) return void Deferred.unsafeDone(result, Exit.fail(closed))
    if (Exit.isSuccess(exit)) cached = { token: exit.value.accessToken, until: startedAt + usableMillis(exit.value) }
    Deferred.unsafeDone(
      result,
      Exit.map(exit, (token) => token.accessToken)
    )
  }

  // Runs uninterruptibly, and the forked fiber inherits this: it always settles.
  const start = (startedAt: number) => {
    const result = Deferred.unsafeMake<Redacted.Redacted, TinkError>(FiberId.none)
    pending = result
    return Effect.interruptible(fetch).pipe(
      Effect.exit,
      Effect.map((exit) => settle(result, exit, startedAt)),
      Effect.forkIn(scope),
      Effect.as(result)
    )
  }

  const cachedTokenAt = (now: number) => (cached !== undefined && now < cached.until ? cached.token : undefined)

  const source: TokenSource = {
    get: Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const token = cachedTokenAt(now)
      if (token !== undefined) return Effect.succeed(token)
      return Effect.uninterruptibleMask((restore) =>
        (pending === undefined ? start(now) : Effect.succeed(pending)).pipe(
          Effect.flatMap((result) => restore(Deferred.await(result)))
        )
      )
    }),
    invalidate: (refused) =>
      Effect.sync(() => {
        if (cached !== undefined && Equal.equals(cached.token, refused)) cached = undefined
      })
  }
  return withCachedToken(source, cachedTokenAt)
}
