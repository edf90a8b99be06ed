import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import { TinkLink, Users, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { everyRow } from "../../../test/support/rows.js"
import { GRANT, getToken, LIST, makeSession, provideAll, takeLines, TOKEN } from "./helpers.js"
import { json, linesOf, noContent } from "../../../test/support/scriptedTink.js"
import { assertOne, assertRefused, cast, sessionWith, userId, withTink } from "./scripted.js"

const DELEGATE = "POST /api/v1/oauth/authorization-grant/delegate"
const REVOKE = "POST /api/v1/oauth/revoke-all"

/** As `tink-api.md` 2 has it. */
const grant = { code: "c0de0123456789abcdef0123456789ab" }

describe("delegateAuthorization", () => {
  it.effect("names Tink Link and the scopes that it needs by default", () =>
    withTink(
      () => json(200, grant),
      ({ take, users }) =>
        Effect.gen(function* () {
          const { code } = yield* users.delegateAuthorization({ userId, idHint: "Åsa Ek" })
          assert.strictEqual(Redacted.value(code), grant.code)
          assertOne(
            take(),
            DELEGATE,
            `user_id=${userId}&scope=authorization%3Aread%2Cauthorization%3Agrant%2Ccredentials%3Arefresh%2C` +
              "credentials%3Aread%2Ccredentials%3Awrite%2Cproviders%3Aread%2Cuser%3Aread" +
              "&id_hint=%C3%85sa+Ek&actor_client_id=df05e4b379934cd09963197cc855bfe9",
            "Bearer a-client-token"
          )
        })
    )
  )

  it.effect("takes an external id, another application and other scopes", () =>
    withTink(
      () => json(200, grant),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.delegateAuthorization({
            externalUserId: "cust-0001",
            idHint: "a",
            scopes: ["authorization:read", "transactions:read"],
            actorClientId: "0123456789abcdef0123456789abcdef"
          })
          assertOne(
            take(),
            DELEGATE,
            "external_user_id=cust-0001&scope=authorization%3Aread%2Ctransactions%3Aread&id_hint=a" +
              "&actor_client_id=0123456789abcdef0123456789abcdef",
            "Bearer a-client-token"
          )
        })
    )
  )

  it.effect("is not cached", () =>
    withTink(
      (_, n) => json(200, { code: `code-${n}` }),
      ({ users }) =>
        Effect.gen(function* () {
          const codes = yield* Effect.replicateEffect(users.delegateAuthorization({ userId, idHint: "a" }), 2)
          assert.deepStrictEqual(
            codes.map(({ code }) => Redacted.value(code)),
            ["code-1", "code-2"]
          )
        })
    )
  )

  it.effect("names the scope that the application misses", () =>
    withTink(
      () => ({ status: 403, body: "" }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(users.delegateAuthorization({ userId, idHint: "a" }))
          assert.strictEqual(error.reason, "Forbidden")
          assert.include(error.message, "authorization:grant")
        })
    )
  )

  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["no user", { idHint: "a" }],
    ["two users", { userId, externalUserId: "cust-0001", idHint: "a" }],
    ["no hint", { userId }],
    ["an empty hint", { userId, idHint: "" }],
    ["a blank hint", { userId, idHint: " \xa0" }],
    ["a hint outside of ISO-8859-1", { userId, idHint: "canary \u0141" }],
    ["a hint with a C1 control character", { userId, idHint: "canary\x85" }],
    ["a hint with a line break", { userId, idHint: "canary\n" }],
    ["no scopes", { userId, idHint: "a", scopes: [] }],
    ["a scope of a client", { userId, idHint: "a", scopes: ["user:create"] }],
    ["a scope of clients", { userId, idHint: "a", scopes: ["user:create"] }],
    ["an invalid actor", { userId, idHint: "a", actorClientId: "canary canary" }]
  ]
  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.delegateAuthorization(cast(input)))
    )
  )

  it.effect("gives Tink Link a code that cannot be exchanged by the application", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE" })
      const { code } = yield* users.delegateAuthorization({ userId, idHint: "a" })
      const sandbox = yield* TinkSandbox.TinkSandbox
      const link = yield* TinkLink.connectAccounts({
        clientId: sandbox.clientId,
        redirectUri: "https://app.example/callback",
        authorizationCode: code
      })
      assert.include(Redacted.value(link), Redacted.value(code))
      const error = yield* Effect.flip(users.getUserAccessToken({ code }))
      assert.strictEqual(error.reason, "Invalid")
    }).pipe(provideAll())
  )

  it.effect("for a user who does not exist is a NotFound", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const error = yield* Effect.flip(users.delegateAuthorization({ userId, idHint: "a" }))
      assert.strictEqual(error.reason, "NotFound")
    }).pipe(provideAll())
  )
})

