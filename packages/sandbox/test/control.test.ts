import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { clientToken, createUser, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

describe("POST /sandbox/users/{userId}/credentials", () => {
  it.effect("connects a bank", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const { body, status } = yield* send("POST", `/sandbox/users/${userId}/credentials`, {
        json: { providerName: "se-demobank-open-banking-redirect" }
      })
      assert.strictEqual(status, 200)
      const token = yield* userToken(userId, "credentials:read")
      const list = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.deepStrictEqual(list.body.credentials, [body])
    }).pipe(provideSandbox)
  )

  it.effect("takes all options of connectBank, and an empty body", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const path = `/sandbox/users/${userId}/credentials`
      const json = { providerName: "p", type: "KEYFOB", status: "TEMPORARY_ERROR", sessionExpiryDate: 7 }
      assert.deepInclude((yield* send("POST", path, { json })).body, json)
      assert.strictEqual((yield* send("POST", path)).body.providerName, "se-demobank-open-banking-redirect")
      // The content type of `curl -d`.
      const text = { body: '{"providerName":"p"}', contentType: "application/x-www-form-urlencoded" }
      assert.strictEqual((yield* send("POST", path, { text })).body.providerName, "p")
    }).pipe(provideSandbox)
  )

  it.effect("refuses an unknown user and invalid options", () =>
    Effect.gen(function* () {
      const path = `/sandbox/users/${yield* newUser()}/credentials`
      assert.strictEqual((yield* send("POST", "/sandbox/users/x/credentials")).status, 404)
      assert.strictEqual((yield* send("POST", path, { json: { status: "GOOD" } })).status, 400)
      assert.strictEqual((yield* send("POST", path, { json: { provider: "p" } })).status, 400)
    }).pipe(provideSandbox)
  )
})

describe("POST /sandbox/credentials/{id}/next-refresh", () => {
  it.effect("sets the outcome of the next refresh", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser()
      const { id } = yield* sandbox.connectBank(userId)
      const token = yield* userToken(userId, "credentials:read,credentials:refresh")
      const set = yield* send("POST", `/sandbox/credentials/${id}/next-refresh`, {
        json: { outcome: "TEMPORARY_ERROR" }
      })
      assert.strictEqual(set.status, 204)
      yield* send("POST", `/api/v1/credentials/${id}/refresh`, { token })
      yield* TestClock.adjust("3 seconds")
      const { body } = yield* send("GET", `/api/v1/credentials/${id}`, { token })
      assert.strictEqual(body.status, "TEMPORARY_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("refuses unknown credentials and an invalid outcome", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { id } = yield* sandbox.connectBank(yield* newUser())
      const json = { outcome: "UPDATED" }
      assert.strictEqual((yield* send("POST", "/sandbox/credentials/x/next-refresh", { json })).status, 404)
      const wrong = { outcome: "UPDATING" }
      assert.strictEqual((yield* send("POST", `/sandbox/credentials/${id}/next-refresh`, { json: wrong })).status, 400)
      const error = yield* Effect.flip(sandbox.setNextRefresh("x", "UPDATED"))
      assert.strictEqual(error.reason, "UnknownCredentials")
      assert.strictEqual(error.message, "The sandbox has no credentials with the id x")
    }).pipe(provideSandbox)
  )
})

