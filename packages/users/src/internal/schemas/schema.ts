/**
 * Schemas for Tink's responses. They are strict about ids, users and statuses. In the rest they are
 * lenient: what cannot be read is absent and counted, and never fails a response or a list.
 */
import { makeCounter } from "@effect-tink/http/UnreadableMembers"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import { lazily } from "../lazy.js"

// ---------------------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------------------

/** Tink leaves out an absent member, or sends `null`. `0` has been seen for a time that is not there. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === 0

type Read<A> = (value: unknown) => Option.Option<A>

/** Reads a value, or counts it. The metric has the names alone, never the value. */
const makeRead = <A, I>(model: string, member: string, schema: Schema.Schema<A, I>): Read<A> => {
  const decode = lazily(() => Schema.decodeUnknownOption(schema))
  const count = makeCounter(model, member)
  return (value) => {
    const read = decode(value)
    if (Option.isNone(read)) count()
    return read
  }
}

const readPresent = <A>(read: Read<A>, value: unknown): Option.Option<A> =>
  isAbsent(value) ? Option.none() : read(value)

/** Says what a member is documented to be, where any value is accepted. */
export const DocumentedAs: unique symbol = Symbol.for("@effect-tink/users/DocumentedAs")

const anyValue = ({ ast }: Schema.Schema.AnyNoContext) => Schema.Unknown.annotations({ [DocumentedAs]: ast })

// ---------------------------------------------------------------------------------------------------------------------
// Members
// ---------------------------------------------------------------------------------------------------------------------

/** A member that identifies: it may be absent, but when it is there it must be readable. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

type Lenient<A> = Schema.PropertySignature<"?:", A, never, "?:", unknown>

/** A member that is absent where it cannot be read. */
export const lenientMember = <A, I>(model: string, member: string, schema: Schema.Schema<A, I>): Lenient<A> => {
  const read = makeRead(model, member, schema)
  return Schema.optionalToOptional(anyValue(schema), Schema.typeSchema(schema), {
    decode: Option.flatMap((value) => readPresent(read, value)),
    encode: Option.map(lazily(() => Schema.encodeSync(schema)))
  })
}

type Schemas = Readonly<Record<string, Schema.Schema.AnyNoContext>>

/** Members that are absent where they cannot be read. */
export const lenient = <Members extends Schemas>(model: string, members: Members) =>
  // `Record.map` forgets which member is of which type.
  Record.map(members, (schema, member) => lenientMember(model, member, schema)) as {
    readonly [Member in keyof Members]: Lenient<Schema.Schema.Type<Members[Member]>>
  }

/** A member that is empty where it is absent or cannot be read. */
export const lenientOr = <A, I>(model: string, member: string, schema: Schema.Schema<A, I>, empty: A) => {
  const read = makeRead(model, member, schema)
  return Schema.optionalToRequired(anyValue(schema), Schema.typeSchema(schema), {
    decode: (value) =>
      Option.getOrElse(
        Option.flatMap(value, (part) => readPresent(read, part)),
        () => empty
      ),
    encode: (value) => Option.some(Schema.encodeSync(schema)(value))
  }).pipe(Schema.withConstructorDefault(() => empty))
}

const UnknownList = Schema.Array(Schema.Unknown)

/** No list of Tink is longer. The largest response could hold far more items, each of them an object in memory. */
const maxItems = 10_000

const listOf = <A, I>(item: Schema.Schema<A, I>) => Schema.Array(anyValue(item)).pipe(Schema.maxItems(maxItems))

/** A list that keeps what can be read of it. */
export const lenientList = <A, I>(model: string, member: string, item: Schema.Schema<A, I>) => {
  const read = makeRead(model, member, item)
  const encode = lazily(() => Schema.encodeSync(item))
  return Schema.transform(listOf(item), Schema.Array(Schema.typeSchema(item)), {
    strict: true,
    decode: Arr.filterMap((value) => readPresent(read, value)),
    encode: (list) => list.map((value) => encode(value))
  })
}

/** `null` is a list without items. */
export const orEmpty = <A, I>(list: Schema.Schema<ReadonlyArray<A>, I>) =>
  Schema.transform(Schema.NullOr(list), Schema.typeSchema(list), {
    strict: true,
    decode: (items) => items ?? [],
    encode: (items) => items
  })

const Parts = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/** Texts by any names. Those that cannot be read are left out. */
export const lenientTexts = (model: string, member: string) => {
  const read = makeRead(model, member, Schema.String)
  return Schema.transform(Parts, Schema.Record({ key: Schema.String, value: Schema.String }), {
    strict: true,
    decode: Record.filterMap((value) => readPresent(read, value)),
    encode: (texts) => texts
  })
}

/**
 * A struct that keeps members without a type as they are; `null` counts as absent. The annotation must be on a struct without
 * transformations: otherwise the type side, against which a `Schema.Class` checks its members, would lack it.
 */
