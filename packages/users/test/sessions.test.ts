import { assert, describe, it } from "@effect/vitest"
import { AccessToken } from "@effect-tink/http/AccessToken"
import * as Ids from "@effect-tink/http/Ids"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as TokenSource from "@effect-tink/http/TokenSource"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Authorization, Users, UserSession } from "@effect-tink/users"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import type * as Sessions from "../src/internal/tokens/session.js"
import { scriptedTink } from "../../../test/support/scriptedTink.js"
import {
  makeStaticSession,
  allScopes,
  failure,
  getToken,
  GRANT,
  layerOver,
  LIST,
  makeSession,
  makeUser,
  provideAll,
  provideAnswers,
  sentLines,
  takeLines,
  takeSent,
  TOKEN,
  withTime
} from "./helpers.js"
import { tokensStayWithTheirOwner } from "./tokenOwners.js"

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
          ["GET /api/v1/user", ""]
        ]
      )
      yield* users.listCredentials(session)
      assert.deepStrictEqual(
        (yield* takeSent).map(({ body, line }) => [line, body.replace(/^client.*/, "…")]),
        [
          [GRANT, `user_id=${userId}&scope=${encodeURIComponent(allScopes.join(","))}`],
          [TOKEN, "…"],
          [LIST, ""]
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

const backwards = ["user:delete", "credentials:write", "credentials:refresh", "credentials:read"] as const

/** Reads at once, half of the times with a session of its own for the same user and scopes. */
const readAtOnce = (times: number, session: UserSession.UserSession<"credentials:read">, userId: Ids.UserId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const read = users.listCredentials(session, { bypassCache: true })
    const readAnew = Effect.flatMap(users.authorize({ userId, scopes: backwards }), (other) =>
      users.listCredentials(other, { bypassCache: true })
    )
    yield* Effect.all(
      Array.from({ length: times }, (_, n) => (n % 2 === 0 ? read : readAnew)),
      { concurrency: "unbounded", discard: true }
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
    "1 000 calls at the moment of expiry share one grant and one exchange, also over 500 other sessions",
    () =>
      Effect.gen(function* () {
        const { session, userId } = yield* makeSession
        // Renewed a minute before it expires.
        yield* TestClock.adjust("119 minutes")
        yield* readAtOnce(1000, session, userId)
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

  it.effect(
    "10 000 calls at the moment of expiry share one grant and one exchange, and each takes its token only",
    () => {
      const counts = { grants: 0, exchanges: 0, lists: 0 }
      const tokens = new Set<string>()
      return Effect.gen(function* () {
        const users = yield* Users.Users
        const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
        const session = yield* users.authorize({ userId, scopes: allScopes })
        yield* users.listCredentials(session)
        yield* TestClock.adjust("119 minutes")
        yield* readAtOnce(10_000, session, userId)
        assert.deepStrictEqual(counts, { grants: 2, exchanges: 2, lists: 10_001 })
        assert.deepStrictEqual([...tokens], ["token-1", "token-2"])
      }).pipe(
        Effect.provide(Users.layer),
        Effect.provide(UserCache.layerNoop),
        Effect.provide(
          Layer.mock(TinkHttp.TinkHttp, {
            clientId: "a-client",
            request: (request) =>
              Effect.gen(function* () {
                if (request.authorization._tag === "User") {
                  tokens.add(Redacted.value(yield* request.authorization.tokens.get))
                  counts.lists += 1
                  // A fake cannot know the type that goes with a request.
                  return [] as never
                }
                counts.grants += 1
                yield* Effect.yieldNow()
                return new Authorization.AuthorizationGrant({ code: Redacted.make("a-code") }) as never
              }),
            exchangeCode: () =>
              Effect.sync(() => {
                const accessToken = Redacted.make(`token-${++counts.exchanges}`)
                return new AccessToken({ accessToken, expiresIn: Duration.hours(2), scopes: [] })
              })
          })
        )
      )
    },
    30_000
  )

  it.effect("gets one token for all calls that are refused at once, and sends each of them once more", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session, userId } = yield* makeSession
      yield* sandbox.revokeTokens(userId)
      const read = users.listCredentials(session, { bypassCache: true })
      yield* Effect.all(Effect.replicate(read, 100), { concurrency: "unbounded" })
      const lines = yield* takeLines
      assert.lengthOf(
        lines.filter((line) => line === LIST),
        200
      )
      assert.deepStrictEqual(
        lines.filter((line) => line !== LIST),
        [GRANT, TOKEN]
      )
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("gets a token once for each request when Tink refuses every one of them", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "status", status: 401, path: "/api/v1/credentials/list", times: 1000 })
      for (let request = 0; request < 3; request++) {
        assert.strictEqual((yield* failure(users.listCredentials(session))).reason, "Unauthorized")
        assert.deepStrictEqual(yield* takeLines, [LIST, GRANT, TOKEN, LIST])
      }
      const read = users.listCredentials(session, { bypassCache: true })
      yield* Effect.all(Effect.replicate(failure(read), 20), { concurrency: "unbounded" })
      const sent = yield* takeSent
      const times = new Map<string | undefined, number>()
      for (const { headers, line } of sent) {
        const call = headers["x-client-trace-id"]
        if (line === LIST) times.set(call, (times.get(call) ?? 0) + 1)
      }
      assert.deepStrictEqual(
        [...times.values()],
        Array.from({ length: 20 }, () => 2)
      )
      assert.isAtMost(sent.filter(({ line }) => line === GRANT).length, 20)
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("a caller that is interrupted during the renewal does not end it for others", () =>
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

  it.effect("fails for every operation after its user was deleted, except for deleting them again", () =>
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

/** The tokens that went out with the lists since the last time. */
const takeTokens = Effect.map(takeSent, (sent) =>
  sent.flatMap(({ headers, line }) => (line === LIST ? [headers["authorization"]] : []))
)

const readThrough = (session: UserSession.UserSession<"credentials:read">) =>
  Effect.flatMap(Users.Users, (users) => users.listCredentials(session, { bypassCache: true }))

/** What goes over the wire when a session is used. */
const linesOf = (session: UserSession.UserSession<"credentials:read">) =>
  takeLines.pipe(Effect.andThen(readThrough(session)), Effect.andThen(takeLines))

describe("tokens", () => {
  it.effect("are shared by the sessions of one user and set of scopes, and by no others", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser("cust-0001")
      const { userId: otherId } = yield* makeUser()
      const scopes = ["credentials:read", "user:read"] as const
      const sessions = [
        yield* users.authorize({ userId, scopes }),
        yield* users.authorize({ userId, scopes: ["user:read", "credentials:read", "user:read"] }),
        yield* users.authorize({ externalUserId: "cust-0001", scopes }),
        yield* users.authorize({ userId, scopes: ["credentials:read"] }),
        yield* users.authorize({ userId: otherId, scopes })
      ]
      yield* takeLines
      yield* Effect.forEach(sessions, readThrough)
      assert.lengthOf(
        (yield* sentLines).filter((line) => line === GRANT),
        3
      )
      const [a, b, c, fewer, other] = yield* takeTokens
      assert.deepStrictEqual([b, c], [a, a])
      assert.strictEqual(new Set([a, fewer, other]).size, 3)
      // When one of them loses the token, the others know.
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.revokeTokens(userId)
      yield* Effect.forEach(sessions, readThrough)
      const lines = yield* takeLines
      assert.lengthOf(
        lines.filter((line) => line === GRANT),
        2
      )
      assert.lengthOf(
        lines.filter((line) => line === LIST),
        7
      )
    }).pipe(provideAll({ sandbox: longLived }))
  )

  it.effect("are bounded: all tokens of the least recently used user go first, and are fetched again", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const a = yield* makeUser()
      const b = yield* makeUser()
      const c = yield* makeUser()
      const session = ({ userId }: { readonly userId: Ids.UserId }, ...more: ReadonlyArray<"user:read">) =>
        users.authorize({ userId, scopes: ["credentials:read", ...more] })
      const [ofA, moreOfA, ofB, ofC] = [
        yield* session(a),
        yield* session(a, "user:read"),
        yield* session(b),
        yield* session(c)
      ]
      const issuing = [GRANT, TOKEN, LIST]
      yield* users.createAuthorization({ ...a, scopes: ["user:read"] })
      // Three tokens fit.
      assert.deepStrictEqual(yield* linesOf(ofA), issuing)
      assert.deepStrictEqual(yield* linesOf(moreOfA), issuing)
      assert.deepStrictEqual(yield* linesOf(ofB), issuing)
      // A is used once more, so that B is the least recently used, who makes room for C.
      assert.deepStrictEqual(yield* linesOf(ofA), [LIST])
      assert.deepStrictEqual(yield* linesOf(ofC), issuing)
      assert.deepStrictEqual(yield* linesOf(moreOfA), [LIST])
      assert.deepStrictEqual(yield* linesOf(ofC), [LIST])
      assert.deepStrictEqual(yield* linesOf(ofA), [LIST])
      // Now B makes C go.
      assert.deepStrictEqual(yield* linesOf(ofB), issuing)
      assert.deepStrictEqual(yield* linesOf(ofA), [LIST])
      // Now C makes B go, and B both of A, which C has not been used after.
      assert.deepStrictEqual(yield* linesOf(ofC), issuing)
      assert.deepStrictEqual(yield* linesOf(ofB), issuing)
      assert.deepStrictEqual(yield* linesOf(ofC), [LIST])
      assert.deepStrictEqual(yield* linesOf(ofA), issuing)
    }).pipe(provideAll({ sandbox: longLived, users: { tokenCapacity: 3 } }))
  )

  it.effect("reach every request when there is room for none or one", () =>
    everyRow(
      [0, 1],
      (tokenCapacity) => `room for ${tokenCapacity}`,
      (tokenCapacity) =>
        Effect.gen(function* () {
          const { session: a } = yield* makeSession
          const { session: b } = yield* makeSession
          let issued = 0
          for (const session of [a, b, b, a, a, b]) {
            const lines = yield* linesOf(session)
            assert.strictEqual(lines.at(-1), LIST)
            issued += lines.filter((line) => line === GRANT).length
          }
          assert.strictEqual(issued, tokenCapacity === 0 ? 6 : 4)
        }).pipe(provideAll({ sandbox: longLived, users: { tokenCapacity } }))
    )
  )

  it.effect("are issued once each for as many users as fit", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const ids: Array<Ids.UserId> = []
      for (let n = 0; n < 30; n++) ids.push((yield* users.createUser({ market: "SE" })).userId)
      const readAll = (some: ReadonlyArray<Ids.UserId>) =>
        Effect.forEach(some, (userId) =>
          Effect.flatMap(users.authorize({ userId, scopes: ["credentials:read"] }), readThrough)
        ).pipe(
          Effect.andThen(takeLines),
          Effect.map((lines) => lines.filter((line) => line === GRANT).length)
        )
      yield* takeLines
      assert.strictEqual(yield* readAll(ids.slice(0, 20)), 20)
      assert.strictEqual(yield* readAll(ids.slice(0, 20)), 0)
      assert.strictEqual(yield* readAll(ids.slice(20)), 10)
      assert.strictEqual(yield* readAll(ids.slice(10)), 0)
      assert.strictEqual(yield* readAll(ids.slice(0, 10)), 10)
    }).pipe(provideAll({ sandbox: longLived, users: { tokenCapacity: 20 } }))
  )
})

/** Past the types, as a caller in JavaScript. */
const forge = (session: unknown) => session as UserSession.UserSession<(typeof allScopes)[number]>

describe("what a session may not do", () => {
  it.effect("is Forbidden before a request is sent, with the name of the scope that the session lacks", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session: other, userId } = yield* makeSession
      yield* users.listCredentials(other)
      yield* users.getCredential(other, credentialsId)
      const { accessToken } = yield* getToken(userId)
      for (const lacking of allScopes) {
        const scopes = allScopes.filter((scope) => scope !== lacking)
        for (const session of [
          forge(yield* users.authorize({ userId, scopes })),
          forge(UserSession.make({ userId, accessToken, scopes }))
        ]) {
          const attempts = {
            "credentials:read": [
              users.listCredentials(session),
              users.listCredentials(session, { bypassCache: true }),
              users.getCredential(session, credentialsId)
            ],
            "credentials:refresh": [users.refreshCredential(session, credentialsId)],
            "credentials:write": [users.deleteCredential(session, credentialsId)],
            "user:delete": [users.deleteUser(session)]
          }
          yield* takeLines
          for (const attempt of attempts[lacking]) {
            const error = yield* failure<never>(attempt)
            assert.deepStrictEqual([error.reason, error.status], ["Forbidden", undefined])
            assert.strictEqual(error.detail, `needs the scope ${lacking}, which the session does not have`)
            assert.deepStrictEqual([error.isRetryable, error.isAmbiguous], [false, false])
          }
          assert.deepStrictEqual(yield* takeLines, [])
        }
      }
    }).pipe(provideAll())
  )

  it.effect("is Forbidden with the name of the scope when Tink refuses it, although the session claims it", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId, ["user:read"])
      const session = UserSession.make({ userId, accessToken, scopes: allScopes })
      yield* takeLines
      for (const [scope, attempt] of [
        ["credentials:read", users.listCredentials(session)],
        ["credentials:read", users.getCredential(session, credentialsId)],
        ["credentials:refresh", users.refreshCredential(session, credentialsId)],
        ["credentials:write", users.deleteCredential(session, credentialsId)],
        ["user:delete", users.deleteUser(session)]
      ] as const) {
        const error = yield* failure<never>(attempt)
        assert.deepStrictEqual([error.reason, error.status], ["Forbidden", 403])
        assert.strictEqual(error.detail, `needs the scope ${scope}`)
        assert.lengthOf(yield* takeLines, 1)
      }
    }).pipe(provideAll())
  )

  it.effect("is Forbidden with the name of the scope when Tink did not grant it, and the token is not kept", () => {
    const asked: Array<string> = []
    return Effect.gen(function* () {
      const users = yield* Users.Users
      const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
      const session = yield* users.authorize({ userId, scopes: ["credentials:read", "user:read"] })
      for (let n = 1; n <= 2; n++) {
        const error = yield* failure(users.listCredentials(session))
        assert.deepStrictEqual([error.reason, error.detail], ["Forbidden", "Tink has not granted credentials:read"])
        assert.lengthOf(
          asked.filter((line) => line === GRANT),
          n
        )
      }
      assert.notInclude(asked, LIST)
    }).pipe(
      provideAnswers((line) => {
        asked.push(line)
        return line === GRANT
          ? { body: `{"code":"a-code"}` }
          : { body: `{"access_token":"a-token","expires_in":7200,"scope":"user:read,authorization:grant"}` }
      })
    )
  })

  it.effect("is Forbidden with the name of the scope that the Tink app itself may not have", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/oauth/authorization-grant" })
      const error = yield* failure(users.listCredentials(session))
      assert.deepStrictEqual(
        [error.reason, error.detail],
        ["Forbidden", "needs the scope authorization:grant: check the app in Tink Console"]
      )
    }).pipe(provideAll())
  )

  it.effect("is Unauthorized with an unknown, expired or revoked token that cannot be renewed", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId)
      const revoked = UserSession.make({ userId, accessToken, scopes: allScopes })
      yield* users.listCredentials(revoked, { bypassCache: true })
      yield* sandbox.revokeTokens(userId)
      const expired = UserSession.make({ ...(yield* getToken(userId)), userId, scopes: allScopes })
      yield* TestClock.adjust("2 hours")
      const none = UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: allScopes })
      yield* takeLines
      for (const session of [revoked, expired, none]) {
        const error = yield* failure(users.listCredentials(session))
        assert.deepStrictEqual([error.reason, error.status], ["Unauthorized", 401])
        assert.deepStrictEqual(yield* takeLines, [LIST])
      }
    }).pipe(provideAll())
  )
})

