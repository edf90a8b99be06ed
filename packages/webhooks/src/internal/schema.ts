/** Schemas that the events share. */
import { makeCounter } from "@effect-tink/http/UnreadableMembers"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"

/** Tink leaves out an absent member, or sends `null`. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Members that identify nothing: one that is not as documented is left out and counted, and does not lose the event. */
export const lenient = <Members extends Schemas>(model: string, members: Members) =>
  // `Record.map` forgets which member is of which type.
  Record.map(members, (schema, member) => lenientMember(model, member, schema)) as {
    readonly [Member in keyof Members]: Lenient<Schema.Schema.Type<Members[Member]>>
  }

type Schemas = Readonly<Record<string, Schema.Schema.AnyNoContext>>

type Lenient<A> = Schema.PropertySignature<"?:", A, never, "?:", unknown>

const lenientMember = <A, I>(model: string, member: string, schema: Schema.Schema<A, I>): Lenient<A> => {
  const read = makeRead(model, member, schema)
  return Schema.optionalToOptional(Schema.Unknown, Schema.typeSchema(schema), {
    // Tink leaves out what is not there, or sends `null`.
    decode: Option.flatMap((value) => (value === undefined || value === null ? Option.none() : read(value))),
    encode: (value) => value
  })
}

/** Reads a value, or counts it. The metric has the names alone, never the value. */
const makeRead = <A, I>(model: string, member: string, schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  const count = makeCounter(model, member)
  return (value: unknown): Option.Option<A> => {
    const decoded = decode(value)
    // `0` means no time.
    if (Option.isNone(decoded) && value !== 0) count()
    return decoded
  }
}

/** A list that keeps what can be read of it. The answer is not Tink's when it has items that all cannot be read. */
export const lenientList = <A, I>(model: string, item: Schema.Schema<A, I>) => {
  const read = makeRead(model, "item", item)
  return Schema.transformOrFail(Schema.Array(Schema.Unknown), Schema.Array(Schema.typeSchema(item)), {
    strict: true,
    decode: (items, _, ast) => {
      const list = Arr.filterMap(items, read)
      return list.length > 0 || items.length === 0
        ? ParseResult.succeed(list)
        : ParseResult.fail(new ParseResult.Type(ast, items))
    },
    encode: (list) => ParseResult.succeed(list)
  })
}

const isTime = (millis: number): boolean => Number.isInteger(millis) && millis > 0 && millis <= 8_640_000_000_000_000

const Millis = Schema.Number.pipe(Schema.filter(isTime))

/** Not `Schema.NumberFromString` alone, which also reads "NaN", "Infinity" and "0x10". */
const Digits = Schema.compose(Schema.String.pipe(Schema.pattern(/^\d{1,16}$/)), Schema.NumberFromString)

/** Epoch milliseconds as a number or a string: the table says one and the examples the other (`tink-api.md` 9.3). `0` means no time. */
export const Time = Schema.compose(Schema.Union(Millis, Schema.compose(Digits, Millis)), Schema.DateTimeUtcFromNumber)

/** A number, or a string of its digits (`tink-api.md` 12.26). */
export const Count = Schema.Union(Schema.NonNegativeInt, Digits)
