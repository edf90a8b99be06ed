/** One attempt of a request and its response, with its span and its metrics. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { ByteCollector } from "../ByteCollector.js"
import { isPrintableAscii, printableAsciiRequirement, readOr } from "../InputRules.js"
import type { TinkConfig } from "../TinkConfig.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Body, RequestDescription, TinkRequest } from "../TinkRequest.js"
import { closeSocket } from "./clientResponse.js"
import * as ErrorBody from "./errorBody.js"
import * as Failures from "./failures.js"
import * as Metrics from "./metrics.js"
import { toPath } from "./path.js"
import { bodySecrets, jsonWithSecrets } from "./redact.js"
import * as ResponseBody from "./responseBody.js"
import {
  type AnyFiber,
  clockOf,
  detached,
  type InFlight,
  type RuntimeOptions,
  timeoutDetached
} from "./timeoutDetached.js"

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
const encodeBody = <A>({ body, operation }: RequestDescription, make: () => A): Exit.Exit<A, TinkError> => {
  try {
    return Exit.succeed(make())
  } catch {
    const form = body?._tag === "Form" ? "a form" : "JSON"
    return Exit.fail(invalidInput(operation, `the body cannot be written as ${form}`))
  }
}

/** Makes a request up to its token. Fails with `Invalid` before a token is fetched, also for members that throw when read. */
export const prepare = (
  config: TinkConfig,
  request: RequestDescription,
  traceId: string
): Exit.Exit<PreparedRequest, TinkError> =>
  readOr(() => prepareReadable(config, request, traceId), undefined) ??
  Exit.fail(invalidInput(request.operation, "the request could not be read"))

const prepareReadable = (
  config: TinkConfig,
  request: RequestDescription,
  traceId: string
): Exit.Exit<PreparedRequest, TinkError> =>
  Exit.flatMap(toPath(request), (path) => {
    const bodiless = HttpClientRequest.make(request.method)(config.baseUrl + path, {
      headers: {
        ...request.headers,
        accept: "application/json, text/plain",
        // Some clients do not decode compressed bodies.
        "accept-encoding": "identity",
        "user-agent": userAgent,
        "x-client-trace-id": traceId
      },
      urlParams: request.query
    })
    return encodeBody(request, () => ({ http: withBody(bodiless, request), bodySecrets: bodySecrets(request) }))
  })

/** None if the token was wiped. */
const readToken = Option.liftThrowable(Redacted.value<string>)

/** The runtime of a request: its span, no redirects, no trace propagation. */
export type RequestRuntime = (span: Tracer.Span) => (runtime: RuntimeOptions) => RuntimeOptions

/**
 * By default, fetch follows redirects and sends the body with the client secret along, and the platform adds spans and
 * propagation headers that expose ids and headers to third parties.
 */
export const makeRequestRuntime: Effect.Effect<RequestRuntime> = Effect.map(
  Effect.serviceOption(FetchHttpClient.RequestInit),
  (provided) => {
    const init: RequestInit = { ...Option.getOrElse(provided, () => ({})), redirect: "manual" }
    return (span) =>
      ({ context, fiberRefs, runtimeFlags }) => ({
        context: context.pipe(Context.add(Tracer.ParentSpan, span), Context.add(FetchHttpClient.RequestInit, init)),
        fiberRefs: FiberRefs.updateAs(fiberRefs, {
          fiberId: FiberId.none,
          fiberRef: HttpClient.currentTracerDisabledWhen,
          value: constTrue
        }),
        runtimeFlags
      })
  }
)

type Response = HttpClientResponse.HttpClientResponse

/** 206 answers a request for a part, which is never sent (RFC 9110, 15.3.7). */
const isSuccess = ({ status }: Response): boolean => status >= 200 && status < 300 && status !== 206

/** An error needs no more: the rest of its body is left, and its connection closed. */
const errorLimits = { bytes: 64 * 1024, millis: 2000 }

/** What has arrived of the response to an attempt. */
interface Answer {
  response?: Response
  /** The error as far as it is known, while the rest of its body is read. */
  error?: () => TinkError
}

const readError = (inFlight: InFlight, attempt: Failures.Attempt, answer: Answer, response: Response) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const collector = new ByteCollector(errorLimits.bytes)
    const toError = (body: ErrorBody.ErrorBody, text?: string) =>
      Failures.fromStatus({ attempt, response, body, text, now })
    const toPartial = () =>
      toError(ErrorBody.parseBeginning(ResponseBody.toText(collector.bytes), response.headers["content-type"]))
    answer.error = toPartial
    if (response.status < 200) closeSocket(response)
    return ResponseBody.read(response, collector).pipe(
      Effect.map((text) => toError(ErrorBody.parse(text, attempt.request.route), text)),
      Effect.catchAllCause(() => Effect.sync(toPartial)),
      // The status is known: it is worth more than a body that does not come.
      timeoutDetached({
        inFlight,
        millis: response.status < 200 ? 0 : errorLimits.millis,
        onTimeout: toPartial,
        onAbort: toPartial
      }),
      Effect.flatMap((error) => Effect.fail(error))
    )
  })

