import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { TinkSandbox as Sandbox } from "@effect-tink/sandbox"
import { TinkSandbox } from "@effect-tink/sandbox"
import { Users, type UserSession } from "@effect-tink/users"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { everyRow } from "../../../test/support/rows.js"
import type { Reply } from "../../../test/support/scriptedTink.js"
import { LIST, makeUser, provideAll, provideAnswers, takeLines } from "./helpers.js"

type Reader = UserSession.UserSession<"credentials:read">

const scopes = ["credentials:read"] as const

/** A user with these banks, and a session that has its token. */
const makeReader = (...banks: ReadonlyArray<Sandbox.ConnectBankOptions>) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const sandbox = yield* TinkSandbox.TinkSandbox
    const { userId } = yield* users.createUser({ market: "SE" })
    const ids: Array<Ids.CredentialsId> = []
    for (const bank of banks) ids.push(Ids.CredentialsId.make((yield* sandbox.connectBank(userId, bank)).id))
    const session = yield* users.authorize({ userId, scopes })
    yield* users.listCredentials(session, { bypassCache: true })
    yield* takeLines
    return { ids, session }
  })

/** A read is answered from the cache for exactly so long, and then asks again. */
const isKeptFor = <E, R>(read: Effect.Effect<unknown, E, R>, millis: number) =>
  Effect.gen(function* () {
    yield* read
    assert.lengthOf(yield* takeLines, 1)
    if (millis > 0) {
      yield* TestClock.adjust(millis - 1)
      yield* read
      assert.lengthOf(yield* takeLines, 0, `asked again before ${millis} ms`)
      yield* TestClock.adjust(1)
    }
    yield* read
    assert.lengthOf(yield* takeLines, 1, `not asked again after ${millis} ms`)
  })

const list = (session: Reader) => Effect.flatMap(Users.Users, (users) => users.listCredentials(session))

const get = (session: Reader, id: Ids.CredentialsId | undefined) =>
  id === undefined ? assert.fail() : Effect.flatMap(Users.Users, (users) => users.getCredential(session, id))

const table: ReadonlyArray<readonly [Sandbox.CredentialsStatus, isAtRest: boolean]> = [
  ["CREATED", false],
  ["AUTHENTICATING", false],
  ["AWAITING_MOBILE_BANKID_AUTHENTICATION", false],
  ["AWAITING_SUPPLEMENTAL_INFORMATION", false],
  ["AWAITING_THIRD_PARTY_APP_AUTHENTICATION", false],
  ["UPDATING", false],
  ["UPDATED", true],
  ["AUTHENTICATION_ERROR", true],
  ["TEMPORARY_ERROR", true],
  ["PERMANENT_ERROR", true],
  ["SESSION_EXPIRED", true],
  ["DELETED", true]
]

/** Answers for one user, whose bank stays as it is. */
const answering = (credentials: ReadonlyArray<Readonly<Record<string, unknown>>>) => {
  const all = credentials.map((credential, n) => ({ id: `c${n}`, providerName: "a-bank", ...credential }))
  let count = 0
  const answer = (line: string): Reply => {
    if (line.endsWith("/token")) return { body: `{"access_token":"a-token","expires_in":7200,"scope":""}` }
    if (line.endsWith("/authorization-grant")) return { body: `{"code":"a-code"}` }
    count += 1
    if (line.endsWith("/list")) return { body: JSON.stringify({ credentials: all }) }
    return { body: JSON.stringify(all.find(({ id }) => line.endsWith(`/${id}`))) }
  }
  /** The requests for credentials since the last time. */
  const take = Effect.sync(() => count).pipe(Effect.tap(() => Effect.sync(() => (count = 0))))
  return { answer, take }
}