export const openStruct = <Members extends Schemas>(model: string, members: Members) => {
  const reads = Record.map(members, (schema, member) => makeRead(model, member, schema))
  // `Record.map` forgets which member is of which type.
  const fields = Record.map(members, (schema) => Schema.optionalWith(Schema.typeSchema(schema), { exact: true })) as {
    readonly [Member in keyof Members]: Schema.optionalWith<
      Schema.Schema<Schema.Schema.Type<Members[Member]>>,
      { exact: true }
    >
  }
  const readMember = (value: unknown, member: string): Option.Option<unknown> => {
    if (member === "__proto__" || value === null) return Option.none()
    const read = Object.hasOwn(reads, member) ? reads[member] : undefined
    return read === undefined ? Option.some(value) : readPresent(read, value)
  }
  const documented = Schema.Struct(
    Record.map(members, (schema) => Schema.optionalWith(anyValue(schema), { exact: true }))
  )
  return Schema.transform(
    Parts.annotations({ [DocumentedAs]: documented.ast }),
    Schema.Struct(fields).annotations({ parseOptions: { onExcessProperty: "preserve" } }),
    {
      // The struct checks the members.
      strict: false,
      decode: Record.filterMap(readMember),
      encode: (parts) => parts
    }
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Values
// ---------------------------------------------------------------------------------------------------------------------

/** A zone is required: without one, the time would depend on where the application runs. */
const isoDateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

const parseTime = (time: number | string): Option.Option<DateTime.Utc> => {
  if (typeof time === "number") return Option.filter(DateTime.make(Math.trunc(time)), isAfterEpoch)
  if (/^\d{1,16}$/.test(time)) return parseTime(Number(time))
  return isoDateTime.test(time)
    ? Option.filter(Option.map(DateTime.make(time), DateTime.toUtc), isAfterEpoch)
    : Option.none()
}

const isAfterEpoch = ({ epochMillis }: DateTime.Utc): boolean => epochMillis > 0

/** Epoch milliseconds as a number or its digits, or an ISO 8601 text (`tink-api.md` 0.3 and 5.1). */
export const Time = Schema.transformOrFail(Schema.Union(Schema.Number, Schema.String), Schema.DateTimeUtcFromSelf, {
  strict: true,
  decode: (time, _, ast) =>
    Option.match(parseTime(time), {
      onNone: () => ParseResult.fail(new ParseResult.Type(ast, time)),
      onSome: ParseResult.succeed
    }),
  encode: ({ epochMillis }) => ParseResult.succeed(epochMillis)
})

const UnknownValue = Schema.String.pipe(Schema.brand("@effect-tink/UnknownValue"))

/** One of the known values, or any other string: Tink adds values without notice. */
export const orUnknown = <Values extends Arr.NonEmptyReadonlyArray<string>>(known: Schema.Literal<[...Values]>) =>
  Schema.Union(known, UnknownValue)

/** A whole number, or its digits. */
export const Int = Schema.Union(Schema.Int, Schema.NumberFromString.pipe(Schema.int()))

// Absent for JSON that is nested deeper than the stack.
const stringify = Option.liftThrowable((json: unknown) => JSON.stringify(json))

/** Not `Parts`, a copy, which would lack a member with the name `__proto__`. */
const AnyParts = Schema.declare(Predicate.isReadonlyRecord, { jsonSchema: { type: "object" } })

/** JSON that is serialized once more, as Tink documents it. Some serve it as it is (`tink-api.md` 6.3). */
export const SerializedJson = Schema.transformOrFail(
  Schema.Union(Schema.String, UnknownList, AnyParts),
  Schema.String,
  {
    strict: true,
    decode: (json, _, ast) =>
      Option.match(typeof json === "string" ? Option.some(json) : stringify(json), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, json)),
        onSome: ParseResult.succeed
      }),
    encode: ParseResult.succeed
  }
)

// ---------------------------------------------------------------------------------------------------------------------
// Answers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The list in one member of a response, without the items that cannot be read. `null` is a list without items.
 *
 * A response is not Tink's, and fails, when it has no such member, when it has items that all cannot be read, and when it has more than
 * 10 000: none of them may be taken for an empty list.
 */
export const listAnswer = <A, I>(member: string, item: Schema.Schema<A, I>) => {
  const read = makeRead(member, "item", item)
  const decodeStrict = lazily(() => ParseResult.decodeUnknown(Schema.Struct({ [member]: Schema.Array(item) })))
  const encode = lazily(() => Schema.encodeSync(item))
  return Schema.transformOrFail(
    Schema.Struct({ [member]: Schema.NullOr(listOf(item)) }),
    // Not `Schema.Array`, which copies the list.
    Schema.declare((list: unknown): list is ReadonlyArray<A> => Array.isArray(list)),
    {
      strict: true,
      decode: (answer) => {
        const items = answer[member] ?? []
        const list = Arr.filterMap(items, read)
        if (list.length > 0 || items.length === 0) return ParseResult.succeed(list)
        return ParseResult.map(decodeStrict(answer), (strict) => strict[member] ?? [])
      },
      encode: (list) => ParseResult.succeed({ [member]: list.map((value) => encode(value)) })
    }
  )
}
