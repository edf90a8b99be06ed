import { assert, describe, it } from "@effect/vitest"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { Authorization, Users } from "@effect-tink/users"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import { everyRow } from "../../../test/support/rows.js"
import {
  anId,
  anything,
  checkCredential,
  connect,
  credential,
  damaged,
  forAll,
  good,
  goodToken,
  id,
  isFailure,
  nullable,
  number,
  objectWith,
  outcome,
  own,
  quote,
  readCredential,
  readId,
  readItems,
  reading,
  readObject,
  readLenient,
  readOptional,
  readText,
  session,
  text,
  userId,
  wrong
} from "./fuzz.js"

const answering = (body: string) => connect(() => ({ status: 200, body }))

const byExternalId = { externalUserId: "cust-0001" }

/** A string, or the strings of a list. */
const readScopes = (scope: unknown): ReadonlyArray<string> =>
  (Array.isArray(scope) ? scope : [scope])
    .filter((part) => typeof part === "string")
    .flatMap((part) => part.split(/[\s,]/))
    .filter((name) => name !== "")

interface Whose {
  readonly userId: string
  readonly scopes: ReadonlyArray<string>
}

describe("any body is read as it is, or is a Decode error, by", () => {
  forAll("getCredential", FastCheck.record({ body: damaged(credential) }), 200, (connection, { body }) =>
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
    120,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.listCredentials(session))
        const read = reading((value) => readItems(own(readObject(value), "credentials"), readCredential), body)
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
    120,
    (connection, { body }) =>
      Effect.gen(function* () {
        const { users } = connection

        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(users.createUser({ market: "SE" }))
        const read = reading((value) => {
          const json = readObject(value)
          return {
            userId: readId(own(json, "user_id")),
            externalUserId: readLenient(own(json, "external_user_id"), readText)
          }
        }, body)
        // The user may have been created.
        if (read === undefined) return isFailure(result, "Decode", true)
        const { externalUserId, userId } = Either.getOrThrow(result)
        assert.deepStrictEqual<object>({ userId, externalUserId }, read.value)
      })
  )

  for (const [name, run] of [
    ["createAuthorization", (users) => users.createAuthorization({ userId, scopes: ["user:read"] })],
    ["delegateAuthorization", (users) => users.delegateAuthorization({ userId, idHint: "a hint" })]
  ] satisfies ReadonlyArray<
    readonly [string, (users: Users.Service) => Effect.Effect<Authorization.AuthorizationGrant, TinkError>]
  >) {
    forAll(
      name,
      FastCheck.record({ body: damaged(objectWith({ code: text }, { id_hint: text })) }),
      50,
      (connection, { body }) =>
        Effect.gen(function* () {
          const { users } = connection
          connection.respond = () => ({ status: 200, body })
          const result = yield* outcome(run(users))
          const read = reading((value) => readText(own(readObject(value), "code")) || wrong(), body)
          if (read === undefined) return isFailure(result, "Decode", true)
          assert.strictEqual(Redacted.value(Either.getOrThrow(result).code), read.value)
        })
    )
  }

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
    120,
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
            scopes: readScopes(own(json, "scope")),
            // Tink sends "" when it has no hint.
            idHint: readLenient(own(json, "id_hint"), readText) || undefined
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

  for (const [name, run] of [
    ["authorize", (users) => users.authorize({ ...byExternalId, scopes: ["user:read"] })],
    ["deleteUser", (users) => Effect.as(users.deleteUser(byExternalId), undefined)],
    ["revokeAll", (users) => Effect.as(users.revokeAll(byExternalId), undefined)]
  ] satisfies ReadonlyArray<readonly [string, (users: Users.Service) => Effect.Effect<Whose | undefined, TinkError>]>) {
    forAll(
      `${name}, by an external id`,
      FastCheck.record({
        body: damaged(
          objectWith(
            { id: anId, profile: anything },
            { externalUserId: nullable(FastCheck.oneof(FastCheck.constant(`"cust-0001"`), text)), created: number }
          )
        )
      }),
      40,
      (connection, { body }) =>
        Effect.gen(function* () {
          const { users } = connection
          connection.respond = (line) => {
            if (line.endsWith("/authorization-grant")) return { status: 200, body: `{"code":"c"}` }
            if (line.endsWith("/token")) return goodToken
            return line.startsWith("GET") ? { status: 200, body } : { status: 204, body: "" }
          }
          const result = yield* outcome(run(users))
          const read = reading((value) => {
            const json = readObject(value)
            return {
              id: readId(own(json, "id")),
              externalUserId: readOptional(own(json, "externalUserId"), readText) ?? "cust-0001"
            }
          }, body)
          if (read === undefined) return isFailure(result, "Decode", false)
          if (read.value.externalUserId !== "cust-0001") return isFailure(result, "Invalid", false)
          const session = Either.getOrThrow(result)
          if (session !== undefined) {
            assert.deepStrictEqual<unknown>([session.userId, session.scopes], [read.value.id, ["user:read"]])
          }
        })
    )
  }

  /** The names of an object, or of the first one in lists. */
  const namesOf = (value: unknown): ReadonlyArray<string> => {
    let first = value
    while (Array.isArray(first)) first = first[0]
    return typeof first === "object" && first !== null ? Object.keys(first) : []
  }

  for (const [name, run] of [
    ["refreshCredential", (users) => users.refreshCredential(session, id)],
    ["deleteCredential", (users) => users.deleteCredential(session, id)],
    ["deleteUser", (users) => users.deleteUser(session)],
    ["deleteUser by id", (users) => users.deleteUser({ userId })],
    ["revokeAll", (users) => users.revokeAll({ userId })],
    ["refreshCredential with options", (users) => users.refreshCredential(session, id, { items: ["IDENTITY_DATA"] })],
    ["authenticateCredential", (users) => users.authenticateCredential(session, id)],
    ["submitSupplementalInformation", (users) => users.submitSupplementalInformation(session, id, { otp: "an-answer" })]
  ] satisfies ReadonlyArray<readonly [string, (users: Users.Service) => Effect.Effect<void, TinkError>]>) {
    forAll(
      name,
      FastCheck.record({ body: damaged(anything), status: FastCheck.constantFrom(200, 201, 202, 204) }),
      50,
      (connection, { body, status }) =>
        Effect.gen(function* () {
          const { users } = connection
          connection.respond = (line) => (/\/(token|authorization-grant)$/.test(line) ? good(line) : { status, body })
          const result = yield* outcome(run(users))
          const text = body.replace(/^\ufeff/, "").trim()
          const read = reading((value) => value, body)
          const isDone = status === 204 || text === "" || read !== undefined
          // A success whose body says that something failed is no success.
          const maySayFailure = namesOf(read?.value).some((name) =>
            /^(error|errors|errorCode|errorMessage|errorType|fault|exception|status|statusCode|code|success|ok)$/.test(
              name
            )
          )
          if (!isDone || (maySayFailure && Either.isLeft(result))) return isFailure(result, "Decode", true)
          assert.isUndefined(Either.getOrThrow(result))
        })
    )
  }

  forAll(
    "any operation, which believes no more of a failure than its status",
    FastCheck.record({
      body: damaged(objectWith({ errorMessage: anything, errorCode: anything }, { errorDetails: anything })),
      status: FastCheck.integer({ min: 300, max: 599 }).filter((status) => status !== 304)
    }),
    80,
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
          // Deleting a missing user is no failure.
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

it.effect("a body of any depth is a Decode error where it should identify, and ignored elsewhere", () =>
  everyRow(
    [1000, 5000, 100_000],
    (depth) => `a depth of ${depth}`,
    (depth) =>
      Effect.gen(function* () {
        const deep = "[".repeat(depth) + "]".repeat(depth)
        const base = `"id":"${id}","providerName":"p","status":"UPDATED"`
        for (const body of [deep, `{${base},"userId":${deep}}`, `{"id":${deep},"status":"UPDATED"}`]) {
          const { users } = yield* answering(body)
          isFailure(yield* outcome(users.getCredential(session, id)), "Decode", false)
        }
        for (const member of ["more", "updated", "fields", "supplementalInformation"]) {
          const { users } = yield* answering(`{${base},"${member}":${deep}}`)
          assert.strictEqual((yield* users.getCredential(session, id)).id, id)
        }
        const token = yield* answering(`{"access_token":"t","expires_in":7200,"scope":${deep}}`)
        assert.deepStrictEqual((yield* token.users.getUserAccessToken({ code: Redacted.make("a-code") })).scopes, [])
        const empty = yield* answering(deep)
        yield* outcome(empty.users.deleteCredential(session, id))
        const { users } = yield* answering(`{"locale":"sv_SE","more":${deep}}`)
        assert.strictEqual((yield* users.getProfile(session)).locale, "sv_SE")
      })
  )
)
