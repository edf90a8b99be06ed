import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as TestClock from "effect/TestClock"
import { connected, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const day = 86_400_000

describe("reading credentials", () => {
  it.effect("lists the documented object", () =>
    Effect.gen(function* () {
      const { id, token, userId } = yield* connected()
      const { body, status } = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, {
        credentials: [
          {
            id,
            providerName: "se-demobank-open-banking-redirect",
            type: "THIRD_PARTY_APP",
            status: "UPDATED",
            statusUpdated: 1_700_000_000_000,
            statusPayload: "Updated.",
            updated: 1_700_000_000_000,
            fields: {},
            sessionExpiryDate: 1_707_776_000_000,
            userId
          }
        ]
      })
      assert.match(id, /^[0-9a-f]{32}$/)
    }).pipe(provideSandbox)
  )

  it.effect("returns the listed object by its id", () =>
    Effect.gen(function* () {
      const { read, token } = yield* connected()
      const list = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.deepStrictEqual(yield* read, list.body.credentials[0])
    }).pipe(provideSandbox)
  )

  it.effect("decodes an escaped id", () =>
    Effect.gen(function* () {
      const { id, token } = yield* connected()
      const escaped = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`
      const { body } = yield* send("GET", `/api/v1/credentials/${escaped}`, { token })
      assert.strictEqual(body.id, id)
    }).pipe(provideSandbox)
  )

  it.effect("lists nothing for a user without a bank", () =>
    Effect.gen(function* () {
      const token = yield* userToken(yield* newUser(), "credentials:read")
      const { body } = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.deepStrictEqual(body, { credentials: [] })
    }).pipe(provideSandbox)
  )

  it.effect("shows a session for open banking only", () =>
    Effect.gen(function* () {
      const { read } = yield* connected({ providerName: "se-demobank-password", type: "PASSWORD" })
      const body = yield* read
      assert.strictEqual(body.type, "PASSWORD")
      assert.notProperty(body, "sessionExpiryDate")
    }).pipe(provideSandbox)
  )

  it.effect("shows credentials in the status they were connected with", () =>
    Effect.gen(function* () {
      const { read } = yield* connected({ status: "AWAITING_SUPPLEMENTAL_INFORMATION", sessionExpiryDate: 5 })
      const body = yield* read
      assert.strictEqual(body.status, "AWAITING_SUPPLEMENTAL_INFORMATION")
      assert.strictEqual(body.sessionExpiryDate, 5)
      assert.notProperty(body, "updated")
      assert.strictEqual(JSON.parse(body.supplementalInformation)[0].name, "otp")
    }).pipe(provideSandbox)
  )

  it.effect("hides the credentials of one user from another", () =>
    Effect.gen(function* () {
      const { path } = yield* connected()
      const token = yield* userToken(yield* newUser(), "credentials:read,credentials:write,credentials:refresh")
      assert.strictEqual((yield* send("GET", path, { token })).status, 404)
      assert.strictEqual((yield* send("DELETE", path, { token })).status, 404)
      assert.strictEqual((yield* send("POST", `${path}/refresh`, { token })).status, 404)
      assert.deepStrictEqual((yield* send("GET", "/api/v1/credentials/list", { token })).body.credentials, [])
    }).pipe(provideSandbox)
  )

  const scopes: ReadonlyArray<readonly ["GET" | "POST" | "DELETE", string, string]> = [
    ["GET", "/api/v1/credentials/list", "credentials:read"],
    ["GET", "/api/v1/credentials/x", "credentials:read"],
    ["DELETE", "/api/v1/credentials/x", "credentials:write"],
    ["POST", "/api/v1/credentials/x/refresh", "credentials:refresh"]
  ]

  it.effect("requires the scope of each request", () =>
    eachRow(scopes, ([method, path, scope]) =>
      Effect.gen(function* () {
        const userId = yield* newUser()
        const others = ["credentials:read", "credentials:write", "credentials:refresh"].filter(
          (other) => other !== scope
        )
        assert.strictEqual((yield* send(method, path)).status, 401)
        const without = yield* userToken(userId, others.join(","))
        assert.strictEqual((yield* send(method, path, { token: without })).status, 403)
        const granted = yield* userToken(userId, scope)
        const expected = path.endsWith("list") ? 200 : 404
        assert.strictEqual((yield* send(method, path, { token: granted })).status, expected)
      })
    )
  )
})

describe("DELETE /api/v1/credentials/{id}", () => {
  it.effect("returns 204, and the credentials are gone", () =>
    Effect.gen(function* () {
      const { path, sandbox, token, userId } = yield* connected()
      const kept = yield* sandbox.connectBank(userId)
      const deleted = yield* send("DELETE", path, { token })
      assert.strictEqual(deleted.status, 204)
      assert.strictEqual(deleted.text, "")
      assert.strictEqual((yield* send("GET", path, { token })).status, 404)
      assert.strictEqual((yield* send("DELETE", path, { token })).status, 404)
      const { body } = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.deepStrictEqual(body.credentials, [kept])
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/credentials/{id}/refresh", () => {
  it.effect("goes through AUTHENTICATING and UPDATING to UPDATED", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      yield* TestClock.adjust("1 hour")
      const asked = 1_700_003_600_000
      assert.strictEqual(yield* refresh(), 204)
      const see = Effect.map(read, (body) => [body.status, body.statusUpdated - asked, body.updated - asked])
      assert.deepStrictEqual(yield* see, ["AUTHENTICATING", 0, -3_600_000])
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(yield* see, ["AUTHENTICATING", 0, -3_600_000])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* see, ["UPDATING", 1000, -3_600_000])
      yield* TestClock.adjust(1999)
      assert.deepStrictEqual(yield* see, ["UPDATING", 1000, -3_600_000])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* see, ["UPDATED", 3000, 3000])
    }).pipe(provideSandbox)
  )

  it.effect("takes its durations from the options", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      yield* refresh()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* read).status, "UPDATING")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ authenticatingTime: "1 minute", updatingTime: "2 minutes" })))
  )

  it.effect("changes statusUpdated even if it takes no time", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      const before = yield* read
      yield* refresh()
      const after = yield* read
      assert.strictEqual(after.status, "UPDATED")
      assert.isAbove(after.statusUpdated, before.statusUpdated)
      assert.isAbove(after.updated, before.updated)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ authenticatingTime: 0, updatingTime: 0 })))
  )

  it.effect("takes the documented query and body", () =>
    Effect.gen(function* () {
      const { refresh } = yield* connected()
      const query = "?items=CHECKING_ACCOUNTS&items=CHECKING_TRANSACTIONS&optIn=false&authenticate=false"
      const json = {
        appUri: "https://app.example/back",
        callbackUri: "https://app.example/callback",
        userAvailability: { userPresent: true, userAvailableForInteraction: true, originatingUserIp: "192.0.2.1" },
        productNames: ["PRODUCT_TRANSACTIONS"]
      }
      assert.strictEqual(yield* refresh(query, json), 204)
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, string, unknown]> = [
    ["an unknown item", "?items=CHECKING_ACCOUNTS&items=GOLD", undefined],
    ["a flag that is not a boolean", "?authenticate=yes", undefined],
    ["another flag that is not a boolean", "?optIn=1", undefined],
    ["half an availability", "", { userAvailability: { userPresent: true } }],
    [
      "an availability of the wrong type",
      "",
      { userAvailability: { userPresent: "yes", userAvailableForInteraction: 1 } }
    ],
    ["a list", "", [1]]
  ]

  it.effect("refuses an invalid request with 400, and starts nothing", () =>
    eachRow(refused, ([, query, json]) =>
      Effect.gen(function* () {
        const { read, refresh } = yield* connected()
        assert.strictEqual(yield* refresh(query, json), 400)
        assert.strictEqual((yield* read).status, "UPDATED")
      })
    )
  )

  it.effect("returns 429 while another refresh is running", () =>
    Effect.gen(function* () {
      const { path, read, refresh, token } = yield* connected()
      yield* refresh()
      yield* TestClock.adjust("2 seconds")
      const second = yield* send("POST", `${path}/refresh`, { token })
      assert.strictEqual(second.status, 429)
      assert.notProperty(second.headers, "retry-after")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).status, "UPDATED")
      assert.strictEqual(yield* refresh(), 204)
      assert.strictEqual((yield* read).status, "AUTHENTICATING")
    }).pipe(provideSandbox)
  )

  it.effect("returns 204 and changes nothing while another refresh is running, if configured", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      yield* refresh()
      yield* TestClock.adjust("2 seconds")
      const before = yield* read
      assert.strictEqual(yield* refresh(), 204)
      assert.deepStrictEqual(yield* read, before)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ rateLimitedRefresh: "204" })))
  )

  it.effect("starts only one of many concurrent refreshes", () =>
    Effect.gen(function* () {
      const { refresh } = yield* connected()
      const statuses = yield* Effect.all(
        Array.from({ length: 20 }, () => refresh()),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(Arr.sort(statuses, Order.number), [204, ...Array.from({ length: 19 }, () => 429)])
    }).pipe(provideSandbox)
  )

  const outcomes: ReadonlyArray<readonly [TinkSandbox.RefreshOutcome, ReadonlyArray<string>]> = [
    ["UPDATED", ["AUTHENTICATING", "UPDATING", "UPDATED"]],
    ["TEMPORARY_ERROR", ["AUTHENTICATING", "UPDATING", "TEMPORARY_ERROR"]],
    ["AUTHENTICATION_ERROR", ["AUTHENTICATING", "AUTHENTICATION_ERROR", "AUTHENTICATION_ERROR"]],
    ["SESSION_EXPIRED", ["SESSION_EXPIRED", "SESSION_EXPIRED", "SESSION_EXPIRED"]],
    ["PERMANENT_ERROR", ["PERMANENT_ERROR", "PERMANENT_ERROR", "PERMANENT_ERROR"]],
    [
      "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
      ["AUTHENTICATING", "AWAITING_THIRD_PARTY_APP_AUTHENTICATION", "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"]
    ],
    [
      "AWAITING_SUPPLEMENTAL_INFORMATION",
      ["AUTHENTICATING", "AWAITING_SUPPLEMENTAL_INFORMATION", "AWAITING_SUPPLEMENTAL_INFORMATION"]
    ],
    [
      "AWAITING_MOBILE_BANKID_AUTHENTICATION",
      ["AUTHENTICATING", "AWAITING_MOBILE_BANKID_AUTHENTICATION", "AWAITING_MOBILE_BANKID_AUTHENTICATION"]
    ]
  ]

  it.effect("ends with the outcome that was set", () =>
    eachRow(outcomes, ([outcome, statuses]) =>
      Effect.gen(function* () {
        const { id, read, refresh, sandbox } = yield* connected()
        const before = yield* read
        yield* sandbox.setNextRefresh(id, outcome)
        assert.deepStrictEqual(yield* read, before)
        assert.strictEqual(yield* refresh(), 204)
        const [first, second, third] = [
          yield* read,
          yield* Effect.andThen(TestClock.adjust("1 second"), read),
          yield* Effect.andThen(TestClock.adjust("2 seconds"), read)
        ]
        assert.deepStrictEqual([first.status, second.status, third.status], statuses)
        assert.isAbove(third.statusUpdated, before.statusUpdated)
        assert.strictEqual(third.updated === before.updated, outcome !== "UPDATED")
      })
    )
  )

  it.effect("uses an outcome that was set only once", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected()
      yield* sandbox.setNextRefresh(id, "TEMPORARY_ERROR")
      yield* refresh()
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* read).status, "TEMPORARY_ERROR")
      yield* refresh()
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )

  it.effect("ends in AUTHENTICATION_ERROR when the user does not respond in time", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected()
      yield* sandbox.setNextRefresh(id, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      yield* refresh()
      yield* TestClock.adjust("9 minutes")
      const waiting = yield* read
      assert.strictEqual(waiting.status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      assert.strictEqual(yield* refresh(), 429)
      const url = JSON.parse(waiting.supplementalInformation).desktop.url
      assert.strictEqual(url, `http://127.0.0.1/bank/authorize?state=${id}`)
      yield* TestClock.adjust("1 second")
      const gone = yield* read
      assert.strictEqual(gone.status, "AUTHENTICATION_ERROR")
      assert.notProperty(gone, "supplementalInformation")
      assert.strictEqual(yield* refresh(), 204)
    }).pipe(provideSandbox)
  )

  it.effect("sends a plain UUID for BankID", () =>
    Effect.gen(function* () {
      const { read } = yield* connected({ status: "AWAITING_MOBILE_BANKID_AUTHENTICATION" })
      const { supplementalInformation } = yield* read
      assert.match(supplementalInformation, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    }).pipe(provideSandbox)
  )

  it.effect("changes nothing for a disabled provider", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected({ status: "PERMANENT_ERROR" })
      yield* sandbox.setNextRefresh(id, "UPDATED")
      const before = yield* read
      assert.strictEqual(yield* refresh(), 204)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* read, before)
    }).pipe(provideSandbox)
  )
})

