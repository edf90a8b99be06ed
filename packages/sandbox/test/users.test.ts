import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as TestClock from "effect/TestClock"
import { askCode, clientToken, createUser, keysOf, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

describe("POST /api/v1/user/create", () => {
  it.effect("returns 200 with both ids", () =>
    Effect.gen(function* () {
      const { body, status } = yield* createUser({
        external_user_id: "cust-0001",
        market: "SE",
        locale: "en_US",
        retention_class: "permanent"
      })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(keysOf(body), ["external_user_id", "user_id"])
      assert.match(body.user_id, /^[0-9a-f]{32}$/)
      assert.strictEqual(body.external_user_id, "cust-0001")
    }).pipe(provideSandbox)
  )

  it.effect("requires only a market, and returns no external id that was not given", () =>
    Effect.gen(function* () {
      const { body, status } = yield* createUser({ market: "SE" })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(Object.keys(body), ["user_id"])
    }).pipe(provideSandbox)
  )

  it.effect("takes the external id of Tink's own collection", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* createUser({ market: "GB", external_user_id: "John Doe" })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("refuses an external id twice", () =>
    Effect.gen(function* () {
      yield* createUser({ market: "SE", external_user_id: "cust-0001" })
      const { body, status } = yield* createUser({ market: "SE", external_user_id: "cust-0001" })
      assert.strictEqual(status, 409)
      assert.strictEqual(body.errorCode, "user.user_with_external_user_id_already_exists")
      assert.notProperty(body, "user_id")
    }).pipe(provideSandbox)
  )

  it.effect("gives an external id to one of many concurrent requests", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("user:create")
      const create = send("POST", "/api/v1/user/create", {
        token,
        json: { market: "SE", external_user_id: "cust-0001" }
      })
      const received = yield* Effect.all(
        Array.from({ length: 20 }, () => create),
        { concurrency: "unbounded" }
      )
      const statuses = Arr.sort(
        Arr.map(received, ({ status }) => status),
        Order.number
      )
      assert.deepStrictEqual(statuses, [200, ...Array.from({ length: 19 }, () => 409)])
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, unknown]> = [
    ["no market", {}],
    ["a market that is not a country", { market: "ZZ" }],
    ["a market in lower case", { market: "se" }],
    ["a market that is a number", { market: 46 }],
    ["a locale without a country", { market: "SE", locale: "swedish" }],
    ["a locale with a dash", { market: "SE", locale: "sv-SE" }],
    ["a locale of an unknown country", { market: "SE", locale: "sv_ZZ" }],
    ["a locale that is a list", { market: "SE", locale: ["sv_SE"] }],
    ["an empty external id", { market: "SE", external_user_id: "" }],
    ["an external id that is a number", { market: "SE", external_user_id: 1 }],
    ["a retention class in capitals", { market: "SE", retention_class: "PERMANENT" }],
    ["a list", []],
    ["null", null]
  ]

  it.effect("refuses an invalid request with 400", () =>
    eachRow(refused, ([, json]) =>
      Effect.gen(function* () {
        const token = yield* clientToken("user:create")
        const { body, status } = yield* send("POST", "/api/v1/user/create", { token, json })
        assert.strictEqual(status, 400)
        assert.deepStrictEqual(keysOf(body), ["errorCode", "errorMessage"])
      })
    )
  )

  it.effect("requires its scope", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("authorization:grant")
      const { status } = yield* send("POST", "/api/v1/user/create", { token, json: { market: "SE" } })
      assert.strictEqual(status, 403)
    }).pipe(provideSandbox)
  )
})

