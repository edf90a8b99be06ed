import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { connected, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const start = 1_700_000_000_000
const day = 86_400_000

const extendable = "uk-demobank-open-banking-redirect-extendable"

const consents = Effect.fnUntraced(function* (options?: TinkSandbox.ConnectBankOptions) {
  const all = yield* connected(options)
  const { token } = all
  const list = (query = "") =>
    Effect.map(send("GET", `/api/v1/provider-consents${query}`, { token }), ({ body }) => body.providerConsents)
  return {
    ...all,
    list,
    one: Effect.map(list(), ([consent]) => consent),
    extend: (json: unknown = { credentialsId: all.id }) =>
      send("POST", "/api/v1/provider-consents:extend", { token, json })
  }
})

const extendUnknown = (token: string) =>
  send("POST", "/api/v1/provider-consents:extend", { token, json: { credentialsId: "x" } })

describe("GET /api/v1/provider-consents", () => {
  it.effect("returns the documented object", () =>
    Effect.gen(function* () {
      const { id, token } = yield* consents()
      const { body, status } = yield* send("GET", "/api/v1/provider-consents", { token })
      assert.strictEqual(status, 200)
      const [{ accountIds, ...consent }, ...others] = body.providerConsents
      assert.deepStrictEqual(consent, {
        credentialsId: id,
        providerName: "se-demobank-open-banking-redirect",
        status: "UPDATED",
        statusUpdated: start,
        sessionExpiryDate: start + 90 * day,
        sessionExtendable: false
      })
      assert.deepStrictEqual(others, [])
      assert.strictEqual(accountIds.length, 1)
      assert.match(accountIds[0], /^[0-9a-f]{32}$/)
    }).pipe(provideSandbox)
  )

  it.effect("filters by credentials, and lists only the user's own", () =>
    Effect.gen(function* () {
      const { id, list, sandbox, userId } = yield* consents()
      const other = yield* sandbox.connectBank(userId)
      const theirs = yield* sandbox.connectBank(yield* newUser())
      const ids = (query: string) =>
        Effect.map(list(query), (found) => found.map((consent: { credentialsId: string }) => consent.credentialsId))
      assert.deepStrictEqual(yield* ids(""), [id, other.id])
      assert.deepStrictEqual(yield* ids("?credentialsId="), [id, other.id])
      assert.deepStrictEqual(yield* ids(`?credentialsId=${other.id}`), [other.id])
      assert.deepStrictEqual(yield* ids(`?credentialsId=${theirs.id}`), [])
      assert.deepStrictEqual(yield* ids("?credentialsId=x"), [])
    }).pipe(provideSandbox)
  )

  const failures: ReadonlyArray<readonly [TinkSandbox.CredentialsStatus, string, string]> = [
    ["AUTHENTICATION_ERROR", "USER_LOGIN_ERROR", "STATIC_CREDENTIALS_INCORRECT"],
    ["TEMPORARY_ERROR", "PROVIDER_ERROR", "PROVIDER_UNAVAILABLE"],
    ["SESSION_EXPIRED", "AUTHORIZATION_ERROR", "SESSION_EXPIRED"],
    ["PERMANENT_ERROR", "TINK_SIDE_ERROR", "UNKNOWN_ERROR"]
  ]

  it.effect("gives the reason of a failed status, and has no accounts", () =>
    eachRow(failures, ([status, type, reason]) =>
      Effect.gen(function* () {
        const { accountIds, detailedError } = yield* (yield* consents({ status })).one
        assert.deepStrictEqual(accountIds, [])
        assert.strictEqual(detailedError.type, type)
        assert.isString(detailedError.displayMessage)
        assert.deepStrictEqual(detailedError.details, { reason, retryable: status === "TEMPORARY_ERROR" })
      })
    )
  )

  it.effect("keeps its accounts after a failed refresh, and drops the error after a successful one", () =>
    Effect.gen(function* () {
      const { id, one, refresh, sandbox } = yield* consents()
      const { accountIds } = yield* one
      yield* sandbox.setNextRefresh(id, "TEMPORARY_ERROR")
      yield* refresh()
      assert.notProperty(yield* one, "detailedError")
      yield* TestClock.adjust("3 seconds")
      const failed = yield* one
      assert.strictEqual(failed.detailedError.details.reason, "PROVIDER_UNAVAILABLE")
      assert.deepStrictEqual(failed.accountIds, accountIds)
      yield* refresh()
      yield* TestClock.adjust("3 seconds")
      assert.notProperty(yield* one, "detailedError")
    }).pipe(provideSandbox)
  )

  const ends: ReadonlyArray<readonly [TinkSandbox.AuthenticationOutcome | undefined, string]> = [
    ["AUTHENTICATION_ERROR", "DYNAMIC_CREDENTIALS_INCORRECT"],
    ["CANCELLED", "DYNAMIC_CREDENTIALS_FLOW_CANCELLED"],
    [undefined, "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT"]
  ]

  it.effect("distinguishes a wrong code, a cancelled login and a timeout", () =>
    eachRow(ends, ([outcome, reason]) =>
      Effect.gen(function* () {
        const { id, one, refresh, sandbox } = yield* consents()
        yield* refresh("?authenticate=true")
        yield* TestClock.adjust("1 second")
        if (outcome === undefined) yield* TestClock.adjust("9 minutes")
        else yield* sandbox.completeAuthentication(id, outcome)
        const { detailedError, status } = yield* one
        assert.strictEqual(status, "AUTHENTICATION_ERROR")
        assert.deepStrictEqual([detailedError.type, detailedError.details.reason], ["USER_LOGIN_ERROR", reason])
      })
    )
  )

  it.effect("requires its scopes", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const reader = yield* userToken(userId, "provider-consents:read")
      const writer = yield* userToken(userId, "provider-consents:write")
      assert.strictEqual((yield* send("GET", "/api/v1/provider-consents")).status, 401)
      assert.strictEqual((yield* send("GET", "/api/v1/provider-consents", { token: writer })).status, 403)
      assert.strictEqual((yield* extendUnknown(reader)).status, 403)
      assert.strictEqual((yield* extendUnknown(writer)).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/provider-consents:extend", () => {
  const moments: ReadonlyArray<readonly [string, TinkSandbox.ConnectBankOptions]> = [
    ["before its end", {}],
    ["after its end", { sessionExpiryDate: start - 100 * day }],
    ["once a refresh has found its end", { sessionExpiryDate: start - day, status: "SESSION_EXPIRED" }],
    ["after a failed login", { status: "AUTHENTICATION_ERROR" }]
  ]

  it.effect("starts a session, and a refresh is possible again", () =>
    eachRow(moments, ([, options]) =>
      Effect.gen(function* () {
        const { extend, one, read, refresh } = yield* consents({ providerName: extendable, ...options })
        yield* TestClock.adjust("1 hour")
        const now = start + 3_600_000
        const { detailedError: _, ...before } = yield* one
        assert.strictEqual(before.sessionExtendable, true)
        const { body, status } = yield* extend()
        assert.strictEqual(status, 200)
        const session = { status: "UPDATED", statusUpdated: now, sessionExpiryDate: now + 90 * day }
        assert.deepStrictEqual(body, { ...before, ...session })
        assert.deepStrictEqual(yield* one, body)
        yield* refresh()
        yield* TestClock.adjust("3 seconds")
        assert.deepInclude(yield* read, { status: "UPDATED", sessionExpiryDate: now + 90 * day })
      })
    )
  )

  it.effect("also applies to a running refresh", () =>
    Effect.gen(function* () {
      const { extend, read, refresh } = yield* consents({ providerName: extendable })
      yield* TestClock.adjust("1 hour")
      yield* refresh()
      yield* extend()
      assert.strictEqual((yield* read).status, "AUTHENTICATING")
      yield* TestClock.adjust("3 seconds")
      assert.deepInclude(yield* read, { status: "UPDATED", sessionExpiryDate: start + 3_600_000 + 90 * day })
    }).pipe(provideSandbox)
  )

  it.effect("refuses a consent that is not extendable", () =>
    eachRow(
      [{}, { providerName: extendable, status: "PERMANENT_ERROR" } as const, { providerName: "se-demobank-password" }],
      (options) =>
        Effect.gen(function* () {
          const { extend, one } = yield* consents(options)
          const before = yield* one
          assert.strictEqual((yield* extend()).status, 400)
          assert.deepStrictEqual(yield* one, before)
        })
    )
  )

  it.effect("refuses another user's credentials, and a body without credentials", () =>
    Effect.gen(function* () {
      const { extend, sandbox } = yield* consents()
      const { id } = yield* sandbox.connectBank(yield* newUser(), { providerName: extendable })
      assert.strictEqual((yield* extend({ credentialsId: id })).status, 404)
      assert.strictEqual((yield* extend({ credentialsId: "x" })).status, 404)
      assert.strictEqual((yield* extend({})).status, 400)
    }).pipe(provideSandbox)
  )
})
