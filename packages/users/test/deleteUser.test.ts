import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users, UserSession } from "@effect-tink/users"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { everyRow } from "../../../test/support/rows.js"
import { isTokenRequest, json, linesOf } from "../../../test/support/scriptedTink.js"
import {
  allScopes,
  beforeRequest,
  DELETE_USER,
  failRequest,
  failure,
  faults,
  getToken,
  GET_USER,
  GRANT,
  LIST,
  makeUser,
  passUntilEnd,
  provideAll,
  provideAnswers,
  takeLines,
  takeSent,
  TOKEN,
  turn,
  untilSent,
  withTime
} from "./helpers.js"
import { userId, withTink } from "./scripted.js"

type Deletable = Parameters<Users.Service["deleteUser"]>[0]

const externalUserId = "cust-0001"

const list = { credentials: null }

const ways: ReadonlyArray<
  readonly [
    name: string,
    way: (userId: Ids.UserId) => Effect.Effect<Deletable, unknown, Users.Users>,
    lines: ReadonlyArray<string>
  ]
> = [
  [
    "a session of authorize",
    (userId) => Effect.flatMap(Users.Users, (users) => users.authorize({ userId, scopes: ["user:delete"] })),
    [GRANT, TOKEN, DELETE_USER]
  ],
  [
    "a session of UserSession.make",
    (userId) =>
      Effect.map(getToken(userId, ["user:delete"]), ({ accessToken }) =>
        UserSession.make({ userId, accessToken, scopes: ["user:delete"] })
      ),
    [DELETE_USER]
  ],
  ["userId", (userId) => Effect.succeed({ userId }), [GRANT, TOKEN, DELETE_USER]],
  ["externalUserId", () => Effect.succeed({ externalUserId }), [GRANT, TOKEN, GET_USER, GRANT, TOKEN, DELETE_USER]]
]

/** Whether Tink knows the user. */
const exists = (userId: Ids.UserId) =>
  Effect.flatMap(Users.Users, (users) =>
    Effect.match(users.createAuthorization({ userId, scopes: ["user:read"] }), {
      onFailure: (error) => (error.reason === "NotFound" ? false : assert.fail(error.message)),
      onSuccess: () => true
    })
  )

/** The user to delete and another one, each with a session that has a token and a list in the cache. */
const makeTwo = Effect.gen(function* () {
  const users = yield* Users.Users
  const { userId } = yield* makeUser(externalUserId)
  const bystander = yield* makeUser("cust-0002")
  const [session, other] = yield* Effect.forEach([userId, bystander.userId], (id) =>
    users.authorize({ userId: id, scopes: allScopes })
  )
  if (session === undefined || other === undefined) return assert.fail()
  yield* users.listCredentials(session)
  yield* users.listCredentials(other)
  return { userId, session, other }
})

/** Neither the token nor the list of the other user is lost. */
const isUndisturbed = (other: UserSession.UserSession<"credentials:read">) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* takeLines
    yield* users.listCredentials(other)
    assert.deepStrictEqual(yield* takeLines, [])
    yield* users.listCredentials(other, { bypassCache: true })
    assert.deepStrictEqual(yield* takeLines, [LIST])
  })

/** Nothing of the user is used again: the next read asks for a token, and fails because the user does not exist. */
const isForgotten = (session: UserSession.UserSession<"credentials:read">) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* takeLines
    assert.strictEqual((yield* failure(users.listCredentials(session))).reason, "NotFound")
    assert.deepStrictEqual(yield* takeLines, [GRANT])
  })

describe("deleteUser, however the user is named,", () => {
  it.effect("deletes the user, drops their tokens and entries, and leaves another's alone", () =>
    everyRow(
      ways,
      ([name]) => name,
      ([, way, lines]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const cache = yield* UserCache.UserCache
          const { other, session, userId } = yield* makeTwo
          const target = yield* way(userId)
          yield* takeLines
          assert.isUndefined(yield* users.deleteUser(target))
          assert.deepStrictEqual(yield* takeLines, lines)
          assert.deepInclude(yield* cache.stats, { size: 1, invalidations: 1, quarantines: 0 })
          assert.isFalse(yield* exists(userId))
          yield* isForgotten(session)
          yield* isUndisturbed(other)
        }).pipe(provideAll())
    )
  )

  it.effect("survives any fault at any of its requests, or says that its outcome is ambiguous", () =>
    everyRow(
      ways,
      ([name]) => name,
      ([name, way, lines]) =>
        everyRow(
          faults,
          ([kind]) => kind,
          ([kind, fault]) =>
            everyRow(
              lines,
              (line, index) => `request ${index + 1}, ${line}`,
              (line, index) =>
                Effect.gen(function* () {
                  const users = yield* Users.Users
                  const { other, session, userId } = yield* makeTwo
                  const target = yield* way(userId)
                  yield* takeLines
                  yield* failRequest(index + 1, fault)
                  const result = yield* withTime(Effect.exit(users.deleteUser(target)))
                  assert.strictEqual((yield* takeLines)[index], line)
                  const isApplied = !(yield* exists(userId))
                  if (Exit.isSuccess(result)) {
                    assert.isTrue(isApplied)
                    yield* isForgotten(session)
                  } else {
                    const { isAmbiguous, reason } = yield* Effect.flip(result)
                    // The answer cannot be read; or the token that was given went with the user, and there is no other.
                    const expected = kind === "garbage" ? "Decode" : "Unauthorized"
                    assert.strictEqual(reason, expected)
                    assert.isTrue(kind === "garbage" || (name === "a session of UserSession.make" && isApplied))
                    assert.strictEqual(isAmbiguous, line === DELETE_USER)
                    // By reference it can be called again after any outcome.
                    yield* users.deleteUser({ userId })
                    assert.isFalse(yield* exists(userId))
                  }
                  yield* isUndisturbed(other)
                }).pipe(provideAll()),
              { concurrency: 4 }
            )
        )
    )
  )
})

