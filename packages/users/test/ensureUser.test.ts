import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { TinkSandbox } from "@effect-tink/sandbox"
import { Users } from "@effect-tink/users"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import { everyRow } from "../../../test/support/rows.js"
import type { Reply } from "../../../test/support/scriptedTink.js"
import {
  beforeRequest,
  CREATE,
  failRequest,
  failure,
  faults,
  GET_USER,
  GRANT,
  LIST,
  provideAll,
  provideAnswers,
  type Sent,
  takeLines,
  takeSent,
  TOKEN,
  Wire,
  withTime
} from "./helpers.js"

const externalUserId = "cust-0001"
const input = { externalUserId, market: "SE" } as const

const ensure = Effect.flatMap(Users.Users, (users) => users.ensureUser(input))

/** Who has the external id, as Tink says it; the wire is left as it was. */
const holder = Effect.gen(function* () {
  const wire = yield* Wire
  const before = wire.sent.splice(0)
  wire.before = () => Effect.void
  const users = yield* Users.Users
  const session = yield* users.authorize({ externalUserId, scopes: ["user:read"] })
  wire.sent.splice(0, Infinity, ...before)
  return session.userId
})

const isCreation = ({ line }: Sent) => line === CREATE
const isLook = ({ body, line }: Sent) => line === GRANT && body.startsWith(`external_user_id=${externalUserId}&`)

/** The attempts of one call have one trace id. */
const callOf = ({ headers }: Sent) => headers["x-client-trace-id"]

/**
 * One caller looks the user up between two creations, unless Tink has answered the first with a 429: the one fault here that
 * is retried within a call.
 */
const neverBlindly = (sent: ReadonlyArray<Sent>, isRateLimited: boolean) => {
  let last: Sent | undefined
  for (const request of sent) {
    if (isLook(request)) last = undefined
    if (!isCreation(request)) continue
    if (last !== undefined) {
      assert.isTrue(isRateLimited, "a creation is sent again without a look")
      assert.strictEqual(callOf(request), callOf(last))
    }
    last = request
  }
}

/** Exactly one user: this one has the external id, every creation asked for that id, and Tink takes no second one. */
const isTheOne = (userId: Ids.UserId, sent: ReadonlyArray<Sent>) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    assert.strictEqual(yield* holder, userId)
    for (const { body } of sent.filter(isCreation)) assert.include(body, `"external_user_id":"${externalUserId}"`)
    assert.strictEqual((yield* failure(users.createUser(input))).reason, "Conflict")
  })

/** The requests of a creation that goes well, and those of the first look. */
const creation = [TOKEN, CREATE]
const look = [TOKEN, GRANT, TOKEN, GET_USER]

