import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { type Endpoint, Users, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import {
  allScopes,
  failure,
  getToken,
  GRANT,
  LIST,
  makeSession,
  makeUser,
  passUntilEnd,
  provideAll,
  takeLines,
  TOKEN,
  turn,
  untilSent,
  withTime
} from "./helpers.js"

type Reader = UserSession.UserSession<"credentials:read">

const list = (session: Reader, options?: Endpoint.ReadOptions) =>
  Effect.flatMap(Users.Users, (users) => users.listCredentials(session, options))

/** Lists, and says what has gone over the wire for it. */
const linesOfList = (session: Reader) => takeLines.pipe(Effect.andThen(list(session)), Effect.andThen(takeLines))

describe("reads", () => {
  it.effect("are answered from the cache for 30 seconds", () =>
    Effect.gen(function* () {
      const { session } = yield* makeSession
      const first = yield* list(session)
      yield* TestClock.adjust("29999 millis")
      assert.deepStrictEqual(yield* list(session), first)
      assert.deepStrictEqual(yield* takeLines, [LIST])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* linesOfList(session), [LIST])
    }).pipe(provideAll())
  )

  it.effect("of one credential are kept apart from those of others and from the list", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session, userId } = yield* makeSession
      yield* sandbox.connectBank(userId, { providerName: "se-demobank-password" })
      const other = (yield* users.listCredentials(session)).find(({ id }) => id !== credentialsId)
      assert.isDefined(other)
      assert.strictEqual((yield* users.getCredential(session, credentialsId)).id, credentialsId)
      assert.strictEqual((yield* users.getCredential(session, other.id)).id, other.id)
      assert.strictEqual((yield* users.getCredential(session, credentialsId)).id, credentialsId)
      assert.strictEqual((yield* users.getCredential(session, other.id)).id, other.id)
      assert.lengthOf(yield* takeLines, 3)
    }).pipe(provideAll())
  )

  it.effect("past the cache ask Tink and change nothing in it", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const cache = yield* UserCache.UserCache
      const { credentialsId, session } = yield* makeSession
      yield* list(session, { bypassCache: true })
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* list(session)
      yield* users.getCredential(session, credentialsId)
      yield* takeLines
      const before = yield* cache.stats
      yield* list(session, { bypassCache: true })
      yield* users.getCredential(session, credentialsId, { bypassCache: true })
      assert.deepStrictEqual(yield* takeLines, [LIST, `GET /api/v1/credentials/${credentialsId}`])
      assert.deepStrictEqual(yield* cache.stats, before)
    }).pipe(provideAll())
  )

  it.effect("that fail are not kept", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "status", status: 400, path: "/api/v1/credentials/list" })
      assert.strictEqual((yield* failure(list(session))).reason, "Invalid")
      assert.lengthOf(yield* list(session), 1)
    }).pipe(provideAll())
  )

  it.effect(
    "10 000 at once are one request",
    () =>
      Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        const cache = yield* UserCache.UserCache
        const { session } = yield* makeSession
        yield* sandbox.injectFault({ kind: "slow-body", milliseconds: 5000, path: "/api/v1/credentials/list" })
        const readers = yield* Effect.fork(
          Effect.all(Effect.replicate(list(session), 10_000), { concurrency: "unbounded" })
        )
        yield* Effect.repeat(Effect.andThen(turn, cache.stats), { until: ({ joins }) => joins === 9999 })
        const all = yield* passUntilEnd(readers)
        assert.lengthOf(all, 10_000)
        assert.isTrue(all.every((credentials) => credentials.length === 1))
        assert.deepStrictEqual(yield* takeLines, [LIST])
      }).pipe(provideAll()),
    30_000
  )

  it.effect("a reader that is interrupted disturbs no other", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "slow-body", milliseconds: 5000, path: "/api/v1/credentials/list" })
      const hasty = yield* Effect.fork(Effect.timeoutOption(list(session), "1 second"))
      yield* untilSent(LIST)
      const patient = yield* Effect.fork(list(session))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(hasty))._tag, "None")
      assert.lengthOf(yield* passUntilEnd(patient), 1)
      assert.deepStrictEqual(yield* takeLines, [LIST])
    }).pipe(provideAll())
  )
})

