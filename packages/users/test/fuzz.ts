/** Bodies that say anything, a Tink that answers with them, and what they say by tink-api.md alone. */
import { assert, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { userScopes } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Credential, Users, UserSession } from "@effect-tink/users"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { isClientTokenRequest, type Reply, scriptedTink, type Sent } from "../../../test/support/scriptedTink.js"
import { layerOver } from "./helpers.js"

/** A failure prints it. `TEST_SEED` tries other values. */
const seed = Number(process.env["TEST_SEED"] ?? 1)

export const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
export const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
export const session = UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: userScopes })

const encoder = new TextEncoder()

// ---------------------------------------------------------------------------------------------------------------------
// A Tink that says what it is told to, and a record of what it is asked
// ---------------------------------------------------------------------------------------------------------------------

export type Respond = (line: string) => Reply

/** A body in pieces, which may fall in the middle of a character. */
const inPieces = (body: string): ReadableStream<Uint8Array> => {
  const bytes = encoder.encode(body)
  const size = Math.max(1, Math.ceil(bytes.length / 3))
  return new ReadableStream({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
      controller.close()
    }
  })
}

export const goodToken: Reply = { status: 200, body: `{"access_token":"a-good-token","expires_in":1800}` }

export interface Connection {
  readonly users: Users.Service
  /** What Tink says. */
  respond: Respond
  /** What it was asked since the last time; for the tokens of the application only where the base URL is not the usual one. */
  readonly sent: Array<Sent>
}

export const connect = (respond: Respond, baseUrl?: string) =>
  Effect.gen(function* () {
    const { client, sent } = scriptedTink((next) => {
      if (!isClientTokenRequest(next)) {
        const { body, status = 200 } = connection.respond(`${next.method} ${next.path}`)
        return { status, body: typeof body === "string" ? inPieces(body) : body }
      }
      if (baseUrl === undefined) {
        assert.strictEqual(next.url, TOKEN)
        sent.pop()
      }
      return goodToken
    })
    const context = yield* Layer.build(layerOver(client, baseUrl === undefined ? {} : { baseUrl }, UserCache.layerNoop))
    const connection: Connection = { users: Context.get(context, Users.Users), sent, respond }
    return connection
  })

/** Like `it.scoped.prop`, but connected once for all runs. */
export const forAll = <A>(
  name: string,
  arbitrary: FastCheck.Arbitrary<A>,
  numRuns: number,
  self: (connection: Connection, value: A) => Effect.Effect<void, unknown>
) =>
  it.scoped(
    name,
    () =>
      Effect.gen(function* () {
        const connection = yield* connect(good)
        const runtime = yield* Effect.runtime()
        const property = FastCheck.asyncProperty(arbitrary, (value) => {
          connection.respond = good
          connection.sent.length = 0
          return Runtime.runPromise(runtime)(self(connection, value))
        })
        yield* Effect.promise(() => FastCheck.assert(property, { seed, numRuns, endOnFailure: true }))
      }),
    20_000
  )

// ---------------------------------------------------------------------------------------------------------------------
// JSON, valid and surprising, and other texts
// ---------------------------------------------------------------------------------------------------------------------

/** JSON as a string: an object can say one thing twice, and a number can be too large for any. */
export const quote = (text: string): string => JSON.stringify(text)

/** The text as it can be sent: half of a surrogate pair cannot be, unless JSON escapes it. */
export const sendable = (text: string): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoder.encode(text))

export const object = (pairs: ReadonlyArray<readonly [string, string]>): string =>
  `{${pairs.map(([key, value]) => `${quote(key)} :\t${value}`).join(" ,\r\n")}}`

export const text: FastCheck.Arbitrary<string> = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.string({ unit: "binary", maxLength: 12 }).map(quote) },
  FastCheck.constantFrom(
    `""`,
    `" "`,
    `"\\ud800"`,
    `"\\u0000"`,
    `"\\u202e"`,
    `"null"`,
    `"NaN"`,
    `"0"`,
    `"å\\u0061\\/𝟘"`,
    `"__proto__"`
  ),
  FastCheck.constantFrom(100, 10_000).map((size) => quote("å".repeat(size)))
)

export const number: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.constantFrom(
    "0",
    "-0",
    "-1",
    "1",
    "0.5",
    "1e3",
    "1E+2",
    "1e-400",
    "1e999",
    "-1e999",
    "1.7976931348623157e308"
  ),
  FastCheck.constantFrom("8640000000000000", "8640000000000001", "9007199254740993", "1700000000000.25", "5e-324"),
  FastCheck.integer({ min: 1, max: 2_000_000_000 }).map((n) => String(n * 1000)),
  FastCheck.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n))
)

