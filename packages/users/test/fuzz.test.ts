import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { UserScope } from "@effect-tink/http/OAuthScope"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import * as Credential from "../src/Credential.js"
import * as UserSession from "../src/UserSession.js"
import * as Users from "../src/Users.js"
import { allScopes } from "./helpers.js"

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
const session = UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: allScopes })

const encoder = new TextEncoder()

// ---------------------------------------------------------------------------------------------------------------------
// A Tink that says what it is told to, and a record of what it is asked
// ---------------------------------------------------------------------------------------------------------------------

interface Sent {
  readonly method: string
  readonly url: URL
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly body: string
}

type Respond = (line: string) => Answer

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

const goodToken: Answer = { status: 200, body: `{"access_token":"t","expires_in":1800}` }

interface Connection {
  readonly users: Users.Service
  /** What Tink says. */
  respond: Respond
  /** What it was asked since the last time; for the tokens of the application only where the base URL is not the usual one. */
  readonly sent: Array<Sent>
}

const connect = (respond: Respond, baseUrl?: string) =>
  Effect.gen(function* () {
    const sent: Array<Sent> = []
    const client = HttpClient.make((request, url) =>
      Effect.sync(() => {
        const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
        const isForApp = body.includes("grant_type=client_credentials")
        if (isForApp && baseUrl === undefined) assert.strictEqual(url.href, TOKEN)
        else sent.push({ method: request.method, url, body })
        const answer = isForApp ? goodToken : connection.respond(`${request.method} ${url.pathname}`)
        const response = new Response(answer.status === 204 ? null : inPieces(answer.body), { status: answer.status })
        return HttpClientResponse.fromWeb(request, response)
      })
    )
    const context = yield* Layer.build(
      Users.layer.pipe(
        Layer.provide(UserCache.layerNoop),
        Layer.provide(
          TinkHttp.layer({
            clientId: "a-client",
            clientSecret: Redacted.make("a-secret"),
            maxRetries: 0,
            ...(baseUrl === undefined ? {} : { baseUrl })
          })
        ),
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
      )
    )
    const connection: Connection = { users: Context.get(context, Users.Users), sent, respond }
    return connection
  })

/** Like `it.scoped.prop`, but connected once for all runs. */
const forAll = <A>(
  name: string,
  arbitrary: FastCheck.Arbitrary<A>,
  numRuns: number,
  self: (connection: Connection, value: A) => Effect.Effect<void, unknown>
) =>
  it.scoped(name, () =>
    Effect.gen(function* () {
      const connection = yield* connect(good)
      const runtime = yield* Effect.runtime()
      const property = FastCheck.asyncProperty(arbitrary, (value) => {
        connection.respond = good
        connection.sent.length = 0
        return Runtime.runPromise(runtime)(self(connection, value))
      })
      yield* Effect.promise(() => FastCheck.assert(property, { numRuns, endOnFailure: true }))
    })
  )

// ---------------------------------------------------------------------------------------------------------------------
// JSON, valid and surprising, and other texts
// ---------------------------------------------------------------------------------------------------------------------

/** JSON as a text: an object can say one thing twice, and a number can be too large for any. */
const quote = (text: string): string => JSON.stringify(text)

/** As it can be sent: half of a surrogate pair cannot, but written out in JSON. */
const sendable = (text: string): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoder.encode(text))

const object = (pairs: ReadonlyArray<readonly [string, string]>): string =>
  `{${pairs.map(([key, value]) => `${quote(key)} :\t${value}`).join(" ,\r\n")}}`

