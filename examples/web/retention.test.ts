/** What is deleted when customers do not come back, on the sandbox in process and its clock. */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { assert, it } from "@effect/vitest"
import { HttpClient } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { Duration, Effect, Layer, Logger, LogLevel, Option, Queue, TestClock } from "effect"
import * as Customers from "./customers.js"
import { makeFolder, sqliteIn } from "./harness.js"
import * as Retention from "./retention.js"
import * as Sessions from "./sessions.js"
import { defaultLimits, Settings } from "./settings.js"
import { ensureTinkUser } from "./tinkUser.js"

const customerRetention = Duration.days(30)

const layerSettings = Layer.succeed(Settings, {
  origin: "http://localhost",
  market: "SE",
  testBanks: false,
  tinkLinkUrl: "http://localhost",
  webhookSecret: Option.none(),
  proxies: 0,
  limits: defaultLimits,
  customerRetention,
  sandbox: Option.none()
})

const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, (sandbox) => TinkHttp.layer(sandbox)))

const layerUsers = Users.layer.pipe(
  Layer.provide(UserCache.layer({ capacity: 100 })),
  Layer.provide(layerTink),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

const layer = Layer.provideMerge(Sessions.layer, Customers.layer).pipe(
  Layer.provideMerge(Layer.unwrapScoped(Effect.map(makeFolder, sqliteIn))),
  Layer.provideMerge(layerUsers),
  Layer.provideMerge(layerSettings),
  Layer.provide(Logger.minimumLogLevel(LogLevel.None))
)

const beginSession = Effect.flatMap(Sessions.Sessions, ({ create }) => create)

/** A customer who connects a bank, and leaves. */
const makeCustomer = Effect.gen(function* () {
  const [id, { customerId }] = yield* beginSession
  return { id, customerId, tinkUser: yield* ensureTinkUser(customerId) }
})

const countRows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [sessions, customers] = [yield* sql`SELECT * FROM sessions`, yield* sql`SELECT * FROM customers`]
  return { sessions: sessions.length, customers: customers.length }
})

/** How often users were deleted, or found to be gone. */
const countDeletions = Effect.gen(function* () {
  const sandbox = yield* TinkSandbox.TinkSandbox
  return (yield* sandbox.requests).filter(({ path, status }) => path === "/api/v1/user/delete" && status === 204).length
})

it.effect("a session is deleted when it has ended, and its customer, at Tink too, when the retention has passed", () =>
  Effect.gen(function* () {
    const sessions = yield* Sessions.Sessions
    yield* makeCustomer
    const [active] = yield* beginSession
    for (const [days, expected] of [
      [6, { sessions: 2, customers: 2 }],
      [1, { sessions: 1, customers: 2 }],
      [29, { sessions: 1, customers: 2 }],
      [1, { sessions: 1, customers: 1 }]
    ] as const) {
      for (let day = 0; day < days; day++) {
        yield* TestClock.adjust("1 day")
        yield* sessions.find(active)
      }
      yield* Retention.deleteUnneeded
      assert.deepStrictEqual(yield* countRows, expected)
      assert.strictEqual(yield* countDeletions, 2 - expected.customers)
    }
  }).pipe(Effect.provide(layer))
)

it.effect("a Tink user whose id was not stored is deleted, too", () =>
  Effect.gen(function* () {
    const customers = yield* Customers.Customers
    const { customerId } = yield* makeCustomer
    yield* customers.setTinkUser(customerId, Option.none())
    yield* TestClock.adjust("37 days")
    yield* Retention.deleteUnneeded
    assert.deepStrictEqual(yield* countRows, { sessions: 0, customers: 0 })
    assert.strictEqual(yield* countDeletions, 1)
  }).pipe(Effect.provide(layer))
)

it.effect("customers whom Tink does not delete are kept and tried again, and the others are deleted", () =>
  Effect.gen(function* () {
    const sandbox = yield* TinkSandbox.TinkSandbox
    yield* Effect.replicateEffect(makeCustomer, 3)
    yield* TestClock.adjust("37 days")
    yield* sandbox.injectFault({ kind: "status", status: 403, path: "/api/v1/user/delete" })
    yield* Retention.deleteUnneeded
    assert.deepStrictEqual(yield* countRows, { sessions: 0, customers: 1 })
    yield* Retention.deleteUnneeded
    assert.deepStrictEqual(yield* countRows, { sessions: 0, customers: 0 })
    assert.strictEqual(yield* countDeletions, 3)
  }).pipe(Effect.provide(layer))
)

it.effect("two processes may delete at once", () =>
  Effect.gen(function* () {
    yield* Effect.replicateEffect(makeCustomer, 3)
    yield* TestClock.adjust("37 days")
    yield* Effect.all([Retention.deleteUnneeded, Retention.deleteUnneeded], { concurrency: 2 })
    assert.deepStrictEqual(yield* countRows, { sessions: 0, customers: 0 })
  }).pipe(Effect.provide(layer))
)

it.scoped("it runs when the program starts, and every hour", () =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const deleted = yield* Queue.unbounded<void>()
    const observed = HttpClient.tap(http, ({ request }) =>
      request.url.endsWith("/api/v1/user/delete") ? Queue.offer(deleted, undefined) : Effect.void
    )
    const layerObserved = Users.layer.pipe(
      Layer.provide(UserCache.layer({ capacity: 100 })),
      Layer.provide(layerTink),
      Layer.provide(Layer.succeed(HttpClient.HttpClient, observed))
    )
    yield* makeCustomer
    yield* TestClock.adjust("30 minutes")
    yield* makeCustomer
    yield* TestClock.adjust(Duration.hours(37 * 24 - 0.5))
    yield* Layer.build(Layer.provide(Retention.layer, layerObserved))
    yield* Queue.take(deleted)
    // The next time is counted from the end of the first.
    yield* Effect.forkScoped(Effect.forever(TestClock.adjust("1 hour")))
    yield* Queue.take(deleted)
  }).pipe(Effect.provide(layer))
)
