/**
 * The one error of this library.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What happened:
 *
 * - `Transport`: no whole answer came (no network, refused, reset, body cut short)
 * - `Timeout`: no answer in time, or Tink answered 408
 * - `RateLimited`: 429; see `retryAfter`
 * - `Unauthorized`: 401; the token, or the client id or secret, is not valid
 * - `Forbidden`: 403; a scope is missing. Also without a `status`: a session lacks it, or Tink has not granted it
 * - `NotFound`: 404, of any other endpoint than that of tokens
 * - `Conflict`: 409
 * - `Invalid`: the input is not valid, which was seen by this library (no `status`) or by Tink (400 and others)
 * - `Server`: 5xx, or an answer that is no answer of this API, such as a redirect, or a 404 where tokens come from
 * - `Decode`: a success whose body is not what Tink documents
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
 * @since 0.1.0
 * @category models
 */
export type Reason = typeof Reason.Type

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/**
 * A failed operation. It can be logged, serialized and shown as it is: it holds no request, response, header, body or
 * token, and secrets that Tink repeats in its message are blotted out.
 *
 * @example
 * ```ts
 * import type { TinkError } from "@effect-tink/http/TinkError"
 * import * as Effect from "effect/Effect"
 *
 * export const orEmpty = <A>(self: Effect.Effect<ReadonlyArray<A>, TinkError>) =>
 *   Effect.catchIf(self, (error) => error.reason === "NotFound", () => Effect.succeed<ReadonlyArray<A>>([]))
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class TinkError extends Schema.TaggedError<TinkError>("@effect-tink/http/TinkError")("TinkError", {
  /** What happened. */
  reason: Reason,
  /** The operation whose request failed, for example `listCredentials`. */
  operation: Schema.String,
  /** The method of the failed request. */
  method: optional(Schema.String),
  /** The path of the failed request as a template, without ids: `/api/v1/credentials/{id}`. */
  route: optional(Schema.String),
  /** The HTTP status, when Tink answered. */
  status: optional(Schema.Number),
  /** Tink's code, for example `user.user_with_external_user_id_already_exists` (`tink-api.md` 8.2). */
  errorCode: optional(Schema.String),
  /** Tink's message, shortened. */
  errorMessage: optional(Schema.String),
  /** What this library has to say, for example which input is not valid. */
  detail: optional(Schema.String),
  /** `X-Request-ID` of the answer: what Tink's support asks for. */
  requestId: optional(Schema.String),
  /** `X-Client-Trace-ID` of the request: the same for all attempts of one call. */
  traceId: optional(Schema.String),
  /** How long Tink asked to wait before the next try. */
  retryAfter: optional(Schema.DurationFromMillis),
  /** Whether the same call may succeed later and is safe to repeat. */
  isRetryable: Schema.Boolean,
  /** Whether a change may have been applied, or may be applied yet, although the call failed. */
  isAmbiguous: Schema.Boolean
}) {
  override get message(): string {
    const request = [this.status, this.method, this.route].filter((part) => part !== undefined).join(" ")
    const said = [this.detail, this.errorMessage, this.errorCode].filter((part) => part !== undefined).join("; ")
    return (
      `${this.operation}: ${this.reason}` +
      (request === "" ? "" : ` (${request})`) +
      (said === "" ? "" : `: ${said}`) +
      (this.requestId === undefined ? "" : ` [request id ${this.requestId}]`)
    )
  }
}

/**
 * The error for input that is not valid, raised before anything is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const invalidInput = (operation: string, detail: string): TinkError =>
  new TinkError({ reason: "Invalid", operation, detail, isRetryable: false, isAmbiguous: false })
