import { assert, describe, it } from "@effect/vitest"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Crypto from "node:crypto"
import { failure, TOKEN } from "./helpers.js"

const { privateKey, publicKey } = Crypto.generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})

const layerKey = Users.layer.pipe(
  Layer.provide([
    UserCache.layer({ capacity: 100 }),
    TinkHttp.layer({ clientId: "sandbox-client", privateKey: Redacted.make(privateKey) })
  ]),
  Layer.provideMerge(TinkSandbox.layerHttpClient({ publicKey }))
)

const takeLines = Effect.flatMap(TinkSandbox.TinkSandbox, (sandbox) =>
  Effect.map(sandbox.requests, (requests) => requests.map(({ method, path }) => `${method} ${path}`))
)

describe("an application with a private key", () => {
  it.effect("is not given another user by an external id that is made like the id of that user", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE" })
      for (const attempt of [
        users.authorize({ externalUserId: userId, scopes: ["user:read"] }),
        users.deleteUser({ externalUserId: userId })
      ]) {
        assert.include(["Invalid", "NotFound"], (yield* Effect.flip(Effect.asVoid(attempt))).reason)
      }
      yield* users.authorize({ userId, scopes: ["user:read"] }).pipe(Effect.flatMap(users.getUser))
    }).pipe(Effect.provide(layerKey))
  )

  it.effect("has sessions without authorization codes, and renews them", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* users.ensureUser({ market: "SE", externalUserId: "cust-0001" })
      yield* sandbox.connectBank(userId)
      const before = (yield* takeLines).length
      const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      assert.lengthOf(yield* users.listCredentials(session), 1)
      yield* TestClock.adjust("3 hours")
      assert.lengthOf(yield* users.listCredentials(session), 1)
      const list = "GET /api/v1/credentials/list"
      assert.deepStrictEqual((yield* takeLines).slice(before), [TOKEN, list, TOKEN, list])
    }).pipe(Effect.provide(layerKey))
  )

  it.effect("finds an existing user by the external id, and deletes a user who is gone already", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const input = { market: "SE", externalUserId: "cust-0001" }
      const created = yield* users.ensureUser(input)
      assert.strictEqual((yield* users.ensureUser(input)).userId, created.userId)
      const session = yield* users.authorize({ externalUserId: "cust-0001", scopes: ["user:read"] })
      assert.strictEqual((yield* users.getUser(session)).id, created.userId)
      yield* users.deleteUser({ userId: created.userId })
      yield* users.deleteUser({ userId: created.userId })
      yield* users.deleteUser({ externalUserId: "cust-0001" })
      const error = yield* failure(users.authorize({ externalUserId: "cust-0001", scopes: ["user:read"] }))
      assert.strictEqual(error.reason, "NotFound")
    }).pipe(Effect.provide(layerKey))
  )

  it.effect("exchanges the code of one-time access with its client id alone", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE" })
      const { code } = yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      const session = yield* users.authorizeWithCode({ code, scopes: ["user:read"] })
      assert.strictEqual((yield* users.getUser(session)).id, userId)
    }).pipe(Effect.provide(layerKey))
  )
})
