/**
 * A request to Tink, described as data.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isErrorObject } from "./internal/errorBody.js"
import type { ClientScope, UserScope } from "./OAuthScope.js"
import type { TokenSource } from "./TokenSource.js"

/**
 * A request as it is sent: all of a `TinkRequest` but the schema of its response.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestDescription {
  /** The name of the operation, for errors, spans and logs. */
  readonly operation: string
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** The path as a template: `/api/v1/credentials/{id}`. */
  readonly route: `/${string}`
  /** The values of the template. Each must be an id: see `Ids`. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /** The query. A list is repeated: `items=A&items=B`. Never secret: proxies and servers log it. */
  readonly query?: Readonly<Record<string, string | boolean | ReadonlyArray<string> | undefined>> | undefined
  /** Further headers, of printable ASCII. Never secret. They do not replace those that every request has. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  readonly body?: Body | undefined
  readonly authorization: Authorization
  /**
   * Whether the request changes nothing that matters, so that it can be repeated freely. By default only a `GET` is safe.
   */
  readonly isSafe?: boolean | undefined
  /**
   * Whether sending the request twice has the same effect as sending it once, so that it can be retried even if it may
   * have been processed. By default safe requests, `PUT` and `DELETE` are idempotent.
   */
  readonly isIdempotent?: boolean | undefined
}

/**
 * A request with the schema of its response.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkRequest<A> extends RequestDescription {
  /** Decodes the body of a success. Make it once, not for each request: it is compiled on first use. */
  readonly response: Schema.Schema<A, string>
}

/**
 * The body of a request. Its secrets are `Redacted`, at any depth of a JSON value.
 *
 * @since 0.1.0
 * @category models
 */
export type Body =
  | { readonly _tag: "Form"; readonly fields: Readonly<Record<string, string | Redacted.Redacted | undefined>> }
  | { readonly _tag: "Json"; readonly value: unknown }

/**
 * The token of a request: none, that of the application, or that of a user. The scopes are what the token needs: the
 * error names them when Tink answers 403.
 *
 * @since 0.1.0
 * @category models
 */
export type Authorization =
  | { readonly _tag: "None" }
  | { readonly _tag: "Client"; readonly scopes: Arr.NonEmptyReadonlyArray<ClientScope> }
  | { readonly _tag: "User"; readonly tokens: TokenSource; readonly scope?: UserScope | undefined }

const decodeJson = Schema.decodeOption(Schema.parseJson())

/** Whether a text is JSON, and no error. */
const isSuccess = (text: string): boolean => Option.exists(decodeJson(text), (value) => !isErrorObject(value))

/**
 * The `response` of a request without a response that matters: an empty body, or any JSON but an error object. Anything else,
 * such as the page of a proxy, is not Tink's and fails to decode.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NoContent: Schema.Schema<void, string> = Schema.transform(
  Schema.String.pipe(Schema.filter((text) => text.trim() === "" || isSuccess(text))),
  Schema.Void,
  { strict: true, decode: () => undefined, encode: () => "" }
)