export const nested = FastCheck.constantFrom(2, 30, 1000, 6000).map(
  (depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`
)

export const name = FastCheck.oneof(
  FastCheck.constantFrom("__proto__", "constructor", "toString", "toJSON", "_tag", "length", "", "id", "status"),
  FastCheck.string({ unit: "binary", maxLength: 5 })
)

const scalar = FastCheck.oneof(FastCheck.constantFrom("null", "true", "false", "[]", "{}"), number, text)

export const anything: FastCheck.Arbitrary<string> = FastCheck.oneof(
  { weight: 6, arbitrary: scalar },
  nested,
  FastCheck.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
  FastCheck.array(FastCheck.tuple(name, scalar), { maxLength: 3 }).map(object)
)

/** Mostly what belongs there, and at times anything. */
export const mostly = (arbitrary: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<string> =>
  FastCheck.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: anything })

export const anId = FastCheck.oneof(
  { weight: 1, arbitrary: FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,128}$/).map(quote) },
  FastCheck.constantFrom(`""`, `"../x"`, `"a b"`, `"\\ud800"`, quote("x".repeat(129)))
)

export const nullable = (arbitrary: FastCheck.Arbitrary<string>) =>
  FastCheck.oneof({ weight: 5, arbitrary }, { weight: 1, arbitrary: FastCheck.constant("null") })

const pairsOf = (fields: Readonly<Record<string, FastCheck.Arbitrary<string>>>) =>
  Object.entries(fields).map(([key, value]) => FastCheck.tuple(FastCheck.constant(key), mostly(value)))

/** An object with some of these fields, in any order, some twice, and others besides. */
export const objectWith = (
  required: Readonly<Record<string, FastCheck.Arbitrary<string>>>,
  optional: Readonly<Record<string, FastCheck.Arbitrary<string>>>
): FastCheck.Arbitrary<string> => {
  const others = FastCheck.tuple(name, anything)
  return FastCheck.tuple(
    FastCheck.tuple(...pairsOf(required)),
    FastCheck.array(FastCheck.oneof(others, ...pairsOf(optional), ...pairsOf(optional)), { maxLength: 10 }),
    FastCheck.array(FastCheck.oneof(...pairsOf(required)), { maxLength: 1 }),
    FastCheck.boolean()
  ).map(([first, more, twice, isTwice]) => object([...(isTwice ? twice : []), ...more, ...first]))
}

/** At times not JSON any more. */
export const damaged = (arbitrary: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<string> =>
  FastCheck.oneof(
    { weight: 10, arbitrary },
    FastCheck.tuple(arbitrary, FastCheck.nat(200)).map(([json, at]) => json.slice(0, at)),
    FastCheck.tuple(arbitrary, FastCheck.string({ unit: "binary", minLength: 1, maxLength: 3 }), FastCheck.nat(50)).map(
      ([json, junk, at]) => json.slice(0, at) + junk + json.slice(at)
    ),
    arbitrary.map((json) => `\ufeff${json}`),
    FastCheck.constantFrom("", " ", "NaN", "undefined", "'a'", "{a:1}", "<html></html>", "\u0000", "[1,]", "1e", "--1"),
    anything
  ).map(sendable)

// ---------------------------------------------------------------------------------------------------------------------
// What a body says, read by tink-api.md alone
// ---------------------------------------------------------------------------------------------------------------------

export type Json = Readonly<Record<string, unknown>>

/** The body is not as documented. */
export class Wrong extends Error {}

export const wrong = (): never => {
  throw new Wrong()
}

const readJson = (body: string): unknown => {
  try {
    // A byte order mark is not part of a text in UTF-8.
    return JSON.parse(body.replace(/^\ufeff/, ""))
  } catch {
    return wrong()
  }
}

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const own = (json: Json, key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined)

export const readObject = (value: unknown): Json => (isObject(value) ? value : wrong())
export const readText = (value: unknown): string => (typeof value === "string" ? value : wrong())
export const readId = (value: unknown): string =>
  /^[A-Za-z0-9_-]{1,128}$/.test(readText(value)) ? readText(value) : wrong()
export const readOptional = <A>(value: unknown, read: (value: unknown) => A): A | undefined =>
  value === undefined || value === null ? undefined : read(value)

/** What cannot be read of an optional part is absent. */
export const readLenient = <A>(value: unknown, read: (value: unknown) => A): A | undefined => {
  try {
    return value === 0 ? undefined : readOptional(value, read)
  } catch (error) {
    if (error instanceof Wrong) return undefined
    throw error
  }
}

/** Milliseconds since 1970 that a date can have. 0 means no date, and Tink has no earlier times. */
export const readTime = (value: unknown): number | undefined => {
  if (typeof value === "string" && /^\d{1,16}$/.test(value)) return readTime(Number(value))
  return typeof value === "number" && value >= 1 && value <= 8.64e15 ? value : wrong()
}

const readFields = (value: unknown): Json => {
  return Object.fromEntries(Object.entries(readObject(value)).filter(([, field]) => typeof field === "string"))
}

const readSerialized = (value: unknown): string => {
  if (typeof value !== "object") return readText(value)
  try {
    return JSON.stringify(value)
  } catch {
    // Nested deeper than the stack.
    return wrong()
  }
}

export const readCredential = (value: unknown) => {
  const json = readObject(value)
  return {
    id: readId(own(json, "id")),
    userId: readOptional(own(json, "userId"), readId),
    providerName: readLenient(own(json, "providerName"), readText),
    type: readLenient(own(json, "type"), readText),
    status: readText(own(json, "status")),
    statusUpdated: readLenient(own(json, "statusUpdated"), readTime),
    statusPayload: readLenient(own(json, "statusPayload"), readText),
    updated: readLenient(own(json, "updated"), readTime),
    sessionExpiryDate: readLenient(own(json, "sessionExpiryDate"), readTime),
    fields: readLenient(own(json, "fields"), readFields) ?? {},
    supplementalInformation: readLenient(own(json, "supplementalInformation"), readSerialized)
  }
}

export type Read = ReturnType<typeof readCredential>

/** A list without the items that cannot be read; `null` is an empty one. Where none can be read, the list is wrong. */
export const readItems = <A>(list: unknown, read: (value: unknown) => A): ReadonlyArray<A> => {
  if (list === null) return []
  if (!Array.isArray(list)) return wrong()
  const items = list.flatMap((item) => {
    const one = readLenient({}, () => ({ value: read(item) }))
    return one === undefined ? [] : [one.value]
  })
  return items.length > 0 || list.length === 0 ? items : wrong()
}

/** What can be read of a body. Undefined if it is not as documented. */
export const reading = <A>(read: (value: unknown) => A, body: string): { readonly value: A } | undefined => {
  try {
    return { value: read(readJson(body)) }
  } catch (error) {
    if (error instanceof Wrong) return undefined
    throw error
  }
}

export const isSameTime = (decoded: DateTime.Utc | undefined, read: number | undefined) =>
  read === undefined ? decoded === undefined : decoded !== undefined && decoded.epochMillis === Math.trunc(read)

export const checkCredential = (decoded: Credential.Credential, read: Read) => {
  const { fields, sessionExpiryDate, statusUpdated, supplementalInformation, updated, ...others } = read
  assert.instanceOf(decoded, Credential.Credential)
  assert.strictEqual(Object.getPrototypeOf(decoded), Credential.Credential.prototype)
  // It has no field that the body has not, and of the others each.
  const here = Object.entries(decoded).filter(([, value]) => value !== undefined)
  const there = Object.entries(read).filter(([, value]) => value !== undefined)
  assert.sameMembers(
    here.map(([key]) => key),
    there.map(([key]) => key)
  )
  for (const [key, value] of Object.entries(others)) assert.strictEqual(Reflect.get(decoded, key), value, key)
  assert.isTrue(isSameTime(decoded.updated, updated), "updated")
  assert.isTrue(isSameTime(decoded.statusUpdated, statusUpdated), "statusUpdated")
  assert.isTrue(isSameTime(decoded.sessionExpiryDate, sessionExpiryDate), "sessionExpiryDate")
  // The one name under which an object cannot be given anything.
  const named = Object.entries(fields).filter(([key]) => key !== "__proto__")
  assert.deepStrictEqual(new Map(Object.entries(decoded.fields)), new Map<string, unknown>(named))
  assert.strictEqual(
    decoded.supplementalInformation === undefined ? undefined : Redacted.value(decoded.supplementalInformation),
    supplementalInformation
  )
}

export const credential = objectWith(
  {
    id: FastCheck.oneof({ weight: 8, arbitrary: FastCheck.constant(quote(id)) }, { weight: 1, arbitrary: anId }),
    providerName: text,
    status: FastCheck.oneof(FastCheck.constantFrom(`"UPDATED"`, `"CREATED"`, `"HIBERNATING"`, `"updated"`), text)
  },
  {
    userId: nullable(
      FastCheck.oneof({ weight: 8, arbitrary: FastCheck.constant(quote(userId)) }, { weight: 1, arbitrary: anId })
    ),
    type: nullable(FastCheck.oneof(FastCheck.constantFrom(`"PASSWORD"`, `"TELEPATHY"`), text)),
    statusUpdated: nullable(number),
    statusPayload: nullable(text),
    updated: nullable(number),
    sessionExpiryDate: nullable(number),
    fields: nullable(FastCheck.array(FastCheck.tuple(name, text), { maxLength: 4 }).map(object)),
    supplementalInformation: nullable(text)
  }
)

/** Runs an operation, which ends in a value or in a `TinkError` and in nothing else, and at once. */
export const outcome = <A>(effect: Effect.Effect<A, TinkError>) => Effect.either(effect)

/** Everything that a path may name, except places in a list and the user's login details. */
const knownNames: ReadonlySet<string> = new Set([
  ..."id userId providerName type status statusUpdated statusPayload updated sessionExpiryDate fields".split(" "),
  ..."supplementalInformation credentials user_id external_user_id code access_token expires_in scope id_hint".split(
    " "
  ),
  ..."externalUserId appId created flags nationalId username profile currency locale market timeZone".split(" "),
  ..."periodAdjustedDay periodMode notificationSettings balance fraud providerConsents credentialsId".split(" "),
  ..."sessionExtendable accountIds detailedError displayMessage details reason retryable".split(" ")
])

/** What is said of a body that is not JSON repeats only its media type and its size. */
const notJson = /^not JSON \((no body|[\w.+-]+\/[\w.+-]+, [\d ]+ bytes?|no content type, [\d ]+ bytes?)\)$/

const namesPathsOnly = (detail: string): void => {
  if (notJson.test(detail)) return
  const [paths = ""] = detail.replace(/^not as documented: /, "").split(/(?<=\bfields)\./)
  assert.notStrictEqual(paths, detail)
  for (const path of paths.split(", ")) {
    const isKnown = path.split(".").every((name) => knownNames.has(name) || /^\d+$/.test(name))
    assert.isTrue(path === "the body" || isKnown, detail)
  }
}

export const isFailure = (
  result: Either.Either<unknown, TinkError>,
  reason: TinkError["reason"],
  isAmbiguous: boolean
): void => {
  const error = Either.getOrThrow(Either.flip(result))
  assert.strictEqual(error.reason, reason, error.message)
  assert.strictEqual(error.isAmbiguous, isAmbiguous)
  assert.isFalse(error.isRetryable)
  if (reason === "Decode") namesPathsOnly(error.detail ?? "")
}

export const good: Respond = (line) => {
  if (line.endsWith("/token")) return goodToken
  if (line.endsWith("/authorization-grant")) return { status: 200, body: `{"code":"c"}` }
  if (line.endsWith("/user/create")) return { status: 200, body: `{"user_id":"${userId}"}` }
  if (line.endsWith("/api/v1/user")) return { status: 200, body: `{"id":"${userId}"}` }
  if (line.endsWith("/list")) return { status: 200, body: `{"credentials":[]}` }
  if (line.endsWith("/authorization-grant/delegate")) return { status: 200, body: `{"code":"c"}` }
  if (line.endsWith("/qr")) return { status: 200, body: "data:image/png;base64,AAAA" }
  if (line.endsWith("/provider-consents")) return { status: 200, body: `{"providerConsents":[]}` }
  if (line.endsWith(":extend")) return { status: 200, body: `{"sessionExpiryDate":1707776000000}` }
  const [, asked] = /([^/]*)$/.exec(line) ?? []
  return /^(GET|PUT)/.test(line)
    ? { status: 200, body: `{"id":${quote(asked ?? "")},"providerName":"p","status":"UPDATED"}` }
    : { status: 204, body: "" }
}

export const TOKEN = "https://api.tink.com/api/v1/oauth/token"
export const GRANT = "POST https://api.tink.com/api/v1/oauth/authorization-grant"
export const CREATE = "POST https://api.tink.com/api/v1/user/create"
