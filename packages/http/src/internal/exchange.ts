/** One request and its answer: what goes over the wire, and what is told about it in a span and a metric. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constTrue, flow } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Tracer from "effect/Tracer"
import type { TinkConfig } from "../TinkConfig.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Body, Outgoing, TinkRequest } from "../TinkRequest.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { jsonWithSecrets, secretsOf } from "./redact.js"
import * as ResponseBody from "./responseBody.js"
import { word } from "./text.js"
import { within } from "./timeout.js"
import { pathOf } from "./url.js"

const userAgent = "effect-tink/0.1.0"

/** All of a request that is the same each time it is sent. */
export interface Prepared {
  readonly http: HttpClientRequest.HttpClientRequest
  /** What went into the body, copied when the call began. */
  readonly bodySecrets: ReadonlyArray<Redacted.Redacted>
}

/** What one request is made of. */
export interface Exchange<Request extends Outgoing> {
  readonly request: Request
  readonly prepared: Prepared
  readonly token: Redacted.Redacted | undefined
  readonly traceId: string
  /** How often the request was sent before. */
  readonly resends: number
  /** In milliseconds. */
  readonly timeout: number
}

const withForm = (request: HttpClientRequest.HttpClientRequest, body: Body & { readonly _tag: "Form" }) => {
  const fields = Object.entries(body.fields).filter(([, value]) => value !== undefined)
  return HttpClientRequest.bodyUrlParams(
    request,
    fields.map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value] as const)
  )
}

const withBody = (http: HttpClientRequest.HttpClientRequest, { body }: Outgoing) => {
  if (body === undefined) return http
  if (body._tag === "Form") return withForm(http, body)
  return HttpClientRequest.bodyText(http, jsonWithSecrets(body.value), "application/json")
}

/** A secret that was wiped cannot be written, nor can JSON that contains itself. */
const write = <A>({ body, operation }: Outgoing, make: () => A): Either.Either<A, TinkError> =>
  Either.try({
    try: make,
    catch: () => invalidInput(operation, `the body cannot be written as ${body?._tag === "Form" ? "a form" : "JSON"}`)
  })

/**
 * All of a request but its token, with the secrets in its body. Fails with `Invalid` when it cannot be made, so that no
 * token is fetched for it.
 */
export const prepare = (config: TinkConfig, request: Outgoing, traceId: string): Either.Either<Prepared, TinkError> =>
  Either.flatMap(pathOf(request), (path) => {
    const bodiless = HttpClientRequest.make(request.method)(config.baseUrl + path, {
      headers: { accept: "application/json, text/plain", "user-agent": userAgent, "x-client-trace-id": traceId },
      urlParams: request.query
    })
    return write(request, () => ({ http: withBody(bodiless, request), bodySecrets: secretsOf(request) }))
  })

/** None of a token that was wiped. */
const readToken = Option.liftThrowable(Redacted.value<string>)

