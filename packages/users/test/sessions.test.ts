import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as UserSession from "../src/UserSession.js"
import * as Users from "../src/Users.js"
import {
  allScopes,
  failure,
  getToken,
  GRANT,
  LIST,
  makeSession,
  makeUser,
  provideAll,
  takeLines,
  takeSent,
  TOKEN,
  withTime
} from "./helpers.js"

/** Client tokens that outlive everything, so that only user tokens are fetched. */
const longLived = { clientTokenLifetime: "1000 days" } as const

describe("authorize", () => {
  it.effect(
    "by user id sends nothing, and its session gets a token when used, for the scopes, sorted and each once",
    () =>
      Effect.gen(function* () {
        const users = yield* Users.Users
        const { userId } = yield* makeUser()
        yield* users.createAuthorization({ userId, scopes: ["user:read"] })
        yield* takeSent
        const session = yield* users.authorize({
          userId,
          scopes: ["user:read", "credentials:read", "user:read"]
        })
        assert.deepStrictEqual(yield* takeLines, [])
        yield* users.listCredentials(session)
        const [grant, exchange, list] = yield* takeSent
        assert.strictEqual(grant?.line, GRANT)
        assert.strictEqual(grant?.body, `user_id=${userId}&scope=credentials%3Aread%2Cuser%3Aread`)
        assert.strictEqual(exchange?.line, TOKEN)
        assert.strictEqual(list?.line, LIST)
        assert.strictEqual(session.userId, userId)
        assert.deepStrictEqual(session.scopes, ["credentials:read", "user:read"])
      }).pipe(provideAll())
  )

  it.effect("by external id finds the user first, and stays with them when the id is given to another", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser("cust-0001")
      yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      yield* takeSent
      const session = yield* users.authorize({ externalUserId: "cust-0001", scopes: allScopes })
      assert.deepStrictEqual(
        (yield* takeSent).map(({ body, line }) => [line, body.replace(/^client.*/, "…")]),
        [
          [GRANT, "external_user_id=cust-0001&scope=user%3Aread"],
          [TOKEN, "…"],
          ["GET /api/v1/user", "(Empty)"]
        ]
      )
      yield* users.listCredentials(session)
      assert.deepStrictEqual(
        (yield* takeSent).map(({ body, line }) => [line, body.replace(/^client.*/, "…")]),
        [
          [GRANT, `user_id=${userId}&scope=${encodeURIComponent(allScopes.join(","))}`],
          [TOKEN, "…"],
          [LIST, "(Empty)"]
        ]
      )
      yield* users.deleteUser(session)
      const next = yield* makeUser("cust-0001")
      const again = yield* users.authorize({ externalUserId: "cust-0001", scopes: allScopes })
      assert.strictEqual(again.userId, next.userId)
      assert.strictEqual((yield* failure(users.listCredentials(session))).reason, "NotFound")
    }).pipe(provideAll())
  )

  it.effect("gets a new code when the token that it was exchanged for is lost", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      yield* takeLines
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/oauth/token" })
      yield* users.listCredentials(yield* users.authorize({ userId, scopes: allScopes }))
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, GRANT, TOKEN, LIST])
    }).pipe(provideAll())
  )

  it.effect("can be tried again after two lost tokens: the error says so", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/oauth/token", times: 2 })
      const session = yield* users.authorize({ userId, scopes: allScopes })
      const error = yield* failure(users.listCredentials(session))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isRetryable)
      assert.isFalse(error.isAmbiguous)
      assert.lengthOf(yield* users.listCredentials(session), 1)
    }).pipe(provideAll())
  )
})

