/** Schemas that the events share. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Tink leaves out an absent member, or sends `null`. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** A member that identifies nothing: one that is not as documented is left out, and does not lose the event. */
export const lenient = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return Schema.optionalToOptional(Schema.Unknown, Schema.typeSchema(schema), {
    decode: Option.flatMap(decode),
    encode: (value) => value
  })
}

const isTime = (millis: number): boolean => millis > 0 && millis <= 8_640_000_000_000_000

const Millis = Schema.Number.pipe(Schema.filter(isTime))

/** Epoch milliseconds as a number or a text: the table says one and the examples the other (`tink-api.md` 9.3). `0` is none. */
export const Time = Schema.compose(
  Schema.Union(Millis, Schema.compose(Schema.NumberFromString, Millis)),
  Schema.DateTimeUtcFromNumber
)

/** A number or a text of one (`tink-api.md` 12.26). */
export const Count = Schema.Union(Schema.Number, Schema.NumberFromString)
