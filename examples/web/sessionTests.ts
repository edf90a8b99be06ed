/** What is kept in the database. The tests are the same for SQLite and Postgres. */
import { Ids } from "@effect-tink/http"
import { assert, layer } from "@effect/vitest"
import { SqlClient } from "@effect/sql"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Layer,
  Option,
  Redacted,
  Schedule,
  type Scope,
  TestClock
} from "effect"
import { randomUUID } from "node:crypto"
import * as Customers from "./customers.js"
import type { Database } from "./database/database.js"
import * as Registrations from "./registrations.js"
import * as Sessions from "./sessions.js"
import { defaultLimits, Settings } from "./settings.js"
import * as Visits from "./visits.js"

/** Opens a connection to the one database. */
class Connection extends Context.Tag("web/Connection")<Connection, Database>() {}

const limits = { ...defaultLimits, registrationsPerAddress: 3, registrations: 7 }

const layerSettings = Layer.succeed(Settings, {
  origin: "http://localhost",
  market: "SE",
  testBanks: false,
  tinkLinkUrl: "http://localhost",
  webhookSecret: Option.none(),
  proxies: 0,
  customerRetention: Duration.days(30),
  limits,
  sandbox: Option.none(),
  polling: Schedule.forever
})

/** What a process has, on a connection of its own. */
const layerProcess = Layer.unwrapEffect(
  Effect.map(Connection, (connection) =>
    Layer.mergeAll(Sessions.layer, Visits.layer, Registrations.layer).pipe(
      Layer.provideMerge(Customers.layer),
      Layer.provideMerge(Layer.fresh(connection)),
      Layer.provide(layerSettings)
    )
  )
)

/** Runs in a process that starts and ends with it. */
const inProcess = Effect.provide(layerProcess)

const isFound = (id: Redacted.Redacted) =>
  Effect.flatMap(Sessions.Sessions, (sessions) => Effect.map(sessions.find(id), Option.isSome))

const beginSession = Effect.flatMap(Sessions.Sessions, ({ create }) => create)

const admit = (address: string) =>
  Effect.flatMap(Registrations.Registrations, (registrations) => Effect.exit(registrations.admit(address)))

