import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AccessToken } from "../AccessToken.js"
import type { TinkError } from "../TinkError.js"
import type { TokenSource } from "../TokenSource.js"

/** A token is renewed this long before it expires, or after half of its life if that is short. */
const margin = Duration.toMillis("1 minute")

const usableMillis = (token: AccessToken): number => {
  const lifetime = Duration.toMillis(token.expiresIn)
  return lifetime - Math.min(margin, lifetime / 2)
}

type TokenAt = (now: number) => Redacted.Redacted | undefined

/** Beside the sources, so that nothing that is made from one passes for it. */
const tokens = new WeakMap<TokenSource, TokenAt>()

const withTokenAt = (source: TokenSource, tokenAt: TokenAt): TokenSource => {
  tokens.set(source, tokenAt)
  return source
}

/** The token that a source has at hand, if it is one of this module: nobody has to get ready to wait for it. */
export const keptBy = (source: TokenSource, now: number): Redacted.Redacted | undefined => tokens.get(source)?.(now)

export const fromToken = (token: Redacted.Redacted): TokenSource =>
  withTokenAt({ get: Effect.succeed(token), invalidate: () => Effect.void }, () => token)

export const makeTokenSource = (fetch: Effect.Effect<AccessToken, TinkError>, scope: Scope.Scope): TokenSource => {
  let kept: { readonly token: Redacted.Redacted; readonly until: number } | undefined
  let running: Deferred.Deferred<Redacted.Redacted, TinkError> | undefined

  const settle = (
    result: Deferred.Deferred<Redacted.Redacted, TinkError>,
    exit: Exit.Exit<AccessToken, TinkError>,
    askedAt: number
  ): void => {
    running = undefined
    if (Exit.isSuccess(exit)) kept = { token: exit.value.accessToken, until: askedAt + usableMillis(exit.value) }
    Deferred.unsafeDone(
      result,
      Exit.map(exit, (token) => token.accessToken)
    )
  }

  // Runs where interruption is off, which the forked fiber inherits: it always settles.
  const start = (askedAt: number) => {
    const result = Deferred.unsafeMake<Redacted.Redacted, TinkError>(FiberId.none)
    running = result
    return Effect.interruptible(fetch).pipe(
      Effect.exit,
      Effect.map((exit) => settle(result, exit, askedAt)),
      Effect.forkIn(scope),
      Effect.as(result)
    )
  }

  const tokenAt = (now: number) => (kept !== undefined && now < kept.until ? kept.token : undefined)

  const source: TokenSource = {
    get: Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const token = tokenAt(now)
      if (token !== undefined) return Effect.succeed(token)
      return Effect.uninterruptibleMask((restore) =>
        (running === undefined ? start(now) : Effect.succeed(running)).pipe(
          Effect.flatMap((result) => restore(Deferred.await(result)))
        )
      )
    }),
    invalidate: (refused) =>
      Effect.sync(() => {
        if (kept !== undefined && Equal.equals(kept.token, refused)) kept = undefined
      })
  }
  return withTokenAt(source, tokenAt)
}
