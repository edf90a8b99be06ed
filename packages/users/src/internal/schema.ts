/** What the models have in common. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Tink leaves out what there is not, or says `null`. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Epoch milliseconds; `0` has been seen for "none". */
export const optionalTime = Schema.optionalToOptional(Schema.NullOr(Schema.Number), Schema.DateTimeUtcFromNumber, {
  decode: Option.filter((millis): millis is number => millis !== null && millis > 0),
  encode: (millis) => millis
})
