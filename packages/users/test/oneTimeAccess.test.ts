import { assert, describe, it } from "@effect/vitest"
import type * as Ids from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { TinkSandbox } from "@effect-tink/sandbox"
import { Users, type UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import {
  failure,
  GET_USER,
  LIST,
  makeUser,
  provideAll,
  provideAnswers,
  takeLines,
  takeSent,
  TOKEN,
  withTime
} from "./helpers.js"

/** A code for the application itself, as it comes back from Tink Link after one-time access; the wire is empty. */
const makeCode = (userId: Ids.UserId, scopes: ReadonlyArray<UserScope>) =>
  Effect.flatMap(Users.Users, (users) => users.createAuthorization({ userId, scopes })).pipe(Effect.tap(takeLines))

const both = ["credentials:read", "user:read"] as const

const bank = (userId?: string) => ({ id: "c1", providerName: "p", status: "UPDATED", userId })

describe("authorizeWithCode", () => {
  it.effect("exchanges the code and asks whose token it is, by user:read", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, both)
      const session = yield* users.authorizeWithCode({ code, scopes: ["user:read", "credentials:read"] })
      const sent = yield* takeSent
      assert.deepStrictEqual(
        sent.map(({ line }) => line),
        [TOKEN, GET_USER]
      )
      assert.include(sent[0]?.body, `grant_type=authorization_code&code=${Redacted.value(code)}`)
      assert.isUndefined(sent[0]?.headers["authorization"])
      assert.strictEqual(session.userId, userId)
      assert.deepStrictEqual(session.scopes, ["user:read", "credentials:read"])
      assert.deepStrictEqual(
        (yield* users.listCredentials(session)).map(({ id }) => id),
        [credentialsId]
      )
    }).pipe(provideAll())
  )

  it.effect("or by the first bank, with credentials:read alone; that answer is not cached", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      yield* sandbox.connectBank(userId)
      const { code } = yield* makeCode(userId, ["credentials:read"])
      const session = yield* users.authorizeWithCode({ code, scopes: ["credentials:read"] })
      assert.deepStrictEqual(yield* takeLines, [TOKEN, LIST])
      assert.strictEqual(session.userId, userId)
      assert.lengthOf(yield* users.listCredentials(session), 2)
      assert.lengthOf(yield* users.listCredentials(session), 2)
      assert.deepStrictEqual(yield* takeLines, [LIST])
    }).pipe(provideAll())
  )

  it.effect(
    "uses user:read if the code has it, even if it was not asked for; the session has the scopes that were asked for",
    () =>
      Effect.gen(function* () {
        const users = yield* Users.Users
        const { userId } = yield* makeUser()
        const { code } = yield* makeCode(userId, both)
        const session = yield* users.authorizeWithCode({ code, scopes: ["credentials:read"] })
        assert.deepStrictEqual(yield* takeLines, [TOKEN, GET_USER])
        assert.deepStrictEqual(session.scopes, ["credentials:read"])
      }).pipe(provideAll())
  )

  it.effect("is Forbidden, naming what it needs, without a bank to identify the user, or without either scope", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE" })
      for (const [scopes, lines] of [
        [["credentials:read"], [TOKEN, LIST]],
        [["user:delete", "accounts:read"], [TOKEN]]
      ] satisfies ReadonlyArray<readonly [ReadonlyArray<UserScope>, ReadonlyArray<string>]>) {
        const { code } = yield* makeCode(userId, scopes)
        const error = yield* failure(users.authorizeWithCode({ code, scopes }))
        assert.deepStrictEqual([error.reason, error.operation], ["Forbidden", "authorizeWithCode"])
        assert.include(error.detail, "user:read")
        assert.include(error.detail, "credentials:read")
        assert.isFalse(error.isRetryable)
        assert.deepStrictEqual(yield* takeLines, lines)
      }
    }).pipe(provideAll())
  )

  it.effect("is Forbidden, naming the scope, when the code lacks it", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, ["user:read"])
      const error = yield* failure(users.authorizeWithCode({ code, scopes: ["user:read", "credentials:write"] }))
      assert.strictEqual(error.reason, "Forbidden")
      assert.strictEqual(error.detail, "Tink has not granted credentials:write")
      assert.deepStrictEqual(yield* takeLines, [TOKEN])
    }).pipe(provideAll())
  )

  it.effect("is Invalid with a code that was used, also by a call that failed, or is unknown", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, both)
      yield* users.authorizeWithCode({ code, scopes: both })
      const { code: lost } = yield* makeCode(userId, ["credentials:read"])
      yield* failure(users.authorizeWithCode({ code: lost, scopes: both }))
      yield* takeLines
      for (const bad of [code, lost, Redacted.make("0123456789abcdef0123456789abcdef")]) {
        const error = yield* failure(users.authorizeWithCode({ code: bad, scopes: both }))
        assert.strictEqual(error.reason, "Invalid")
        assert.isFalse(error.isRetryable)
        assert.isFalse(error.isAmbiguous)
        assert.deepStrictEqual(yield* takeLines, [TOKEN])
      }
    }).pipe(provideAll())
  )

  it.effect("is Invalid with a code that has expired", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, both)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* failure(users.authorizeWithCode({ code, scopes: both }))).reason, "Invalid")
    }).pipe(provideAll())
  )

  it.effect("is sent once when the token is lost: the code is used by then", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, both)
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/oauth/token" })
      const error = yield* failure(users.authorizeWithCode({ code, scopes: both }))
      assert.deepStrictEqual([error.reason, error.isRetryable], ["Transport", false])
      assert.deepStrictEqual(yield* takeLines, [TOKEN])
    }).pipe(provideAll())
  )

  it.effect("retries the request that identifies the user, and fails with an error that is not retryable", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      const first = yield* makeCode(userId, both)
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/user" })
      const session = yield* withTime(users.authorizeWithCode({ code: first.code, scopes: both }))
      assert.strictEqual(session.userId, userId)
      assert.deepStrictEqual(yield* takeLines, [TOKEN, GET_USER, GET_USER])
      const second = yield* makeCode(userId, both)
      yield* sandbox.injectFault({ kind: "status", status: 503, path: "/api/v1/user", times: 100 })
      const error = yield* withTime(failure(users.authorizeWithCode({ code: second.code, scopes: both })))
      assert.deepStrictEqual([error.reason, error.isRetryable, error.isAmbiguous], ["Server", false, false])
    }).pipe(provideAll())
  )

  const token = { body: `{"access_token":"a-token","expires_in":7200,"scope":""}` }
  const ownerAmong = (...banks: ReadonlyArray<object>) =>
    Effect.flatMap(Users.Users, (users) =>
      users.authorizeWithCode({ code: Redacted.make("c"), scopes: ["credentials:read"] })
    ).pipe(
      provideAnswers((line) => (line.endsWith("/token") ? token : { body: JSON.stringify({ credentials: banks }) }))
    )

  it.effect("takes the user of the first bank that names one", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* ownerAmong(bank(), bank("u1"), bank(), bank("u1"))).userId, "u1")
    })
  )

  it.effect("is Invalid when the banks are of different users", () =>
    Effect.gen(function* () {
      const error = yield* failure(ownerAmong(bank("u1"), bank(), bank("u2")))
      assert.deepStrictEqual([error.reason, error.isRetryable], ["Invalid", false])
    })
  )

  it.effect("is Forbidden when Tink does not say whose the first bank is", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const error = yield* failure(users.authorizeWithCode({ code: Redacted.make("c"), scopes: ["credentials:read"] }))
      assert.strictEqual(error.reason, "Forbidden")
    }).pipe(
      provideAnswers((line) =>
        line.endsWith("/token")
          ? { body: `{"access_token":"a-token","expires_in":7200,"scope":""}` }
          : { body: `{"credentials":[{"id":"c1","providerName":"p","status":"UPDATED"}]}` }
      )
    )
  )
})

