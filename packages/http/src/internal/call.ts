/** A call: a request with its token, timeouts and retries, within a deadline. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
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
import type * as Load from "./load.js"
import * as Metrics from "./metrics.js"
import { timeoutDetached } from "./timeoutDetached.js"

const makeTraceId = () => crypto.randomUUID().replaceAll("-", "")

/**
 * Exponential with full jitter, up to `retryMaxDelay`. Never before the time that Tink asks for: then the jitter is on top, so
 * that callers who were asked together do not come back together. It does not pass the deadline by itself.
 */
const retryDelay = (config: TinkConfig, error: TinkError, retries: number, remaining: number) =>
  Effect.map(Random.next, (jitter) => {
    const bound = Math.min(
      Duration.toMillis(config.retryBaseDelay) * 2 ** retries,
      Duration.toMillis(config.retryMaxDelay)
    )
    const requested = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
    if (requested === 0) return Math.round(jitter * bound)
    return (
      requested + Math.floor(jitter * Math.min(Math.max(bound, requested / 10), Math.max(0, remaining - requested)))
    )
  })

/** A `DELETE` that Tink answers with 404 succeeds: an earlier attempt may have been applied. */
const asAlreadyDeleted = <A>(request: TinkRequest<A>, error: TinkError) =>
  request.method === "DELETE" && error.reason === "NotFound"
    ? Effect.mapError(Schema.decode(request.response)(""), () => error)
    : Effect.fail(error)

/** Counts milliseconds from now on. Monotonic: immune to wall-clock changes. */
const startStopwatch = (clock: Clock.Clock): (() => number) => {
  const startedAt = clock.unsafeCurrentTimeNanos()
  return () => Number(clock.unsafeCurrentTimeNanos() - startedAt) / 1e6
}

/** What is added to the form of a request for one attempt, as it works once. */
export type FreshFields = Effect.Effect<Readonly<Record<string, Redacted.Redacted>>, TinkError>

const withFields = <A>(request: TinkRequest<A>, fields: Readonly<Record<string, Redacted.Redacted>>): TinkRequest<A> =>
  request.body?._tag === "Form"
    ? { ...request, body: { _tag: "Form", fields: { ...request.body.fields, ...fields } } }
    : request

/** Makes the function that sends a request, with its retries, and with tokens from a source if there is one. */
export const make =
  (sender: Exchange.Sender, load: Load.Load) =>
  <A>(
    request: TinkRequest<A>,
    tokens: TokenSource | undefined,
    freshFields?: FreshFields
  ): Effect.Effect<A, TinkError> => {
    const { config, inFlight } = sender
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

      const prepareWith = (freshFields: FreshFields) =>
        Effect.flatMap(freshFields, (fields) => Exchange.prepare(config, withFields(request, fields), traceId))

      // The source retries by itself; its failure is final.
      const getToken = (source: TokenSource) =>
        timeoutDetached({
          inFlight,
          millis: remaining(),
          onTimeout: () => Failures.noToken(unsent()),
          onAbort: () => Failures.closed(unsent())
        })(source.get)

      const sendNow = (token: Redacted.Redacted | undefined) =>
        Effect.suspend(() => {
          const millis = remaining()
          if (inFlight.isClosed) return Effect.fail(Failures.closed(unsent()))
          const timeout = Math.min(millis, Duration.toMillis(config.attemptTimeout))
          const exchange = { request, token, traceId, resends: sent++, timeout }
          return freshFields === undefined
            ? Exchange.send(sender, { ...exchange, prepared })
            : Effect.flatMap(prepareWith(freshFields), (prepared) => Exchange.send(sender, { ...exchange, prepared }))
        })

      const loadCall = { clock, remaining, unsent }
      const send = (token: Redacted.Redacted | undefined) => load.run(loadCall, sendNow(token))

      const retry = (error: TinkError, retries: number): Effect.Effect<A, TinkError> =>
        Effect.gen(function* () {
          if (mayHaveBeenApplied && !error.isRetryable) return yield* asAlreadyDeleted(request, error)
          mayHaveBeenApplied ||= error.isAmbiguous
          if (!error.isRetryable || retries >= config.maxRetries) return yield* error
          const delay = yield* retryDelay(config, error, retries, remaining())
          if (delay >= remaining() || !load.takeRetry(error)) return yield* error
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

      const asMaybeApplied = (error: TinkError): TinkError =>
        mayHaveBeenApplied && !error.isAmbiguous ? new TinkError({ ...error, isAmbiguous: true }) : error

      const attempt = (retries: number): Effect.Effect<A, TinkError> => {
        const sendAndRecover = (
          token: Redacted.Redacted | undefined,
          recover: (error: TinkError) => Effect.Effect<A, TinkError>
        ) => Effect.catchAll(send(token), (error) => Effect.mapError(recover(error), asMaybeApplied))
        if (tokens === undefined) return sendAndRecover(undefined, (error) => retry(error, retries))
        const sendWith = (token: Redacted.Redacted) =>
          sendAndRecover(token, (error) => {
            if (error.reason === "Unauthorized") return renew(tokens, token, error, retries)
            const recovered = retry(error, retries)
            // It may be Tink's own, in another form than documented: the next call has a new token.
            return error.status === 401 ? Effect.andThen(tokens.invalidate(token), recovered) : recovered
          })
        const cached = cachedToken(tokens, clock.unsafeCurrentTimeMillis())
        return cached === undefined ? Effect.flatMap(getToken(tokens), sendWith) : sendWith(cached)
      }

      return attempt(0)
    }

    return Effect.clockWith((clock) => {
      const traceId = makeTraceId()
      const prepared = Exchange.prepare(config, request, traceId)
      return Exit.isFailure(prepared) ? Effect.failCause(prepared.cause) : start(clock, traceId, prepared.value)
    })
  }