describe("when the layers close", () => {
  it.effect("a read that waits for Tink fails with a TinkError, and so does one that comes later", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const { client } = scriptedTink(() => Effect.andThen(Deferred.succeed(asked, undefined), Effect.never))
      const cacheScope = yield* Scope.make()
      const cache = Context.get(
        yield* Layer.buildWithScope(UserCache.layer({ capacity: 10 }), cacheScope),
        UserCache.UserCache
      )
      const layer = layerOver(client, {}, Layer.succeed(UserCache.UserCache, cache))
      yield* Effect.gen(function* () {
        const users = yield* Users.Users
        const userId = Ids.UserId.make("a-user")
        const session = UserSession.make({
          userId,
          accessToken: Redacted.make("a-token"),
          scopes: ["credentials:read"]
        })
        const reading = yield* Effect.fork(failure(users.listCredentials(session)))
        yield* Deferred.await(asked)
        yield* Scope.close(cacheScope, Exit.void)
        for (const error of [yield* Fiber.join(reading), yield* failure(users.listCredentials(session))]) {
          assert.deepInclude(error, { reason: "Transport", operation: "listCredentials", isAmbiguous: false })
        }
      }).pipe(Effect.provide(layer))
    })
  )
})

describe("after the layer is closed", () => {
  it.effect("every operation of its sessions is Invalid, nothing is sent and nothing hangs", () =>
    Effect.gen(function* () {
      const { session: other } = yield* makeSession
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Users.layer, scope)
      const users = Context.get(context, Users.Users)
      const { credentialsId, userId } = yield* makeUser()
      const session = yield* users.authorize({ userId, scopes: allScopes })
      const unused = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      const staticSession = UserSession.make({ ...(yield* getToken(userId)), userId, scopes: allScopes })
      yield* users.listCredentials(session)
      yield* Scope.close(scope, Exit.void)
      yield* takeLines
      for (const attempt of [
        users.listCredentials(session),
        users.listCredentials(unused),
        users.listCredentials(staticSession),
        users.getCredential(session, credentialsId),
        users.refreshCredential(session, credentialsId),
        users.deleteCredential(session, credentialsId),
        users.deleteUser(session)
      ]) {
        const error = yield* failure<never>(attempt)
        assert.deepStrictEqual([error.reason, error.detail], ["Invalid", "the layer of this Users is closed"])
      }
      assert.deepStrictEqual(yield* takeLines, [])
      // Others go on.
      assert.lengthOf(yield* readThrough(other), 1)
    }).pipe(provideAll())
  )
})