describe("deleteUser of a user who is gone", () => {
  it.effect("succeeds by every way that authorizes itself, and disturbs no other user", () =>
    everyRow(
      ways.filter(([name]) => name !== "a session of UserSession.make"),
      ([name]) => name,
      ([, way]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const { other, userId } = yield* makeTwo
          const target = yield* way(userId)
          yield* users.deleteUser({ userId })
          yield* takeLines
          yield* users.deleteUser(target)
          assert.deepStrictEqual(yield* takeLines, [GRANT])
          yield* isUndisturbed(other)
        }).pipe(provideAll())
    )
  )

  it.effect("by a session with a token of its own is Unauthorized, as either the token or the user may be gone", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeTwo
      const { accessToken } = yield* getToken(userId, ["user:delete"])
      const session = UserSession.make({ userId, accessToken, scopes: ["user:delete"] })
      yield* users.deleteUser({ userId })
      yield* takeLines
      const error = yield* failure(users.deleteUser(session))
      assert.strictEqual(error.reason, "Unauthorized")
      assert.isFalse(error.isAmbiguous)
      assert.deepStrictEqual(yield* takeLines, [DELETE_USER])
    }).pipe(provideAll())
  )

  it.effect("by an old session does not delete the user who has the external id now", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session, userId } = yield* makeTwo
      yield* users.deleteUser({ externalUserId })
      const next = yield* makeUser(externalUserId)
      yield* users.deleteUser(session)
      yield* users.deleteUser({ userId })
      assert.isTrue(yield* exists(next.userId))
    }).pipe(provideAll())
  )

  it.effect("is a success when the deletion happens just before any of its requests", () =>
    everyRow(
      ways,
      ([name]) => name,
      ([name, way, lines]) =>
        everyRow(
          lines,
          (line, index) => `before request ${index + 1}, ${line}`,
          (_, index) =>
            Effect.gen(function* () {
              const users = yield* Users.Users
              const { userId } = yield* makeTwo
              const { accessToken } = yield* getToken(userId, ["user:delete"])
              const deleter = UserSession.make({ userId, accessToken, scopes: ["user:delete"] })
              const target = yield* way(userId)
              const isReached = yield* Deferred.make<void>()
              const mayGoOn = yield* Deferred.make<void>()
              yield* beforeRequest(index + 1, () =>
                Effect.andThen(Deferred.succeed(isReached, undefined), Deferred.await(mayGoOn))
              )
              const running = yield* Effect.fork(Effect.exit(users.deleteUser(target)))
              yield* Deferred.await(isReached)
              yield* users.deleteUser(deleter)
              yield* Deferred.succeed(mayGoOn, undefined)
              const result = yield* withTime(Fiber.join(running))
              if (name === "a session of UserSession.make") {
                assert.strictEqual((yield* Effect.flip(result)).reason, "Unauthorized")
              } else yield* result
              assert.isFalse(yield* exists(userId))
            }).pipe(provideAll())
        )
    )
  )

  it.effect("succeeds for 20 concurrent callers", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { other, session, userId } = yield* makeTwo
      const targets: ReadonlyArray<Deletable> = [{ userId }, { externalUserId }, session]
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, n) => targets[n % 3] ?? session),
        users.deleteUser,
        { concurrency: "unbounded", discard: true }
      )
      assert.isFalse(yield* exists(userId))
      yield* isUndisturbed(other)
    }).pipe(provideAll())
  )
})

