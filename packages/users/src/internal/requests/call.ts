/** One use of an endpoint: the check of its arguments, the request that they make, and the check of the response. */
import type { UserId } from "@effect-tink/http/Ids"
import { idRequirement, isPrintableAscii, readOr, toDuration } from "@effect-tink/http/InputRules"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import type { Authorization, Body, RequestDescription, TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type ChangeEndpoint, type ClientEndpoint, type SessionEndpoint, type Subject, TypeId } from "../../Endpoint.js"
import { memoize } from "../lazy.js"
import { isPlainObject, isRedactedText, isText, toInvalidInput } from "../schemas/input.js"

/** An endpoint whose answer is an `A`, with any arguments. */
type Endpoint<A> = SessionEndpoint<UserScope, never, A> | ClientEndpoint<never, A>

/** The part of an endpoint that arguments are checked with. */
type Parameters = Pick<Endpoint<never>, "name" | "route" | "id" | "input">

type Sent = Pick<ChangeEndpoint<UserScope, never, never>, "method" | "query" | "headers" | "encoding" | "input">

export interface Call<out E> {
  readonly endpoint: E
  /** The id in the route. */
  readonly id: string | undefined
  /** The encoded input. */
  readonly members: Members
  readonly bypassCache: boolean
}

type Members = Readonly<Record<string, unknown>>

/** A caller without types may pass anything for an endpoint. */
const isEndpoint = (endpoint: unknown, tags: ReadonlyArray<unknown>): boolean =>
  readOr(
    () =>
      Predicate.hasProperty(endpoint, TypeId) &&
      Predicate.hasProperty(endpoint, "_tag") &&
      tags.includes(endpoint._tag),
    false
  )

const isOptionalSchema = (value: unknown): boolean => value === undefined || Schema.isSchema(value)

const isOptionalList = (value: unknown): boolean => value === undefined || Array.isArray(value)

const endpointRules: ReadonlyArray<readonly [name: string, isValid: (value: unknown) => boolean, requirement: string]> =
  [
    ["name", isText, "must be a non-empty string"],
    ["scope", (scope) => scope === undefined || isPrintableAscii(scope), "must be a scope"],
    ["route", Predicate.isString, "must begin with /, and be of printable ASCII characters"],
    ["id", isOptionalSchema, "must be a schema"],
    ["input", isOptionalSchema, "must be a schema"],
    ["response", Schema.isSchema, "must be a schema"],
    ["headers", isOptionalList, "must be a list of names"],
    ["query", isOptionalList, "must be a list of names"],
    ["subject", (subject) => subject === undefined || Predicate.isFunction(subject), "must be a function"],
    ["cache", (cache) => isOptionalPolicy(cache), "must be false, or have a timeToLive and a function connections"]
  ]