// Ten interleavings: `npm run prove` has more.
tokensStayWithTheirOwner(10)

describe("a session of UserSession.make", () => {
  it.effect("has a copy of its token: the original may be wiped", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { accessToken, session } = yield* makeStaticSession
      Redacted.unsafeWipe(accessToken)
      assert.lengthOf(yield* users.listCredentials(session), 1)
    }).pipe(provideAll())
  )

  it.effect("fails with Unauthorized when its token has expired, after one request", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeStaticSession
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

/** All that can be reached from a session by names. */
const reachable = (start: object): ReadonlySet<unknown> => {
  const seen = new Set<unknown>()
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return
    // What all objects have leads everywhere, and to no session.
    if (value === Object.prototype || value === Function.prototype || value === Array.prototype) return
    seen.add(value)
    visit(Object.getPrototypeOf(value))
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) visit(descriptor.value)
  }
  visit(start)
  return seen
}

describe("what a session holds", () => {
  const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
  const staticSession = UserSession.make({
    userId,
    accessToken: Redacted.make("a-token"),
    scopes: ["credentials:read"]
  })

  it.effect("is refused by another copy of the package, with the reason", () =>
    Effect.gen(function* () {
      const copy = "../src/internal/tokens/session.js?copy"
      const other: typeof Sessions = yield* Effect.promise(() => import(copy))
      const tokens = TokenSource.fromToken(Redacted.make("a-token"))
      const foreign = other.makeSession<"credentials:read">(userId, ["credentials:read"], {
        _tag: "Static",
        tokens,
        identity: "a"
      })
      const users = yield* Users.Users
      for (const [session, message] of [
        [foreign, "another copy of @effect-tink/users"],
        [{ ...foreign }, "must come from Users.authorize"]
      ] as const) {
        const error = yield* failure(users.listCredentials(session))
        assert.strictEqual(error.reason, "Invalid")
        assert.include(error.detail, message)
      }
    }).pipe(provideAnswers(() => ({ body: `{"credentials":[]}` })))
  )

  it.effect("cannot be read through its object, nor put into another session", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const renewable = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      for (const session of [staticSession, renewable]) {
        for (const found of reachable(session)) {
          if (typeof found !== "function") continue
          assert.notProperty(found, "unwrapSession")
          assert.notProperty(found, "heldBy")
          assert.isFalse(found.prototype === Object.getPrototypeOf(session))
        }
        const constructor: unknown = Reflect.get(session, "constructor")
        assert.isFunction(constructor)
        const forged: unknown = Reflect.construct(constructor as new () => unknown, [userId, allScopes, {}])
        for (const other of [forged, { ...session }, Object.create(session), structuredClone({ ...staticSession })]) {
          // What types forbid.
          const error = yield* failure(users.listCredentials(other as UserSession.UserSession<"credentials:read">))
          assert.deepStrictEqual([error.reason, error.status], ["Invalid", undefined])
        }
      }
    }).pipe(provideAnswers(() => ({ body: `{"credentials":[]}` })))
  )

  it("is not printed, and what is printed does not change", () => {
    assert.isTrue(Object.isFrozen(staticSession))
    assert.isTrue(Object.isFrozen(staticSession.scopes))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(staticSession)), {
      _id: "@effect-tink/users/UserSession",
      userId,
      scopes: ["credentials:read"]
    })
    assert.deepStrictEqual(Object.keys(staticSession), ["userId", "scopes"])
  })
})
