/** The failures of a request, as `TinkError`s. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type Reason, TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"
import { readOr } from "../InputRules.js"
import { isTinksBaseUrl } from "./baseUrls.js"
import { readRetryAfter } from "./clientResponse.js"
import { describeBody } from "./describeBody.js"
import * as ErrorBody from "./errorBody.js"
import { findNeverSent, type NeverSent } from "./neverSent.js"
import { sanitize } from "./redact.js"
import * as RetryAfter from "./retryAfter.js"

/** What all errors of one attempt share. */
export interface Attempt {
  readonly request: RequestDescription
  readonly traceId: string
  readonly baseUrl: string
  /** Texts to redact in what Tink answers. */
  readonly secrets: () => ReadonlyArray<string>
}

export const isSafe = (request: RequestDescription): boolean => request.isSafe ?? request.method === "GET"

const isIdempotent = (request: RequestDescription): boolean =>
  request.isIdempotent ?? (isSafe(request) || request.method === "PUT" || request.method === "DELETE")

type Response = HttpClientResponse.HttpClientResponse

/** Whether Tink may have processed a failed request. */
type Progress = "not processed" | "maybe processed"

interface Details {
  readonly status?: number
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly requestId?: string
  readonly detail?: string
  readonly retryAfter?: TinkError["retryAfter"] & {}
}

/** A redirect is a `Server` failure too, but a retry would get the same response. */
const isTransient = (reason: Reason, status: number | undefined): boolean =>
  reason === "Transport" ||
  reason === "Timeout" ||
  reason === "RateLimited" ||
  (reason === "Server" && status !== undefined && (status >= 500 || status === 429))

const make = (attempt: Attempt, reason: Reason, progress: Progress, details: Details): TinkError =>
  new TinkError({
    reason,
    operation: attempt.request.operation,
    method: attempt.request.method,
    route: attempt.request.route,
    traceId: attempt.traceId,
    ...details,
    isRetryable: isTransient(reason, details.status) && (progress === "not processed" || isIdempotent(attempt.request)),
    isAmbiguous: progress === "maybe processed" && !isSafe(attempt.request)
  })

// ---------------------------------------------------------------------------------------------------------------------
// No response
// ---------------------------------------------------------------------------------------------------------------------

/** With the head of the response, if only its body is missing. */
export const timeout = (attempt: Attempt, response: Response | undefined): TinkError =>
  make(attempt, "Timeout", "maybe processed", {
    ...(response === undefined ? {} : readHead(attempt, response)),
    detail: "no answer in time"
  })

/** The deadline passed before there was a token. */
export const noToken = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no access token in time" })

/** The deadline passed just before the request was sent. */
export const noTimeLeft = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no time left to send the request" })

/** The layer was closed. The same call cannot succeed later. */
export const closed = (attempt: Attempt, progress: Progress = "not processed"): TinkError =>
  new TinkError({
    ...make(attempt, "Transport", progress, { detail: "the layer of TinkHttp was closed" }),
    isRetryable: false
  })

/** The deadline passed while other requests were in flight. */
export const noTurn = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no turn in time: too many requests are in flight" })

/** Tink asked all requests to wait, longer than this call may take. */
export const paused = (attempt: Attempt, millis: number): TinkError =>
  make(attempt, "RateLimited", "not processed", {
    detail: "Tink has asked to wait",
    retryAfter: Duration.millis(Math.ceil(millis))
  })

export const circuitOpen = (attempt: Attempt, millis: number): TinkError =>
  new TinkError({
    ...make(attempt, "Server", "not processed", {
      detail: "the circuit is open: the last requests all failed",
      retryAfter: Duration.millis(Math.max(0, Math.ceil(millis)))
    }),
    isRetryable: true
  })

/** Host and port, in brackets: if nothing answers, the base URL is the first suspect. A client may have a relative URL. */
const formatHost = (url: string): string => (URL.canParse(url) ? ` (${new URL(url).host})` : "")

const unsent = (attempt: Attempt, { isPermanent, reason }: NeverSent, url: string): TinkError => {
  const error = make(attempt, "Transport", "not processed", { detail: `${reason}${formatHost(url)}` })
  return isPermanent === true ? new TinkError({ ...error, isRetryable: false }) : error
}

export const fromClientError = (attempt: Attempt, error: HttpClientError.HttpClientError): TinkError => {
  if (error._tag === "ResponseError") {
    return make(attempt, "Transport", "maybe processed", {
      ...readHead(attempt, error.response),
      detail: "the body of the answer was cut short"
    })
  }
  if (error.reason !== "Transport") {
    return make(attempt, "Invalid", "not processed", { detail: "the request could not be made" })
  }
  const neverSent = findNeverSent(error.cause)
  return neverSent === undefined
    ? make(attempt, "Transport", "maybe processed", { detail: `the connection broke${formatHost(error.request.url)}` })
    : unsent(attempt, neverSent, error.request.url)
}

