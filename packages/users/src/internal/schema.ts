/** What the models have in common. */
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"

/** Tink leaves out what there is not, or says `null`. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Epoch milliseconds; `0` has been seen for "none". */
export const optionalTime = Schema.optionalToOptional(Schema.NullOr(Schema.Number), Schema.DateTimeUtcFromNumber, {
  decode: Option.filter((millis): millis is number => millis !== null && millis > 0),
  encode: (millis) => millis
})

const Parts = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * A struct that keeps what it does not know of as it is; `null` counts as absent. The annotation must be on a struct without
 * transformations, or the type side, against which a `Schema.Class` checks it, would be without.
 */
export const openStruct = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.transform(Parts, Schema.Struct(fields).annotations({ parseOptions: { onExcessProperty: "preserve" } }), {
    // What is decoded here is not known to fit: the struct sees to that.
    strict: false,
    decode: Record.filter((part) => part !== null),
    encode: (parts) => parts
  })

/** A list that was decoded and frozen, as readers of the cache share it. Not `Schema.Array`, which makes a copy of it. */
export const frozenList = <A>(): Schema.Schema<ReadonlyArray<A>> =>
  Schema.declare((list: unknown): list is ReadonlyArray<A> => Array.isArray(list) && Object.isFrozen(list))