describe("ensureUser", () => {
  it.effect("creates a user as createUser does, in one request", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const created = yield* users.ensureUser({ ...input, locale: "sv_SE", retentionClass: "permanent" })
      const sent = yield* takeSent
      assert.deepStrictEqual(
        sent.map(({ line }) => line),
        creation
      )
      assert.strictEqual(
        sent[1]?.body,
        `{"market":"SE","locale":"sv_SE","external_user_id":"cust-0001","retention_class":"permanent"}`
      )
      assert.strictEqual(created.externalUserId, externalUserId)
      yield* isTheOne(created.userId, sent)
    }).pipe(provideAll())
  )

  it.effect("finds a user who exists, and leaves them as they are", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser(input)
      yield* takeLines
      const found = yield* users.ensureUser({ ...input, market: "NO", locale: "nb_NO" })
      const sent = yield* takeSent
      assert.deepStrictEqual(
        sent.map(({ line }) => line),
        [CREATE, ...look]
      )
      assert.deepStrictEqual({ ...found }, { userId, externalUserId })
      yield* isTheOne(userId, sent)
    }).pipe(provideAll())
  )

  it.effect("is not cached, and reads nothing through the cache", () =>
    Effect.gen(function* () {
      yield* ensure
      yield* takeLines
      yield* ensure
      assert.deepStrictEqual(yield* takeLines, [CREATE, ...look])
      yield* ensure
      assert.deepStrictEqual(yield* takeLines, [CREATE, GRANT, TOKEN, GET_USER])
    }).pipe(provideAll())
  )

  it.effect("fails with Tink's refusal of invalid input", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const error = yield* failure(users.ensureUser({ ...input, market: "ZZ" }))
      assert.deepStrictEqual([error.reason, error.operation], ["Invalid", "ensureUser"])
      assert.deepStrictEqual(yield* takeLines, creation)
    }).pipe(provideAll())
  )

  it.effect("gives up after three ambiguous creations, each followed by a search, and can be called again", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-before", path: "/api/v1/user/create", times: 100 })
      const error = yield* failure(ensure)
      const sent = yield* takeSent
      neverBlindly(sent, false)
      assert.lengthOf(sent.filter(isCreation), 3)
      assert.lengthOf(sent.filter(isLook), 3)
      assert.deepStrictEqual([error.reason, error.operation], ["Transport", "ensureUser"])
      assert.isTrue(error.isAmbiguous)
      // It looks before it creates, so calling it again is safe.
      assert.isTrue(error.isRetryable)
    }).pipe(provideAll())
  )

  it.effect("is ambiguous when the look after an ambiguous creation fails", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/user/create" })
      yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/oauth/authorization-grant" })
      const error = yield* failure(ensure)
      assert.strictEqual(error.reason, "Forbidden")
      assert.include(error.message, "authorization:grant")
      assert.isTrue(error.isAmbiguous)
      assert.lengthOf((yield* takeSent).filter(isCreation), 1)
      yield* isTheOne(yield* holder, [])
    }).pipe(provideAll())
  )

  it.effect(
    "stays ambiguous after an ambiguous creation, also when a look found no user and the next creation is refused",
    () =>
      Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        yield* sandbox.injectFault({ kind: "drop-before", path: "/api/v1/user/create" })
        yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/user/create" })
        const error = yield* failure(ensure)
        assert.strictEqual(error.reason, "Forbidden")
        assert.include(error.message, "user:create")
        assert.isTrue(error.isAmbiguous)
        assert.deepStrictEqual(
          (yield* takeLines).filter((line) => line !== TOKEN && line !== GET_USER),
          [CREATE, GRANT, CREATE]
        )
      }).pipe(provideAll())
  )

  it.effect("finds a user whose lost creation is applied between the search and the second creation", () =>
    Effect.gen(function* () {
      let creations = 0
      const answer = (line: string): Reply => {
        if (line === TOKEN) return { body: `{"access_token":"a-token","expires_in":7200}` }
        if (line === GET_USER) return { body: `{"id":"u1","externalUserId":"${externalUserId}"}` }
        if (line === CREATE) {
          creations += 1
          return { status: creations === 1 ? 504 : 409, body: `{"errorMessage":"m","errorCode":"c"}` }
        }
        // The creation is applied after the first look.
        return creations === 1
          ? { status: 404, body: `{"errorMessage":"m","errorCode":"c"}` }
          : { body: `{"code":"a-code"}` }
      }
      const user = yield* ensure.pipe(provideAnswers(answer))
      assert.deepStrictEqual([user.userId, user.externalUserId, creations], [Ids.UserId.make("u1"), externalUserId, 2])
    })
  )

  it.effect("is not ambiguous when the external id is taken and the look fails", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* ensure
      yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/oauth/authorization-grant" })
      const error = yield* failure(ensure)
      assert.deepStrictEqual([error.reason, error.isAmbiguous], ["Forbidden", false])
    }).pipe(provideAll())
  )
})

/** Garbage in place of a token or of what tells who the user is cannot be helped: asking again gives no other answer. */
const isReadable = (kind: string, line: string | undefined) => kind !== "garbage" || line === CREATE

/** The requests for a new user whose creation goes well, and for one who exists. */
const linesOf = (existed: boolean) => (existed ? [CREATE, ...look] : creation)

const make = (existed: boolean) =>
  existed ? Effect.flatMap(Users.Users, (users) => Effect.asSome(users.createUser(input))) : Effect.succeedNone