describe("GET /api/v1/user", () => {
  it.effect("returns the documented object", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      const token = yield* userToken(userId, "user:read")
      const { body, status } = yield* send("GET", "/api/v1/user", { token })
      assert.strictEqual(status, 200)
      assert.strictEqual(body.id, userId)
      assert.match(body.appId, /^[0-9a-f]{32}$/)
      assert.strictEqual(body.externalUserId, "cust-0001")
      assert.strictEqual(body.created, 1_700_000_000_000)
      const { notificationSettings, ...profile } = body.profile
      assert.deepStrictEqual(profile, {
        periodSettings: { mode: "MONTHLY_ADJUSTED", adjustedPeriodDay: 25 },
        currency: "SEK",
        locale: "sv_SE",
        market: "SE",
        timeZone: "Europe/Stockholm",
        periodAdjustedDay: 25,
        periodMode: "MONTHLY_ADJUSTED"
      })
      assert.strictEqual(Object.keys(notificationSettings).length, 14)
      assert.strictEqual(notificationSettings.balance, false)
    }).pipe(provideSandbox)
  )

  it.effect("keeps the given locale, and leaves out a missing external id", () =>
    Effect.gen(function* () {
      const token = yield* userToken(yield* newUser({ market: "IE", locale: "en_GB" }), "user:read")
      const { body } = yield* send("GET", "/api/v1/user", { token })
      assert.strictEqual(body.profile.locale, "en_GB")
      assert.notProperty(body, "externalUserId")
    }).pipe(provideSandbox)
  )

  it.effect("requires a user token with the scope", () =>
    Effect.gen(function* () {
      const token = yield* userToken(yield* newUser(), "credentials:read")
      assert.strictEqual((yield* send("GET", "/api/v1/user")).status, 401)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 403)
      const client = yield* clientToken("user:read")
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token: client })).status, 403)
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/user/delete", () => {
  it.effect("returns 204 and deletes everything of the user", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      const { id } = yield* sandbox.connectBank(userId)
      const other = yield* userToken(userId, "user:read,credentials:read")
      const token = yield* userToken(userId, "user:delete")
      const deleted = yield* send("POST", "/api/v1/user/delete", { token })
      assert.strictEqual(deleted.status, 204)
      assert.strictEqual(deleted.text, "")
      assert.strictEqual((yield* send("POST", "/api/v1/user/delete", { token })).status, 401)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token: other })).status, 401)
      assert.strictEqual((yield* askCode({ user_id: userId, scope: "user:read" })).status, 404)
      const error = yield* Effect.flip(sandbox.connectBank(userId))
      assert.strictEqual(error.reason, "UnknownUser")
      assert.strictEqual((yield* Effect.flip(sandbox.setNextRefresh(id, "UPDATED"))).reason, "UnknownCredentials")
      const again = yield* createUser({ market: "SE", external_user_id: "cust-0001" })
      assert.strictEqual(again.status, 200)
      assert.notStrictEqual(again.body.user_id, userId)
    }).pipe(provideSandbox)
  )

  it.effect("deletes the user's codes", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const grant = yield* askCode({ user_id: userId, scope: "user:read" })
      yield* send("POST", "/api/v1/user/delete", { token: yield* userToken(userId, "user:delete") })
      const form = {
        client_id: "sandbox-client",
        client_secret: "sandbox-secret",
        grant_type: "authorization_code",
        code: grant.body.code
      }
      assert.strictEqual((yield* send("POST", "/api/v1/oauth/token", { form })).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("refuses a client token", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("user:delete")
      assert.strictEqual((yield* send("POST", "/api/v1/user/delete", { token })).status, 403)
    }).pipe(provideSandbox)
  )
})

/** A user with a token for reading and writing their profile. */
const userWithToken = Effect.fnUntraced(function* (json?: Readonly<Record<string, unknown>>) {
  const userId = yield* newUser(json)
  const token = yield* userToken(userId, "user:read,user:write")
  return {
    userId,
    token,
    user: Effect.map(send("GET", "/api/v1/user", { token }), ({ body }) => body),
    put: (json: unknown) => send("PUT", "/api/v1/user/profile", { token, json }),
    patch: (json: unknown) => send("PATCH", "/api/v1/user", { token, json })
  }
})