describe("a cached answer", () => {
  it.effect("of one user is never given to another", () =>
    Effect.gen(function* () {
      const a = yield* makeSession
      const b = yield* makeSession
      yield* list(a.session)
      assert.deepStrictEqual(
        (yield* list(b.session)).map(({ id, userId }) => [id, userId]),
        [[b.credentialsId, b.userId]]
      )
    }).pipe(provideAll())
  )

  it.effect("is shared by sessions of the same scopes, in any order", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const one = yield* users.authorize({ userId, scopes: ["credentials:read", "user:read"] })
      const two = yield* users.authorize({ userId, scopes: ["user:read", "credentials:read", "user:read"] })
      yield* list(one)
      assert.deepStrictEqual(yield* linesOfList(two), [])
    }).pipe(provideAll())
  )

  it.effect("is not shared by sessions of other scopes", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const one = yield* users.authorize({ userId, scopes: ["credentials:read", "user:read"] })
      const two = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      yield* list(two, { bypassCache: true })
      yield* list(one)
      assert.deepStrictEqual(yield* linesOfList(two), [LIST])
    }).pipe(provideAll())
  )

  it.effect("is not given to a session without the scope, even past the types", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session, userId } = yield* makeSession
      yield* list(session)
      yield* users.getCredential(session, credentialsId)
      const other = yield* users.authorize({ userId, scopes: ["user:delete"] })
      // What the compiler does not let through.
      const forged = other as unknown as Reader
      assert.strictEqual((yield* failure(list(forged))).reason, "Forbidden")
      assert.strictEqual((yield* failure(users.getCredential(forged, credentialsId))).reason, "Forbidden")
    }).pipe(provideAll())
  )

  it.effect("is shared by sessions with the same token, and by no other", () =>
    Effect.gen(function* () {
      const { session: renewable, userId } = yield* makeSession
      const scopes = ["credentials:read"] as const
      const { accessToken } = yield* getToken(userId, scopes)
      const other = yield* getToken(userId, scopes)
      const one = UserSession.make({ userId, accessToken, scopes })
      yield* list(one)
      assert.deepStrictEqual(yield* linesOfList(UserSession.make({ userId, accessToken, scopes: allScopes })), [])
      assert.deepStrictEqual(yield* linesOfList(UserSession.make({ ...other, userId, scopes })), [LIST])
      assert.deepStrictEqual(yield* linesOfList(renewable), [LIST])
    }).pipe(provideAll())
  )

  it.effect("is not shared by two Users over one cache, which refuse the sessions of each other", () =>
    Effect.gen(function* () {
      const { session, userId } = yield* makeSession
      const { accessToken } = yield* getToken(userId)
      const staticSession = UserSession.make({ userId, accessToken, scopes: allScopes })
      yield* list(session)
      yield* list(staticSession)
      yield* takeLines
      const tenant = Effect.provide(Users.layer)
      const authorize = Effect.flatMap(Users.Users, (users) => users.authorize({ userId, scopes: allScopes }))
      const other = yield* Effect.flatMap(authorize, linesOfList).pipe(tenant)
      assert.deepStrictEqual(other, [GRANT, TOKEN, LIST])
      const error = yield* failure(linesOfList(session)).pipe(tenant)
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.detail, "the session belongs to another Users: provide one shared Users layer")
      assert.deepStrictEqual(yield* takeLines, [])
      assert.deepStrictEqual(yield* linesOfList(staticSession).pipe(tenant), [LIST])
      assert.deepStrictEqual(yield* linesOfList(session), [])
      assert.deepStrictEqual(yield* linesOfList(staticSession), [])
    }).pipe(provideAll())
  )

  it.effect("of another user's token is refused each time, and not kept", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const cache = yield* UserCache.UserCache
      const victim = yield* makeUser()
      const { userId } = yield* makeUser()
      const { accessToken } = yield* getToken(victim.userId)
      const session = UserSession.make({ userId, accessToken, scopes: allScopes })
      for (const read of [
        list(session),
        list(session),
        list(session, { bypassCache: true }),
        users.getCredential(session, victim.credentialsId),
        users.getCredential(session, victim.credentialsId, { bypassCache: true })
      ]) {
        const error = yield* failure(read)
        assert.strictEqual(error.reason, "Invalid")
        assert.notInclude(error.message, victim.userId)
      }
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(provideAll())
  )
})

interface Mutation {
  readonly name: string
  readonly target: { readonly method: string; readonly path: string }
  readonly run: (context: Effect.Effect.Success<typeof makeSession>) => Effect.Effect<void, unknown, Users.Users>
  /** A refusal by Tink which makes the operation fail, and changes nothing. */
  readonly refusal: number
  /** What goes over the wire for the next read after it. */
  readonly nextRead: ReadonlyArray<string>
}

