/** One call: a request with its token, its timeouts, and its retries within a deadline. */
import type * as HttpClient from "@effect/platform/HttpClient"
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
import * as Exchange from "./exchange.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { within } from "./timeout.js"

const makeTraceId = Effect.map(Effect.replicateEffect(Random.nextIntBetween(0, 2 ** 32), 4), (words) =>
  words.map((word) => word.toString(16).padStart(8, "0")).join("")
)

/** Of a clock that nobody sets while a call runs. */
const monotonicNanos = Effect.clockWith((clock) => Effect.succeed(clock.unsafeCurrentTimeNanos()))

/** Exponential with full jitter, but never sooner than Tink asks for, and never longer than the longest wait. */
const retryDelay = (config: TinkConfig, error: TinkError, retries: number) =>
  Effect.map(Random.next, (jitter) => {
    const backoff = Math.round(jitter * Duration.toMillis(config.retryBaseDelay) * 2 ** retries)
    const asked = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
    return Math.min(Math.max(backoff, asked), Duration.toMillis(config.retryMaxDelay))
  })

/** What an earlier attempt has deleted is not there for the next one: that is a success. */
const deletedBefore = <A>(request: TinkRequest<A>, error: TinkError) =>
  request.method === "DELETE" && error.reason === "NotFound"
    ? Effect.mapError(Schema.decode(request.response)(""), () => error)
    : Effect.fail(error)

/** Makes the function that sends a request, as often as needed, with tokens from a source where there is one. */
export const make =
  (config: TinkConfig, client: HttpClient.HttpClient) =>
  <A>(request: TinkRequest<A>, tokens: TokenSource | undefined): Effect.Effect<A, TinkError> =>
    Effect.gen(function* () {
      const traceId = yield* makeTraceId
      const prepared = yield* Exchange.prepare(config, request, traceId)
      const unsent = Exchange.attemptOf(config, { ...prepared, request, traceId, token: undefined })
      const startedAt = yield* monotonicNanos
      const remaining = Effect.map(monotonicNanos, (now) =>
        Math.max(0, Duration.toMillis(config.deadline) - Number(now - startedAt) / 1e6)
      )
      let resends = 0
      let mayHaveBeenApplied = false

      const getToken = (source: TokenSource) =>
        Effect.flatMap(remaining, (millis) => within(millis, () => Failures.noToken(unsent))(source.get))

      const send = (token: Redacted.Redacted | undefined) =>
        Effect.flatMap(remaining, (millis) => {
          if (millis === 0) return Effect.succeed(Either.left(Failures.noTimeLeft(unsent)))
          const timeout = Math.min(millis, Duration.toMillis(config.attemptTimeout))
          const exchange = { ...prepared, request, token, traceId, resends: resends++, timeout }
          return Effect.either(Exchange.send(config, client, exchange))
        })

      // Fails only where there is no token: that was tried often enough by whoever fetches it.
      const sendWithToken = (source: TokenSource) =>
        Effect.gen(function* () {
          const token = yield* getToken(source)
          const result = yield* send(token)
          if (Either.isRight(result) || result.left.reason !== "Unauthorized") return result
          yield* source.invalidate(token)
          const renewed = yield* getToken(source)
          return Equal.equals(token, renewed) ? result : yield* send(renewed)
        })

      const attempts = Effect.gen(function* () {
        for (let retries = 0; ; retries++) {
          const result = yield* tokens === undefined ? send(undefined) : sendWithToken(tokens)
          if (Either.isRight(result)) return result.right
          const error = result.left
          if (mayHaveBeenApplied && !error.isRetryable) return yield* deletedBefore(request, error)
          mayHaveBeenApplied ||= error.isAmbiguous
          const delay = yield* retryDelay(config, error, retries)
          if (!error.isRetryable || retries >= config.maxRetries || delay >= (yield* remaining)) return yield* error
          yield* Metrics.countRetry(request)
          yield* Effect.logDebug(`${error.message}; trying again in ${delay} ms`)
          yield* Effect.sleep(delay)
        }
      })

      return yield* Effect.mapError(attempts, (error) =>
        mayHaveBeenApplied && !error.isAmbiguous ? new TinkError({ ...error, isAmbiguous: true }) : error
      )
    })
