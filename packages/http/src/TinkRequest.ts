/**
 * A request to Tink, described as data.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ClientScope, UserScope } from "./OAuthScope.js"
import type { TokenSource } from "./TokenSource.js"

/**
 * What goes over the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outgoing {
  /** The name of the operation, for errors, spans and logs. */
  readonly operation: string
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** The path as a template: `/api/v1/credentials/{id}`. */
  readonly route: `/${string}`
  /** The values of the template, each of which must be an id: see `Ids`. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /** What follows the path. A list is repeated, `items=A&items=B`. Nothing secret: others on the way may log it. */
  readonly query?: Readonly<Record<string, string | boolean | ReadonlyArray<string> | undefined>> | undefined
  readonly body?: Body | undefined
  readonly authorization: Authorization
  /**
   * Whether the request changes nothing that matters, so that it may be sent as often as wanted. By default a `GET` is
   * safe and all else is not.
   */
  readonly isSafe?: boolean | undefined
  /**
   * Whether the request changes no more when it is sent twice, so that it may be sent again when it may have been
   * processed. By default a safe request, a `PUT` and a `DELETE` are idempotent and all else is not.
   */
  readonly isIdempotent?: boolean | undefined
}

/**
 * A request whose answer is an `A`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkRequest<A> extends Outgoing {
  /** Decodes the text of the body of a success. Make it once, not for each request: it is compiled when first used. */
  readonly response: Schema.Schema<A, string>
}

/**
 * What is secret in a body is `Redacted`, also deep inside of a JSON value.
 *
 * @since 0.1.0
 * @category models
 */
export type Body =
  | { readonly _tag: "Form"; readonly fields: Readonly<Record<string, string | Redacted.Redacted | undefined>> }
  | { readonly _tag: "Json"; readonly value: unknown }

/**
 * Whose token goes with the request: none, that of the application itself, or that of a user. The scopes are what the
 * token needs; an error says them when Tink misses one.
 *
 * @since 0.1.0
 * @category models
 */
export type Authorization =
  | { readonly _tag: "None" }
  | { readonly _tag: "Client"; readonly scopes: Arr.NonEmptyReadonlyArray<ClientScope> }
  | { readonly _tag: "User"; readonly tokens: TokenSource; readonly scope?: UserScope | undefined }

const decodeJson = Schema.decodeOption(Schema.parseJson())

const isJson = (text: string): boolean => Option.isSome(decodeJson(text))

/**
 * The response of a request whose answer has no body, or none that matters. A success with a body is one as well, but a
 * page of whatever stands between is not: nobody knows whether Tink has seen the request.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NoContent: Schema.Schema<void, string> = Schema.transform(
  Schema.String.pipe(Schema.filter((text) => text.trim() === "" || isJson(text))),
  Schema.Void,
  { strict: true, decode: () => undefined, encode: () => "" }
)