const findMemberProblem = memoize((endpoint: object): string | undefined => {
  const broken = endpointRules.find(([name, isValid]) => !isValid(Reflect.get(endpoint, name)))
  if (broken !== undefined) return `the endpoint is not valid: ${broken[0]} ${broken[2]}`
  const ids = String(Reflect.get(endpoint, "route")).match(/\{/g)?.length ?? 0
  return ids === (Reflect.get(endpoint, "id") === undefined ? 0 : 1)
    ? undefined
    : "the endpoint is not valid: route must have one name in braces if the endpoint has an id, and none otherwise"
})

/** What is wrong with an endpoint that an application made with one of the constructors. */
export const findEndpointProblem = (
  endpoint: object,
  tags: ReadonlyArray<unknown>,
  constructors: string
): string | undefined =>
  isEndpoint(endpoint, tags)
    ? readOr(() => findMemberProblem(endpoint), "the endpoint could not be read")
    : `the endpoint must come from ${constructors}`

const isOptionalPolicy = (policy: unknown): boolean => {
  if (policy === undefined || policy === false) return true
  if (!isPlainObject(policy)) return false
  const { connections, timeToLive } = policy
  return (
    (timeToLive === undefined || Option.isSome(toDuration(timeToLive))) &&
    (connections === undefined || Predicate.isFunction(connections))
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Arguments
// ---------------------------------------------------------------------------------------------------------------------

const noMembers: Members = {}

/** The name of the id in a route. */
const idName = (route: string): string => /\{(\w+)\}/.exec(route)?.[1] ?? "id"

const isValidId = ({ id: schema }: Parameters, id: unknown): boolean => schema === undefined || Schema.is(schema)(id)

/** Refuses instances of classes: a `Map` would count as an object without members. */
const isAcceptable = (input: unknown): boolean => typeof input !== "object" || input === null || isPlainObject(input)

const encode = ({ input: schema }: Parameters, input: unknown): Members =>
  schema === undefined ? noMembers : (Schema.encodeUnknownSync(schema)(input) ?? noMembers)

/** Checks and encodes arguments. `operation` is the one that an error names. An `Exit`, so that a cached read needs no effect. */
export const bind = <E extends Parameters>(
  endpoint: E,
  args: ReadonlyArray<unknown>,
  operation: string = endpoint.name
): Exit.Exit<Call<E>, TinkError> => {
  const hasId = endpoint.id !== undefined
  const id = hasId ? args[0] : undefined
  const input = hasId ? args[1] : args[0]
  if (!readOr(() => isValidId(endpoint, id), false)) {
    return Exit.fail(invalidInput(operation, `${idName(endpoint.route)} must be ${idRequirement}`))
  }
  if (!readOr(() => isAcceptable(input), false))
    return Exit.fail(invalidInput(operation, "the input must be a plain object"))
  try {
    return Exit.succeed({
      endpoint,
      id: id === undefined ? undefined : String(id),
      members: encode(endpoint, input),
      bypassCache: isPlainObject(input) && input["bypassCache"] === true
    })
  } catch (error) {
    // The input can also throw by itself, as a getter does.
    return Exit.fail(toInvalidInput(operation, error))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Request
// ---------------------------------------------------------------------------------------------------------------------

/** A secret does not belong into a URL or a header: `tryRequest` refuses it. */
const toText = (value: unknown): string => {
  if (Redacted.isRedacted(value)) throw new TypeError("secret")
  return String(value)
}

const queryValue = (value: unknown): string | boolean | ReadonlyArray<string> | undefined => {
  if (Array.isArray(value)) return value.map(toText)
  return value === undefined || typeof value === "boolean" ? value : toText(value)
}

const formValue = (value: unknown): string | Redacted.Redacted | undefined =>
  value === undefined || isRedactedText(value) ? value : String(value)

const pick = (members: Members, isPicked: (name: string) => boolean): Members =>
  Record.filter(members, (_, name) => isPicked(name))

const toBody = (endpoint: Sent, members: Members): Body | undefined => {
  // A POST whose members are all absent has no body. A PUT or a PATCH always has one.
  const isEmpty = endpoint.method === "POST" && Object.values(members).every((value) => value === undefined)
  if (endpoint.input === undefined || isEmpty) return undefined
  return endpoint.encoding === "form"
    ? { _tag: "Form", fields: Record.map(members, formValue) }
    : { _tag: "Json", value: members }
}

const headerValue = (value: unknown): string | undefined => (value === undefined ? undefined : toText(value))

/** The query and the body. A `GET` has no body. */
const toQueryAndBody = (endpoint: Sent, members: Members): Pick<RequestDescription, "query" | "body"> => {
  const { method, query = [] } = endpoint
  if (method === "GET") return { query: Record.map(members, queryValue) }
  if (query.length === 0) return { body: toBody(endpoint, members) }
  return {
    query: Record.map(
      pick(members, (name) => query.includes(name)),
      queryValue
    ),
    body: toBody(
      endpoint,
      pick(members, (name) => !query.includes(name))
    )
  }
}

const content = (endpoint: Sent, members: Members): Pick<RequestDescription, "query" | "headers" | "body"> => {
  const { headers } = endpoint
  if (headers === undefined) return toQueryAndBody(endpoint, members)
  return {
    headers: Record.map(
      pick(members, (name) => headers.includes(name)),
      headerValue
    ),
    ...toQueryAndBody(
      endpoint,
      pick(members, (name) => !headers.includes(name))
    )
  }
}

/** The request of a call. Fails with `Invalid` for members that cannot be written: a schema of the application may pass on any. */
export const tryRequest = <A>(operation: string, make: () => TinkRequest<A>): Exit.Exit<TinkRequest<A>, TinkError> =>
  readOr(() => Exit.succeed(make()), undefined) ?? Exit.fail(invalidInput(operation, "the input is not valid"))

/** The request of a call. */
export const toRequest = <A>(
  { endpoint, id, members }: Call<Endpoint<A>>,
  authorization: Authorization
): TinkRequest<A> => ({
  operation: endpoint.name,
  method: endpoint.method,
  route: endpoint.route,
  params: id === undefined ? undefined : { [idName(endpoint.route)]: id },
  ...content(endpoint, members),
  authorization,
  isIdempotent: endpoint._tag === "Read" ? undefined : endpoint.isIdempotent,
  response: endpoint.response
})

/** The request of a call with the token of a user. */
export const toUserRequest = <A>(
  call: Call<SessionEndpoint<UserScope, never, A>>,
  userId: UserId | undefined,
  tokens: TokenSource
): TinkRequest<A> => {
  const { endpoint, members } = call
  const name = endpoint._tag === "Change" ? endpoint.userIdMember : undefined
  const named = name === undefined || userId === undefined ? call : { ...call, members: { [name]: userId, ...members } }
  return toRequest(named, { _tag: "User", tokens, scope: endpoint.scope })
}

/** The request of a call with the application's own token, or with none. */
export const toClientRequest = <A>(call: Call<ClientEndpoint<never, A>>): TinkRequest<A> => {
  const { scope } = call.endpoint
  return toRequest(call, scope === undefined ? { _tag: "None" } : { _tag: "Client", scopes: [scope] })
}

// ---------------------------------------------------------------------------------------------------------------------
// Answer
// ---------------------------------------------------------------------------------------------------------------------

const mismatch = (subject: Subject, userId: UserId, credentialsId: unknown): string | undefined => {
  if (subject.userId !== undefined && subject.userId !== userId) {
    return "the access token of the session belongs to another user than its userId"
  }
  const isOther = credentialsId !== undefined && subject.credentialsId !== credentialsId
  return isOther && subject.credentialsId !== undefined ? "Tink answered about another credential" : undefined
}

/** Fails when a response is about another user or credential than was asked for. */
export const checkSubjects =
  <A>(userId: UserId, { endpoint, id, members }: Call<SessionEndpoint<UserScope, never, A>>) =>
  (answer: A): Effect.Effect<void, TinkError> => {
    const credentialsId = id ?? members["credentialsId"]
    for (const subject of endpoint.subject?.(answer) ?? []) {
      const detail = mismatch(subject, userId, credentialsId)
      if (detail !== undefined) return invalidInput(endpoint.name, detail)
    }
    return Effect.void
  }