/** A defect of a client, which may hold the request: none of it is shown. */
export const fromDefect = (attempt: Attempt, defect: unknown, response: Response | undefined): TinkError => {
  const neverSent = response === undefined ? findNeverSent(defect) : undefined
  return neverSent === undefined
    ? make(attempt, "Transport", "maybe processed", {
        ...(response === undefined ? {} : readHead(attempt, response)),
        detail: "the HTTP client failed"
      })
    : unsent(attempt, neverSent, "")
}

/** A client interrupts itself, or the layer was closed. */
export const aborted = (attempt: Attempt, isClosed: boolean): TinkError =>
  isClosed
    ? closed(attempt, "maybe processed")
    : make(attempt, "Transport", "maybe processed", { detail: "the HTTP client ended the request" })

// ---------------------------------------------------------------------------------------------------------------------
// A response
// ---------------------------------------------------------------------------------------------------------------------

/** A string from Tink, fit for an error. Undefined if absent or empty. */
const sanitizedText = (attempt: Attempt, value: unknown): string | undefined =>
  typeof value === "string" ? sanitize(value, attempt.secrets()) || undefined : undefined

export const readRequestId = (attempt: Attempt, response: Response): { readonly requestId?: string } => {
  const requestId = sanitizedText(attempt, response.headers["x-request-id"])
  return requestId === undefined ? {} : { requestId }
}

/** The status and the request id of a response. */
const readHead = (attempt: Attempt, response: Response): Details => ({
  ...(Number.isInteger(response.status) ? { status: response.status } : {}),
  ...readRequestId(attempt, response)
})

const reasonByStatus: Readonly<Record<number, Reason>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  408: "Timeout",
  409: "Conflict",
  429: "RateLimited"
}

/** The token endpoint. */
export const tokenRoute = "/api/v1/oauth/token"

/** A 404 of the token endpoint means that this is not Tink. */
const isNotTink = (request: RequestDescription, status: number): boolean =>
  status === 404 && request.route === tokenRoute

/** Statuses of gateways and servers in trouble. They say nothing about what was asked. */
const isTrouble = (status: number): boolean => status < 400 || status >= 500 || status === 408

/**
 * Whether the status of an error response is Tink's own. Tink's error body proves it. Without one:
 *
 * - No body proves 401, 403 and 429 only. They are documented for every endpoint, and it is not established that their bodies
 *   are JSON (`tink-api.md` 8.3 and 14.2): a token would never be renewed if Tink sends them without a body. A 404 without a
 *   body is what a gateway without a route sends.
 * - A body that did not arrive proves its status, except for 404: absence ends a deletion as a success.
 * - A body of another shape proves nothing: a proxy, a firewall or another server answered.
 */
const isBelieved = (status: number, { origin }: ErrorBody.ErrorBody): boolean => {
  switch (origin) {
    case "Tink":
      return true
    case "Empty":
      return status === 401 || status === 403 || status === 429
    case "Unread":
      return status !== 404
    case "Foreign":
      return false
  }
}

const toReason = (request: RequestDescription, status: number, body: ErrorBody.ErrorBody): Reason => {
  if (isNotTink(request, status) || status === proxyRefusal) return "Server"
  if (!isTrouble(status) && !isBelieved(status, body)) return "Server"
  return reasonByStatus[status] ?? (status >= 400 && status < 500 ? "Invalid" : "Server")
}

/** Only a proxy sends this status, and then it has not forwarded the request. */
const proxyRefusal = 407

const toProgress = (reason: Reason, status: number): Progress =>
  status !== proxyRefusal && (reason === "Server" || reason === "Timeout") ? "maybe processed" : "not processed"

const toDetails = (attempt: Attempt, body: ErrorBody.ErrorBody): Details => {
  const errorCode = sanitizedText(attempt, body.errorCode)
  const errorMessage = sanitizedText(attempt, body.errorMessage)
  return {
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage === undefined ? {} : { errorMessage })
  }
}

const checkApp = "check the app in Tink Console"

/** The scope that the token needs. Tink does not name it. */
const missingScope = ({ authorization }: RequestDescription): string | undefined => {
  if (authorization._tag === "Client") return `needs the scope ${authorization.scopes.join(", ")}: ${checkApp}`
  return authorization._tag === "User" && authorization.scope !== undefined
    ? `needs the scope ${authorization.scope}`
    : undefined
}

/** What proves to the token endpoint who asks. */
const credentialsToCheck = (fields: Readonly<Record<string, unknown>>): string => {
  if ("client_secret" in fields) return "check the client id and secret (TINK_CLIENT_ID, TINK_CLIENT_SECRET)"
  if ("assertion" in fields) return "check the client id and the private key (TINK_CLIENT_ID, TINK_PRIVATE_KEY)"
  return "check the client id (TINK_CLIENT_ID) and the certificate of the HTTP client"
}

