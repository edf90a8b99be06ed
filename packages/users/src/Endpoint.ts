/**
 * An endpoint of Tink's API as one record: what is sent, with which token, what comes back, and what that means for the
 * cache. The operations of `Users` are made from such records. An application makes its own for what this library does not
 * have, and sends them with `Users.request`.
 *
 * @since 0.1.0
 */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { readOr } from "@effect-tink/http/InputRules"
import type { ClientScope, UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { RequestDescription } from "@effect-tink/http/TinkRequest"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type * as Schema from "effect/Schema"
import type { Connection } from "./internal/requests/freshness.js"
import type { UserSession } from "./UserSession.js"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("@effect-tink/users/Endpoint")

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = typeof TypeId

/**
 * How a read uses the cache.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadOptions {
  /** Asks Tink without reading or writing the cache. */
  readonly bypassCache?: boolean | undefined
}

/**
 * The user and the credential that a response names. What it does not name is left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject {
  readonly userId?: UserId | undefined
  readonly credentialsId?: CredentialsId | undefined
}

/**
 * How long the response to a read is cached, counted from when its request was sent. By default, and at most, for the cache's own
 * time to live.
 *
 * @since 0.1.0
 * @category models
 */
export interface CachePolicy<in Answer> {
  readonly timeToLive?: Duration.DurationInput | undefined
  /** The credentials or consents in the response. It expires sooner while one is in progress, and when a consent expires. */
  readonly connections?: ((answer: Answer) => ReadonlyArray<Connection>) | undefined
}

/** The arguments of the operation. */
interface WithArguments<in Args extends ReadonlyArray<unknown>> {
  readonly [TypeId]: (...args: Args) => void
  /** Checks the id in the route. */
  readonly id?: Schema.Schema.AnyNoContext | undefined
  /** Checks the input, and encodes it with the names and forms that Tink documents. */
  readonly input?: Schema.Schema.AnyNoContext | undefined
}

interface Common<Answer> {
  /** The name of the operation: in errors, spans and logs. */
  readonly name: string
  /** The path, with the name of its id in braces where it has one: `/api/v1/credentials/{id}`. It can have one. */
  readonly route: RequestDescription["route"]
  /** The members of the encoded input that are sent as headers, by their names. Never secret. */
  readonly headers?: ReadonlyArray<string> | undefined
  /** Decodes the body of a successful response: `Schema.parseJson(…)`, or `TinkRequest.NoContent`. */
  readonly response: Schema.Schema<Answer, string>
  /** Where the endpoint is documented, such as `tink-api.md 6.4`. */
  readonly source?: string | undefined
}

interface Owned<Answer> {
  /** The users and credentials that a response names. A response about another one than was asked for is refused. */
  readonly subject?: ((answer: Answer) => ReadonlyArray<Subject>) | undefined
}

interface Sending {
  readonly method: RequestDescription["method"]
  /** The members of the encoded input that are sent in the query. The others are the body. */
  readonly query?: ReadonlyArray<string> | undefined
  /** The encoding of the body. By default JSON. */
  readonly encoding?: "json" | "form" | undefined
  /** Whether sending it twice has the effect of sending it once. By default true for `PUT` and `DELETE`. */
  readonly isIdempotent?: boolean | undefined
}

interface ReadFields<Scope extends UserScope, Answer> extends Common<Answer>, Owned<Answer> {
  /** The scope that the session needs. */
  readonly scope: Scope
  /** `false` if a response can be used only once. */
  readonly cache?: CachePolicy<Answer> | false | undefined
}

interface ChangeFields<Scope extends UserScope, Answer> extends Common<Answer>, Owned<Answer>, Sending {
  /** The scope that the session needs. */
  readonly scope: Scope
  /** The member of the body that repeats the user id of the session, if the endpoint has one. */
  readonly userIdMember?: string | undefined
  /** Whether the request invalidates what is cached of the user, however it ends. By default true. */
  readonly invalidates?: boolean | undefined
}

interface ClientFields<Answer> extends Common<Answer>, Sending {
  /** The scope that the client access token needs. Without one the request is sent without a token. */
  readonly scope?: ClientScope | undefined
  /** How long the response is reused, for all callers. By default it is not. */
  readonly cache?: { readonly timeToLive: Duration.DurationInput } | undefined
}

/**
 * A `GET` with the token of a session. Its input is the query.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadEndpoint<Scope extends UserScope, in Args extends ReadonlyArray<unknown>, Answer>
  extends WithArguments<Args>, ReadFields<Scope, Answer> {
  readonly _tag: "Read"
  readonly method: "GET"
}

/**
 * A request with the token of a session that changes something of the user.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChangeEndpoint<Scope extends UserScope, in Args extends ReadonlyArray<unknown>, Answer>
  extends WithArguments<Args>, ChangeFields<Scope, Answer> {
  readonly _tag: "Change"
}

/**
 * A request with the application's own token, or with none.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientEndpoint<in Args extends ReadonlyArray<unknown>, Answer>
  extends WithArguments<Args>, ClientFields<Answer> {
  readonly _tag: "Client"
}

/**
 * An endpoint that takes the token of a session.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionEndpoint<Scope extends UserScope, Args extends ReadonlyArray<unknown>, Answer> =
  ReadEndpoint<Scope, Args, Answer> | ChangeEndpoint<Scope, Args, Answer>

// ---------------------------------------------------------------------------------------------------------------------
// Constructors
// ---------------------------------------------------------------------------------------------------------------------

/** The options as they are now. If they cannot be read they are missing, which is refused when the endpoint is used. */
const readOptions = <Options extends object>(options: Options): Options =>
  // A caller without types may pass anything.
  readOr(() => ({ ...options }), {} as Options)