describe("/api/v1/user/profile", () => {
  const changed = { locale: "en_GB", timeZone: "Europe/London", periodAdjustedDay: 1, periodMode: "MONTHLY" }

  it.effect("is the profile of the user", () =>
    Effect.gen(function* () {
      const { token, user } = yield* userWithToken()
      const { body, status } = yield* send("GET", "/api/v1/user/profile", { token })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, (yield* user).profile)
    }).pipe(provideSandbox)
  )

  it.effect("is replaced, except for fields that cannot be changed", () =>
    Effect.gen(function* () {
      const { put, token, user } = yield* userWithToken()
      const before = yield* user
      const notificationSettings = { ...before.profile.notificationSettings, fraud: true }
      const json = { ...changed, notificationSettings, currency: "GBP", market: "GB", cashbackEnabled: true }
      const { body, status } = yield* put(json)
      assert.strictEqual(status, 200)
      const periodSettings = { mode: "MONTHLY", adjustedPeriodDay: 1 }
      const profile = { ...changed, periodSettings, notificationSettings, currency: "SEK", market: "SE" }
      assert.deepStrictEqual(body, profile)
      assert.deepStrictEqual((yield* send("GET", "/api/v1/user/profile", { token })).body, profile)
      assert.deepStrictEqual(yield* user, { ...before, profile })
    }).pipe(provideSandbox)
  )

  const wrong: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>]> = [
    ["a locale with a dash", { locale: "sv-SE" }],
    ["an unknown time zone", { timeZone: "Europe/Atlantis" }],
    ["day 0", { periodAdjustedDay: 0 }],
    ["day 32", { periodAdjustedDay: 32 }],
    ["half a day", { periodAdjustedDay: 1.5 }],
    ["no day for the mode that needs one", { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: undefined }],
    ["another mode", { periodMode: "WEEKLY" }],
    ["a notification setting too few", { notificationSettings: { balance: true } }]
  ]

  it.effect("refuses an invalid profile, and changes nothing", () =>
    eachRow(wrong, ([, fields]) =>
      Effect.gen(function* () {
        const { put, user } = yield* userWithToken()
        const before = yield* user
        const { notificationSettings } = before.profile
        assert.strictEqual((yield* put({ ...changed, notificationSettings, ...fields })).status, 400)
        assert.deepStrictEqual(yield* user, before)
        assert.strictEqual((yield* put({ ...changed, notificationSettings })).status, 200)
      })
    )
  )

  const parts: ReadonlyArray<Readonly<Record<string, unknown>>> = [
    { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 7 },
    { periodMode: "MONTHLY" },
    { periodAdjustedDay: 7 },
    { locale: "en_GB", timeZone: "Europe/London" }
  ]

  it.effect("is changed in part, and the response has that part", () =>
    eachRow(parts, (part) =>
      Effect.gen(function* () {
        const { put, user } = yield* userWithToken()
        const before = yield* user
        const { body, status } = yield* put({ ...part, market: "GB" })
        assert.deepStrictEqual([status, body], [200, part])
        const { periodSettings, ...profile } = (yield* user).profile
        const { periodSettings: _, ...old } = before.profile
        assert.deepStrictEqual(profile, { ...old, ...part })
        assert.deepStrictEqual(periodSettings, {
          mode: profile.periodMode,
          adjustedPeriodDay: profile.periodAdjustedDay
        })
        assert.strictEqual((yield* put({ market: "GB" })).status, 400)
      })
    )
  )

  it.effect("takes the first and the last day", () =>
    eachRow(["1", "31"], (day) =>
      Effect.gen(function* () {
        const { put, user } = yield* userWithToken()
        assert.strictEqual((yield* put({ ...(yield* user).profile, periodAdjustedDay: Number(day) })).status, 200)
      })
    )
  )

  it.effect("requires its scopes", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const reader = yield* userToken(userId, "user:read")
      const writer = yield* userToken(userId, "user:write")
      assert.strictEqual((yield* send("GET", "/api/v1/user/profile", { token: writer })).status, 403)
      assert.strictEqual((yield* send("PUT", "/api/v1/user/profile", { token: reader, json: {} })).status, 403)
      assert.strictEqual((yield* send("PATCH", "/api/v1/user", { token: reader, json: {} })).status, 403)
      assert.strictEqual((yield* send("PATCH", "/api/v1/user", { token: writer, json: {} })).status, 200)
      assert.strictEqual((yield* send("PUT", "/api/v1/user/profile", { json: {} })).status, 401)
    }).pipe(provideSandbox)
  )
})