const text: FastCheck.Arbitrary<string> = FastCheck.oneof(
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

const number: FastCheck.Arbitrary<string> = FastCheck.oneof(
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

const nested = FastCheck.constantFrom(2, 30, 1000, 6000).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`)

const name = FastCheck.oneof(
  FastCheck.constantFrom("__proto__", "constructor", "toString", "toJSON", "_tag", "length", "", "id", "status"),
  FastCheck.string({ unit: "binary", maxLength: 5 })
)

const scalar = FastCheck.oneof(FastCheck.constantFrom("null", "true", "false", "[]", "{}"), number, text)

const anything: FastCheck.Arbitrary<string> = FastCheck.oneof(
  { weight: 6, arbitrary: scalar },
  nested,
  FastCheck.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
  FastCheck.array(FastCheck.tuple(name, scalar), { maxLength: 3 }).map(object)
)

/** Mostly what belongs there, and at times anything. */
const mostly = (arbitrary: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<string> =>
  FastCheck.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: anything })

const anId = FastCheck.oneof(
  { weight: 1, arbitrary: FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,128}$/).map(quote) },
  FastCheck.constantFrom(`""`, `"../x"`, `"a b"`, `"\\ud800"`, quote("x".repeat(129)))
)

const nullable = (arbitrary: FastCheck.Arbitrary<string>) =>
  FastCheck.oneof({ weight: 5, arbitrary }, { weight: 1, arbitrary: FastCheck.constant("null") })

const pairsOf = (fields: Readonly<Record<string, FastCheck.Arbitrary<string>>>) =>
  Object.entries(fields).map(([key, value]) => FastCheck.tuple(FastCheck.constant(key), mostly(value)))

/** An object with some of these fields, in any order, some twice, and others besides. */
const objectWith = (
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
const damaged = (arbitrary: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<string> =>
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

type Json = Readonly<Record<string, unknown>>

/** The body is not as documented. */
class Wrong extends Error {}

const wrong = (): never => {
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

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const own = (json: Json, key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined)

const readObject = (value: unknown): Json => (isObject(value) ? value : wrong())
const readText = (value: unknown): string => (typeof value === "string" ? value : wrong())
const readId = (value: unknown): string => (/^[A-Za-z0-9_-]{1,128}$/.test(readText(value)) ? readText(value) : wrong())
const readOptional = <A>(value: unknown, read: (value: unknown) => A): A | undefined =>
  value === undefined || value === null ? undefined : read(value)

/** Milliseconds since 1970 that a date can be of; 0 is none, and Tink has no times before. */
const readTime = (value: unknown): number | undefined => {
  if (typeof value !== "number") return wrong()
  if (value <= 0) return undefined
  return value <= 8.64e15 ? value : wrong()
}

const readFields = (value: unknown): Json => {
  const fields = readObject(value)
  for (const key of Object.keys(fields)) readText(fields[key])
  return fields
}

const readCredential = (value: unknown) => {
  const json = readObject(value)
  return {
    id: readId(own(json, "id")),
    userId: readOptional(own(json, "userId"), readId),
    providerName: readText(own(json, "providerName")),
    type: readOptional(own(json, "type"), readText),
    status: readText(own(json, "status")),
    statusUpdated: readOptional(own(json, "statusUpdated"), readTime),
    statusPayload: readOptional(own(json, "statusPayload"), readText),
    updated: readOptional(own(json, "updated"), readTime),
    sessionExpiryDate: readOptional(own(json, "sessionExpiryDate"), readTime),
    fields: readOptional(own(json, "fields"), readFields) ?? {},
    supplementalInformation: readOptional(own(json, "supplementalInformation"), readText)
  }
}

type Read = ReturnType<typeof readCredential>

/** What is read of a body, or nothing where it is not as documented. */
const reading = <A>(read: (value: unknown) => A, body: string): { readonly value: A } | undefined => {
  try {
    return { value: read(readJson(body)) }
  } catch (error) {
    if (error instanceof Wrong) return undefined
    throw error
  }
}

const isSameTime = (decoded: DateTime.Utc | undefined, read: number | undefined) =>
  read === undefined ? decoded === undefined : decoded !== undefined && decoded.epochMillis === Math.trunc(read)

const checkCredential = (decoded: Credential.Credential, read: Read) => {
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

const credential = objectWith(
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
const outcome = <A>(effect: Effect.Effect<A, TinkError>) => Effect.either(effect)

const isFailure = (
  result: Either.Either<unknown, TinkError>,
  reason: TinkError["reason"],
  isAmbiguous: boolean
): void => {
  const error = Either.getOrThrow(Either.flip(result))
  assert.strictEqual(error.reason, reason, error.message)
  assert.strictEqual(error.isAmbiguous, isAmbiguous)
  assert.isFalse(error.isRetryable)
}

const answering = (body: string) => connect(() => ({ status: 200, body }))

describe("whatever a body says, it is read as it is or not at all:", () => {
  forAll("getCredential", FastCheck.record({ body: damaged(credential) }), 400, (connection, { body }) =>
    Effect.gen(function* () {
      const { users } = connection

      connection.respond = () => ({ status: 200, body })
      const result = yield* outcome(users.getCredential(session, id))
      const read = reading(readCredential, body)
      if (read === undefined) return isFailure(result, "Decode", false)
      const { id: itsId, userId: itsUserId } = read.value
      if (itsId !== id || (itsUserId !== undefined && itsUserId !== userId)) {
        return isFailure(result, "Invalid", false)
      }
      checkCredential(Either.getOrThrow(result), read.value)
    })
  )

  forAll(
    "listCredentials",
    FastCheck.record({
      body: damaged(
        objectWith(
          { credentials: FastCheck.array(credential, { maxLength: 3 }).map((all) => `[${all.join(" , ")}]`) },
          { credentials: anything }
        )
      )
    }),
    200,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.listCredentials(session))
        const read = reading((value) => {
          const all = own(readObject(value), "credentials")
          return Array.isArray(all) ? all.map(readCredential) : wrong()
        }, body)
        if (read === undefined) return isFailure(result, "Decode", false)
        if (read.value.some((one) => one.userId !== undefined && one.userId !== userId)) {
          return isFailure(result, "Invalid", false)
        }
        const decoded = Either.getOrThrow(result)
        assert.lengthOf(decoded, read.value.length)
        for (const [n, one] of decoded.entries()) checkCredential(one, read.value[n] ?? wrong())
      })
  )

  forAll(
    "createUser",
    FastCheck.record({
      body: damaged(objectWith({ user_id: anId }, { external_user_id: nullable(text), userId: anId }))
    }),
    200,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.createUser({ market: "SE" }))
        const read = reading((value) => {
          const json = readObject(value)
          return {
            userId: readId(own(json, "user_id")),
            externalUserId: readOptional(own(json, "external_user_id"), readText)
          }
        }, body)
        // The user may have been created.
        if (read === undefined) return isFailure(result, "Decode", true)
        const { externalUserId, userId } = Either.getOrThrow(result)
        assert.deepStrictEqual<object>({ userId, externalUserId }, read.value)
      })
  )

  forAll(
    "createAuthorization",
    FastCheck.record({ body: damaged(objectWith({ code: text }, { id_hint: text })) }),
    150,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.createAuthorization({ userId, scopes: ["user:read"] }))
        const read = reading((value) => readText(own(readObject(value), "code")) || wrong(), body)
        if (read === undefined) return isFailure(result, "Decode", true)
        assert.strictEqual(Redacted.value(Either.getOrThrow(result).code), read.value)
      })
  )

  forAll(
    "getUserAccessToken",
    FastCheck.record({
      body: damaged(
        objectWith(
          {
            access_token: FastCheck.oneof(
              FastCheck.stringMatching(/^[\x21-\x7e]{1,20}$/).map(quote),
              FastCheck.constantFrom(`"a b"`, `"a\\n"`, `"å"`)
            ),
            expires_in: number
          },
          {
            scope: nullable(FastCheck.constantFrom(`""`, `"user:read,credentials:read"`, `" user:read  x:y ,"`, `"å"`)),
            id_hint: nullable(text),
            token_type: text,
            refresh_token: anything
          }
        )
      )
    }),
    200,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.getUserAccessToken({ code: Redacted.make("a-code") }))
        const read = reading((value) => {
          const json = readObject(value)
          const token = readText(own(json, "access_token"))
          const seconds = own(json, "expires_in")
          return {
            token: /^[\x21-\x7e]+$/.test(token) ? token : wrong(),
            seconds: typeof seconds === "number" && seconds >= 0 ? seconds : wrong(),
            scopes: (readOptional(own(json, "scope"), readText) ?? "").split(/[\s,]/).filter((scope) => scope !== ""),
            // Seen live where there is none: "".
            idHint: readOptional(own(json, "id_hint"), readText) || undefined
          }
        }, body)
        if (read === undefined) return isFailure(result, "Decode", true)
        const decoded = Either.getOrThrow(result)
        assert.strictEqual(Redacted.value(decoded.accessToken), read.value.token)
        assert.deepStrictEqual(decoded.scopes, read.value.scopes)
        assert.strictEqual(decoded.idHint, read.value.idHint)
        const millis = read.value.seconds * 1000
        // A duration counts in nanoseconds.
        const difference = Math.abs(Duration.toMillis(decoded.expiresIn) - millis)
        assert.isTrue(difference <= 1e-6 || Duration.toMillis(decoded.expiresIn) === millis)
      })
  )

  forAll(
    "authorize, by an external id",
    FastCheck.record({
      body: damaged(
        objectWith(
          { id: anId, profile: anything },
          { externalUserId: nullable(FastCheck.oneof(FastCheck.constant(`"cust-0001"`), text)), created: number }
        )
      )
    }),
    150,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection
        connection.respond = (line) => {
          if (line.endsWith("/authorization-grant")) return { status: 200, body: `{"code":"c"}` }
          return line.endsWith("/token") ? goodToken : { status: 200, body }
        }
        const result = yield* outcome(users.authorize({ externalUserId: "cust-0001", scopes: ["user:read"] }))
        const read = reading((value) => {
          const json = readObject(value)
          return {
            id: readId(own(json, "id")),
            externalUserId: readOptional(own(json, "externalUserId"), readText) ?? "cust-0001"
          }
        }, body)
        if (read === undefined) return isFailure(result, "Decode", false)
        if (read.value.externalUserId !== "cust-0001") return isFailure(result, "Invalid", false)
        const { scopes, userId } = Either.getOrThrow(result)
        assert.deepStrictEqual<unknown>([userId, scopes], [read.value.id, ["user:read"]])
      })
  )

  for (const [name, run] of [
    ["refreshCredential", (users) => users.refreshCredential(session, id)],
    ["deleteCredential", (users) => users.deleteCredential(session, id)],
    ["deleteUser", (users) => users.deleteUser(session)]
  ] satisfies ReadonlyArray<readonly [string, (users: Users.Service) => Effect.Effect<void, TinkError>]>) {
    forAll(
      name,
      FastCheck.record({ body: damaged(anything), status: FastCheck.constantFrom(200, 201, 202, 204, 206) }),
      100,
      (connection, { body, status }) =>
        Effect.gen(function* () {
          const { users } = connection
          connection.respond = () => ({ status, body })
          const result = yield* outcome(run(users))
          const text = body.replace(/^\ufeff/, "").trim()
          const isDone = status === 204 || text === "" || reading((value) => value, body) !== undefined
          if (!isDone) return isFailure(result, "Decode", true)
          assert.isUndefined(Either.getOrThrow(result))
        })
    )
  }

  forAll(
    "and of a failure no more than its status",
    FastCheck.record({
      body: damaged(objectWith({ errorMessage: anything, errorCode: anything }, { errorDetails: anything })),
      status: FastCheck.integer({ min: 300, max: 599 }).filter((status) => status !== 304)
    }),
    150,
    (connection, { body, status }) =>
      Effect.gen(function* () {
        const { users } = connection
        connection.respond = () => ({ status, body })
        const deletion = users.deleteUser(session)
        for (const operation of [
          users.getCredential(session, id),
          deletion,
          users.getUserAccessToken({ code: Redacted.make("a-code") })
        ]) {
          const result = yield* outcome<unknown>(operation)
          // Nobody to delete is no failure.
          if (operation === deletion && status === 404) {
            assert.isTrue(Either.isRight(result))
            continue
          }
          const error = Either.getOrThrow(Either.flip(result))
          assert.strictEqual(error.status, status)
          assert.notInclude(["Transport", "Decode"], error.reason)
          const said = reading(readObject, body)?.value ?? {}
          const isOneLine = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,300}$/u
          for (const key of ["errorMessage", "errorCode"] as const) {
            if (error[key] === undefined) continue
            assert.include(["string", ...(key === "errorCode" ? ["number"] : [])], typeof own(said, key))
            assert.match(error[key], isOneLine)
          }
        }
      })
  )
})

describe("a body of a depth that", () => {
  for (const depth of [1000, 5000, 100_000]) {
    const deep = "[".repeat(depth) + "]".repeat(depth)
    it.scoped(`nobody needs, ${depth}, is not as documented where something else belongs, and else unknown`, () =>
      Effect.gen(function* () {
        const base = `"id":"${id}","providerName":"p","status":"UPDATED"`
        for (const body of [deep, `{${base},"updated":${deep}}`, `{${base},"fields":{"a":${deep}}}`]) {
          const { users } = yield* answering(body)
          isFailure(yield* outcome(users.getCredential(session, id)), "Decode", false)
        }
        const { users } = yield* answering(`{${base},"more":${deep}}`)
        assert.strictEqual((yield* users.getCredential(session, id)).id, id)
      })
    )
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Where requests go
// ---------------------------------------------------------------------------------------------------------------------

const path = FastCheck.oneof(
  FastCheck.constantFrom(
    "..",
    "../..",
    ".",
    "a/../../user",
    "%2e%2e",
    "..%2f",
    "a\\b",
    "?a=b",
    "a#b",
    "//evil.invalid",
    "https://evil.invalid",
    "@evil.invalid",
    "a;b",
    "%00",
    "\n",
    "ａ",
    "{id}",
    "$&",
    "$1",
    ""
  ),
  FastCheck.string({ unit: "binary", maxLength: 8 }),
  FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
  FastCheck.stringMatching(/^[A-Za-z0-9_./%?#@:\\-]{1,20}$/)
)

const isId = (value: string): boolean => value.length <= 128 && /^[A-Za-z0-9_-]+$/.test(value)

const isSentence = (value: string): boolean => value !== "" && !/[\p{Cc}\p{Cs}]/u.test(value)

const good: Respond = (line) => {
  if (line.endsWith("/token")) return goodToken
  if (line.endsWith("/authorization-grant")) return { status: 200, body: `{"code":"c"}` }
  if (line.endsWith("/user/create")) return { status: 200, body: `{"user_id":"${userId}"}` }
  if (line.endsWith("/api/v1/user")) return { status: 200, body: `{"id":"${userId}"}` }
  if (line.endsWith("/list")) return { status: 200, body: `{"credentials":[]}` }
  const [, asked] = /([^/]*)$/.exec(line) ?? []
  return line.startsWith("GET")
    ? { status: 200, body: `{"id":${quote(asked ?? "")},"providerName":"p","status":"UPDATED"}` }
    : { status: 204, body: "" }
}

const TOKEN = "https://api.tink.com/api/v1/oauth/token"
const GRANT = "POST https://api.tink.com/api/v1/oauth/authorization-grant"
const CREATE = "POST https://api.tink.com/api/v1/user/create"

const lines = (sent: ReadonlyArray<Sent>): ReadonlyArray<string> =>
  sent.map(({ method, url }) => `${method} ${url.href}`)

/** Either these requests were sent and nothing else, or none and the input was not valid. */
const wentTo = (
  sent: Array<Sent>,
  result: Either.Either<unknown, TinkError>,
  isValid: boolean,
  expected: ReadonlyArray<string>
) => {
  if (!isValid) {
    isFailure(result, "Invalid", false)
    assert.isUndefined(Either.getOrThrow(Either.flip(result)).status)
  } else if (Either.isLeft(result)) assert.fail(result.left.message)
  assert.deepStrictEqual(lines(sent), isValid ? expected : [])
  return sent.splice(0)
}

const formOf = (sent: Sent | undefined) => [...new URLSearchParams(sent?.body ?? "")]

const hosts = [
  "api.tink.com",
  "API.tink.com",
  "localhost",
  "127.0.0.1",
  "127.1",
  "[::1]",
  "evil.invalid",
  "localhost.evil.invalid",
  "127.0.0.1.evil.invalid",
  "api.tink.com\\@evil.invalid",
  "api%2etink.com",
  "ａpi.tink.com",
  " api.tink.com",
  ""
]

const mostlyNone = (...parts: ReadonlyArray<string>) =>
  FastCheck.oneof(
    { weight: 2, arbitrary: FastCheck.constant("") },
    { weight: 1, arbitrary: FastCheck.constantFrom(...parts) }
  )

describe("a request goes where it belongs, whatever the", () => {
  forAll("id of a credential", FastCheck.record({ value: path }), 300, (connection, { value }) =>
    Effect.gen(function* () {
      const { sent, users } = connection

      // From a caller without types.
      const credentialsId = value as Ids.CredentialsId
      const base = `https://api.tink.com/api/v1/credentials/${value}`
      const isValid = isId(value)
      wentTo(sent, yield* outcome(users.getCredential(session, credentialsId)), isValid, [`GET ${base}`])
      wentTo(sent, yield* outcome(users.refreshCredential(session, credentialsId)), isValid, [`POST ${base}/refresh`])
      wentTo(sent, yield* outcome(users.deleteCredential(session, credentialsId)), isValid, [`DELETE ${base}`])
    })
  )

  forAll("id of a user", FastCheck.record({ value: path }), 200, (connection, { value }) =>
    Effect.gen(function* () {
      const { sent, users } = connection

      const userId = value as Ids.UserId
      const theirs = UserSession.make({ userId, accessToken: Redacted.make("t"), scopes: allScopes })
      const isValid = isId(value)
      const base = "https://api.tink.com/api/v1"
      wentTo(sent, yield* outcome(users.listCredentials(theirs)), isValid, [`GET ${base}/credentials/list`])
      wentTo(sent, yield* outcome(users.deleteUser(theirs)), isValid, [`POST ${base}/user/delete`])
      const deleted = yield* outcome(users.deleteUser({ userId }))
      const [forDeletion] = wentTo(sent, deleted, isValid, [GRANT, `POST ${TOKEN}`, `POST ${base}/user/delete`])
      const result = yield* outcome(users.createAuthorization({ userId, scopes: ["user:read"] }))
      const [grant] = wentTo(sent, result, isValid, [GRANT])
      if (!isValid) return
      assert.deepStrictEqual(formOf(forDeletion), [
        ["user_id", value],
        ["scope", "user:delete"]
      ])
      assert.deepStrictEqual(formOf(grant), [
        ["user_id", value],
        ["scope", "user:read"]
      ])
    })
  )

  forAll(
    "external id",
    FastCheck.record({
      externalUserId: FastCheck.oneof(path, FastCheck.constantFrom("a&user_id=b", "a+b", "å=ä", "a b", "%26"))
    }),
    200,
    (connection, { externalUserId }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = isSentence(externalUserId)
        const granted = yield* outcome(users.createAuthorization({ externalUserId, scopes: ["user:read"] }))
        const [grant] = wentTo(sent, granted, isValid, [GRANT])
        const created = yield* outcome(users.createUser({ market: "SE", externalUserId }))
        const [create] = wentTo(sent, created, isValid, [CREATE])
        if (!isValid) return
        assert.deepStrictEqual(formOf(grant), [
          ["external_user_id", externalUserId],
          ["scope", "user:read"]
        ])
        assert.deepStrictEqual(JSON.parse(create?.body ?? ""), { market: "SE", external_user_id: externalUserId })
      })
  )

  forAll(
    "market and locale",
    FastCheck.record({
      market: FastCheck.oneof(FastCheck.stringMatching(/^[A-Za-z]{1,3}$/), path),
      locale: FastCheck.oneof(FastCheck.stringMatching(/^[a-z]{2}[_-][A-Z]{2}$/), path)
    }),
    200,
    (connection, { locale, market }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = /^[A-Z][A-Z]$/.test(market) && /^[a-z][a-z]_[A-Z][A-Z]$/.test(locale)
        const result = yield* outcome(users.createUser({ market, locale }))
        const [create] = wentTo(sent, result, isValid, [CREATE])
        if (isValid) assert.deepStrictEqual(JSON.parse(create?.body ?? ""), { market, locale })
      })
  )

  forAll(
    "scopes",
    FastCheck.record({
      scopes: FastCheck.array(
        FastCheck.oneof(
          { weight: 8, arbitrary: FastCheck.constantFrom<string>(...UserScope.literals) },
          FastCheck.constantFrom("user:create", "user:read,user:delete", "USER:READ", "user:read ", "*"),
          path
        ),
        { maxLength: 4 }
      )
    }),
    200,
    (connection, { scopes }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const known: ReadonlyArray<string> = UserScope.literals
        const isValid = scopes.length > 0 && scopes.every((scope) => known.includes(scope))
        // From a caller without types.
        const input = { userId, scopes: scopes as Array<UserScope> }
        const [grant] = wentTo(sent, yield* outcome(users.createAuthorization(input)), isValid, [GRANT])
        if (!isValid) return
        assert.deepStrictEqual(formOf(grant), [
          ["user_id", userId],
          ["scope", scopes.join(",")]
        ])
      })
  )

  forAll(
    "code and token",
    FastCheck.record({
      value: FastCheck.oneof(path, FastCheck.stringMatching(/^[\x20-\x7e]{1,20}$/), FastCheck.constant("a&code=b"))
    }),
    200,
    (connection, { value }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = /^[\x21-\x7e]+$/.test(value) && !value.includes("\n")
        const result = yield* outcome(users.getUserAccessToken({ code: Redacted.make(value) }))
        const [exchange] = wentTo(sent, result, isValid, [`POST ${TOKEN}`])
        const theirs = UserSession.make({ userId, accessToken: Redacted.make(value), scopes: allScopes })
        wentTo(sent, yield* outcome(users.listCredentials(theirs)), isValid, [
          "GET https://api.tink.com/api/v1/credentials/list"
        ])
        if (!isValid) return
        assert.deepStrictEqual(formOf(exchange), [
          ["client_id", "a-client"],
          ["client_secret", "a-secret"],
          ["grant_type", "authorization_code"],
          ["code", value]
        ])
      })
  )

  forAll(
    "base URL",
    FastCheck.record({
      baseUrl: FastCheck.tuple(
        FastCheck.constantFrom(
          "https://",
          "http://",
          "https://",
          "http://",
          "HTTPS://",
          "https:",
          "https:/\\",
          "ftp://",
          ""
        ),
        mostlyNone("a@", "a:b@", "@", ":@", "api.tink.com:b@", "api.tink.com%40"),
        FastCheck.constantFrom(...hosts),
        mostlyNone(":8080", ":443", ":0", ":65536", ":a", ":"),
        mostlyNone("/", "//", "/a", "/a/", "/a/b", "/a%2fb", "/../..", "/a/..", "?", "?a=b", "#", "#a", "/\n", "\t")
      ).map((parts) => parts.join(""))
    }),
    400,
    (_, { baseUrl }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const connected = yield* Effect.option(connect(good, baseUrl))
          if (connected._tag === "None") return
          const { sent, users } = connected.value
          yield* users.createUser({ market: "SE" })
          yield* users.getCredential(session, id)
          yield* users.refreshCredential(session, id)
          // What a person sees in it, who knows nothing of the ways in which a URL may be written.
          const seen = /^https?:(?:\/\/)?(?::?@)?([^/\\?#@:]+|\[::1\])(:\d*)?(?=[/\\]|$)/i.exec(
            baseUrl.replace(/:[/\\]+/, "://")
          )
          assert.isNotNull(seen, baseUrl)
          const host = decodeURIComponent(seen?.[1] ?? "").toLowerCase()
          const isHere = ["localhost", "127.0.0.1", "127.1", "[::1]"].includes(host)
          for (const { method, url } of sent) {
            assert.strictEqual(url.hostname, host === "127.1" ? "127.0.0.1" : host, baseUrl)
            assert.isTrue(url.protocol === "https:" || (url.protocol === "http:" && isHere), baseUrl)
            assert.strictEqual([url.username, url.password, url.search, url.hash].join(""), "", baseUrl)
            const ends = new RegExp(`/api/v1/(user/create|oauth/token|credentials/${id}(/refresh)?)$`)
            assert.match(url.pathname, ends, `${method} ${baseUrl}`)
            const before = url.pathname.replace(ends, "").replace(/^\/@evil\.invalid(:\w*)?/, "")
            assert.include(["", "/a", "/b", "/a/b", "/a%2fb"], before, baseUrl)
          }
          assert.lengthOf(sent, 4)
        })
      )
  )
})