describe("revokeAll", () => {
  it.effect("is a form with the user's id and the client's token", () =>
    withTink(
      () => noContent,
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.revokeAll({ userId })
          assertOne(take(), REVOKE, `user_id=${userId}`, "Bearer a-client-token")
        })
    )
  )

  it.effect("finds the user by external id first, to know whose tokens to drop", () =>
    withTink(
      ({ path }) => {
        if (path.endsWith("/token")) return json(200, { access_token: "t", expires_in: 7200, scope: "user:read" })
        if (path.endsWith("/authorization-grant")) return json(200, grant)
        return path.endsWith("/user") ? json(200, { id: userId, externalUserId: "cust-0001" }) : noContent
      },
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.revokeAll({ externalUserId: "cust-0001" })
          const sent = take()
          assert.deepStrictEqual(linesOf(sent), [GRANT, TOKEN, "GET /api/v1/user", REVOKE])
          assert.strictEqual(sent[3]?.body, `user_id=${userId}`)
        })
    )
  )

  it.effect("is sent again when it may have been processed", () =>
    withTink(
      (_, n) => (n === 1 ? { status: 502, body: "" } : noContent),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.revokeAll({ userId })
          assert.deepStrictEqual(linesOf(take()), [REVOKE, REVOKE])
        }),
      1
    )
  )

  it.effect("invalidates its user also when it fails", () =>
    withTink(
      ({ path }) => (path.endsWith("/list") ? json(200, { credentials: [] }) : json(400, { errorCode: "some.code" })),
      ({ take, users }) =>
        Effect.gen(function* () {
          const session = sessionWith("credentials:read")
          yield* users.listCredentials(session)
          const error = yield* Effect.flip(users.revokeAll({ userId }))
          assert.strictEqual(error.reason, "Invalid")
          take()
          yield* users.listCredentials(session)
          assert.deepStrictEqual(linesOf(take()), [LIST])
        })
    )
  )

  it.effect("is Forbidden with the name of authorization:revoke", () =>
    withTink(
      () => ({ status: 403, body: "" }),
      ({ users }) =>
        Effect.map(Effect.flip(users.revokeAll({ userId })), ({ message }) =>
          assert.include(message, "authorization:revoke")
        )
    )
  )

  it.effect("refuses an invalid reference before a request is sent", () =>
    everyRow(
      [
        ["nothing", undefined],
        ["neither", {}],
        ["both", { userId, externalUserId: "canary" }],
        ["a path", { userId: "canary/.." }]
      ] as const,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.revokeAll(cast(input)))
    )
  )

  it.effect("makes renewable sessions get new tokens, and ends those with a token of their own", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session, userId } = yield* makeSession
      const { accessToken } = yield* getToken(userId, ["credentials:read"])
      const staticSession = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
      yield* users.listCredentials(staticSession)
      yield* users.listCredentials(session)
      yield* users.revokeAll({ userId })
      yield* takeLines
      yield* users.listCredentials(session)
      // Not one request with the old token.
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, LIST])
      const error = yield* Effect.flip(users.listCredentials(staticSession))
      assert.strictEqual(error.reason, "Unauthorized")
    }).pipe(provideAll())
  )

  it.effect("drops the tokens also when it fails or is interrupted", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session, userId } = yield* makeSession
      const revoke = { path: "/api/v1/oauth/revoke-all" } as const
      yield* sandbox.injectFault({ kind: "status", status: 400, ...revoke })
      yield* Effect.flip(users.revokeAll({ userId }))
      yield* takeLines
      yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, LIST])

      yield* sandbox.injectFault({ kind: "delay", milliseconds: 60_000, ...revoke })
      const fiber = yield* Effect.fork(users.revokeAll({ userId }))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* takeLines
      yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [GRANT, TOKEN, LIST])
    }).pipe(provideAll())
  )

  it.effect("ends the sessions of a user by external id", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE", externalUserId: "cust-0001" })
      const { accessToken } = yield* getToken(userId, ["credentials:read"])
      const staticSession = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
      yield* users.listCredentials(staticSession)
      yield* users.revokeAll({ externalUserId: "cust-0001" })
      assert.strictEqual((yield* Effect.flip(users.listCredentials(staticSession))).reason, "Unauthorized")
      assert.strictEqual((yield* Effect.flip(users.revokeAll({ externalUserId: "cust-unknown" }))).reason, "NotFound")
    }).pipe(provideAll())
  )
})
