import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as errors from "./errors.js"
import type { ApiError, Incoming } from "./wire.js"

const describeWith = (textOf: (issue: ParseResult.ArrayFormatterIssue) => string) => (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .map((issue) => `${issue.path.length === 0 ? "body" : issue.path.join(".")}: ${textOf(issue)}`)
    .join(", ")

// The kind of the issue only: its message would repeat the value, which may be a secret.
const describe = describeWith((issue) => issue._tag)

const describeInFull = describeWith((issue) => issue.message)

const decodeWith = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema)
  return (input: unknown): Effect.Effect<A, ApiError> =>
    Effect.mapError(decode(input), (error) => errors.invalid(`The request is not valid (${describe(error)})`))
}

const readText = (incoming: Incoming): Effect.Effect<string, ApiError> =>
  incoming.body === "too-large" ? Effect.fail(errors.tooLarge) : Effect.succeed(new TextDecoder().decode(incoming.body))

const parseJson = (text: string): Effect.Effect<unknown, ApiError> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => errors.invalid("The body is not JSON")
  })

// tink-api does not say what a body of another content type gets: here it is 415.
const requireMediaType = (incoming: Incoming, expected: string): Effect.Effect<void, ApiError> => {
  const mediaType = incoming.headers["content-type"]?.split(";")[0]?.trim().toLowerCase()
  return mediaType === expected ? Effect.void : Effect.fail(errors.unsupportedMediaType(expected))
}

/** Decodes an `application/x-www-form-urlencoded` body; of a field sent twice, the last counts. */
export const form = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  return (incoming: Incoming): Effect.Effect<A, ApiError> =>
    requireMediaType(incoming, "application/x-www-form-urlencoded").pipe(
      Effect.andThen(readText(incoming)),
      Effect.andThen((text) => decode(Object.fromEntries(new URLSearchParams(text))))
    )
}

/** Decodes an `application/json` body. */
export const json = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  return (incoming: Incoming): Effect.Effect<A, ApiError> =>
    requireMediaType(incoming, "application/json").pipe(
      Effect.andThen(readText(incoming)),
      Effect.andThen(parseJson),
      Effect.andThen(decode)
    )
}

/** As `json`; no body at all, whatever its content type, counts as `{}`. */
export const optionalJson = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeWith(schema)
  const decodeJson = json(schema)
  return (incoming: Incoming): Effect.Effect<A, ApiError> =>
    incoming.body.length === 0 ? decode({}) : decodeJson(incoming)
}

/**
 * For the sandbox's own calls only: JSON whatever the content type says, so that a bare `curl -d` will do; but no field that
 * is not known, since a misspelt one would go unnoticed. What is wrong is told in full, as these calls carry no secrets.
 */
export const control = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema, { onExcessProperty: "error" })
  return (incoming: Incoming): Effect.Effect<A, ApiError> =>
    readText(incoming).pipe(
      Effect.andThen((text) => (text.trim() === "" ? Effect.succeed({}) : parseJson(text))),
      Effect.andThen((input) => Effect.mapError(decode(input), (error) => errors.invalid(describeInFull(error))))
    )
}