export const testSessions = (name: string, connection: Effect.Effect<Database, never, Scope.Scope>) =>
  layer(Layer.scoped(Connection, connection), { timeout: 60_000 })(name, (it) => {
    it.effect("a session lives as long as it is used", () =>
      Effect.gen(function* () {
        const [id] = yield* beginSession
        for (let day = 0; day < 30; day++) {
          yield* TestClock.adjust("1 day")
          assert.isTrue(yield* isFound(id))
        }
        yield* TestClock.adjust(Sessions.lifetime)
        assert.isFalse(yield* isFound(id))
      }).pipe(inProcess)
    )

    it.effect("a session that has ended is deleted, and its customer is inactive from then on", () =>
      Effect.gen(function* () {
        const customers = yield* Customers.Customers
        const sessions = yield* Sessions.Sessions
        const sql = yield* SqlClient.SqlClient
        yield* TestClock.adjust("1000 days")
        const [, { customerId, idHash }] = yield* beginSession
        yield* TestClock.adjust(Sessions.lifetime)
        yield* sessions.deleteExpired
        assert.deepStrictEqual(yield* sql`SELECT * FROM sessions WHERE id_hash = ${idHash}`, [])
        const isInactiveSince = (time: number) =>
          Effect.map(customers.findInactiveSince(time), (inactive) => inactive.some(({ id }) => id === customerId))
        const ended = yield* Clock.currentTimeMillis
        assert.isFalse(yield* isInactiveSince(ended - 1))
        yield* customers.deleteInactiveSince(customerId, ended - 1)
        assert.isTrue(yield* isInactiveSince(ended))
        yield* customers.deleteInactiveSince(customerId, ended)
        assert.isFalse(yield* isInactiveSince(ended))
      }).pipe(inProcess)
    )

    it.effect("an unknown id is no session", () =>
      Effect.gen(function* () {
        for (const id of ["", "constructor", "' OR 1=1 --", "x".repeat(43)]) {
          assert.isFalse(yield* isFound(Redacted.make(id)))
        }
      }).pipe(inProcess)
    )

    it.effect("after a restart the session, the Tink user and the visit are known", () =>
      Effect.gen(function* () {
        const userId = Ids.UserId.make(randomUUID().replaceAll("-", ""))
        const [id, state] = yield* Effect.gen(function* () {
          const [id, session] = yield* beginSession
          yield* (yield* Customers.Customers).setTinkUser(session.customerId, Option.some(userId))
          return [id, yield* (yield* Visits.Visits).begin(session, { _tag: "Connect" })] as const
        }).pipe(inProcess)
        yield* Effect.gen(function* () {
          const customers = yield* Customers.Customers
          const session = yield* Effect.flatten(Effect.flatMap(Sessions.Sessions, ({ find }) => find(id)))
          assert.deepStrictEqual(yield* customers.getTinkUser(session.customerId), Option.some(userId))
          assert.deepStrictEqual(yield* customers.findByTinkUser(userId), Option.some(session.customerId))
          const purpose = yield* (yield* Visits.Visits).end(session, Redacted.value(state))
          assert.deepStrictEqual(purpose, Option.some<Visits.Purpose>({ _tag: "Connect" }))
        }).pipe(inProcess)
      })
    )

    it.effect("the database has no id of a session and no state of a visit", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [id, session] = yield* beginSession
        const state = yield* (yield* Visits.Visits).begin(session, { _tag: "Connect" })
        const rows = JSON.stringify([yield* sql`SELECT * FROM sessions`, yield* sql`SELECT * FROM visits`])
        assert.include(rows, session.idHash)
        for (const secret of [id, state]) assert.notInclude(rows, Redacted.value(secret))
      }).pipe(inProcess)
    )

    // -----------------------------------------------------------------------------------------------------------------
    // Visits
    // -----------------------------------------------------------------------------------------------------------------

    const connect: Visits.Purpose = { _tag: "Connect" }

    it.effect("a visit ends once, with its purpose, in the browser that began it", () =>
      Effect.gen(function* () {
        const visits = yield* Visits.Visits
        const [, session] = yield* beginSession
        const [, stranger] = yield* beginSession
        const credentialsId = Ids.CredentialsId.make("0123456789abcdef0123456789abcdef")
        const renewal = Redacted.value(yield* visits.begin(session, { _tag: "Renew", credentialsId }))
        const connection = Redacted.value(yield* visits.begin(session, connect))
        assert.deepStrictEqual(yield* visits.end(stranger, connection), Option.none())
        assert.deepStrictEqual(yield* visits.end(session, connection), Option.some(connect))
        const both = yield* Effect.all([visits.end(session, renewal), visits.end(session, renewal)], {
          concurrency: 2
        })
        assert.deepStrictEqual(Option.firstSomeOf(both), Option.some<Visits.Purpose>({ _tag: "Renew", credentialsId }))
        assert.strictEqual(both.filter(Option.isNone).length, 1)
      }).pipe(inProcess)
    )

    it.effect("a visit expires", () =>
      Effect.gen(function* () {
        const visits = yield* Visits.Visits
        const [, session] = yield* beginSession
        const state = yield* visits.begin(session, connect)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* visits.end(session, Redacted.value(state)), Option.none())
      }).pipe(inProcess)
    )

    it.effect("a browser has a limited number of visits, and drops only its own", () =>
      Effect.gen(function* () {
        const visits = yield* Visits.Visits
        const [, session] = yield* beginSession
        const [, other] = yield* beginSession
        const others = yield* visits.begin(other, connect)
        const begin = Effect.andThen(TestClock.adjust("1 second"), visits.begin(session, connect))
        const states = yield* Effect.replicateEffect(begin, 9)
        const ended = yield* Effect.forEach(states, (state) => visits.end(session, Redacted.value(state)))
        assert.deepStrictEqual(ended.map(Option.isSome), [false, ...Array<boolean>(8).fill(true)])
        assert.isTrue(Option.isSome(yield* visits.end(other, Redacted.value(others))))
      }).pipe(inProcess)
    )

    // -----------------------------------------------------------------------------------------------------------------
    // Registrations
    // -----------------------------------------------------------------------------------------------------------------

    it.effect("an address, and all together, register a limited number of customers per hour, over all processes", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Duration.toMillis("100 days"))
        const here = yield* Effect.all([admit("a"), admit("a"), admit("b")]).pipe(inProcess)
        const there = yield* Effect.all([admit("a"), admit("a"), admit("b"), admit("c"), admit("c")]).pipe(inProcess)
        const outcomes = [...here, ...there].map(Exit.isSuccess)
        assert.deepStrictEqual(outcomes, [true, true, true, true, false, true, true, true])
        const last = yield* Effect.flip(Effect.flatten(inProcess(admit("d"))))
        assert.strictEqual(last._tag === "TooManyRequests" && last.retryAfterSeconds, Duration.toSeconds("1 hour"))
        yield* TestClock.adjust("1 hour")
        assert.isTrue(Exit.isSuccess(yield* inProcess(admit("a"))))
      })
    )
  })