const mutations: ReadonlyArray<Mutation> = [
  {
    name: "refreshCredential",
    target: { method: "POST", path: "/api/v1/credentials/{id}/refresh" },
    run: ({ credentialsId, session }) =>
      Effect.flatMap(Users.Users, (users) => users.refreshCredential(session, credentialsId)),
    refusal: 404,
    nextRead: [LIST]
  },
  {
    name: "deleteCredential",
    target: { method: "DELETE", path: "/api/v1/credentials/{id}" },
    run: ({ credentialsId, session }) =>
      Effect.flatMap(Users.Users, (users) => users.deleteCredential(session, credentialsId)),
    refusal: 404,
    nextRead: [LIST]
  },
  {
    name: "deleteUser",
    target: { method: "POST", path: "/api/v1/user/delete" },
    run: ({ session }) => Effect.flatMap(Users.Users, (users) => users.deleteUser(session)),
    // Deleting a missing user is a success, and the tokens are dropped on any outcome.
    refusal: 400,
    nextRead: [GRANT, TOKEN, LIST]
  }
]

/** One request only, so that what becomes of it is what becomes of the call. */
const once = { http: { maxRetries: 0 } }

/** The requests of a read, also of one that fails. */
const lines = (session: Reader) => takeLines.pipe(Effect.andThen(Effect.exit(list(session))), Effect.andThen(takeLines))

const stats = Effect.flatMap(UserCache.UserCache, (cache) => cache.stats)

const ambiguousFaults = (target: Mutation["target"]): ReadonlyArray<readonly [string, TinkSandbox.Fault]> => [
  ["the connection breaks after it was applied", { ...target, kind: "drop-after" }],
  ["the connection breaks before it was applied", { ...target, kind: "drop-before" }],
  ["Tink answers 503", { ...target, kind: "status", status: 503 }],
  ["Tink answers 408", { ...target, kind: "status", status: 408 }],
  ["something else answers, with a page", { ...target, kind: "garbage" }],
  ["the answer comes after the deadline", { ...target, kind: "delay", milliseconds: 15_000 }]
]

describe("a change invalidates its user", () => {
  it.effect("when it succeeds, and no other user", () =>
    everyRow(
      mutations,
      ({ name }) => name,
      ({ run }) =>
        Effect.gen(function* () {
          const bystander = yield* makeSession
          const context = yield* makeSession
          yield* list(context.session)
          yield* list(bystander.session)
          yield* run(context)
          assert.isNotEmpty(yield* lines(context.session))
          assert.deepStrictEqual(yield* lines(bystander.session), [])
          assert.strictEqual((yield* stats).quarantines, 0)
        }).pipe(provideAll())
    )
  )

  it.effect("when it fails, and only once if it surely changed nothing", () =>
    everyRow(
      mutations,
      ({ name }) => name,
      ({ nextRead, refusal, run, target }) =>
        Effect.gen(function* () {
          const sandbox = yield* TinkSandbox.TinkSandbox
          const context = yield* makeSession
          yield* list(context.session)
          yield* sandbox.injectFault({ ...target, kind: "status", status: refusal })
          assert.isTrue(Exit.isFailure(yield* Effect.exit(run(context))))
          assert.deepStrictEqual(yield* lines(context.session), nextRead)
          assert.deepStrictEqual(yield* lines(context.session), [])
        }).pipe(provideAll(once))
    )
  )

  it.effect("and quarantines the user for 30 seconds when its outcome is ambiguous", () =>
    everyRow(
      mutations,
      ({ name }) => name,
      ({ run, target }) =>
        everyRow(
          ambiguousFaults(target),
          ([what]) => what,
          ([, fault]) =>
            Effect.gen(function* () {
              const sandbox = yield* TinkSandbox.TinkSandbox
              const context = yield* makeSession
              yield* list(context.session)
              yield* sandbox.injectFault(fault)
              const exit = yield* withTime(Effect.exit(run(context)))
              assert.isTrue(Exit.isFailure(exit))
              assert.isNotEmpty(yield* lines(context.session))
              assert.isNotEmpty(yield* lines(context.session))
              assert.strictEqual((yield* stats).quarantines, 1)
              assert.strictEqual((yield* stats).size, 0)
              yield* TestClock.adjust("30 seconds")
              assert.strictEqual((yield* stats).bypasses, 2)
              yield* lines(context.session)
              assert.strictEqual((yield* stats).bypasses, 2)
            }).pipe(provideAll(once))
        )
    )
  )

  it.effect("and quarantines the user when it is interrupted", () =>
    everyRow(
      mutations,
      ({ name }) => name,
      ({ run, target }) =>
        Effect.gen(function* () {
          const sandbox = yield* TinkSandbox.TinkSandbox
          const context = yield* makeSession
          yield* list(context.session)
          yield* takeLines
          yield* sandbox.injectFault({ ...target, kind: "delay", milliseconds: 5000 })
          const fiber = yield* Effect.fork(run(context))
          yield* untilSent(`${target.method} ${target.path.replace("{id}", context.credentialsId)}`)
          yield* Fiber.interrupt(fiber)
          assert.isNotEmpty(yield* lines(context.session))
          assert.isNotEmpty(yield* lines(context.session))
          assert.strictEqual((yield* stats).quarantines, 1)
        }).pipe(provideAll())
    )
  )

  it.effect("and quarantines the user when its caller runs out of time", () =>
    everyRow(
      mutations,
      ({ name }) => name,
      ({ run, target }) =>
        Effect.gen(function* () {
          const sandbox = yield* TinkSandbox.TinkSandbox
          const context = yield* makeSession
          yield* list(context.session)
          yield* sandbox.injectFault({ ...target, kind: "delay", milliseconds: 5000 })
          yield* withTime(Effect.exit(Effect.timeout(run(context), "1 second")))
          assert.isNotEmpty(yield* lines(context.session))
          assert.strictEqual((yield* stats).quarantines, 1)
        }).pipe(provideAll())
    )
  )
})

