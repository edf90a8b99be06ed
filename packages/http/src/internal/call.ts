/** A call: a request with its token, timeouts and retries, within a deadline. */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { TinkConfig } from "../TinkConfig.js"
import { TinkError } from "../TinkError.js"
import type { TinkRequest } from "../TinkRequest.js"
import type { TokenSource } from "../TokenSource.js"
import { cachedToken } from "./cachedToken.js"
import * as Exchange from "./exchange.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { timeoutDetached } from "./timeoutDetached.js"

const makeTraceId = () => crypto.randomUUID().replaceAll("-", "")

/** Exponential with full jitter, at least what Tink asks for, at most `retryMaxDelay`. */
const retryDelay = (config: TinkConfig, error: TinkError, retries: number) =>
  Effect.map(Random.next, (jitter) => {
    const backoff = Math.round(jitter * Duration.toMillis(config.retryBaseDelay) * 2 ** retries)
    const requested = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
    return Math.min(Math.max(backoff, requested), Duration.toMillis(config.retryMaxDelay))
  })

/** A `DELETE` answered with 404 succeeds: an earlier attempt may have been applied. */
const asAlreadyDeleted = <A>(request: TinkRequest<A>, error: TinkError) =>
  request.method === "DELETE" && error.reason === "NotFound"
    ? Effect.mapError(Schema.decode(request.response)(""), () => error)
    : Effect.fail(error)

/** Counts milliseconds from now on. Monotonic: immune to wall-clock changes. */
const startStopwatch = (clock: Clock.Clock): (() => number) => {
  const startedAt = clock.unsafeCurrentTimeNanos()
  return () => Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1e6
}

/** Makes the function that sends a request, with its retries, and with tokens from a source if there is one. */
export const make =
  (config: TinkConfig, client: HttpClient.HttpClient, requestRuntime: Exchange.RequestRuntime) =>
  <A>(request: TinkRequest<A>, tokens: TokenSource | undefined): Effect.Effect<A, TinkError> => {
    const start = (
      clock: Clock.Clock,
      traceId: string,
      prepared: Exchange.PreparedRequest
    ): Effect.Effect<A, TinkError> => {
      const unsent = () => Exchange.makeAttempt(config, { request, prepared, traceId })
      const elapsed = startStopwatch(clock)
      const remaining = () => Math.max(0, Duration.toMillis(config.deadline) - elapsed())
      let sent = 0
      let mayHaveBeenApplied = false

      // The source retries by itself; its failure is final.
      const getToken = (source: TokenSource) =>
        timeoutDetached(remaining(), () => Failures.noToken(unsent()))(source.get)

      const send = (token: Redacted.Redacted | undefined) => {
        const millis = remaining()
        if (millis === 0) return Effect.fail(Failures.noTimeLeft(unsent()))
        const timeout = Math.min(millis, Duration.toMillis(config.attemptTimeout))
        const exchange = { request, prepared, token, traceId, resends: sent++, timeout }
        return Exchange.send(config, client, requestRuntime, exchange)
      }

      const retry = (error: TinkError, retries: number): Effect.Effect<A, TinkError> =>
        Effect.gen(function* () {
          if (mayHaveBeenApplied && !error.isRetryable) return yield* asAlreadyDeleted(request, error)
          mayHaveBeenApplied ||= error.isAmbiguous
          const delay = yield* retryDelay(config, error, retries)
          if (!error.isRetryable || retries >= config.maxRetries || delay >= remaining()) return yield* error
          yield* Metrics.countRetry(request)
          yield* Effect.logDebug(`${error.message}; trying again in ${delay} ms`)
          yield* Effect.sleep(delay)
          return yield* attempt(retries + 1)
        })

      const renew = (source: TokenSource, token: Redacted.Redacted, error: TinkError, retries: number) =>
        Effect.gen(function* () {
          yield* source.invalidate(token)
          const renewed = yield* getToken(source)
          if (Equal.equals(token, renewed)) return yield* retry(error, retries)
          return yield* Effect.catchAll(send(renewed), (error) => retry(error, retries))
        })

      const attempt = (retries: number): Effect.Effect<A, TinkError> => {
        if (tokens === undefined) return Effect.catchAll(send(undefined), (error) => retry(error, retries))
        const sendWith = (token: Redacted.Redacted) =>
          Effect.catchAll(send(token), (error) =>
            error.reason === "Unauthorized" ? renew(tokens, token, error, retries) : retry(error, retries)
          )
        const cached = cachedToken(tokens, clock.unsafeCurrentTimeMillis())
        return cached === undefined ? Effect.flatMap(getToken(tokens), sendWith) : sendWith(cached)
      }

      return Effect.mapError(attempt(0), (error) =>
        mayHaveBeenApplied && !error.isAmbiguous ? new TinkError({ ...error, isAmbiguous: true }) : error
      )
    }

    return Effect.clockWith((clock) => {
      const traceId = makeTraceId()
      const prepared = Exchange.prepare(config, request, traceId)
      return Either.isLeft(prepared) ? Effect.fail(prepared.left) : start(clock, traceId, prepared.right)
    })
  }