/** An input that can be `undefined` can be left out. */
type InputArguments<Input> = [Input] extends [never] ? [] : undefined extends Input ? [options?: Input] : [input: Input]

/** The arguments after the session: the id of the route where it has one, and the input where there is one. */
type Arguments<Id, Input> = [Id] extends [never] ? InputArguments<Input> : [id: Id, ...InputArguments<Input>]

type ReadInput<Query> = [Query] extends [never]
  ? ReadOptions | undefined
  : (Exclude<Query, undefined> & ReadOptions) | Extract<Query, undefined>

interface WithId<Id> {
  /** The schema of the id in the route. */
  readonly id?: Schema.Schema<Id, string>
}

interface WithInput<Input, Encoded> {
  /**
   * The schema of the input, which encodes it with the names and forms that Tink documents. With `Schema.UndefinedOr` the input
   * may be left out.
   */
  readonly input?: Schema.Schema<Input, Encoded>
}

/**
 * Describes a read. Its operation takes a session, then the id of the route if it has one, then the members of `input`
 * together with `ReadOptions`. Make it once, outside of functions: the cache tells endpoints apart by their identity.
 *
 * @example
 * ```ts
 * import { Endpoint } from "@effect-tink/users"
 * import { Schema } from "effect"
 *
 * const AccountList = Schema.Struct({ accounts: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })) })
 *
 * export const listAccounts = Endpoint.read({
 *   name: "listAccounts",
 *   scope: "accounts:read",
 *   route: "/data/v2/accounts",
 *   input: Schema.UndefinedOr(Schema.Struct({ pageSize: Schema.optional(Schema.Int) })),
 *   response: Schema.parseJson(AccountList)
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = <
  Scope extends UserScope,
  Answer,
  Id = never,
  Query = never,
  Encoded extends object | undefined = object
>(
  options: ReadFields<Scope, Answer> & WithId<Id> & WithInput<Query, Encoded>
): ReadEndpoint<Scope, Arguments<Id, ReadInput<Query>>, Answer> => ({
  ...readOptions(options),
  _tag: "Read",
  method: "GET",
  [TypeId]: constVoid
})

/**
 * Describes a change. Its operation takes a session, then the id of the route if it has one, then the `input`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const change = <
  Scope extends UserScope,
  Answer,
  Id = never,
  Input = never,
  Encoded extends object | undefined = object
>(
  options: ChangeFields<Scope, Answer> & WithId<Id> & WithInput<Input, Encoded>
): ChangeEndpoint<Scope, Arguments<Id, Input>, Answer> => ({
  ...readOptions(options),
  _tag: "Change",
  [TypeId]: constVoid
})

/**
 * Describes a request that the application makes in its own name. Its operation takes the id of the route if it has one, then the
 * `input`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const client = <Answer, Id = never, Input = never, Encoded extends object | undefined = object>(
  options: ClientFields<Answer> & WithId<Id> & WithInput<Input, Encoded>
): ClientEndpoint<Arguments<Id, Input>, Answer> => ({ ...readOptions(options), _tag: "Client", [TypeId]: constVoid })

/**
 * Describes a `GET` that the application makes in its own name. Its operation takes the id of the route if it has one, then the
 * members of `input`, which are the query, together with `ReadOptions`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const clientRead = <Answer, Id = never, Query = never, Encoded extends object | undefined = object>(
  options: Omit<ClientFields<Answer>, keyof Sending> & WithId<Id> & WithInput<Query, Encoded>
): ClientEndpoint<Arguments<Id, ReadInput<Query>>, Answer> => ({
  ...readOptions(options),
  _tag: "Client",
  method: "GET",
  [TypeId]: constVoid
})

// ---------------------------------------------------------------------------------------------------------------------
// Operations
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The operation that an endpoint describes.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation<E> =
  E extends SessionEndpoint<infer Scope, infer Args, infer Answer>
    ? (session: UserSession<Scope>, ...args: Args) => Effect.Effect<Answer, TinkError>
    : E extends ClientEndpoint<infer Args, infer Answer>
      ? (...args: Args) => Effect.Effect<Answer, TinkError>
      : never

/**
 * The operations that a record of endpoints describes, under the same names.
 *
 * @since 0.1.0
 * @category models
 */
export type Operations<Endpoints> = { readonly [Name in keyof Endpoints]: Operation<Endpoints[Name]> }
