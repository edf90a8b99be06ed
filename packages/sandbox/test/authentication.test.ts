import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { connected, send, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const start = 1_700_000_000_000
const day = 86_400_000

const available = { userAvailability: { userPresent: true, userAvailableForInteraction: true } }

/** Credentials whose refresh waits for the user, one second after `start`. */
const waiting = Effect.fnUntraced(function* (
  status: TinkSandbox.RefreshOutcome = "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  options?: TinkSandbox.ConnectBankOptions
) {
  const all = yield* connected(options)
  yield* all.sandbox.setNextRefresh(all.id, status)
  yield* all.refresh()
  yield* TestClock.adjust("1 second")
  assert.strictEqual((yield* all.read).status, status)
  return all
})

describe("completeAuthentication", () => {
  it.effect("goes from every AWAITING status through UPDATING to UPDATED", () =>
    eachRow(
      [
        "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
        "AWAITING_SUPPLEMENTAL_INFORMATION",
        "AWAITING_MOBILE_BANKID_AUTHENTICATION"
      ] as const,
      (status) =>
        Effect.gen(function* () {
          const { id, read, refresh, sandbox } = yield* waiting(status)
          yield* TestClock.adjust("1 second")
          yield* sandbox.completeAuthentication(id)
          const see = Effect.map(read, (body) => [body.status, body.statusUpdated - start, body.updated - start])
          assert.deepStrictEqual(yield* see, ["UPDATING", 2000, 0])
          assert.notProperty(yield* read, "supplementalInformation")
          assert.strictEqual(yield* refresh(), 429)
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(yield* see, ["UPDATED", 4000, 4000])
          // The time limit no longer applies.
          yield* TestClock.adjust("10 minutes")
          assert.deepStrictEqual(yield* see, ["UPDATED", 4000, 4000])
        })
    )
  )

  it.effect("starts a new bank session", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected({ sessionExpiryDate: start - 1 })
      yield* refresh("", available)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).sessionExpiryDate, start - 1)
      yield* sandbox.completeAuthentication(id)
      assert.strictEqual((yield* read).sessionExpiryDate, start + 1000 + 90 * day)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).sessionExpiryDate, start + 1000 + 90 * day)
      yield* refresh()
      assert.strictEqual((yield* read).status, "AUTHENTICATING")
    }).pipe(provideSandbox)
  )

  it.effect("starts no session for a bank without sessions", () =>
    Effect.gen(function* () {
      const { id, read, sandbox } = yield* waiting("AWAITING_SUPPLEMENTAL_INFORMATION", {
        providerName: "se-demobank-password"
      })
      yield* sandbox.completeAuthentication(id)
      assert.notProperty(yield* read, "sessionExpiryDate")
    }).pipe(provideSandbox)
  )

  it.effect("fails at once when the bank rejects the user or the user cancels", () =>
    eachRow(["AUTHENTICATION_ERROR", "CANCELLED"] as const, (outcome) =>
      Effect.gen(function* () {
        const { id, read, refresh, sandbox } = yield* waiting()
        const { sessionExpiryDate } = yield* read
        yield* sandbox.completeAuthentication(id, outcome)
        const body = yield* read
        assert.strictEqual(body.status, "AUTHENTICATION_ERROR")
        assert.strictEqual(body.statusUpdated, start + 1001)
        assert.strictEqual(body.sessionExpiryDate, sessionExpiryDate)
        assert.strictEqual(yield* refresh(), 204)
      })
    )
  )

  it.effect("fails after UPDATING with TEMPORARY_ERROR", () =>
    Effect.gen(function* () {
      const { id, read, sandbox } = yield* waiting()
      yield* sandbox.completeAuthentication(id, "TEMPORARY_ERROR")
      assert.strictEqual((yield* read).status, "UPDATING")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).status, "TEMPORARY_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("works for credentials that were connected in an AWAITING status", () =>
    Effect.gen(function* () {
      const { id, read, sandbox } = yield* connected({ status: "AWAITING_MOBILE_BANKID_AUTHENTICATION" })
      yield* sandbox.completeAuthentication(id)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )

  it.effect("refuses unknown credentials, and those that do not wait", () =>
    Effect.gen(function* () {
      const { id, read, sandbox } = yield* waiting()
      assert.strictEqual((yield* Effect.flip(sandbox.completeAuthentication("x"))).reason, "UnknownCredentials")
      yield* sandbox.completeAuthentication(id)
      const before = yield* read
      const error = yield* Effect.flip(sandbox.completeAuthentication(id, "CANCELLED"))
      assert.strictEqual(error.reason, "NotAwaiting")
      assert.strictEqual(error.message, `The credentials ${id} do not wait for the user`)
      assert.deepStrictEqual(yield* read, before)
    }).pipe(provideSandbox)
  )

  it.effect("is refused after the time limit", () =>
    Effect.gen(function* () {
      const { id, sandbox } = yield* waiting()
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual((yield* Effect.flip(sandbox.completeAuthentication(id))).reason, "NotAwaiting")
    }).pipe(provideSandbox)
  )

  it.effect("is a call over HTTP, too", () =>
    Effect.gen(function* () {
      const { id, read } = yield* waiting()
      const path = `/sandbox/credentials/${id}/complete-authentication`
      assert.strictEqual((yield* send("POST", path, { json: { outcome: "UPDATING" } })).status, 400)
      assert.strictEqual((yield* send("POST", path, { json: { result: "UPDATED" } })).status, 400)
      assert.strictEqual((yield* read).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
      assert.strictEqual((yield* send("POST", path, { json: { outcome: "CANCELLED" } })).status, 204)
      assert.strictEqual((yield* read).status, "AUTHENTICATION_ERROR")
      assert.strictEqual((yield* send("POST", path)).status, 409)
      assert.strictEqual((yield* send("POST", "/sandbox/credentials/x/complete-authentication")).status, 404)
    }).pipe(provideSandbox)
  )

  it.effect("approves over HTTP by default", () =>
    Effect.gen(function* () {
      const { id, read } = yield* waiting()
      assert.strictEqual((yield* send("POST", `/sandbox/credentials/${id}/complete-authentication`)).status, 204)
      assert.strictEqual((yield* read).status, "UPDATING")
    }).pipe(provideSandbox)
  )
})

describe("expireSession", () => {
  it.effect("ends the session now, and the next refresh finds out", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected()
      const before = yield* read
      yield* TestClock.adjust("1 minute")
      yield* sandbox.expireSession(id)
      assert.deepStrictEqual(yield* read, { ...before, sessionExpiryDate: start + 60_000 })
      yield* refresh()
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
    }).pipe(provideSandbox)
  )

  it.effect("also applies to a running refresh", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected({ providerName: "se-demobank-password" })
      yield* refresh()
      yield* sandbox.expireSession(id)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* read).sessionExpiryDate, start)
    }).pipe(provideSandbox)
  )

  it.effect("gives a session to a bank without sessions, which the user can renew", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected({ providerName: "se-demobank-password" })
      yield* sandbox.expireSession(id)
      yield* refresh("", available)
      yield* TestClock.adjust("1 second")
      yield* sandbox.completeAuthentication(id)
      assert.strictEqual((yield* read).sessionExpiryDate, start + 1000 + 90 * day)
    }).pipe(provideSandbox)
  )

  it.effect("is a call over HTTP, too", () =>
    Effect.gen(function* () {
      const { id, read, sandbox } = yield* connected()
      yield* TestClock.adjust("1 minute")
      const path = `/sandbox/credentials/${id}/expire-session`
      assert.strictEqual((yield* send("POST", path)).status, 204)
      assert.strictEqual((yield* read).sessionExpiryDate, start + 60_000)
      assert.strictEqual((yield* send("POST", "/sandbox/credentials/x/expire-session")).status, 404)
      assert.strictEqual((yield* Effect.flip(sandbox.expireSession("x"))).reason, "UnknownCredentials")
    }).pipe(provideSandbox)
  )
})