describe("a session of authorizeWithCode", () => {
  it.effect("ends with its token: Unauthorized, without a try to renew it", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, both)
      const session = yield* users.authorizeWithCode({ code, scopes: both })
      yield* TestClock.adjust("119 minutes")
      assert.lengthOf(yield* users.listCredentials(session), 1)
      yield* TestClock.adjust("1 minute")
      yield* takeLines
      const error = yield* failure(users.listCredentials(session))
      assert.deepStrictEqual([error.reason, error.status], ["Unauthorized", 401])
      assert.deepStrictEqual(yield* takeLines, [LIST])
    }).pipe(provideAll())
  )

  it.effect("rejects operations outside its scopes before sending", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const { code } = yield* makeCode(userId, [...both, "credentials:write"])
      const session: unknown = yield* users.authorizeWithCode({ code, scopes: both })
      yield* takeLines
      // What the compiler does not let through, although the token could.
      const error = yield* failure(
        users.deleteCredential(session as UserSession.UserSession<"credentials:write">, credentialsId)
      )
      assert.strictEqual(error.reason, "Forbidden")
      assert.include(error.detail, "credentials:write")
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )

  it.effect("shares nothing that it reads with other sessions of the user", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const one = yield* users.authorizeWithCode({ ...(yield* makeCode(userId, both)), scopes: both })
      const two = yield* users.authorizeWithCode({ ...(yield* makeCode(userId, both)), scopes: both })
      const renewable = yield* users.authorize({ userId, scopes: both })
      yield* users.listCredentials(renewable)
      yield* takeLines
      for (const session of [one, two]) {
        yield* users.listCredentials(session)
        yield* users.listCredentials(session)
        assert.deepStrictEqual(yield* takeLines, [LIST])
      }
    }).pipe(provideAll())
  )
})