describe("the bank session", () => {
  const available = { userAvailability: { userPresent: true, userAvailableForInteraction: true } }
  const away = { userAvailability: { userPresent: false, userAvailableForInteraction: false } }

  it.effect("is valid until its expiry date", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected({ sessionExpiryDate: 1_700_000_000_001 })
      yield* refresh()
      assert.strictEqual((yield* read).status, "AUTHENTICATING")
    }).pipe(provideSandbox)
  )

  it.effect("expires, which only a refresh finds out", () =>
    Effect.gen(function* () {
      const { path, read, refresh, userId } = yield* connected()
      yield* TestClock.adjust(90 * day)
      const token = yield* userToken(userId, "credentials:read,credentials:refresh")
      const seen = yield* send("GET", path, { token })
      assert.strictEqual(seen.body.status, "UPDATED")
      assert.strictEqual(seen.body.sessionExpiryDate, 1_700_000_000_000 + 90 * day)
      // The first token has expired meanwhile.
      assert.strictEqual(yield* refresh(), 401)
      assert.isUndefined((yield* read).status)
      assert.strictEqual((yield* send("POST", `${path}/refresh`, { token })).status, 204)
      const after = yield* send("GET", path, { token })
      assert.strictEqual(after.body.status, "SESSION_EXPIRED")
      assert.strictEqual(after.body.statusUpdated, 1_700_000_000_000 + 90 * day)
    }).pipe(provideSandbox)
  )

  it.effect("ends a refresh in SESSION_EXPIRED when it has expired and the user is away", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected({ sessionExpiryDate: 1 })
      yield* refresh("", away)
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
      yield* refresh("?authenticate=true", away)
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
    }).pipe(provideSandbox)
  )

  it.effect("sends an available user to the bank when it has expired", () =>
    eachRow(["", "?authenticate=true"], (query) =>
      Effect.gen(function* () {
        const { read, refresh } = yield* connected({ sessionExpiryDate: 1 })
        yield* refresh(query, available)
        assert.strictEqual((yield* read).status, "AUTHENTICATING")
        yield* TestClock.adjust("1 second")
        const body = yield* read
        assert.strictEqual(body.status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
        assert.isString(body.supplementalInformation)
      })
    )
  )

  it.effect("is renewed on request", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      yield* refresh("?authenticate=true", available)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
    }).pipe(provideSandbox)
  )

  it.effect("is a new one if a refresh succeeds after it has expired", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected({ sessionExpiryDate: 1 })
      yield* refresh()
      yield* sandbox.setNextRefresh(id, "UPDATED")
      yield* refresh()
      yield* TestClock.adjust("3 seconds")
      const body = yield* read
      assert.strictEqual(body.status, "UPDATED")
      assert.strictEqual(body.sessionExpiryDate, 1_700_000_003_000 + 30 * day)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ sessionLifetime: "30 days" })))
  )
})