/** Like `isKeptFor`, over answers that stay the same. */
const staysFor = (
  credentials: ReadonlyArray<Readonly<Record<string, unknown>>>,
  read: (session: Reader) => Effect.Effect<unknown, unknown, Users.Users>,
  millis: number
) => {
  const { answer, take } = answering(credentials)
  return Effect.gen(function* () {
    const users = yield* Users.Users
    const session = yield* users.authorize({ userId: Ids.UserId.make("u1"), scopes })
    yield* read(session)
    assert.strictEqual(yield* take, 1)
    yield* TestClock.adjust(millis - 1)
    yield* read(session)
    assert.strictEqual(yield* take, 0, `asked again before ${millis} ms`)
    yield* TestClock.adjust(1)
    yield* read(session)
    assert.strictEqual(yield* take, 1, `not asked again after ${millis} ms`)
  }).pipe(provideAnswers(answer))
}

const getFirst = (session: Reader) => get(session, Ids.CredentialsId.make("c0"))

describe("an answer is cached for 1 second while a status is in progress, and for 30 when it is final", () => {
  it.effect("a list: by its one credential", () =>
    everyRow(
      table,
      ([status]) => status,
      ([status, isAtRest]) => staysFor([{ status }], list, isAtRest ? 30_000 : 1000)
    )
  )

  it.effect("one credential: by its own status", () =>
    everyRow(
      table,
      ([status]) => status,
      ([status, isAtRest]) => staysFor([{ status }], getFirst, isAtRest ? 30_000 : 1000)
    )
  )

  it.effect("a list of two: by the one in progress, in either order", () =>
    everyRow(
      table,
      ([status]) => status,
      ([status, isAtRest]) =>
        Effect.andThen(
          staysFor([{ status: "UPDATED" }, { status }], list, isAtRest ? 30_000 : 1000),
          staysFor([{ status }, { status: "UPDATED" }], list, isAtRest ? 30_000 : 1000)
        )
    )
  )

  it.effect("one credential: by its own status alone, not by that of another", () =>
    everyRow(
      table,
      ([status]) => status,
      ([status]) => staysFor([{ status: "UPDATED" }, { status }], getFirst, 30_000)
    )
  )

  it.effect("an unknown status is in progress", () =>
    Effect.andThen(staysFor([{ status: "PONDERING" }], list, 1000), staysFor([{ status: "PONDERING" }], getFirst, 1000))
  )

  it.effect("an empty list is final", () => staysFor([], list, 30_000))
})

describe("over the sandbox", () => {
  it.effect("polling shows the progress of a refresh", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
      yield* users.refreshCredential(session, credentialsId)
      const statuses: Array<string> = []
      for (let n = 0; n < 6; n++) {
        statuses.push((yield* users.getCredential(session, credentialsId)).status)
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(statuses, ["AUTHENTICATING", "UPDATING", "UPDATING", "UPDATED", "UPDATED", "UPDATED"])
      // Three in progress and the first that is final.
      assert.lengthOf(
        (yield* takeLines).filter((line) => line.startsWith("GET /api/v1/credentials/")),
        4
      )
    }).pipe(provideAll())
  )

  it.effect("the time counts from when the request was sent, not from when the answer came", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { session } = yield* makeReader({ status: "UPDATING" })
      yield* sandbox.injectFault({ kind: "delay", milliseconds: 600, path: "/api/v1/credentials/list" })
      const first = yield* Effect.fork(list(session))
      yield* TestClock.adjust(600)
      yield* Fiber.join(first)
      yield* list(session)
      assert.deepStrictEqual(yield* takeLines, [LIST])
      yield* TestClock.adjust(399)
      yield* list(session)
      assert.deepStrictEqual(yield* takeLines, [])
      yield* TestClock.adjust(1)
      yield* list(session)
      assert.deepStrictEqual(yield* takeLines, [LIST])
    }).pipe(provideAll())
  )
})

const inMillis = (millis: number) => Effect.map(Clock.currentTimeMillis, (now) => now + millis)

