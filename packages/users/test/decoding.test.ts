import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { Credential, Users, UserSession } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Inspectable from "effect/Inspectable"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { failure, provideAnswers } from "./helpers.js"

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
const session = UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: ["credentials:read"] })

const answering = (body: string) => provideAnswers(() => ({ body }))

const get = (body: string) =>
  Effect.flatMap(Users.Users, (users) => users.getCredential(session, id)).pipe(answering(body))

const list = (body: string) =>
  Effect.flatMap(Users.Users, (users) => users.listCredentials(session)).pipe(answering(body))

const withPassword = (password: string) =>
  `{"id":"${id}","providerName":"p","status":"CREATED","updated":1700000000400,
    "fields":{"username":"u-canary","password":"${password}"}}`

describe("a credential", () => {
  it.effect("is decoded as documented", () =>
    Effect.gen(function* () {
      const [credential, ...others] = yield* list(`{ "credentials": [ { "id": "${id}",
        "providerName": "se-demobank-open-banking-redirect", "type": "THIRD_PARTY_APP",
        "status": "UPDATED", "statusUpdated": 1700000000500, "statusPayload": "Updated.", "updated": 1700000000400,
        "fields": {}, "sessionExpiryDate": 1707776000000, "userId": "${userId}" } ] }`)
      assert.lengthOf(others, 0)
      assert.deepStrictEqual(
        credential,
        new Credential.Credential({
          id,
          userId,
          providerName: "se-demobank-open-banking-redirect",
          type: "THIRD_PARTY_APP",
          status: "UPDATED",
          statusUpdated: DateTime.unsafeMake("2023-11-14T22:13:20.500Z"),
          statusPayload: "Updated.",
          updated: DateTime.unsafeMake("2023-11-14T22:13:20.400Z"),
          fields: {},
          sessionExpiryDate: DateTime.unsafeMake("2024-02-12T22:13:20.000Z")
        })
      )
    })
  )

  it.effect("is decoded from its required fields", () =>
    Effect.gen(function* () {
      const credential = yield* get(`{"id":"${id}","status":"CREATED"}`)
      assert.deepStrictEqual(
        Object.entries(credential).filter(([, value]) => value !== undefined),
        [
          ["id", id],
          ["status", "CREATED"],
          ["fields", {}]
        ]
      )
      assert.isFalse(credential.isExpired(DateTime.unsafeMake(8.64e15)))
    })
  )

  it.effect("is decoded with null for every optional field", () =>
    Effect.gen(function* () {
      const credential = yield* get(`{"id":"${id}","providerName":"p","status":"CREATED","type":null,"userId":null,
        "statusUpdated":null,"statusPayload":null,"updated":null,"sessionExpiryDate":null,"fields":null,
        "supplementalInformation":null}`)
      assert.deepStrictEqual(credential.fields, {})
      for (const key of ["type", "userId", "statusUpdated", "updated", "sessionExpiryDate"] as const) {
        assert.isUndefined(credential[key])
      }
      assert.isUndefined(credential.supplementalInformation)
    })
  )

  it.effect("has no time where Tink says 0", () =>
    Effect.gen(function* () {
      const credential = yield* get(
        `{"id":"${id}","providerName":"p","status":"UPDATED","sessionExpiryDate":0,"updated":0,"statusUpdated":0}`
      )
      assert.isUndefined(credential.sessionExpiryDate)
      assert.isUndefined(credential.updated)
      assert.isUndefined(credential.statusUpdated)
      assert.isFalse(credential.isExpired(DateTime.unsafeMake(1)))
    })
  )

  it.effect("keeps an unknown status and type as they are, and ignores other fields", () =>
    Effect.gen(function* () {
      const credential = yield* get(`{"id":"${id}","providerName":"p","status":"HIBERNATING","type":"TELEPATHY",
        "providerLatency":7,"username":"u","sensitivePayload":{},"__proto__":{"status":"DELETED"}}`)
      assert.strictEqual<string>(credential.status, "HIBERNATING")
      assert.strictEqual<string | undefined>(credential.type, "TELEPATHY")
      assert.notProperty(credential, "sensitivePayload")
    })
  )

  it.effect("does not print its supplemental information", () =>
    Effect.gen(function* () {
      const credential = yield* get(
        `{"id":"${id}","providerName":"p","status":"AWAITING_MOBILE_BANKID_AUTHENTICATION",
          "supplementalInformation":"canary"}`
      )
      assert.isDefined(credential.supplementalInformation)
      assert.strictEqual(Redacted.value(credential.supplementalInformation), "canary")
      assert.notInclude(String(credential) + JSON.stringify(credential), "canary")
    })
  )

  it.effect("keeps fields under any names", () =>
    Effect.gen(function* () {
      const { fields } = yield* get(
        `{"id":"${id}","providerName":"p","status":"CREATED","fields":{"username":"u","toString":"t","":""}}`
      )
      assert.deepStrictEqual(fields, { username: "u", toString: "t", "": "" } as Record<string, string>)
    })
  )

  it.effect("prints its fields by their names only, and compares them by their values", () =>
    Effect.gen(function* () {
      const credential = yield* get(withPassword("p-canary"))
      for (const text of [
        String(credential),
        JSON.stringify(credential),
        JSON.stringify({ credentials: [credential] }),
        inspect(credential, { depth: 5, showHidden: true }),
        inspect([{ credential }], { depth: 5 }),
        Inspectable.toStringUnknown(credential)
      ]) {
        assert.notInclude(text, "canary")
        assert.include(text, "password")
        assert.include(text, id)
        assert.include(text, "2023-11-14T22:13:20.400Z")
      }
      assert.strictEqual(credential.fields["password"], "p-canary")
      assert.isTrue(Equal.equals(credential, credential))
      assert.notDeepEqual(credential, yield* get(withPassword("other")))
      assert.deepStrictEqual(credential, yield* get(withPassword("p-canary")))
      const encoded = yield* Schema.encode(Credential.Credential)(credential)
      assert.deepStrictEqual(encoded.fields, { username: "u-canary", password: "p-canary" })
    })
  )

  it.effect("is expired from the millisecond in which its session ends", () =>
    Effect.gen(function* () {
      const credential = yield* get(
        `{"id":"${id}","providerName":"p","status":"UPDATED","sessionExpiryDate":1707776000000}`
      )
      assert.isFalse(credential.isExpired(DateTime.unsafeMake(1707775999999)))
      assert.isTrue(credential.isExpired(DateTime.unsafeMake(1707776000000)))
    })
  )

  it.effect("other than the one asked for is refused", () =>
    Effect.gen(function* () {
      const error = yield* failure(get(`{"id":"0000","providerName":"canary","status":"UPDATED"}`))
      assert.strictEqual(error.reason, "Invalid")
      assert.notInclude(error.message, "canary")
    })
  )

  it.effect("of another user is refused, also in a list of right ones", () =>
    Effect.gen(function* () {
      const right = `{"id":"${id}","providerName":"p","status":"UPDATED","userId":"${userId}"}`
      const wrong = `{"id":"${id}","providerName":"p","status":"UPDATED","userId":"canary"}`
      for (const error of [
        yield* failure(get(wrong)),
        yield* failure(list(`{"credentials":[${wrong}]}`)),
        yield* failure(list(`{"credentials":[${right},${wrong}]}`))
      ]) {
        assert.strictEqual(error.reason, "Invalid")
        assert.notInclude(error.message, "canary")
      }
    })
  )
})