/** Where a request is sent: in its span, and as Tink's requests are. */
export type Surroundings = (span: Tracer.Span) => (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never>

/**
 * fetch follows redirects unless it is told not to, and takes a POST body with the client secret along. And the platform's
 * own spans and propagation headers would tell ids and headers to others.
 */
export const makeSurroundings: Effect.Effect<Surroundings> = Effect.map(
  Effect.serviceOption(FetchHttpClient.RequestInit),
  (provided) => {
    const init: RequestInit = { ...Option.getOrElse(provided, () => ({})), redirect: "manual" }
    return (span) =>
      flow(
        Runtime.setFiberRef(HttpClient.currentTracerDisabledWhen, constTrue),
        Runtime.updateContext((context: Context.Context<never>) =>
          context.pipe(Context.add(Tracer.ParentSpan, span), Context.add(FetchHttpClient.RequestInit, init))
        )
      )
  }
)

const isSuccess = (response: HttpClientResponse.HttpClientResponse): boolean =>
  response.status >= 200 && response.status < 300

const readError = (attempt: Failures.Attempt, response: HttpClientResponse.HttpClientResponse) =>
  Effect.gen(function* () {
    // The status says enough where the body cannot be read.
    const body = yield* Effect.orElseSucceed(ResponseBody.read(response), () => "")
    return yield* Failures.fromStatus(attempt, response, body, yield* Clock.currentTimeMillis)
  })

const readSuccess = <A>(
  attempt: Failures.Attempt,
  request: TinkRequest<A>,
  response: HttpClientResponse.HttpClientResponse
) =>
  Effect.matchEffect(ResponseBody.read(response), {
    onFailure: (error) =>
      Effect.fail(
        error._tag === "BodyTooLarge"
          ? Failures.unreadable(attempt, response, "too large")
          : Failures.fromClientError(attempt, error)
      ),
    onSuccess: (body) => Failures.decode(attempt, response, request.response, body)
  })

const annotate = (span: Tracer.Span, attempt: Failures.Attempt, response: HttpClientResponse.HttpClientResponse) => {
  const { requestId } = Failures.requestIdOf(attempt, response)
  span.attribute("http.response.status_code", response.status)
  if (requestId !== undefined) span.attribute("tink.request_id", requestId)
}

/** With the values of the secrets, as whoever gave one may wipe it. */
export const attemptOf = (
  config: TinkConfig,
  { prepared, request, traceId }: Pick<Exchange<Outgoing>, "request" | "prepared" | "traceId">,
  token?: string
): Failures.Attempt => ({
  request,
  traceId,
  secrets: () => [
    ...[config.clientSecret, ...prepared.bodySecrets].map(Redacted.value),
    ...(token === undefined ? [] : [token])
  ]
})

/**
 * A client may have been told to fail on a status, which is for this module to judge, or to die of its errors, which hold
 * the request and must not get out.
 */
const errorOf = (cause: Cause.Cause<HttpClientError.HttpClientError>) =>
  Option.orElse(Cause.failureOption(cause), () =>
    Option.filter(Cause.dieOption(cause), HttpClientError.isHttpClientError)
  )

const execute = <A>(
  client: HttpClient.HttpClient,
  http: HttpClientRequest.HttpClientRequest,
  attempt: Failures.Attempt,
  onResponse: (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<A, TinkError>
): Effect.Effect<A, TinkError> =>
  Effect.matchCauseEffect(client.execute(http), {
    onFailure: (cause) =>
      Option.match(errorOf(cause), {
        onNone: () => Effect.failCause(Cause.map(cause, (error) => Failures.fromClientError(attempt, error))),
        onSome: (error) =>
          error._tag === "ResponseError" && error.reason === "StatusCode"
            ? onResponse(error.response)
            : Effect.fail(Failures.fromClientError(attempt, error))
      }),
    onSuccess: onResponse
  })

const useSpan = <A>(
  config: TinkConfig,
  { request, resends, traceId }: Exchange<Outgoing>,
  run: (span: Tracer.Span) => Effect.Effect<A, TinkError>
) =>
  Effect.useSpan(
    `${request.method} ${request.route}`,
    {
      kind: "client",
      captureStackTrace: false,
      attributes: {
        "http.request.method": request.method,
        "http.request.resend_count": resends,
        "server.address": config.baseUrl,
        "tink.operation": request.operation,
        "tink.trace_id": traceId,
        "url.template": request.route
      }
    },
    run
  )

/** Sends a request once and reads its answer. */
export const send = <A>(
  config: TinkConfig,
  client: HttpClient.HttpClient,
  surroundings: Surroundings,
  exchange: Exchange<TinkRequest<A>>
): Effect.Effect<A, TinkError> => {
  const { prepared, request, timeout } = exchange
  const token = exchange.token && Option.getOrElse(readToken(exchange.token), () => "")
  // What clients make of a header with other characters differs: they fail late, or repeat the token in their error.
  if (token !== undefined && !word.test(token)) {
    return Effect.fail(
      invalidInput(request.operation, "the access token must be one word of printable ASCII characters")
    )
  }
  const http = token === undefined ? prepared.http : HttpClientRequest.bearerToken(prepared.http, token)
  const attempt = attemptOf(config, exchange, token)
  return useSpan(config, exchange, (span) =>
    execute(client, http, attempt, (response) => {
      annotate(span, attempt, response)
      return isSuccess(response) ? readSuccess(attempt, request, response) : readError(attempt, response)
    }).pipe(
      within(timeout, () => Failures.timeout(attempt), surroundings(span)),
      Effect.onExit((exit) => Metrics.countRequest(request, exit))
    )
  )
}
