import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { inflateSync } from "node:zlib"
import { connected, keysOf, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const start = 1_700_000_000_000
const day = 86_400_000

const redirect = "se-demobank-open-banking-redirect"
const password = { providerName: "se-demobank-password", fields: { username: "ann", password: "planted" } }

const at = (id: string) => `/api/v1/credentials/${id}`

/** A user without a bank, with a token for credentials, at `start`. */
const userWithToken = Effect.fnUntraced(function* () {
  yield* TestClock.setTime(start)
  const sandbox = yield* TinkSandbox.TinkSandbox
  const userId = yield* newUser()
  const token = yield* userToken(userId, "credentials:read,credentials:write,credentials:refresh")
  return {
    sandbox,
    userId,
    token,
    create: (json: unknown, query = "") => send("POST", `/api/v1/credentials${query}`, { token, json }),
    read: (id: string) => Effect.map(send("GET", at(id), { token }), ({ body }) => body),
    refresh: (id: string) => Effect.map(send("POST", `${at(id)}/refresh`, { token }), ({ status }) => status),
    put: (id: string, json: unknown) => send("PUT", at(id), { token, json }),
    list: Effect.map(send("GET", "/api/v1/credentials/list", { token }), ({ body }) => body.credentials)
  }
})

describe("POST /api/v1/credentials", () => {
  it.effect("returns the created credentials, which then go on to UPDATED", () =>
    Effect.gen(function* () {
      const { create, read, userId } = yield* userWithToken()
      const { body, status, text } = yield* create(password)
      assert.strictEqual(status, 200)
      const { id } = body
      assert.deepStrictEqual(body, {
        id,
        providerName: "se-demobank-password",
        type: "PASSWORD",
        status: "CREATED",
        statusPayload: "",
        fields: { username: "ann" },
        userId
      })
      assert.notInclude(text, "planted")
      const see = Effect.map(read(id), (seen) => seen.status)
      assert.strictEqual(yield* see, "AUTHENTICATING")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* see, "UPDATING")
      yield* TestClock.adjust("2 seconds")
      const done = yield* read(id)
      assert.strictEqual(done.status, "UPDATED")
      assert.deepStrictEqual(done.fields, { username: "ann" })
      assert.notProperty(done, "sessionExpiryDate")
    }).pipe(provideSandbox)
  )

  it.effect("sends the user of a redirect bank to the bank, and starts the session on approval", () =>
    Effect.gen(function* () {
      const { create, read, sandbox } = yield* userWithToken()
      const { id } = (yield* create({ providerName: redirect, fields: {} })).body
      yield* TestClock.adjust("1 second")
      const waiting = yield* read(id)
      assert.strictEqual(waiting.status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      assert.notProperty(waiting, "sessionExpiryDate")
      yield* sandbox.completeAuthentication(id)
      yield* TestClock.adjust("2 seconds")
      const done = yield* read(id)
      assert.strictEqual(done.status, "UPDATED")
      assert.strictEqual(done.sessionExpiryDate, start + 1000 + 90 * day)
    }).pipe(provideSandbox)
  )

  const banks: ReadonlyArray<readonly [string, string, Readonly<Record<string, string>>, string]> = [
    ["uk-demobank-open-banking-redirect-extendable", "THIRD_PARTY_APP", {}, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"],
    ["se-demobank-mobilebankid", "MOBILE_BANKID", { username: "ann" }, "AWAITING_MOBILE_BANKID_AUTHENTICATION"],
    ["de-demobank-open-banking-embedded", "KEYFOB", { username: "ann" }, "AWAITING_SUPPLEMENTAL_INFORMATION"],
    ["it-demobank-password", "PASSWORD", { username: "ann", password: "p" }, "UPDATING"]
  ]

  it.effect("has a demo bank of every type", () =>
    eachRow(banks, ([providerName, type, fields, status]) =>
      Effect.gen(function* () {
        const { create, read } = yield* userWithToken()
        const { body } = yield* create({ providerName, fields })
        assert.strictEqual(body.type, type)
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* read(body.id)).status, status)
      })
    )
  )

  it.effect("stays CREATED without triggerRefresh until a refresh", () =>
    Effect.gen(function* () {
      const { create, read, refresh } = yield* userWithToken()
      const { id } = (yield* create({ providerName: redirect, fields: {}, triggerRefresh: false })).body
      yield* TestClock.adjust("1 hour")
      const created = yield* read(id)
      assert.deepStrictEqual([created.status, created.statusUpdated], ["CREATED", start])
      assert.strictEqual(yield* refresh(id), 204)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read(id)).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
    }).pipe(provideSandbox)
  )

  it.effect("refuses a duplicate of provider and fields, and takes other ones", () =>
    Effect.gen(function* () {
      const { create, list, token } = yield* userWithToken()
      yield* create(password)
      assert.strictEqual((yield* create(password)).status, 409)
      const other = { ...password, fields: { ...password.fields, password: "other" } }
      assert.strictEqual((yield* create(other)).status, 200)
      assert.strictEqual((yield* create({ ...password, providerName: "no-demobank-password" })).status, 200)
      const made = yield* list
      assert.strictEqual(made.length, 3)
      yield* send("DELETE", `/api/v1/credentials/${made[0].id}`, { token })
      assert.strictEqual((yield* create(password)).status, 200)
      // Another user may have the same.
      const stranger = yield* userToken(yield* newUser(), "credentials:write")
      const theirs = yield* send("POST", "/api/v1/credentials", { token: stranger, json: password })
      assert.strictEqual(theirs.status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("takes the documented query and body", () =>
    Effect.gen(function* () {
      const { create } = yield* userWithToken()
      const json = {
        ...password,
        appUri: "tink://open",
        callbackUri: "https://app.example/callback",
        originatingUserIp: "192.0.2.1",
        triggerRefresh: true,
        selectedAuthenticationOptions: [
          {
            authenticationOptionDefinition: "SE_MOBILE_BANKID_OTHER_DEVICE",
            authenticationOptionsGroup: "SE_MOBILE_BANKID_DEVICE_CHOICE"
          }
        ]
      }
      assert.strictEqual((yield* create(json, "?items=CHECKING_ACCOUNTS&items=IDENTITY_DATA")).status, 200)
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, number, unknown, string]> = [
    ["an unknown provider", 404, { providerName: "se-demobank-gold", fields: {} }, ""],
    ["a provider of an unknown market", 404, { providerName: "zz-demobank-password", fields: password.fields }, ""],
    ["a British provider under another name", 404, { providerName: "gb-demobank-password", fields: {} }, ""],
    ["a provider of one market in another", 404, { providerName: "de-demobank-mobilebankid", fields: {} }, ""],
    ["no provider", 400, { fields: {} }, ""],
    ["no fields", 400, { providerName: redirect }, ""],
    ["fields that are not strings", 400, { ...password, fields: { username: 1, password: "x" } }, ""],
    ["a field too few", 400, { ...password, fields: { username: "ann" } }, ""],
    ["an empty field", 400, { ...password, fields: { username: "ann", password: "" } }, ""],
    ["a field too many", 400, { providerName: redirect, fields: { username: "ann" } }, ""],
    ["a relative appUri", 400, { ...password, appUri: "/back" }, ""],
    ["an invalid callbackUri", 400, { ...password, callbackUri: "back" }, ""],
    ["a triggerRefresh that is text", 400, { ...password, triggerRefresh: "false" }, ""],
    ["an unknown item", 400, password, "?items=GOLD"]
  ]

  it.effect("refuses an invalid request, and creates nothing", () =>
    eachRow(refused, ([, status, json, query]) =>
      Effect.gen(function* () {
        const { create, list } = yield* userWithToken()
        assert.strictEqual((yield* create(json, query)).status, status)
        assert.deepStrictEqual(yield* list, [])
      })
    )
  )

  it.effect("requires the scope of each change", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const token = yield* userToken(userId, "credentials:read,credentials:refresh")
      assert.strictEqual((yield* send("POST", "/api/v1/credentials", { token, json: password })).status, 403)
      assert.strictEqual((yield* send("PUT", "/api/v1/credentials/x", { token, json: {} })).status, 403)
      const writer = yield* userToken(userId, "credentials:write")
      assert.strictEqual((yield* send("PUT", "/api/v1/credentials/x", { token: writer, json: {} })).status, 404)
      for (const path of ["authenticate", "supplemental-information"]) {
        const at = `/api/v1/credentials/x/${path}`
        assert.strictEqual((yield* send("POST", at, { token: writer, json: {} })).status, 403)
        assert.strictEqual((yield* send("POST", at, { token, json: {} })).status, 404)
      }
      assert.strictEqual((yield* send("GET", "/api/v1/credentials/x/qr", { token: writer })).status, 403)
      assert.strictEqual((yield* send("GET", "/api/v1/credentials/x/qr", { token })).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("PUT /api/v1/credentials/{id}", () => {
  it.effect("changes fields, and refreshes from CREATED on", () =>
    Effect.gen(function* () {
      const { create, put, read } = yield* userWithToken()
      const { id } = (yield* create(password)).body
      yield* TestClock.adjust("1 minute")
      const before = yield* read(id)
      const { body, status } = yield* put(id, { fields: { username: "bea" } })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, {
        ...before,
        status: "CREATED",
        statusUpdated: start + 60_000,
        statusPayload: "",
        fields: { username: "bea" }
      })
      assert.strictEqual((yield* read(id)).status, "AUTHENTICATING")
      yield* TestClock.adjust("3 seconds")
      const after = yield* read(id)
      assert.deepStrictEqual([after.status, after.updated], ["UPDATED", start + 63_000])
      // The absent password was kept, so these are the same fields again.
      assert.strictEqual((yield* create({ ...password, fields: { username: "bea", password: "planted" } })).status, 409)
    }).pipe(provideSandbox)
  )

  it.effect("stays CREATED without triggerRefresh", () =>
    Effect.gen(function* () {
      const { create, put, read } = yield* userWithToken()
      const { id } = (yield* create(password)).body
      yield* TestClock.adjust("1 minute")
      yield* put(id, { triggerRefresh: false })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* read(id)).status, "CREATED")
    }).pipe(provideSandbox)
  )

  it.effect("sends the user of an expired session to the bank, and takes the outcome that was set", () =>
    Effect.gen(function* () {
      const { put, read, refresh, sandbox, userId } = yield* userWithToken()
      const { id } = yield* sandbox.connectBank(userId, { sessionExpiryDate: 1 })
      yield* refresh(id)
      assert.strictEqual((yield* put(id, {})).status, 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read(id)).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      yield* sandbox.completeAuthentication(id, "CANCELLED")
      yield* sandbox.setNextRefresh(id, "TEMPORARY_ERROR")
      yield* put(id, {})
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* read(id)).status, "TEMPORARY_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("returns 409 while an operation is running", () =>
    Effect.gen(function* () {
      const { create, put, read } = yield* userWithToken()
      const { id } = (yield* create(password)).body
      assert.strictEqual((yield* put(id, {})).status, 409)
      yield* TestClock.adjust("2999 millis")
      assert.strictEqual((yield* put(id, { fields: { username: "bea" } })).status, 409)
      yield* TestClock.adjust(1)
      const body = yield* read(id)
      assert.deepStrictEqual([body.status, body.fields], ["UPDATED", { username: "ann" }])
      assert.strictEqual((yield* put(id, {})).status, 200)
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, unknown]> = [
    ["another provider", { providerName: "no-demobank-password" }],
    ["an unknown field", { fields: { colour: "red" } }],
    ["fields that are not strings", { fields: { username: null } }],
    ["a relative callbackUri", { callbackUri: "/back" }]
  ]

  it.effect("refuses an invalid request with 400, and changes nothing", () =>
    eachRow(refused, ([, json]) =>
      Effect.gen(function* () {
        const { create, put, read } = yield* userWithToken()
        const { id } = (yield* create(password)).body
        yield* TestClock.adjust("1 minute")
        const before = yield* read(id)
        assert.strictEqual((yield* put(id, json)).status, 400)
        assert.deepStrictEqual(yield* read(id), before)
      })
    )
  )

  it.effect("refuses a disabled provider, and another user's credentials", () =>
    Effect.gen(function* () {
      const { put, sandbox, userId } = yield* userWithToken()
      const gone = yield* sandbox.connectBank(userId, { status: "PERMANENT_ERROR" })
      assert.strictEqual((yield* put(gone.id, {})).status, 400)
      const theirs = yield* sandbox.connectBank(yield* newUser())
      assert.strictEqual((yield* put(theirs.id, {})).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/credentials/{id}/authenticate", () => {
  const types: ReadonlyArray<readonly [TinkSandbox.CredentialsType, string]> = [
    ["THIRD_PARTY_APP", "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"],
    ["MOBILE_BANKID", "AWAITING_MOBILE_BANKID_AUTHENTICATION"],
    ["PASSWORD", "AWAITING_SUPPLEMENTAL_INFORMATION"],
    ["KEYFOB", "AWAITING_SUPPLEMENTAL_INFORMATION"]
  ]

  it.effect("asks the user in the way of each type", () =>
    eachRow(types, ([type, status]) =>
      Effect.gen(function* () {
        const { path, read, token } = yield* connected({ type })
        const accepted = yield* send("POST", `${path}/authenticate`, { token, json: { appUri: "app://back" } })
        assert.deepStrictEqual([accepted.status, accepted.text], [204, ""])
        assert.strictEqual((yield* read).status, "AUTHENTICATING")
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* read).status, status)
      })
    )
  )

  it.effect("ends in UPDATED with a new session, but without new data", () =>
    Effect.gen(function* () {
      const { id, path, read, refresh, sandbox, token } = yield* connected({ sessionExpiryDate: start - 1 })
      yield* refresh()
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
      yield* send("POST", `${path}/authenticate`, { token })
      yield* TestClock.adjust("1 second")
      yield* sandbox.completeAuthentication(id)
      const body = yield* read
      assert.strictEqual(body.status, "UPDATED")
      assert.strictEqual(body.updated, start)
      assert.isAbove(body.statusUpdated, start + 1000)
      assert.strictEqual(body.sessionExpiryDate, start + 1000 + 90 * day)
      // The next refresh fetches data, even if it asks the user.
      yield* refresh("?authenticate=true")
      yield* TestClock.adjust("1 second")
      yield* sandbox.completeAuthentication(id)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).updated, start + 4000)
    }).pipe(provideSandbox)
  )

  it.effect("keeps the outcome that was set for the next refresh", () =>
    Effect.gen(function* () {
      const { id, path, read, refresh, sandbox, token } = yield* connected()
      yield* sandbox.setNextRefresh(id, "PERMANENT_ERROR")
      yield* send("POST", `${path}/authenticate`, { token })
      yield* TestClock.adjust("1 second")
      yield* sandbox.completeAuthentication(id)
      assert.strictEqual((yield* read).status, "UPDATED")
      yield* refresh()
      assert.strictEqual((yield* read).status, "PERMANENT_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("does not run together with a refresh", () =>
    Effect.gen(function* () {
      const { path, refresh, token } = yield* connected()
      const authenticate = Effect.map(send("POST", `${path}/authenticate`, { token }), ({ status }) => status)
      yield* refresh()
      assert.strictEqual(yield* authenticate, 429)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* authenticate, 204)
      assert.strictEqual(yield* refresh(), 429)
    }).pipe(provideSandbox)
  )

  it.effect("refuses an invalid body", () =>
    Effect.gen(function* () {
      const { path, read, token } = yield* connected()
      const refused = yield* send("POST", `${path}/authenticate`, { token, json: { appUri: "back" } })
      assert.strictEqual(refused.status, 400)
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/credentials/{id}/supplemental-information", () => {
  const asked = Effect.fnUntraced(function* (status: TinkSandbox.RefreshOutcome = "AWAITING_SUPPLEMENTAL_INFORMATION") {
    const all = yield* connected()
    yield* all.sandbox.setNextRefresh(all.id, status)
    yield* all.refresh()
    yield* TestClock.adjust("1 second")
    const path = `${all.path}/supplemental-information`
    const answer = (json: unknown) =>
      Effect.map(send("POST", path, { token: all.token, json }), (received) => received.status)
    return { ...all, answer }
  })

  it.effect("goes on to UPDATED with a correct code", () =>
    Effect.gen(function* () {
      const { answer, read } = yield* asked()
      const [field] = JSON.parse((yield* read).supplementalInformation)
      assert.strictEqual(yield* answer({ information: { [field.name]: "123456" } }), 204)
      assert.strictEqual((yield* read).status, "UPDATING")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )

  it.effect("asks again after a malformed code", () =>
    eachRow([{ otp: "12345" }, { otp: "1234567" }, { otp: "" }, { code: "123456" }], (code) =>
      Effect.gen(function* () {
        const { answer, read } = yield* asked()
        const before = yield* read
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* answer({ information: code }), 204)
        const again = yield* read
        assert.deepStrictEqual(again, { ...before, statusUpdated: start + 61_000 })
        // Two minutes from now.
        yield* TestClock.adjust(119_999)
        assert.strictEqual((yield* read).status, "AWAITING_SUPPLEMENTAL_INFORMATION")
        assert.strictEqual(yield* answer({ information: { otp: "123456" } }), 204)
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* read).status, "UPDATED")
      })
    )
  )

  it.effect("fails with a wrong code", () =>
    Effect.gen(function* () {
      const { answer, read } = yield* asked()
      assert.strictEqual(yield* answer({ information: { otp: "000000" } }), 204)
      assert.strictEqual((yield* read).status, "AUTHENTICATION_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("cancels any wait with empty information", () =>
    eachRow(["AWAITING_SUPPLEMENTAL_INFORMATION", "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"] as const, (status) =>
      Effect.gen(function* () {
        const { answer, read } = yield* asked(status)
        assert.strictEqual(yield* answer({ information: {} }), 204)
        assert.strictEqual((yield* read).status, "AUTHENTICATION_ERROR")
      })
    )
  )

  it.effect("refuses an answer that the status does not wait for", () =>
    Effect.gen(function* () {
      const { answer, read } = yield* asked("AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      assert.strictEqual(yield* answer({ information: { otp: "123456" } }), 400)
      assert.strictEqual((yield* read).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual(yield* answer({ information: {} }), 400)
    }).pipe(provideSandbox)
  )

  it.effect("refuses an invalid request with 400", () =>
    eachRow([{}, { information: null }, { information: { otp: 123_456 } }, { otp: "123456" }], (json) =>
      Effect.gen(function* () {
        const { answer, read } = yield* asked()
        assert.strictEqual(yield* answer(json), 400)
        assert.strictEqual((yield* read).status, "AWAITING_SUPPLEMENTAL_INFORMATION")
      })
    )
  )
})

describe("GET /api/v1/credentials/{id}/qr", () => {
  it.effect("is a picture while the credentials wait for BankID", () =>
    Effect.gen(function* () {
      const { id, path, sandbox, token } = yield* connected({ status: "AWAITING_MOBILE_BANKID_AUTHENTICATION" })
      const { headers, status, text } = yield* send("GET", `${path}/qr`, { token })
      assert.strictEqual(status, 200)
      assert.strictEqual(headers["content-type"], "text/plain")
      const [, base64 = ""] = /^data:image\/png;base64,([A-Za-z0-9+/]+=*)$/.exec(text) ?? []
      const png = Buffer.from(base64, "base64")
      assert.strictEqual(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n")
      const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
      const length = png.readUInt32BE(33)
      assert.strictEqual(png.subarray(37, 41).toString(), "IDAT")
      const pixels = inflateSync(png.subarray(41, 41 + length))
      assert.strictEqual(pixels.length, height * (1 + Math.ceil(width / 8)))
      yield* sandbox.completeAuthentication(id)
      const gone = yield* send("GET", `${path}/qr`, { token })
      assert.strictEqual(gone.status, 404)
      assert.deepStrictEqual(keysOf(gone.body), ["errorCode", "errorMessage"])
    }).pipe(provideSandbox)
  )

  it.effect("returns 404 for another bank", () =>
    Effect.gen(function* () {
      const { path, token } = yield* connected({ status: "AWAITING_THIRD_PARTY_APP_AUTHENTICATION" })
      assert.strictEqual((yield* send("GET", `${path}/qr`, { token })).status, 404)
    }).pipe(provideSandbox)
  )
})

const relay = (json: unknown) => send("POST", "/api/v1/credentials/third-party/callback/relayed", { json })

describe("POST /api/v1/credentials/third-party/callback/relayed", () => {
  const atTheBank = Effect.fnUntraced(function* (json?: unknown) {
    const all = yield* connected()
    yield* all.refresh("?authenticate=true", json)
    yield* TestClock.adjust("1 second")
    const { url } = JSON.parse((yield* all.read).supplementalInformation).desktop
    return { ...all, state: new URL(url).searchParams.get("state") }
  })

  it.effect("ends the wait, and returns the app's URI", () =>
    Effect.gen(function* () {
      const { read, state } = yield* atTheBank({ appUri: "app://back" })
      const { body, status } = yield* relay({ state, parameters: { code: "x" } })
      assert.deepStrictEqual([status, body], [200, { appUri: "app://back" }])
      assert.strictEqual((yield* read).status, "UPDATING")
      assert.strictEqual((yield* relay({ state, parameters: { code: "x" } })).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("fails the credentials when the user has cancelled", () =>
    Effect.gen(function* () {
      const { read, state } = yield* atTheBank()
      const { body } = yield* relay({ state, parameters: { error: "access_denied" } })
      assert.deepStrictEqual(body, { appUri: "tink://open" })
      assert.strictEqual((yield* read).status, "AUTHENTICATION_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("refuses an invalid callback with 400", () =>
    eachRow([{ state: "x", parameters: {} }, { parameters: {} }, {}], (json) =>
      Effect.map(relay(json), ({ status }) => assert.strictEqual(status, 400))
    )
  )
})

describe("the request of a refresh", () => {
  const refused: ReadonlyArray<readonly [string, string, unknown]> = [
    ["a relative appUri", "", { appUri: "/back" }],
    ["an invalid callbackUri", "", { callbackUri: "" }],
    ["options without authentication", "", { selectedAuthenticationOptions: [] }],
    ["options that are not a list", "?authenticate=true", { selectedAuthenticationOptions: {} }]
  ]

  it.effect("is refused if it is invalid, and not logged", () =>
    eachRow(refused, ([, query, json]) =>
      Effect.gen(function* () {
        const { read, refresh, sandbox } = yield* connected()
        assert.strictEqual(yield* refresh(query, json), 400)
        assert.strictEqual((yield* read).status, "UPDATED")
        const entry = (yield* sandbox.requests).find(({ path }) => path.endsWith("/refresh"))
        assert.isNull(entry?.refresh)
      })
    )
  )

  it.effect("is in the request log, even if it was refused or its answer was lost", () =>
    Effect.gen(function* () {
      const { path, read, refresh, sandbox, token } = yield* connected()
      const nothing = { items: [], optIn: false, authenticate: false, userPresent: null, body: [] }
      const expected = { ...nothing, userAvailableForInteraction: null }
      yield* sandbox.injectFault({ kind: "drop-after" })
      yield* Effect.flip(send("POST", `${path}/refresh`, { token }))
      const last = Effect.map(sandbox.requests, (requests) => requests.at(-1))
      assert.deepStrictEqual((yield* last)?.refresh, expected)
      assert.strictEqual(yield* refresh("?optIn=true"), 429)
      assert.deepStrictEqual((yield* last)?.refresh, { ...expected, optIn: true })
      yield* read
      assert.isNull((yield* last)?.refresh)
    }).pipe(provideSandbox)
  )

  it.effect("asks a user with a password for a one-time code", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected({ providerName: "se-demobank-password", type: "PASSWORD" })
      yield* refresh("?authenticate=true")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).status, "AWAITING_SUPPLEMENTAL_INFORMATION")
    }).pipe(provideSandbox)
  )
})