describe("PATCH /api/v1/user", () => {
  it.effect("changes the external user id and the username, if given", () =>
    Effect.gen(function* () {
      const { patch, user, userId } = yield* userWithToken({ market: "SE", external_user_id: "cust-0001" })
      const before = yield* user
      const first = yield* patch({ id: userId, externalUserId: "cust-0002" })
      assert.strictEqual(first.status, 200)
      assert.deepStrictEqual(first.body, { ...before, externalUserId: "cust-0002" })
      const second = yield* patch({ username: "ann", externalUserId: null })
      assert.deepStrictEqual(second.body, { ...before, externalUserId: "cust-0002", username: "ann" })
      assert.deepStrictEqual(yield* user, second.body)
      assert.strictEqual((yield* askCode({ external_user_id: "cust-0002", scope: "user:read" })).status, 200)
      // The old one can be used again.
      assert.strictEqual((yield* createUser({ market: "SE", external_user_id: "cust-0001" })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("refuses another user's external id, and takes the user's own", () =>
    Effect.gen(function* () {
      yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      const { patch, user } = yield* userWithToken({ market: "SE", external_user_id: "cust-0002" })
      const { body, status } = yield* patch({ externalUserId: "cust-0001", username: "ann" })
      assert.strictEqual(status, 409)
      assert.strictEqual(body.errorCode, "user.user_with_external_user_id_already_exists")
      assert.strictEqual((yield* user).externalUserId, "cust-0002")
      assert.notProperty(yield* user, "username")
      assert.strictEqual((yield* patch({ externalUserId: "cust-0002" })).status, 200)
    }).pipe(provideSandbox)
  )

  const wrong: ReadonlyArray<readonly [string, unknown]> = [
    ["another id", { id: "0".repeat(32), username: "ann" }],
    ["an empty external user id", { externalUserId: "" }],
    ["an empty username", { username: "" }],
    ["a username that is a number", { username: 1 }],
    ["a list", []]
  ]

  it.effect("refuses an invalid request with 400", () =>
    eachRow(wrong, ([, json]) =>
      Effect.gen(function* () {
        const { patch, user } = yield* userWithToken()
        const before = yield* user
        assert.strictEqual((yield* patch(json)).status, 400)
        assert.deepStrictEqual(yield* user, before)
      })
    )
  )
})

describe("retention", () => {
  const day = 86_400_000

  it.effect("deletes a temporary user and all their data after a day", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const json = { market: "SE", external_user_id: "cust-0001", retention_class: "temporary" }
      const userId = yield* newUser(json)
      const { id } = yield* sandbox.connectBank(userId)
      yield* TestClock.adjust(day - 1)
      const token = yield* userToken(userId, "user:read")
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 200)
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 401)
      assert.strictEqual((yield* askCode({ user_id: userId, scope: "user:read" })).status, 404)
      assert.strictEqual((yield* Effect.flip(sandbox.expireSession(id))).reason, "UnknownCredentials")
      assert.strictEqual((yield* createUser(json)).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("is checked by the test controls, too", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { id } = yield* sandbox.connectBank(yield* newUser({ market: "SE", retention_class: "temporary" }))
      yield* TestClock.adjust(day)
      assert.strictEqual((yield* Effect.flip(sandbox.setNextRefresh(id, "UPDATED"))).reason, "UnknownCredentials")
    }).pipe(provideSandbox)
  )

  it.effect("keeps all other users", () =>
    Effect.gen(function* () {
      const permanent = yield* newUser({ market: "SE", retention_class: "permanent" })
      const unsaid = yield* newUser()
      yield* TestClock.adjust(30 * day)
      for (const userId of [permanent, unsaid]) {
        const token = yield* userToken(userId, "user:read")
        assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 200)
      }
    }).pipe(provideSandbox)
  )
})