describe("an answer that is not as documented is a Decode error that repeats nothing of it", () => {
  const base = `"id":"${id}","providerName":"p","status":"UPDATED"`
  const bodies: ReadonlyArray<readonly [string, string, string]> = [
    ["a string", `"canary"`, "the body"],
    ["no id", `{"providerName":"canary","status":"UPDATED"}`, "id"],
    ["an id with a path", `{"id":"canary/..","providerName":"p","status":"UPDATED"}`, "id"],
    ["no status", `{"id":"${id}","providerName":"canary"}`, "status"],
    ["a status that is not a string", `{"id":"${id}","providerName":"canary","status":{"canary":1}}`, "status"],
    ["an owner that is no id", `{${base},"userId":{"canary":1}}`, "userId"]
  ]
  it.effect("and names the path of the wrong part", () =>
    everyRow(
      bodies,
      ([name]) => name,
      ([, body, path]) =>
        Effect.gen(function* () {
          const error = yield* failure(get(body))
          assert.strictEqual(error.reason, "Decode")
          const [said, ...paths] = error.detail?.split(/: |, /) ?? []
          assert.strictEqual(said, "not as documented")
          assert.strictEqual(paths[0], path)
          // A union names its own place once more.
          assert.isTrue(paths.every((other) => path.startsWith(other)))
          assert.notInclude(JSON.stringify(error) + String(error), "canary")
        })
    )
  )

  it.effect("and says what came in place of JSON", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* failure(get(""))).detail, "not JSON (no body)")
      assert.strictEqual((yield* failure(get("canary"))).detail, "not JSON (text/plain, 6 bytes)")
    })
  )

  it.effect("and names the path within a list", () =>
    Effect.gen(function* () {
      const error = yield* failure(list(`{"credentials":[{"id":"${id}","providerName":"canary"}]}`))
      assert.strictEqual(error.detail, "not as documented: credentials.0.status")
      assert.strictEqual(
        (yield* failure(list(`{"errorMessage":"canary"}`))).detail,
        "the body of a success is an error"
      )
      assert.strictEqual((yield* failure(list(`{"canary":[]}`))).detail, "not as documented: credentials")
      assert.strictEqual((yield* failure(list(`[]`))).reason, "Decode")
    })
  )
})