/** Statuses without a body (RFC 9110, 15.3.5 and 15.3.6). What is sent all the same is no part of the response. */
const isBodiless = ({ status }: Response): boolean => status === 204 || status === 205

const readBodiless = (inFlight: InFlight, response: Response) =>
  ResponseBody.read(response, new ByteCollector(errorLimits.bytes)).pipe(
    Effect.ignore,
    timeoutDetached({ inFlight, millis: errorLimits.millis, onTimeout: () => "late", onAbort: () => "aborted" }),
    Effect.ignore,
    Effect.as("")
  )

const readSuccess = <A>(
  config: TinkConfig,
  inFlight: InFlight,
  attempt: Failures.Attempt,
  request: TinkRequest<A>,
  response: Response
) =>
  Effect.matchEffect(
    isBodiless(response)
      ? readBodiless(inFlight, response)
      : ResponseBody.read(response, new ByteCollector(config.maxBodySize)),
    {
      onFailure: (error) =>
        Effect.fail(
          error._tag === "BodyTooLarge"
            ? Failures.unreadable(attempt, response, error.detail)
            : Failures.fromClientError(attempt, error)
        ),
      onSuccess: (body) => Failures.decode(attempt, response, request.response, body)
    }
  )

const annotate = (span: Tracer.Span, attempt: Failures.Attempt, response: Response) => {
  const { requestId } = Failures.readRequestId(attempt, response)
  span.attribute("http.response.status_code", response.status)
  if (requestId !== undefined) span.attribute("tink.request_id", requestId)
}

const clientSecrets = ({ clientAuthentication }: TinkConfig): ReadonlyArray<Redacted.Redacted> =>
  clientAuthentication._tag === "ClientSecret" ? [clientAuthentication.clientSecret] : []

/** What the errors of an attempt need, including the secrets to redact. */
export const makeAttempt = (
  config: TinkConfig,
  { prepared, request, traceId }: Pick<Exchange<RequestDescription>, "request" | "prepared" | "traceId">,
  token?: string
): Failures.Attempt => ({
  request,
  traceId,
  baseUrl: config.baseUrl,
  secrets: () => [
    ...[...clientSecrets(config), ...prepared.bodySecrets].map(Redacted.value),
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
  onResponse: (response: Response) => Effect.Effect<A, TinkError>
): Effect.Effect<A, TinkError> =>
  // Suspended, as a client may throw.
  Effect.matchCauseEffect(
    Effect.suspend(() => client.execute(http)),
    {
      onFailure: (cause) =>
        Option.match(findClientError(cause), {
          onNone: () => Effect.failCause(Cause.map(cause, (error) => Failures.fromClientError(attempt, error))),
          onSome: (error) =>
            error._tag === "ResponseError" && error.reason === "StatusCode"
              ? onResponse(error.response)
              : Effect.fail(Failures.fromClientError(attempt, error))
        }),
      onSuccess: onResponse
    }
  )

const makeRequestSpan = (config: TinkConfig, { request, resends, traceId }: Exchange<RequestDescription>) =>
  Effect.makeSpan(`${request.method} ${request.route}`, {
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

/** Ends the span as `Effect.useSpan` does. */
const endSpan = (span: Tracer.Span, exit: Exit.Exit<unknown, TinkError>, fiber: AnyFiber): void => {
  if (span.status._tag === "Ended") return
  const isTimed = fiber.getFiberRef(FiberRef.currentTracerTimingEnabled)
  span.end(isTimed ? clockOf(fiber).unsafeCurrentTimeNanos() : 0n, exit)
}

/** What all requests of one layer share. */
export interface Sender {
  readonly config: TinkConfig
  readonly client: HttpClient.HttpClient
  readonly requestRuntime: RequestRuntime
  readonly inFlight: InFlight
}

/** Sends a request once, and reads its response. */
export const send = <A>(
  { client, config, inFlight, requestRuntime }: Sender,
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
  const answer: Answer = {}
  const exchanged = (span: Tracer.Span) =>
    execute(client, http, attempt, (response) => {
      answer.response = response
      annotate(span, attempt, response)
      return isSuccess(response)
        ? readSuccess(config, inFlight, attempt, request, response)
        : readError(inFlight, attempt, answer, response)
    })
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(makeRequestSpan(config, exchange), (span) =>
      detached<A, TinkError>({
        inFlight,
        restore,
        millis: timeout,
        onTimeout: () => answer.error?.() ?? Failures.timeout(attempt, answer.response),
        onAbort: () => answer.error?.() ?? Failures.aborted(attempt, inFlight.isClosed),
        // It may hold the request, and with it the token.
        onDefect: (defect) => Failures.fromDefect(attempt, defect, answer.response),
        onEnd: (exit, fiber) => {
          Metrics.countRequest(request, exit)
          endSpan(span, exit, fiber)
        },
        changeRuntime: requestRuntime(span)
      })(exchanged(span))
    )
  )
}