describe("ensureUser of a new or an existing user", () => {
  it.effect("ends with exactly one user after any fault at any request", () =>
    everyRow(
      [false, true],
      (existed) => `existed: ${String(existed)}`,
      (existed) =>
        everyRow(
          faults,
          ([kind]) => kind,
          ([kind, fault]) =>
            everyRow(
              linesOf(existed),
              (line, index) => `request ${index + 1}, ${line}`,
              (line, index) =>
                Effect.gen(function* () {
                  const before = yield* make(existed)
                  yield* takeLines
                  yield* failRequest(index + 1, fault)
                  const result = yield* withTime(Effect.exit(ensure))
                  const sent = yield* takeSent
                  assert.strictEqual(sent[index]?.line, line)
                  neverBlindly(sent, kind === "429")
                  if (!isReadable(kind, line)) {
                    assert.strictEqual((yield* Effect.flip(result)).reason, "Decode")
                    assert.strictEqual((yield* ensure).userId, yield* holder)
                    return
                  }
                  const { userId } = yield* result
                  if (before._tag === "Some") assert.strictEqual(userId, before.value.userId)
                  yield* isTheOne(userId, sent)
                }).pipe(provideAll())
            )
        )
    )
  )

  it.effect(
    "gives 50 concurrent callers the same user",
    () =>
      everyRow(
        [false, true],
        (existed) => `existed: ${String(existed)}`,
        (existed) =>
          Effect.gen(function* () {
            const before = yield* make(existed)
            yield* takeLines
            const all = yield* Effect.all(Effect.replicate(ensure, 50), { concurrency: "unbounded" })
            const sent = yield* takeSent
            const ids = [...new Set(all.map(({ userId }) => userId))]
            assert.lengthOf(ids, 1)
            if (before._tag === "Some") assert.deepStrictEqual(ids, [before.value.userId])
            // Each caller creates once, and looks once if it is too late.
            assert.lengthOf(sent.filter(isCreation), 50)
            assert.lengthOf(sent.filter(isLook), existed ? 50 : 49)
            for (const userId of ids) yield* isTheOne(userId, sent)
          }).pipe(provideAll())
      ),
    30_000
  )

  it.effect(
    "gives 50 concurrent callers the same user when 25 answers to creations are lost, before and after they are processed",
    () =>
      everyRow(
        [false, true],
        (existed) => `existed: ${String(existed)}`,
        (existed) =>
          Effect.gen(function* () {
            const sandbox = yield* TinkSandbox.TinkSandbox
            yield* make(existed)
            yield* takeLines
            for (let n = 0; n < 25; n++) {
              yield* sandbox.injectFault({
                kind: n % 2 === 0 ? "drop-before" : "drop-after",
                path: "/api/v1/user/create"
              })
            }
            const all = yield* withTime(Effect.all(Effect.replicate(ensure, 50), { concurrency: "unbounded" }))
            const sent = yield* takeSent
            const ids = [...new Set(all.map(({ userId }) => userId))]
            assert.lengthOf(ids, 1)
            // No call of TinkHttp sends a creation twice, so that each is decided upon after a look.
            const calls = sent.filter(isCreation).map(callOf)
            assert.strictEqual(new Set(calls).size, calls.length)
            assert.isAtMost(calls.length, 50 + sent.filter(isLook).length)
            for (const userId of ids) yield* isTheOne(userId, sent)
          }).pipe(provideAll())
      ),
    30_000
  )
})

describe("ensureUser with a creation whose answer is lost", () => {
  it.effect("finds the user after any second fault at any request of the look", () =>
    everyRow(
      faults,
      ([kind]) => kind,
      ([kind, fault]) =>
        everyRow(
          look,
          (line, index) => `request ${index + 1} of the look, ${line}`,
          (line, index) =>
            Effect.gen(function* () {
              const sandbox = yield* TinkSandbox.TinkSandbox
              yield* takeLines
              yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/user/create" })
              yield* failRequest(index + 3, fault)
              const result = yield* withTime(Effect.exit(ensure))
              const sent = yield* takeSent
              neverBlindly(sent, false)
              assert.lengthOf(sent.filter(isCreation), 1)
              if (!isReadable(kind, line)) {
                const error = yield* Effect.flip(result)
                assert.deepStrictEqual([error.reason, error.isAmbiguous], ["Decode", true])
                assert.strictEqual((yield* ensure).userId, yield* holder)
                return
              }
              const { userId } = yield* result
              yield* isTheOne(userId, sent)
            }).pipe(provideAll())
        )
    )
  )
})

