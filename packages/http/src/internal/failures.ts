/** The failures of a request, as `TinkError`s. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type Reason, TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"
import { sanitize } from "./redact.js"
import * as RetryAfter from "./retryAfter.js"

/** What all errors of one attempt share. */
export interface Attempt {
  readonly request: RequestDescription
  readonly traceId: string
  /** Texts to redact in what Tink answers. */
  readonly secrets: () => ReadonlyArray<string>
}

export const isSafe = (request: RequestDescription): boolean => request.isSafe ?? request.method === "GET"

const isIdempotent = (request: RequestDescription): boolean =>
  request.isIdempotent ?? (isSafe(request) || request.method === "PUT" || request.method === "DELETE")

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

/** A redirect is a `Server` failure too, but a retry would get the same answer. */
const isTransient = (reason: Reason, status: number | undefined): boolean =>
  reason === "Transport" ||
  reason === "Timeout" ||
  reason === "RateLimited" ||
  (reason === "Server" && status !== undefined && status >= 500)

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
// No answer
// ---------------------------------------------------------------------------------------------------------------------

export const timeout = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "maybe processed", { detail: "no answer in time" })

/** The deadline passed before there was a token. */
export const noToken = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no access token in time" })

/** The deadline passed just before the request was sent. */
export const noTimeLeft = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no time left to send the request" })

/** Error codes of the operating system and of undici that occur only before the first byte is sent. */
const neverSent: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "host not found",
  EAI_AGAIN: "host name could not be looked up",
  ENETUNREACH: "network unreachable",
  EHOSTUNREACH: "host unreachable",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host"
}

type ErrorProperty = "cause" | "code" | "syscall"

const hasProperty = <Name extends ErrorProperty>(value: unknown, name: Name): value is Record<Name, unknown> =>
  typeof value === "object" && value !== null && name in value

/**
 * Why the request was certainly not sent, by the code of an error or of its cause. Undefined if it may have been sent. An
 * error of `read` or `write` concerns a connection in use, even with a code such as EHOSTUNREACH.
 */
const neverSentReason = (error: unknown, depth = 0): string | undefined => {
  if (hasProperty(error, "syscall") && (error.syscall === "read" || error.syscall === "write")) return undefined
  if (hasProperty(error, "code") && typeof error.code === "string") return neverSent[error.code]
  return depth < 5 && hasProperty(error, "cause") ? neverSentReason(error.cause, depth + 1) : undefined
}

/** Host and port: if nothing answers, the base URL is the first suspect. */
const requestHost = ({ request }: HttpClientError.RequestError): string => new URL(request.url).host

export const fromClientError = (attempt: Attempt, error: HttpClientError.HttpClientError): TinkError => {
  if (error._tag === "ResponseError") {
    return make(attempt, "Transport", "maybe processed", {
      status: error.response.status,
      detail: "the body of the answer was cut short"
    })
  }
  if (error.reason !== "Transport") {
    return make(attempt, "Invalid", "not processed", { detail: "the request could not be made" })
  }
  const reason = neverSentReason(error)
  return reason === undefined
    ? make(attempt, "Transport", "maybe processed", { detail: `the connection broke (${requestHost(error)})` })
    : make(attempt, "Transport", "not processed", { detail: `${reason} (${requestHost(error)})` })
}

// ---------------------------------------------------------------------------------------------------------------------
// An answer
// ---------------------------------------------------------------------------------------------------------------------

/** A text from Tink, fit for an error. Undefined if there is none. */
const sanitizedText = (attempt: Attempt, value: unknown): string | undefined =>
  typeof value === "string" ? sanitize(value, attempt.secrets()) || undefined : undefined

export const readRequestId = (
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse
): { readonly requestId?: string } => {
  const requestId = sanitizedText(attempt, response.headers["x-request-id"])
  return requestId === undefined ? {} : { requestId }
}

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

const toReason = (request: RequestDescription, status: number): Reason => {
  if (isNotTink(request, status)) return "Server"
  return reasonByStatus[status] ?? (status >= 400 && status < 500 ? "Invalid" : "Server")
}

const toProgress = (reason: Reason): Progress =>
  reason === "Server" || reason === "Timeout" ? "maybe processed" : "not processed"

/** Tink's error body. Some services omit it, or parts of it, or use other types (`tink-api.md` 8.2). */
const ErrorBody = Schema.parseJson(
  Schema.Struct({ errorMessage: Schema.optional(Schema.Unknown), errorCode: Schema.optional(Schema.Unknown) })
)

const decodeErrorBody = Schema.decodeOption(ErrorBody)

const parseErrorBody = (attempt: Attempt, text: string): Details => {
  const body: { readonly errorCode?: unknown; readonly errorMessage?: unknown } = Option.getOrElse(
    decodeErrorBody(text),
    () => ({})
  )
  const errorCode = sanitizedText(attempt, typeof body.errorCode === "number" ? String(body.errorCode) : body.errorCode)
  const errorMessage = sanitizedText(attempt, body.errorMessage)
  return {
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage === undefined ? {} : { errorMessage })
  }
}

/** The scope that the token needs. Tink does not name it. */
const missingScope = ({ authorization }: RequestDescription): Details => {
  const scope = authorization._tag === "Client" ? authorization.scopes.join(", ") : undefined
  const needed = authorization._tag === "User" ? authorization.scope : scope
  return needed === undefined ? {} : { detail: `needs the scope ${needed}` }
}

export const fromStatus = (
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse,
  body: string,
  now: number
): TinkError => {
  const reason = toReason(attempt.request, response.status)
  const retryAfter = RetryAfter.parse(response.headers["retry-after"], now)
  return make(attempt, reason, toProgress(reason), {
    status: response.status,
    ...readRequestId(attempt, response),
    ...parseErrorBody(attempt, body),
    ...(reason === "Forbidden" ? missingScope(attempt.request) : {}),
    ...(isNotTink(attempt.request, response.status) ? { detail: "not an answer from Tink: check the base URL" } : {}),
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

export const unreadable = (
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse,
  problem: ParseResult.ParseError | "too large"
): TinkError =>
  make(attempt, "Decode", "maybe processed", {
    status: response.status,
    ...readRequestId(attempt, response),
    detail:
      typeof problem === "string"
        ? `the body is ${problem}`
        : sanitize(`not as documented: ${formatPaths(problem)}`, attempt.secrets())
  })

export const decode = <A>(
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse,
  schema: Schema.Schema<A, string>,
  body: string
): Either.Either<A, TinkError> =>
  Either.mapLeft(Schema.decodeEither(schema)(body), (error) => unreadable(attempt, response, error))
