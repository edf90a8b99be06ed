/** Everything that can go wrong with a request, as `TinkError`s. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type Reason, TinkError } from "../TinkError.js"
import type { Outgoing } from "../TinkRequest.js"
import { showable } from "./redact.js"
import * as RetryAfter from "./retryAfter.js"

/** What every error of one attempt has in common. */
export interface Attempt {
  readonly request: Outgoing
  readonly traceId: string
  /** What must not be shown, should Tink repeat it. */
  readonly secrets: () => ReadonlyArray<string>
}

export const isSafe = (request: Outgoing): boolean => request.isSafe ?? request.method === "GET"

const isIdempotent = (request: Outgoing): boolean =>
  request.isIdempotent ?? (isSafe(request) || request.method === "PUT" || request.method === "DELETE")

/** How far a failed request can have got. */
type Progress = "not processed" | "maybe processed"

interface Details {
  readonly status?: number
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly requestId?: string
  readonly detail?: string
  readonly retryAfter?: TinkError["retryAfter"] & {}
}

/** A redirect is a `Server` failure too, but the next try would get the same. */
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

/** The deadline of the call passed while there was no token to send the request with. */
export const noToken = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no access token in time" })

/** The deadline of the call passed just before it was sent. */
export const noTimeLeft = (attempt: Attempt): TinkError =>
  make(attempt, "Timeout", "not processed", { detail: "no time left to send it" })

/** Codes of errors of the operating system and of undici that come before the first byte is sent. */
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
 * Why the request was surely not sent, from the code of an error or of what caused it. The operating system may tell a
 * connection in use, too, that its host is unreachable or refuses: it says so where it reads or writes.
 */
const whyNeverSent = (error: unknown, depth = 0): string | undefined => {
  if (hasProperty(error, "syscall") && (error.syscall === "read" || error.syscall === "write")) return undefined
  if (hasProperty(error, "code") && typeof error.code === "string") return neverSent[error.code]
  return depth < 5 && hasProperty(error, "cause") ? whyNeverSent(error.cause, depth + 1) : undefined
}

/** The host and port that was talked to: where nothing answers, the base URL is the first thing to look at. */
const hostOf = ({ request }: HttpClientError.RequestError): string => new URL(request.url).host

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
  const reason = whyNeverSent(error)
  return reason === undefined
    ? make(attempt, "Transport", "maybe processed", { detail: `the connection broke (${hostOf(error)})` })
    : make(attempt, "Transport", "not processed", { detail: `${reason} (${hostOf(error)})` })
}

// ---------------------------------------------------------------------------------------------------------------------
// An answer
// ---------------------------------------------------------------------------------------------------------------------

/** A text of Tink's as part of an error, where there is one. */
const textOf = (attempt: Attempt, value: unknown): string | undefined =>
  typeof value === "string" ? showable(value, attempt.secrets()) || undefined : undefined

export const requestIdOf = (
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse
): { readonly requestId?: string } => {
  const requestId = textOf(attempt, response.headers["x-request-id"])
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

/** Where all tokens come from. */
export const tokenRoute = "/api/v1/oauth/token"

/** The token endpoint is there for whoever asks: a 404 of it comes from something that is not Tink, and says nothing. */
const isElsewhere = (request: Outgoing, status: number): boolean => status === 404 && request.route === tokenRoute

const reasonOf = (request: Outgoing, status: number): Reason => {
  if (isElsewhere(request, status)) return "Server"
  return reasonByStatus[status] ?? (status >= 400 && status < 500 ? "Invalid" : "Server")
}

const progressOf = (reason: Reason): Progress =>
  reason === "Server" || reason === "Timeout" ? "maybe processed" : "not processed"

/** Tink's error body; not all services send it, or all of it, or the same types (`tink-api.md` 8.2). */
const ErrorBody = Schema.parseJson(
  Schema.Struct({ errorMessage: Schema.optional(Schema.Unknown), errorCode: Schema.optional(Schema.Unknown) })
)

const decodeErrorBody = Schema.decodeOption(ErrorBody)

const tinksWords = (attempt: Attempt, text: string): Details => {
  const body: { readonly errorCode?: unknown; readonly errorMessage?: unknown } = Option.getOrElse(
    decodeErrorBody(text),
    () => ({})
  )
  const errorCode = textOf(attempt, typeof body.errorCode === "number" ? String(body.errorCode) : body.errorCode)
  const errorMessage = textOf(attempt, body.errorMessage)
  return {
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage === undefined ? {} : { errorMessage })
  }
}

/** Which scope Tink misses, as it does not say it itself. */
const missingScope = ({ authorization }: Outgoing): Details => {
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
  const reason = reasonOf(attempt.request, response.status)
  const retryAfter = RetryAfter.parse(response.headers["retry-after"], now)
  return make(attempt, reason, progressOf(reason), {
    status: response.status,
    ...requestIdOf(attempt, response),
    ...tinksWords(attempt, body),
    ...(reason === "Forbidden" ? missingScope(attempt.request) : {}),
    ...(isElsewhere(attempt.request, response.status) ? { detail: "no answer of Tink: is the base URL right?" } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter })
  })
}

type Path = ReadonlyArray<PropertyKey>

// Not a formatter of ParseResult: those write out what was found, which may be a token, or the whole of a large body.
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

/** Where the issues are, never what was found there. */
const pathsOf = (error: ParseResult.ParseError): string => {
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
    ...requestIdOf(attempt, response),
    detail:
      typeof problem === "string"
        ? `the body is ${problem}`
        : showable(`not as documented: ${pathsOf(problem)}`, attempt.secrets())
  })

export const decode = <A>(
  attempt: Attempt,
  response: HttpClientResponse.HttpClientResponse,
  schema: Schema.Schema<A, string>,
  body: string
): Either.Either<A, TinkError> =>
  Either.mapLeft(Schema.decodeEither(schema)(body), (error) => unreadable(attempt, response, error))