/** What to check when the token endpoint refuses the application. */
const refusedApp = ({ body, route }: RequestDescription, details: Details): string | undefined => {
  if (route !== tokenRoute || body?._tag !== "Form") return undefined
  const { scope } = body.fields
  return typeof scope === "string" && /scope/i.test(`${details.errorCode} ${details.errorMessage}`)
    ? `Tink has not granted the scope ${scope}: ${checkApp}`
    : credentialsToCheck(body.fields)
}

/** An error response: its body, and the whole text of it unless it was not read to its end. */
interface ErrorResponse {
  readonly attempt: Attempt
  readonly response: Response
  readonly body: ErrorBody.ErrorBody
  readonly text: string | undefined
  readonly now: number
}

/** What came instead of an answer from Tink, and what to check. */
const foreignAnswer = ({ attempt, body, response, text }: ErrorResponse): string => {
  const what =
    body.origin === "Tink"
      ? "the endpoint does not exist"
      : `the response has no Tink error body (${describeBody(response, text)})`
  return isTinksBaseUrl(attempt.baseUrl) ? what : `${what}: check the base URL`
}

const toDetail = (from: ErrorResponse, reason: Reason, details: Details): string | undefined => {
  const { attempt, body, response } = from
  const { status } = response
  if (status === proxyRefusal) return "the proxy wants to be authenticated"
  if (reason === "Server") {
    const isUnexpected = !isTrouble(status) || body.origin === "Foreign"
    return isUnexpected ? foreignAnswer(from) : undefined
  }
  if (reason === "Unauthorized") return refusedApp(attempt.request, details)
  return reason === "Forbidden" ? missingScope(attempt.request) : undefined
}

export const fromStatus = (from: ErrorResponse): TinkError => {
  const { attempt, body, now, response } = from
  const { headers, status } = response
  const reason = toReason(attempt.request, status, body)
  const retryAfter = RetryAfter.parse(readRetryAfter(response), now, headers["date"])
  const details = toDetails(attempt, body)
  const detail = toDetail(from, reason, details)
  return make(attempt, reason, toProgress(reason, status), {
    ...readHead(attempt, response),
    ...details,
    ...(detail === undefined ? {} : { detail: sanitize(detail, attempt.secrets()) }),
    ...(retryAfter === undefined ? {} : { retryAfter })
  })
}

type Path = ReadonlyArray<PropertyKey>

// The formatters of ParseResult print values, which may be a token or a large body.
const issuePaths = (issue: ParseResult.ParseIssue, path: Path = []): ReadonlyArray<Path> => {
  switch (issue._tag) {
    case "Pointer":
      return issuePaths(issue.issue, path.concat(issue.path))
    case "Composite":
      return Arr.ensure(issue.issues).flatMap((inner) => issuePaths(inner, path))
    case "Refinement":
    case "Transformation":
      return issuePaths(issue.issue, path)
    default:
      return [path]
  }
}

/** The paths of the issues, never the values. */
const formatPaths = (error: ParseResult.ParseError): string => {
  const paths = issuePaths(error.issue).map((path) => (path.length === 0 ? "the body" : path.map(String).join(".")))
  return Arr.dedupe(paths).slice(0, 3).join(", ")
}

export const unreadable = (attempt: Attempt, response: Response, problem: string): TinkError =>
  make(attempt, "Decode", "maybe processed", {
    ...readHead(attempt, response),
    detail: sanitize(problem, attempt.secrets())
  })

/** A success whose body is Tink's error is a failure. */
const errorInSuccess = (attempt: Attempt, response: Response, body: ErrorBody.ErrorBody): TinkError =>
  make(attempt, "Decode", "maybe processed", {
    ...readHead(attempt, response),
    ...toDetails(attempt, body),
    detail: "the body of a success is an error"
  })

const isJson = (text: string): boolean =>
  readOr(() => {
    JSON.parse(text)
    return true
  }, false)

/** Not only a `ParseError`: a schema of the application can throw, and so does a body that is nested too deeply. */
const toProblem = (problem: unknown, response: Response, body: string): string => {
  if (!isJson(body)) return `not JSON (${describeBody(response, body)})`
  try {
    if (ParseResult.isParseError(problem)) return `not as documented: ${formatPaths(problem)}`
  } catch {
    // The issues are nested as deeply as the body.
  }
  return "the body could not be decoded"
}

export const decode = <A>(
  attempt: Attempt,
  response: Response,
  schema: Schema.Schema<A, string>,
  body: string
): Exit.Exit<A, TinkError> => {
  const error = ErrorBody.parseSuccess(body, attempt.request.route)
  if (error !== undefined) return Exit.fail(errorInSuccess(attempt, response, error))
  try {
    return Exit.succeed(Schema.decodeSync(schema)(body))
  } catch (problem) {
    return Exit.fail(unreadable(attempt, response, toProblem(problem, response, body)))
  }
}