const create = (body: string) =>
  Effect.flatMap(Users.Users, (users) => users.createUser({ market: "SE", externalUserId: "cust-0001" })).pipe(
    provideAnswers((line) =>
      line.includes("/oauth/token") ? { body: `{"access_token":"t","expires_in":1800}` } : { body }
    )
  )

describe("a created user", () => {
  it.effect("has an external id if Tink names one", () =>
    Effect.gen(function* () {
      const both = yield* create(`{"user_id":"${userId}","external_user_id":"cust-0001","more":1}`)
      assert.deepStrictEqual([both.userId, both.externalUserId], [userId, "cust-0001"])
      const one = yield* create(`{"user_id":"${userId}"}`)
      assert.deepStrictEqual([one.userId, one.externalUserId], [userId, undefined])
      assert.isUndefined((yield* create(`{"user_id":"${userId}","external_user_id":null}`)).externalUserId)
    })
  )

  it.effect("that cannot be read is ambiguous: the user may exist", () =>
    Effect.gen(function* () {
      for (const body of ["canary", "{}", `{"user_id":"canary/.."}`, `{"userId":"canary"}`]) {
        const error = yield* failure(create(body))
        assert.strictEqual(error.reason, "Decode")
        assert.isTrue(error.isAmbiguous)
        assert.isFalse(error.isRetryable)
        assert.notInclude(JSON.stringify(error) + String(error), "canary")
      }
    })
  )
})

const refresh = (status: number, body: string) =>
  Effect.flatMap(Users.Users, (users) =>
    users.refreshCredential(
      UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: ["credentials:refresh"] }),
      id
    )
  ).pipe(provideAnswers(() => ({ status, body })))

describe("a change", () => {
  it.effect("is done with 204, or another success without a body or with JSON", () =>
    Effect.gen(function* () {
      for (const [status, body] of [
        [204, ""],
        [200, ""],
        [202, "{}"],
        [200, " \r\n"]
      ] as const) {
        assert.isUndefined(yield* refresh(status, body))
      }
    })
  )

  it.effect("is ambiguous when a page answers", () =>
    Effect.gen(function* () {
      const error = yield* failure(refresh(200, "<html>canary</html>"))
      assert.strictEqual(error.reason, "Decode")
      assert.isTrue(error.isAmbiguous)
      assert.notInclude(JSON.stringify(error) + String(error), "canary")
    })
  )
})