describe("a session of authorize", () => {
  it.effect("gets a new token before the old one expires, and only then", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session } = yield* makeSession
      yield* TestClock.adjust("118 minutes")
      yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [LIST])
      yield* TestClock.adjust("1 minute")
      yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, LIST])
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("gets a new token, once, when Tink refuses the old one", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session, userId } = yield* makeSession
      yield* sandbox.revokeTokens(userId)
      yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [LIST, GRANT, TOKEN, LIST])
      yield* sandbox.revokeTokens(userId)
      yield* users.refreshCredential(session, credentialsId)
      const REFRESH = `POST /api/v1/credentials/${credentialsId}/refresh`
      assert.deepStrictEqual(yield* takeLines, [REFRESH, GRANT, TOKEN, REFRESH])
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("gives up when Tink refuses the new token too", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "status", status: 401, path: "/api/v1/credentials/list", times: 100 })
      assert.strictEqual((yield* failure(users.listCredentials(session))).reason, "Unauthorized")
      assert.deepStrictEqual(yield* takeLines, [LIST, GRANT, TOKEN, LIST])
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect(
    "makes one grant and one exchange for 1 000 calls at once",
    () =>
      Effect.gen(function* () {
        const users = yield* Users.Users
        const { session } = yield* makeSession
        yield* TestClock.adjust("3 hours")
        const read = users.listCredentials(session, { bypassCache: true })
        yield* Effect.all(Effect.replicate(read, 1000), { concurrency: "unbounded", discard: true })
        const lines = yield* takeLines
        assert.lengthOf(
          lines.filter((line) => line === LIST),
          1000
        )
        assert.deepStrictEqual(
          lines.filter((line) => line !== LIST),
          [GRANT, TOKEN]
        )
      }).pipe(provideAll({ sandbox: longLived })),
    30_000
  )

  it.effect("a caller who leaves during the renewal does not end it for others", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* TestClock.adjust("3 hours")
      yield* sandbox.injectFault({ kind: "delay", milliseconds: 3000, path: "/api/v1/oauth/authorization-grant" })
      const read = users.listCredentials(session, { bypassCache: true })
      const hasty = yield* Effect.fork(Effect.timeoutOption(read, "1 second"))
      const patient = yield* Effect.fork(read)
      assert.lengthOf(yield* withTime(Fiber.join(patient)), 1)
      assert.strictEqual((yield* Fiber.join(hasty))._tag, "None")
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, LIST])
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("fails for every operation when its user has been deleted, but for deleting them once more", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session, userId } = yield* makeSession
      yield* users.listCredentials(session)
      yield* users.deleteUser(session)
      const again = yield* users.authorize({ userId, scopes: allScopes })
      for (const attempt of [
        users.listCredentials(session),
        users.getCredential(session, credentialsId),
        users.refreshCredential(session, credentialsId),
        users.deleteCredential(session, credentialsId),
        users.listCredentials(again)
      ]) {
        assert.strictEqual((yield* failure(attempt)).reason, "NotFound")
      }
      yield* users.deleteUser(session)
    }).pipe(provideAll())
  )

  it.effect("survives a failure of Tink during the renewal", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* TestClock.adjust("3 hours")
      yield* takeLines
      yield* sandbox.injectFault({ kind: "status", status: 503, path: "/api/v1/oauth/authorization-grant" })
      yield* withTime(users.listCredentials(session))
      assert.deepStrictEqual(yield* takeLines, [GRANT, GRANT, TOKEN, LIST])
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("a failed renewal is not ambiguous: the change was never sent", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* TestClock.adjust("3 hours")
      yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/oauth/authorization-grant" })
      const error = yield* withTime(failure(users.refreshCredential(session, credentialsId)))
      assert.strictEqual(error.reason, "Forbidden")
      assert.isFalse(error.isAmbiguous)
      yield* users.refreshCredential(session, credentialsId)
    }).pipe(provideAll({ sandbox: longLived }))
  )
})

describe("a session of UserSession.make", () => {
  it.effect("has a copy of its token: whoever gave it may wipe theirs", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId)
      const session = UserSession.make({ userId, accessToken, scopes: allScopes })
      Redacted.unsafeWipe(accessToken)
      assert.lengthOf(yield* users.listCredentials(session), 1)
    }).pipe(provideAll())
  )

  it.effect("fails with Unauthorized when its token has expired, after one request", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId)
      const session = UserSession.make({ userId, accessToken, scopes: allScopes })
      yield* TestClock.adjust("3 hours")
      yield* takeLines
      for (const attempt of [
        users.listCredentials(session),
        users.getCredential(session, credentialsId),
        users.refreshCredential(session, credentialsId),
        users.deleteCredential(session, credentialsId),
        users.deleteUser(session)
      ]) {
        assert.strictEqual((yield* failure(attempt)).reason, "Unauthorized")
        assert.lengthOf(yield* takeLines, 1)
      }
    }).pipe(provideAll())
  )

  it.effect("keeps the user that it was made for", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session, userId } = yield* makeSession
      const other = yield* makeUser()
      const change = Effect.sync(() => Object.assign(session, { userId: other.userId }))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(change)))
      assert.strictEqual((yield* users.listCredentials(session))[0]?.userId, userId)
    }).pipe(provideAll())
  )
})