/** Stops before its n-th request until the user is deleted, who may be created again. */
const deletedBefore = (n: number, createdAgain: boolean) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const isReached = yield* Deferred.make<void>()
    const mayGoOn = yield* Deferred.make<void>()
    yield* users.createUser(input)
    // All share the token of the application, which is no user's.
    yield* users.createAuthorization({ externalUserId, scopes: ["user:read"] })
    yield* takeLines
    yield* beforeRequest(n, () => Effect.andThen(Deferred.succeed(isReached, undefined), Deferred.await(mayGoOn)))
    const running = yield* Effect.fork(ensure)
    yield* Deferred.await(isReached)
    yield* users.deleteUser({ externalUserId })
    if (createdAgain) yield* users.createUser(input)
    yield* takeLines
    yield* Deferred.succeed(mayGoOn, undefined)
    const { userId } = yield* withTime(Fiber.join(running))
    const sent = yield* takeSent
    neverBlindly(sent, false)
    yield* isTheOne(userId, sent)
  }).pipe(provideAll())

describe("ensureUser of a user who is deleted in between", () => {
  it.effect("before any of its requests creates one user", () =>
    everyRow(
      [CREATE, GRANT, TOKEN, GET_USER],
      (line) => line,
      (_, index) => deletedBefore(index + 1, false)
    )
  )

  it.effect("before any of its requests, and created again, finds that one", () =>
    everyRow(
      [CREATE, GRANT, TOKEN, GET_USER],
      (line) => line,
      (_, index) => deletedBefore(index + 1, true)
    )
  )
})

it.effect.prop(
  "ensureUser leaves at most one user under any faults, and exactly one once they are over",
  {
    callers: FastCheck.integer({ min: 1, max: 4 }),
    troubles: FastCheck.array(
      FastCheck.record({
        request: FastCheck.integer({ min: 1, max: 20 }),
        fault: FastCheck.constantFrom(...faults.map(([, fault]) => fault))
      }),
      { maxLength: 12 }
    )
  },
  ({ callers, troubles }) =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const wire = yield* Wire
      let count = 0
      wire.before = () =>
        Effect.suspend(() => {
          count += 1
          return Effect.forEach(
            troubles.filter(({ request }) => request === count),
            ({ fault }) => sandbox.injectFault(fault),
            { discard: true }
          )
        })
      const results = yield* withTime(
        Effect.all(Effect.replicate(Effect.exit(ensure), callers), { concurrency: "unbounded" })
      )
      const sent = yield* takeSent
      if (callers === 1) neverBlindly(sent, true)
      wire.before = () => Effect.void
      // The faults that are left over.
      yield* withTime(Effect.exit(ensure).pipe(Effect.repeatN(8)))
      const { userId } = yield* ensure
      for (const result of results) if (Exit.isSuccess(result)) assert.strictEqual(result.value.userId, userId)
      yield* isTheOne(userId, sent)
    }).pipe(provideAll()),
  { fastCheck: { numRuns: 12 }, timeout: 60_000 }
)

it.effect("ensureUser leaves the cache of every user alone", () =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const { userId } = yield* users.createUser(input)
    const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
    yield* users.listCredentials(session)
    yield* ensure
    yield* takeLines
    yield* users.listCredentials(session)
    assert.notInclude(yield* takeLines, LIST)
  }).pipe(provideAll())
)

it.effect("ensureUser does not take a missing token endpoint for a missing user", () => {
  const asked: Array<string> = []
  return Effect.gen(function* () {
    const error = yield* failure(ensure)
    assert.deepStrictEqual([error.reason, error.route, error.isAmbiguous], ["Server", "/api/v1/oauth/token", true])
    assert.lengthOf(
      asked.filter((line) => line === CREATE),
      1
    )
  }).pipe(
    provideAnswers((line) => {
      asked.push(line)
      if (line === CREATE) return { status: 503, body: "" }
      if (line === GRANT) return { body: `{"code":"a-code"}` }
      // The application's tokens come first: for the creation, and for the grant.
      return asked.filter((other) => other === TOKEN).length < 3
        ? { body: `{"access_token":"a-token","expires_in":1800,"scope":""}` }
        : { status: 404, body: "" }
    })
  )
})
