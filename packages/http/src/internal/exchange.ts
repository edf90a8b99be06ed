/** One request and its answer: what goes over the wire, and what is told about it in a span and a metric. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { TinkConfig } from "../TinkConfig.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Body, Outgoing, TinkRequest } from "../TinkRequest.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { copyOf, jsonWithSecrets, secretsOf } from "./redact.js"
import * as ResponseBody from "./responseBody.js"
import { word } from "./text.js"
import { within } from "./timeout.js"
import { pathOf } from "./url.js"

const userAgent = "effect-tink/0.1.0"

/** What one request is made of. */
export interface Exchange<Request extends Outgoing> {
  readonly request: Request
  readonly prepared: HttpClientRequest.HttpClientRequest
  readonly token: Redacted.Redacted | undefined
  readonly traceId: string
  /** What went into the body, copied when the call began. */
  readonly bodySecrets: ReadonlyArray<Redacted.Redacted>
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
export const prepare = (
  config: TinkConfig,
  request: Outgoing,
  traceId: string
): Either.Either<Pick<Exchange<Outgoing>, "prepared" | "bodySecrets">, TinkError> =>
  Either.flatMap(pathOf(request), (path) => {
    const bodiless = HttpClientRequest.make(request.method)(config.baseUrl + path).pipe(
      HttpClientRequest.setHeaders({
        accept: "application/json, text/plain",
        "user-agent": userAgent,
        "x-client-trace-id": traceId
      }),
      HttpClientRequest.appendUrlParams(request.query ?? {})
    )
    return write(request, () => ({ prepared: withBody(bodiless, request), bodySecrets: secretsOf(request) }))
  })

/** What clients make of a header with other characters differs: they fail late, or repeat the token in their error. */
const authorize = ({ prepared, request, token }: Exchange<Outgoing>) => {
  if (token === undefined) return Either.right(prepared)
  return Option.filter(copyOf(token), (copy) => word.test(Redacted.value(copy))).pipe(
    Either.fromOption(() =>
      invalidInput(request.operation, "the access token must be one word of printable ASCII characters")
    ),
    Either.map((copy) => HttpClientRequest.bearerToken(prepared, copy))
  )
}

/** fetch follows redirects unless it is told not to, and takes a POST body with the client secret along. */
const withoutRedirects = (client: HttpClient.HttpClient, init: RequestInit) =>
  HttpClient.transformResponse(client, Effect.provideService(FetchHttpClient.RequestInit, init))

/** The platform's own spans and propagation headers would tell ids and headers to others. */
const withoutTracing = HttpClient.withTracerDisabledWhen(constTrue)

export const prepareClient = (client: HttpClient.HttpClient) =>
  Effect.map(Effect.serviceOption(FetchHttpClient.RequestInit), (provided) => {
    const init = Option.getOrElse(provided, () => ({}))
    return withoutTracing(withoutRedirects(client, { ...init, redirect: "manual" }))
  })

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
  ResponseBody.read(response).pipe(
    Effect.mapError((error) =>
      error._tag === "BodyTooLarge"
        ? Failures.unreadable(attempt, response, "too large")
        : Failures.fromClientError(attempt, error)
    ),
    Effect.flatMap((body) => Failures.decode(attempt, response, request.response, body))
  )

const annotateResponse = (attempt: Failures.Attempt, response: HttpClientResponse.HttpClientResponse) => {
  const { requestId } = Failures.requestIdOf(attempt, response)
  return Effect.annotateCurrentSpan({
    "http.response.status_code": response.status,
    ...(requestId === undefined ? {} : { "tink.request_id": requestId })
  })
}

export const attemptOf = (
  config: TinkConfig,
  exchange: Pick<Exchange<Outgoing>, "request" | "token" | "traceId" | "bodySecrets">
): Failures.Attempt => ({
  request: exchange.request,
  traceId: exchange.traceId,
  secrets: [
    config.clientSecret,
    ...Option.toArray(Option.flatMap(Option.fromNullable(exchange.token), copyOf)),
    ...exchange.bodySecrets
  ]
})

/**
 * A client may have been told to fail on a status, which is for this module to judge, or to die of its errors, which hold
 * the request and must not get out.
 */
const execute = (
  client: HttpClient.HttpClient,
  http: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  client.execute(http).pipe(
    Effect.catchSomeDefect((defect) =>
      HttpClientError.isHttpClientError(defect) ? Option.some(Effect.fail(defect)) : Option.none()
    ),
    Effect.catchTag("ResponseError", (error) =>
      error.reason === "StatusCode" ? Effect.succeed(error.response) : Effect.fail(error)
    )
  )

const spanOf = (config: TinkConfig, { request, resends, traceId }: Exchange<Outgoing>) =>
  Effect.withSpan(`${request.method} ${request.route}`, {
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
  })

/** Sends a request once and reads its answer. */
export const send = <A>(
  config: TinkConfig,
  client: HttpClient.HttpClient,
  exchange: Exchange<TinkRequest<A>>
): Effect.Effect<A, TinkError> => {
  const { request, timeout } = exchange
  const attempt = attemptOf(config, exchange)
  return Effect.flatMap(authorize(exchange), (http) =>
    execute(client, http).pipe(
      Effect.mapError((error) => Failures.fromClientError(attempt, error)),
      Effect.tap((response) => annotateResponse(attempt, response)),
      Effect.flatMap((response) =>
        isSuccess(response) ? readSuccess(attempt, request, response) : readError(attempt, response)
      ),
      within(timeout, () => Failures.timeout(attempt)),
      Effect.onExit((exit) => Metrics.countRequest(request, exit)),
      spanOf(config, exchange)
    )
  )
}