it.effect("deleteUser succeeds when the deletion itself finds no user, and drops what was kept of them", () =>
  everyRow(
    ["a session", "a user id"],
    (name) => name,
    (name) =>
      withTink(
        (sent) => {
          if (isTokenRequest(sent)) return json(200, { access_token: "a-token", expires_in: 7200, scope: "" })
          if (sent.path.endsWith("/authorization-grant")) return json(200, { code: "a-code" })
          return sent.path.endsWith("/delete")
            ? json(404, { errorMessage: "no user", errorCode: "x" })
            : json(200, list)
        },
        ({ take, users }) =>
          Effect.gen(function* () {
            const session = yield* users.authorize({ userId, scopes: ["credentials:read", "user:delete"] })
            yield* users.listCredentials(session)
            take()
            yield* users.deleteUser(name === "a session" ? session : { userId })
            const deletion = "POST /api/v1/user/delete"
            assert.deepStrictEqual(linesOf(take()), name === "a session" ? [deletion] : [GRANT, TOKEN, deletion])
            yield* users.listCredentials(session)
            assert.deepStrictEqual(linesOf(take()), [GRANT, TOKEN, LIST])
          })
      )
  )
)

describe("deleteUser and a request in flight", () => {
  it.effect("a token that is being fetched is not kept", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId, ["user:delete"])
      const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      yield* takeLines
      yield* sandbox.injectFault({ kind: "slow-body", milliseconds: 5000, path: "/api/v1/oauth/authorization-grant" })
      const reading = yield* Effect.fork(Effect.exit(users.listCredentials(session)))
      yield* untilSent(GRANT)
      yield* users.deleteUser(UserSession.make({ userId, accessToken, scopes: ["user:delete"] }))
      yield* takeLines
      // It does not wait for the token in flight.
      assert.strictEqual((yield* failure(users.listCredentials(session))).reason, "NotFound")
      assert.deepStrictEqual(yield* takeLines, [GRANT])
      assert.strictEqual((yield* Effect.flip(yield* passUntilEnd(reading))).reason, "NotFound")
    }).pipe(provideAll())
  )

  it.effect("a read in flight answers its waiters, and is neither stored nor joined", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const cache = yield* UserCache.UserCache
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session, userId } = yield* makeTwo
      yield* cache.invalidate(userId)
      yield* takeLines
      yield* sandbox.injectFault({ kind: "slow-body", milliseconds: 5000, path: "/api/v1/credentials/list" })
      const reading = yield* Effect.fork(users.listCredentials(session))
      yield* untilSent(LIST)
      yield* Effect.repeat(Effect.andThen(turn, sandbox.requests), {
        until: (requests) => requests.some(({ fault, status }) => fault === "slow-body" && status === 200)
      })
      yield* users.deleteUser({ userId })
      const before = yield* cache.stats
      yield* isForgotten(session)
      assert.lengthOf(yield* passUntilEnd(reading), 1)
      const after = yield* cache.stats
      assert.deepInclude(after, { joins: before.joins, size: 1, lateResults: before.lateResults + 1 })
      yield* isForgotten(session)
    }).pipe(provideAll())
  )
})

it.effect("deleteUser by a session without the scope is Forbidden with its name, and not taken for a reference", () =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const { userId } = yield* makeUser()
    const { accessToken } = yield* getToken(userId)
    const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
    const staticSession = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
    yield* takeLines
    for (const forged of [session, staticSession] as ReadonlyArray<unknown>) {
      const error = yield* failure(users.deleteUser(forged as Deletable))
      assert.deepStrictEqual([error.reason, error.status], ["Forbidden", undefined])
      assert.include(error.detail, "user:delete")
    }
    assert.deepStrictEqual(yield* takeSent, [])
    assert.isTrue(yield* exists(userId))
  }).pipe(provideAll())
)

describe("deleteUser does not take a wrong base URL for a deleted user", () => {
  const targets: ReadonlyArray<Deletable> = [{ userId: Ids.UserId.make("u1") }, { externalUserId }]

  it.effect("when every path is a 404", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      for (const target of targets) {
        const error = yield* failure(users.deleteUser(target))
        assert.deepStrictEqual([error.reason, error.status], ["Server", 404])
      }
      const ensured = yield* failure(users.ensureUser({ externalUserId, market: "SE" }))
      assert.strictEqual(ensured.reason, "Server")
    }).pipe(provideAnswers(() => ({ status: 404, body: "" })))
  )

  it.effect("when a request for a token is a 404", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      for (const target of targets) assert.strictEqual((yield* failure(users.deleteUser(target))).reason, "NotFound")
    }).pipe(
      Effect.provide(Users.layer),
      Effect.provide(UserCache.layerNoop),
      Effect.provide(
        Layer.mock(TinkHttp.TinkHttp, {
          clientId: "a-client",
          request: ({ operation }) =>
            new TinkError({
              reason: "NotFound",
              operation,
              route: "/api/v1/oauth/token",
              status: 404,
              isRetryable: false,
              isAmbiguous: false
            })
        })
      )
    )
  )
})
