/**
 * A request to Tink, described as data.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { ClientScope } from "./OAuthScope.js"
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
  readonly body?: Body | undefined
  readonly authorization: Authorization
  /**
   * Whether the request changes nothing that matters, so that it may be sent as often as wanted. By default a `GET` is
   * safe and all else is not.
   */
  readonly isSafe?: boolean | undefined
}

/**
 * A request whose answer is an `A`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkRequest<A> extends Outgoing {
  /** Decodes the text of the body of a success. */
  readonly response: Schema.Schema<A, string>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Body =
  | { readonly _tag: "Form"; readonly fields: Readonly<Record<string, string | Redacted.Redacted | undefined>> }
  | { readonly _tag: "Json"; readonly value: unknown }

/**
 * Whose token goes with the request: none, that of the application itself, or that of a user.
 *
 * @since 0.1.0
 * @category models
 */
export type Authorization =
  | { readonly _tag: "None" }
  | { readonly _tag: "Client"; readonly scopes: Arr.NonEmptyReadonlyArray<ClientScope> }
  | { readonly _tag: "User"; readonly tokens: TokenSource }

const isJson = (text: string): boolean => Option.isSome(Schema.decodeOption(Schema.parseJson())(text))

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
