/** One attempt of a request and its answer, with its span and its metrics. */
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
import { isPrintableAscii, printableAsciiRequirement } from "../InputRules.js"
import type { TinkConfig } from "../TinkConfig.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Body, RequestDescription, TinkRequest } from "../TinkRequest.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { toPath } from "./path.js"
import { bodySecrets, jsonWithSecrets } from "./redact.js"
import * as ResponseBody from "./responseBody.js"
import { timeoutDetached } from "./timeoutDetached.js"

const userAgent = "effect-tink/0.1.0"

/** The part of a request that all its attempts share. */
export interface PreparedRequest {
  readonly http: HttpClientRequest.HttpClientRequest
  /** Copies of the secrets in the body, made when the call began. */
  readonly bodySecrets: ReadonlyArray<Redacted.Redacted>
}

/** One attempt of a request. */
export interface Exchange<Request extends RequestDescription> {
  readonly request: Request
  readonly prepared: PreparedRequest
  readonly token: Redacted.Redacted | undefined
  readonly traceId: string
  /** How many times the request was sent before. */
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

const withBody = (http: HttpClientRequest.HttpClientRequest, { body }: RequestDescription) => {
  if (body === undefined) return http
  if (body._tag === "Form") return withForm(http, body)
  return HttpClientRequest.bodyText(http, jsonWithSecrets(body.value), "application/json")
}

/** Fails for a wiped secret and for circular JSON. */
const encodeBody = <A>({ body, operation }: RequestDescription, make: () => A): Either.Either<A, TinkError> =>
  Either.try({
    try: make,
    catch: () => invalidInput(operation, `the body cannot be written as ${body?._tag === "Form" ? "a form" : "JSON"}`)
  })

/** Makes a request up to its token. Fails with `Invalid` before a token is fetched. */
export const prepare = (
  config: TinkConfig,
  request: RequestDescription,
  traceId: string
): Either.Either<PreparedRequest, TinkError> =>
  Either.flatMap(toPath(request), (path) => {
    const bodiless = HttpClientRequest.make(request.method)(config.baseUrl + path, {
      headers: { accept: "application/json, text/plain", "user-agent": userAgent, "x-client-trace-id": traceId },
      urlParams: request.query
    })
    return encodeBody(request, () => ({ http: withBody(bodiless, request), bodySecrets: bodySecrets(request) }))
  })

/** None if the token was wiped. */
const readToken = Option.liftThrowable(Redacted.value<string>)

/** The runtime of a request: its span, no redirects, no trace propagation. */
export type RequestRuntime = (span: Tracer.Span) => (runtime: Runtime.Runtime<never>) => Runtime.Runtime<never>

/**
 * By default, fetch follows redirects and sends the body with the client secret along, and the platform adds spans and
 * propagation headers that expose ids and headers to third parties.
 */
export const makeRequestRuntime: Effect.Effect<RequestRuntime> = Effect.map(
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
    // If the body cannot be read, the status is enough.
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
  const { requestId } = Failures.readRequestId(attempt, response)
  span.attribute("http.response.status_code", response.status)
  if (requestId !== undefined) span.attribute("tink.request_id", requestId)
}

/** All that the errors of an attempt need, including the secrets to redact. */
export const makeAttempt = (
  config: TinkConfig,
  { prepared, request, traceId }: Pick<Exchange<RequestDescription>, "request" | "prepared" | "traceId">,
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
 * The error of a client, which may be configured to fail on a status or to die of its errors. Its errors hold the request,
 * so none may get out.
 */
const findClientError = (cause: Cause.Cause<HttpClientError.HttpClientError>) =>
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
      Option.match(findClientError(cause), {
        onNone: () => Effect.failCause(Cause.map(cause, (error) => Failures.fromClientError(attempt, error))),
        onSome: (error) =>
          error._tag === "ResponseError" && error.reason === "StatusCode"
            ? onResponse(error.response)
            : Effect.fail(Failures.fromClientError(attempt, error))
      }),
    onSuccess: onResponse
  })

const withRequestSpan = <A>(
  config: TinkConfig,
  { request, resends, traceId }: Exchange<RequestDescription>,
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

/** Sends a request once, and reads its answer. */
export const send = <A>(
  config: TinkConfig,
  client: HttpClient.HttpClient,
  requestRuntime: RequestRuntime,
  exchange: Exchange<TinkRequest<A>>
): Effect.Effect<A, TinkError> => {
  const { prepared, request, timeout } = exchange
  const token = exchange.token && Option.getOrElse(readToken(exchange.token), () => "")
  // With other characters in a header, some clients fail late, and some repeat the token in their error.
  if (token !== undefined && !isPrintableAscii(token)) {
    return Effect.fail(invalidInput(request.operation, `the access token must be ${printableAsciiRequirement}`))
  }
  const http = token === undefined ? prepared.http : HttpClientRequest.bearerToken(prepared.http, token)
  const attempt = makeAttempt(config, exchange, token)
  return withRequestSpan(config, exchange, (span) =>
    execute(client, http, attempt, (response) => {
      annotate(span, attempt, response)
      return isSuccess(response) ? readSuccess(attempt, request, response) : readError(attempt, response)
    }).pipe(
      timeoutDetached(timeout, () => Failures.timeout(attempt), requestRuntime(span)),
      Effect.onExit((exit) => Metrics.countRequest(request, exit))
    )
  )
}