describe("no cached answer outlives the session of a bank", () => {
  it.effect("each read asks Tink again from the millisecond in which a session ends", () =>
    everyRow(
      [1, 999, 10_000, 29_999],
      (left) => `${left} ms`,
      (left) =>
        Effect.gen(function* () {
          const { ids, session } = yield* makeReader({}, { sessionExpiryDate: yield* inMillis(left) })
          yield* isKeptFor(list(session), left)
          // What is over cannot pass any more, and the other one lasts.
          yield* TestClock.adjust("1 minute")
          yield* isKeptFor(list(session), 30_000)
          yield* isKeptFor(get(session, ids[0]), 30_000)
          yield* isKeptFor(get(session, ids[1]), 30_000)
        }).pipe(provideAll())
    )
  )

  it.effect("a response from before a session's end is kept until then, and a later one like any other", () =>
    everyRow(
      [
        [list, 0, 30_000],
        [getFirst, 0, 30_000],
        [list, 1, 30_000],
        [list, -1, 1],
        [getFirst, -1, 1]
      ] as const,
      ([read, since]) => `${read === list ? "a list" : "one"}, ${since} ms after it`,
      ([read, since, millis]) =>
        Effect.gen(function* () {
          yield* TestClock.setTime(60_000 + since)
          yield* staysFor([{ status: "UPDATED", sessionExpiryDate: 60_000 }], read, millis)
        }).pipe(Effect.provide(TestContext.TestContext))
    )
  )

  it.effect("a credential that was read alone is asked for again when its session ends", () =>
    Effect.gen(function* () {
      const { ids, session } = yield* makeReader({}, { sessionExpiryDate: yield* inMillis(10_000) })
      yield* isKeptFor(get(session, ids[1]), 10_000)
    }).pipe(provideAll())
  )

  it.effect("a list that is read each second is asked for exactly when a session ends", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session } = yield* makeReader({ sessionExpiryDate: yield* inMillis(10_000) })
      const requests: Array<number> = []
      for (let second = 0; second < 20; second++) {
        yield* users.listCredentials(session)
        requests.push((yield* takeLines).length)
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(
        requests.flatMap((count, second) => (count > 0 ? [second] : [])),
        [0, 10]
      )
    }).pipe(provideAll())
  )

  it.effect("the soonest end of a session counts, and a status in progress if that is sooner", () =>
    Effect.gen(function* () {
      const at = yield* inMillis(20_000)
      const sooner = yield* inMillis(5000)
      const two = yield* makeReader({ sessionExpiryDate: at }, { sessionExpiryDate: sooner })
      yield* isKeptFor(list(two.session), 5000)
      const now = yield* Clock.currentTimeMillis
      const three = yield* makeReader({ sessionExpiryDate: now + 5000, status: "UPDATING" }, { sessionExpiryDate: at })
      yield* isKeptFor(list(three.session), 1000)
      const last = yield* Clock.currentTimeMillis
      const four = yield* makeReader({ sessionExpiryDate: last + 500, status: "UPDATING" })
      yield* isKeptFor(list(four.session), 500)
    }).pipe(provideAll())
  )
})

describe("an answer in progress is cached", () => {
  const onTheWay = { status: "UPDATING" } as const

  const keptFor = (inProgress: Duration.DurationInput, millis: number, timeToLive?: Duration.DurationInput) =>
    Effect.flatMap(makeReader(onTheWay), ({ session }) => isKeptFor(list(session), millis)).pipe(
      provideAll({ users: { freshness: { inProgress } }, cache: { timeToLive } })
    )

  it.effect("for as long as inProgress says", () => keptFor("5 seconds", 5000))
  it.effect("not at all when inProgress is 0", () => keptFor(0, 0))
  it.effect("no longer than the time to live of the cache", () => keptFor("5 minutes", 30_000))
  it.effect("for the time to live of the cache if that is shorter", () => keptFor("1 second", 200, "200 millis"))

  it.effect("for 1 second when freshness does not name inProgress", () =>
    Effect.flatMap(makeReader(onTheWay), ({ session }) => isKeptFor(list(session), 1000)).pipe(
      provideAll({ users: { freshness: {} } })
    )
  )

  it.effect("for the time to live of the cache when freshness is false", () =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { ids, session } = yield* makeReader({ ...onTheWay, sessionExpiryDate: now + 5000 })
      yield* isKeptFor(list(session), 30_000)
      yield* isKeptFor(get(session, ids[0]), 30_000)
    }).pipe(provideAll({ users: { freshness: false } }))
  )
})