describe("a refresh that is ignored", () => {
  it.effect("returns 204 and changes nothing, only once", () =>
    Effect.gen(function* () {
      const { id, read, refresh, sandbox } = yield* connected()
      const before = yield* read
      yield* sandbox.setNextRefresh(id, "IGNORED")
      assert.strictEqual(yield* refresh(), 204)
      assert.deepStrictEqual(yield* read, before)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* read, before)
      assert.strictEqual(yield* refresh(), 204)
      assert.strictEqual((yield* read).status, "AUTHENTICATING")
    }).pipe(provideSandbox)
  )

  it.effect("can be set over HTTP", () =>
    Effect.gen(function* () {
      const { id, read, refresh } = yield* connected()
      const set = yield* send("POST", `/sandbox/credentials/${id}/next-refresh`, { json: { outcome: "IGNORED" } })
      assert.strictEqual(set.status, 204)
      yield* refresh()
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )
})

describe("acceptingTime", () => {
  it.effect("delays the new status after the 204", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected()
      yield* TestClock.adjust("1 minute")
      const before = yield* read
      assert.strictEqual(yield* refresh(), 204)
      yield* TestClock.adjust(4999)
      assert.deepStrictEqual(yield* read, before)
      assert.strictEqual(yield* refresh(), 429)
      yield* TestClock.adjust(1)
      const see = Effect.map(read, (body) => [body.status, body.statusUpdated - start - 60_000])
      assert.deepStrictEqual(yield* see, ["AUTHENTICATING", 5000])
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* see, ["UPDATED", 8000])
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ acceptingTime: "5 seconds" })))
  )

  it.effect("also delays SESSION_EXPIRED", () =>
    Effect.gen(function* () {
      const { read, refresh } = yield* connected({ sessionExpiryDate: 1 })
      yield* refresh()
      assert.strictEqual((yield* read).status, "UPDATED")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ acceptingTime: "5 seconds" })))
  )
})

