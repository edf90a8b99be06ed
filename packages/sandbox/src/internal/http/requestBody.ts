import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as apiErrors from "./apiErrors.js"
import type { Incoming } from "./incoming.js"

const describeWith = (textOf: (issue: ParseResult.ArrayFormatterIssue) => string) => (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .map((issue) => `${issue.path.length === 0 ? "body" : issue.path.join(".")}: ${textOf(issue)}`)
    .join(", ")

// Without the issue's message, which would repeat the value: it may be a secret.
const describe = describeWith((issue) => issue._tag)

const describeInFull = describeWith((issue) => issue.message)

const decodeWith = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema)
  return (input: unknown): Effect.Effect<A, apiErrors.ApiError> =>
    Effect.mapError(decode(input), (error) => apiErrors.invalid(`The request is not valid (${describe(error)})`))
}

const readText = (incoming: Incoming): Effect.Effect<string, apiErrors.ApiError> =>
  incoming.body === "too-large"
    ? Effect.fail(apiErrors.tooLarge)
    : Effect.succeed(new TextDecoder().decode(incoming.body))

const parseJson = (text: string): Effect.Effect<unknown, apiErrors.ApiError> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => apiErrors.invalid("The body is not JSON")
  })

// The answer to another content type is not documented: here it is 415.
const requireMediaType = (incoming: Incoming, expected: string): Effect.Effect<void, apiErrors.ApiError> => {
  const mediaType = incoming.headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
  return mediaType === expected ? Effect.void : Effect.fail(apiErrors.unsupportedMediaType(expected))
}

/** Decodes an `application/x-www-form-urlencoded` body. The last value of a repeated field counts. */
export const form = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  return (incoming: Incoming): Effect.Effect<A, apiErrors.ApiError> =>
    requireMediaType(incoming, "application/x-www-form-urlencoded").pipe(
      Effect.andThen(readText(incoming)),
      Effect.andThen((text) => decode(Object.fromEntries(new URLSearchParams(text))))
    )
}

/** Decodes a JSON body of any content type, or of none. */
export const anyJson = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  return (incoming: Incoming): Effect.Effect<A, apiErrors.ApiError> =>
    readText(incoming).pipe(Effect.andThen(parseJson), Effect.andThen(decode))
}

/** Decodes an `application/json` body. */
export const json = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = anyJson(schema)
  return (incoming: Incoming): Effect.Effect<A, apiErrors.ApiError> =>
    Effect.andThen(requireMediaType(incoming, "application/json"), decode(incoming))
}

/** Like `json`, but an empty body of any content type counts as `{}`. */
export const optionalJson = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  const decodeJson = json(schema)
  return (incoming: Incoming): Effect.Effect<A, apiErrors.ApiError> =>
    incoming.body.length === 0 ? decode({}) : decodeJson(incoming)
}

/**
 * Decodes the body of a test control: JSON of any content type, as a plain `curl -d` sends it. Unknown fields are errors, as
 * they may be misspelt. Error messages repeat values, as these requests carry no secrets.
 */
export const control = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema, { onExcessProperty: "error" })
  return (incoming: Incoming): Effect.Effect<A, apiErrors.ApiError> =>
    readText(incoming).pipe(
      Effect.andThen((text) => (text.trim() === "" ? Effect.succeed({}) : parseJson(text))),
      Effect.andThen((input) => Effect.mapError(decode(input), (error) => apiErrors.invalid(describeInFull(error))))
    )
}
