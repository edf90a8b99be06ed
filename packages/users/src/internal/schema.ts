/** Schemas that the models share. */
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"

/** Tink leaves out an absent member, or sends `null`. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Epoch milliseconds. `0` has been seen for "none". */
export const optionalTime = Schema.optionalToOptional(Schema.NullOr(Schema.Number), Schema.DateTimeUtcFromNumber, {
  decode: Option.filter((millis): millis is number => millis !== null && millis > 0),
  encode: (millis) => millis
})

const Parts = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * A struct that keeps unknown members; `null` counts as absent. The annotation must be on a struct without transformations:
 * otherwise the type side, against which a `Schema.Class` checks its members, would lack it.
 */
export const openStruct = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.transform(Parts, Schema.Struct(fields).annotations({ parseOptions: { onExcessProperty: "preserve" } }), {
    // The struct checks the members.
    strict: false,
    decode: Record.filter((part) => part !== null),
    encode: (parts) => parts
  })

const FrozenList = <A>(): Schema.Schema<ReadonlyArray<A>> =>
  Schema.declare((list: unknown): list is ReadonlyArray<A> => Array.isArray(list) && Object.isFrozen(list))

/** The list in one member of an answer. Frozen, since the readers of the cache share it. Not `Schema.Array`, which copies it. */
export const frozenList = <A, I>(member: string, item: Schema.Schema<A, I>) =>
  Schema.transform(Schema.Struct({ [member]: Schema.Array(item) }), FrozenList<A>(), {
    strict: true,
    decode: (answer) => Object.freeze(answer[member] ?? []),
    encode: (list) => ({ [member]: list })
  })