describe("changes", () => {
  it.effect("that are applied after their call has failed are never hidden by a read in between", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "delay", milliseconds: 25_000, method: "DELETE" })
      const error = yield* withTime(failure(users.deleteCredential(session, credentialsId)))
      assert.strictEqual(error.reason, "Timeout")
      assert.isTrue(error.isAmbiguous)
      assert.lengthOf(yield* list(session), 1)
      // 10 seconds were waited for an answer; now the request is 26 seconds old.
      yield* TestClock.adjust("16 seconds")
      yield* Effect.repeat(Effect.andThen(turn, sandbox.requests), {
        until: (requests) => requests.every(({ duration }) => duration !== null)
      })
      assert.lengthOf(yield* list(session), 0)
    }).pipe(provideAll(once))
  )

  it.effect("a read in flight answers its waiters, and is not stored", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "slow-body", milliseconds: 5000, path: "/api/v1/credentials/list" })
      const early = yield* Effect.fork(list(session))
      yield* untilSent(LIST)
      yield* Effect.repeat(Effect.andThen(turn, sandbox.requests), {
        until: (requests) => requests.some(({ fault, status }) => fault === "slow-body" && status === 200)
      })
      yield* users.deleteCredential(session, credentialsId)
      assert.lengthOf(yield* list(session), 0)
      assert.lengthOf(yield* passUntilEnd(early), 1)
      assert.lengthOf(yield* list(session), 0)
    }).pipe(provideAll())
  )

  it.effect("by external id are seen in reads by user id, and the other way round", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser("cust-0001")
      const byId = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
      const byExternalId = yield* users.authorize({
        externalUserId: "cust-0001",
        scopes: ["credentials:read", "credentials:write"]
      })
      assert.strictEqual(byExternalId.userId, userId)
      yield* list(byId)
      yield* list(byExternalId)
      yield* users.refreshCredential(byId, credentialsId)
      assert.strictEqual((yield* list(byExternalId))[0]?.status, "AUTHENTICATING")
      yield* list(byId)
      yield* users.deleteCredential(byExternalId, credentialsId)
      assert.lengthOf(yield* list(byId), 0)
      assert.lengthOf(yield* list(byExternalId), 0)
    }).pipe(provideAll())
  )

  it.effect("createUser, createAuthorization, getUserAccessToken and authorize leave the cache alone", () =>
    Effect.gen(function* () {
      const { userId } = yield* makeUser()
      yield* getToken(userId)
      yield* Effect.flatMap(Users.Users, (users) => users.authorize({ userId, scopes: allScopes }))
      const { hits, invalidations, misses, size } = yield* stats
      assert.deepStrictEqual([hits, misses, invalidations, size], [0, 0, 0, 0])
    }).pipe(provideAll())
  )
})