describe("the bank's own page", () => {
  const bankPath = "/bank/authorize"

  const submit = (id: string, choice: string) => send("POST", bankPath, { form: { state: id, choice } })

  const outcomes: ReadonlyArray<readonly [string, string]> = [
    ["approve", "UPDATED"],
    ["cancel", "AUTHENTICATION_ERROR"],
    ["error", "TEMPORARY_ERROR"],
    ["login", "AUTHENTICATION_ERROR"]
  ]

  it.effect("ends the wait of every AWAITING status as the user chooses", () =>
    eachRow(
      (
        [
          "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
          "AWAITING_SUPPLEMENTAL_INFORMATION",
          "AWAITING_MOBILE_BANKID_AUTHENTICATION"
        ] as const
      ).flatMap((status) => outcomes.map(([choice, end]) => ({ choice, end, status }))),
      ({ choice, end, status }) =>
        Effect.gen(function* () {
          const { id, read } = yield* waiting(status)
          const page = yield* send("GET", `${bankPath}?state=${id}`)
          assert.strictEqual(page.status, 200)
          assert.include(page.text, "<h1>Demo Bank (website)</h1>")
          assert.include((yield* submit(id, choice)).text, "Go back to the app")
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual((yield* read).status, end)
          assert.strictEqual((yield* submit(id, choice)).status, 409)
        })
    )
  )

  const started = Effect.fnUntraced(function* (json: Readonly<Record<string, unknown>>) {
    const all = yield* connected()
    yield* all.refresh("?authenticate=true", json)
    yield* TestClock.adjust("1 second")
    const { desktop } = JSON.parse((yield* all.read).supplementalInformation)
    return { ...all, address: String(desktop.url).replace("http://127.0.0.1", "") }
  })

  it.effect("is where the third-party payload leads, and returns to the app", () =>
    Effect.gen(function* () {
      const { address, id, read } = yield* started({ appUri: "example://open?a=1" })
      assert.strictEqual((yield* send("GET", address)).status, 200)
      const { headers, status } = yield* submit(id, "approve")
      assert.deepStrictEqual([status, headers["location"]], [303, "example://open?a=1"])
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideSandbox)
  )

  const relayed: ReadonlyArray<readonly [string, "code" | "error", string]> = [
    ["approve", "code", "UPDATING"],
    ["cancel", "error", "AUTHENTICATION_ERROR"]
  ]

  it.effect("sends the bank's answer to the app's callback, which the app relays", () =>
    eachRow(relayed, ([choice, name, end]) =>
      Effect.gen(function* () {
        const { id, read } = yield* started({ appUri: "example://open", callbackUri: "https://app.example/bank" })
        const { headers } = yield* submit(id, choice)
        const url = new URL(String(headers["location"]))
        assert.strictEqual(url.origin + url.pathname, "https://app.example/bank")
        const { state, ...parameters } = Object.fromEntries(url.searchParams)
        assert.deepStrictEqual([state, Object.keys(parameters)], [id, [name]])
        assert.strictEqual((yield* read).status, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
        const path = "/api/v1/credentials/third-party/callback/relayed"
        const { body, status } = yield* send("POST", path, { json: { state, parameters } })
        assert.deepStrictEqual([status, body], [200, { appUri: "example://open" }])
        assert.strictEqual((yield* read).status, end)
      })
    )
  )

  it.effect("is an error for credentials that do not wait, and for an unknown choice", () =>
    Effect.gen(function* () {
      const { id } = yield* connected()
      assert.strictEqual((yield* send("GET", `${bankPath}?state=x`)).status, 404)
      assert.strictEqual((yield* send("GET", `${bankPath}?state=${id}`)).status, 409)
      assert.strictEqual((yield* submit(id, "perhaps")).status, 400)
    }).pipe(provideSandbox)
  )
})