describe("POST /sandbox/faults", () => {
  it.effect("injects a fault", () =>
    Effect.gen(function* () {
      const json = { method: "GET", path: "/api/v1/user", kind: "status", status: 503, retryAfter: "2" }
      assert.strictEqual((yield* send("POST", "/sandbox/faults", { json })).status, 204)
      const { headers, status } = yield* send("GET", "/api/v1/user")
      assert.deepStrictEqual([status, headers["retry-after"]], [503, "2"])
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [unknown, RegExp]> = [
    [{ kind: "explode" }, /^.*kind: Expected "delay" \| "status" .*actual "explode"/],
    [{ kind: "status" }, /status: is missing/],
    [{ kind: "status", status: 42 }, /status: Expected a number between 200 and 599, actual 42/],
    [{ kind: "status", status: 503, retryAfter: "a\r\nb: c" }, /retryAfter: /],
    [{ kind: "delay", milliseconds: -1 }, /milliseconds: /],
    [{ kind: "drop-after", times: 0 }, /times: Expected a positive number/],
    [{ kind: "drop-after", path: "api" }, /path: Expected a string starting with "\/"/],
    [{ kind: "drop-after", pfad: "/api" }, /pfad: is unexpected/]
  ]

  it.effect("refuses an invalid fault, and says why", () =>
    eachRow(refused, ([json, message]) =>
      Effect.gen(function* () {
        const { body, status } = yield* send("POST", "/sandbox/faults", { json })
        assert.strictEqual(status, 400)
        assert.match(body.errorMessage, message)
        assert.strictEqual((yield* send("GET", "/api/v1/user")).status, 401)
      })
    )
  )
})

describe("POST /sandbox/revoke-tokens", () => {
  it.effect("revokes the tokens of one user, or all tokens", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const token = yield* userToken(userId, "user:read")
      const client = yield* clientToken("user:create")
      assert.strictEqual((yield* send("POST", "/sandbox/revoke-tokens", { json: { userId } })).status, 204)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 401)
      const create = send("POST", "/api/v1/user/create", { token: client, json: { market: "SE" } })
      assert.strictEqual((yield* create).status, 200)
      assert.strictEqual((yield* send("POST", "/sandbox/revoke-tokens")).status, 204)
      assert.strictEqual((yield* create).status, 401)
      assert.strictEqual((yield* send("POST", "/sandbox/revoke-tokens", { json: { userId: "x" } })).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("GET /sandbox/requests", () => {
  it.effect("lists the requests without their secrets", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser()
      const { id } = yield* sandbox.connectBank(userId)
      const token = yield* userToken(userId, "credentials:refresh")
      const path = `/api/v1/credentials/${id}/refresh`
      const json = {
        appUri: "https://planted.example",
        userAvailability: { userPresent: true, userAvailableForInteraction: false, originatingUserIp: "planted" },
        planted: "planted"
      }
      const query = "?items=LOAN_ACCOUNTS&items=IDENTITY_DATA&authenticate=true&secret=planted"
      const refresh = yield* send("POST", path + query, { token, json, headers: { "x-client-trace-id": "trace-1" } })
      assert.strictEqual(refresh.status, 204)
      const { body, status, text } = yield* send("GET", "/sandbox/requests")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body.requests, yield* sandbox.requests)
      assert.deepStrictEqual(body.requests.at(-1), {
        method: "POST",
        path,
        query: ["items", "authenticate", "secret"],
        time: 1_700_000_000_000,
        duration: 0,
        status: 204,
        requestId: refresh.headers["x-request-id"],
        traceId: "trace-1",
        refresh: {
          items: ["LOAN_ACCOUNTS", "IDENTITY_DATA"],
          optIn: false,
          authenticate: true,
          userPresent: true,
          userAvailableForInteraction: false,
          body: ["appUri", "userAvailability"]
        },
        fault: null,
        applied: true
      })
      for (const secret of [token, "sandbox-secret", "planted", "Bearer"]) {
        assert.notInclude(text, secret)
      }
    }).pipe(provideSandbox)
  )
})

describe("POST /sandbox/reset", () => {
  it.effect("deletes all state", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      yield* sandbox.connectBank(userId)
      const token = yield* userToken(userId, "credentials:read")
      yield* sandbox.injectFault({ kind: "drop-before" })
      assert.strictEqual((yield* send("POST", "/sandbox/reset")).status, 204)
      assert.deepStrictEqual(yield* sandbox.requests, [])
      assert.strictEqual((yield* send("GET", "/api/v1/credentials/list", { token })).status, 401)
      assert.strictEqual((yield* createUser({ market: "SE", external_user_id: "cust-0001" })).status, 200)
      yield* sandbox.reset
      assert.deepStrictEqual(yield* sandbox.requests, [])
    }).pipe(provideSandbox)
  )
})
