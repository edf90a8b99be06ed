/**
 * The error of this library.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * The reason of an error:
 *
 * - `Transport`: no complete response (no network, refused, reset, body cut short)
 * - `Timeout`: no response in time, or 408
 * - `RateLimited`: 429; see `retryAfter`
 * - `Unauthorized`: 401; the token, the client id or the client secret is not valid
 * - `Forbidden`: 403; a scope is missing. Without a `status`: the session lacks it, or Tink has not granted it
 * - `NotFound`: 404 with Tink's error body, except from the token endpoint
 * - `Conflict`: 409
 * - `Invalid`: the input is not valid, by this library (no `status`) or by Tink (400 and other 4xx)
 * - `Server`: 5xx, or a response that is not from this API, such as a redirect, an error response without Tink's error body, or a
 *   404 from the token endpoint
 * - `Decode`: a success whose body is not as documented
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reason = Schema.Literal(
  "Transport",
  "Timeout",
  "RateLimited",
  "Unauthorized",
  "Forbidden",
  "NotFound",
  "Conflict",
  "Invalid",
  "Server",
  "Decode"
)

/**
 * The reason of an error.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/**
 * A failed operation. It is safe to log, serialize and show: it holds no request, response, header, body or token, and
 * secrets that Tink repeats in its message are redacted.
 *
 * @example
 * ```ts
 * import type { TinkError } from "@effect-tink/http"
 * import { Effect } from "effect"
 *
 * export const orEmpty = <A>(self: Effect.Effect<ReadonlyArray<A>, TinkError.TinkError>) =>
 *   Effect.catchIf(
 *     self,
 *     (error) => error.reason === "NotFound",
 *     () => Effect.succeed<ReadonlyArray<A>>([])
 *   )
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class TinkError extends Schema.TaggedError<TinkError>("@effect-tink/http/TinkError")("TinkError", {
  /** Why the operation failed. */
  reason: Reason,
  /** The operation whose request failed, for example `listCredentials`. */
  operation: Schema.String,
  /** The method of the failed request. */
  method: optional(Schema.String),
  /** The path of the failed request as a template, without ids: `/api/v1/credentials/{id}`. */
  route: optional(Schema.String),
  /** The HTTP status, if there was a response. */
  status: optional(Schema.Number),
  /** Tink's code, for example `user.user_with_external_user_id_already_exists` (`tink-api.md` 8.2). */
  errorCode: optional(Schema.String),
  /** Tink's message, shortened. */
  errorMessage: optional(Schema.String),
  /** What this library adds, for example which input is not valid. */
  detail: optional(Schema.String),
  /** `X-Request-ID` of the response. Tink's support asks for it. */
  requestId: optional(Schema.String),
  /** `X-Client-Trace-ID` of the request: the same for all attempts of one call. */
  traceId: optional(Schema.String),
  /** How long Tink asks to wait before the next attempt. */
  retryAfter: optional(Schema.DurationFromMillis),
  /** Whether the call may succeed later, and is safe to repeat. */
  isRetryable: Schema.Boolean,
  /** Whether a change may have been applied, or may still be, although the call failed. */
  isAmbiguous: Schema.Boolean
}) {
  override get message(): string {
    const request = [this.status, this.method, this.route].filter((part) => part !== undefined).join(" ")
    const said = [this.detail, this.errorMessage, this.errorCode].filter((part) => part !== undefined).join("; ")
    return (
      `${this.operation}: ${this.reason}` +
      (request === "" ? "" : ` (${request})`) +
      (said === "" ? "" : `: ${said}`) +
      (this.retryAfter === undefined ? "" : ` [retry after ${Math.ceil(Duration.toSeconds(this.retryAfter))} s]`) +
      (this.requestId === undefined ? "" : ` [request id ${this.requestId}]`)
    )
  }
}

/**
 * The error for invalid input. It is raised before a request is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const invalidInput = (operation: string, detail: string): TinkError =>
  new TinkError({ reason: "Invalid", operation, detail, isRetryable: false, isAmbiguous: false })
