/** One request and its answer: what goes over the wire, and what is told about it in a span and a metric. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { TinkConfig } from "../TinkConfig.js"
import type { TinkError } from "../TinkError.js"
import type { Outgoing, TinkRequest } from "../TinkRequest.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { secretsOf } from "./redact.js"
import * as ResponseBody from "./responseBody.js"
import { pathOf } from "./url.js"

const userAgent = "effect-tink/0.1.0"

/** What one request is made of. */
export interface Exchange<Request extends Outgoing> {
  readonly request: Request
  readonly token: Redacted.Redacted | undefined
  readonly traceId: string
  /** How often the request was sent before. */
  readonly resends: number
}

const withBody = (body: Outgoing["body"]) => (request: HttpClientRequest.HttpClientRequest) => {
  if (body === undefined) return request
  if (body._tag === "Json") return HttpClientRequest.bodyUnsafeJson(request, body.value)
  const fields = Object.entries(body.fields).filter(([, value]) => value !== undefined)
  return HttpClientRequest.bodyUrlParams(
    request,
    fields.map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value] as const)
  )
}

const toHttp = (config: TinkConfig, { request, token, traceId }: Exchange<Outgoing>) =>
  Effect.map(pathOf(request), (path) =>
    HttpClientRequest.make(request.method)(config.baseUrl + path).pipe(
      HttpClientRequest.setHeaders({
        accept: "application/json",
        "user-agent": userAgent,
        "x-client-trace-id": traceId
      }),
      token === undefined ? (self) => self : HttpClientRequest.bearerToken(token),
      withBody(request.body)
    )
  )

/** fetch follows redirects unless it is told not to, and takes a POST body with the client secret along. */
const withoutRedirects = (client: HttpClient.HttpClient, init: RequestInit) =>
  HttpClient.transformResponse(client, Effect.provideService(FetchHttpClient.RequestInit, init))

/** The platform's own spans and propagation headers would tell ids and headers to others. */
const withoutTracing = HttpClient.withTracerDisabledWhen(constTrue)

export const prepareClient = (client: HttpClient.HttpClient) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const init = Option.getOrElse(Context.getOption(context, FetchHttpClient.RequestInit), () => ({}))
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

const annotateResponse = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.annotateCurrentSpan({
    "http.response.status_code": response.status,
    ...(response.headers["x-request-id"] === undefined ? {} : { "tink.request_id": response.headers["x-request-id"] })
  })

export const attemptOf = (config: TinkConfig, exchange: Omit<Exchange<Outgoing>, "resends">): Failures.Attempt => ({
  request: exchange.request,
  traceId: exchange.traceId,
  secrets: [
    config.clientSecret,
    ...(exchange.token === undefined ? [] : [exchange.token]),
    ...secretsOf(exchange.request)
  ]
})

/** Sends a request once and reads its answer. */
export const send = <A>(
  config: TinkConfig,
  client: HttpClient.HttpClient,
  exchange: Exchange<TinkRequest<A>>
): Effect.Effect<A, TinkError> => {
  const { request, resends, traceId } = exchange
  const attempt = attemptOf(config, exchange)
  return Effect.gen(function* () {
    const httpRequest = yield* toHttp(config, exchange)
    const response = yield* Effect.mapError(client.execute(httpRequest), (error) =>
      Failures.fromClientError(attempt, error)
    )
    yield* annotateResponse(response)
    return yield* isSuccess(response) ? readSuccess(attempt, request, response) : readError(attempt, response)
  }).pipe(
    Effect.tapBoth({
      onSuccess: () => Effect.sync(() => Metrics.countRequest(request, "ok")),
      onFailure: (error) => Effect.sync(() => Metrics.countRequest(request, error.reason))
    }),
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
  )
}
