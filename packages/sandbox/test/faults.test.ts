import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { clientToken, keysOf, newUser, prepare, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

/** A user with a bank and a token, and a fault for the next request. */
const facing = Effect.fnUntraced(function* (fault: TinkSandbox.Fault) {
  const sandbox = yield* TinkSandbox.TinkSandbox
  const userId = yield* newUser()
  const { id } = yield* sandbox.connectBank(userId)
  const token = yield* userToken(userId, "credentials:read,credentials:write,credentials:refresh")
  const path = `/api/v1/credentials/${id}`
  yield* sandbox.injectFault(fault)
  const last = Effect.map(sandbox.requests, (requests) => requests.at(-1))
  return { sandbox, id, token, path, last }
})

const execute = (...args: Parameters<typeof prepare>) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(prepare(...args)))

const isDone = (fiber: Fiber.Fiber<unknown, unknown>) => Effect.map(Fiber.poll(fiber), Option.isSome)

describe("delay", () => {
  it.effect("waits before the request is applied", () =>
    Effect.gen(function* () {
      const { id, path, sandbox, token } = yield* facing({ kind: "delay", milliseconds: 5000, method: "DELETE" })
      const fiber = yield* Effect.fork(send("DELETE", path, { token }))
      yield* TestClock.adjust(4999)
      assert.strictEqual((yield* send("GET", path, { token })).status, 200)
      assert.isFalse(yield* isDone(fiber))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).status, 204)
      assert.strictEqual((yield* send("GET", path, { token })).status, 404)
      const entry = (yield* sandbox.requests).find(({ method, path }) => method === "DELETE" && path.includes(id))
      assert.deepInclude(entry, { fault: "delay", applied: true, status: 204, duration: 5000 })
    }).pipe(provideSandbox)
  )
})

describe("status", () => {
  it.effect("replaces Tink's answer, and the request is not applied", () =>
    Effect.gen(function* () {
      const { last, path, token } = yield* facing({ kind: "status", status: 503, retryAfter: "2" })
      const { body, headers, status } = yield* send("DELETE", path, { token })
      assert.strictEqual(status, 503)
      assert.strictEqual(headers["retry-after"], "2")
      assert.match(String(headers["x-request-id"]), /^[0-9a-f]{32}$/)
      assert.deepStrictEqual(keysOf(body), ["errorCode", "errorMessage"])
      assert.deepInclude(yield* last, { fault: "status", applied: false, status: 503 })
      assert.strictEqual((yield* send("GET", path, { token })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("sends the given Retry-After, error code and message", () =>
    Effect.gen(function* () {
      const date = "Wed, 21 Oct 2026 07:28:00 GMT"
      const { path, token } = yield* facing({
        kind: "status",
        status: 429,
        retryAfter: date,
        errorCode: "a.b",
        errorMessage: "Slow down"
      })
      const { body, headers } = yield* send("GET", path, { token })
      assert.strictEqual(headers["retry-after"], date)
      assert.deepStrictEqual(body, { errorMessage: "Slow down", errorCode: "a.b" })
    }).pipe(provideSandbox)
  )

  it.effect("sends no Retry-After by default, and no body with 204", () =>
    Effect.gen(function* () {
      const { path, sandbox, token } = yield* facing({ kind: "status", status: 204 })
      const received = yield* send("GET", path, { token })
      assert.strictEqual(received.status, 204)
      assert.strictEqual(received.text, "")
      yield* sandbox.injectFault({ kind: "status", status: 429 })
      assert.notProperty((yield* send("GET", path, { token })).headers, "retry-after")
    }).pipe(provideSandbox)
  )
})

describe("drop-before and drop-after", () => {
  const drops: ReadonlyArray<readonly ["drop-before" | "drop-after", number]> = [
    ["drop-before", 200],
    ["drop-after", 404]
  ]

  it.effect("fail in transport, and only drop-after applies the request", () =>
    eachRow(drops, ([kind, status]) =>
      Effect.gen(function* () {
        const { last, path, token } = yield* facing({ kind })
        const error = yield* Effect.flip(send("DELETE", path, { token }))
        assert.strictEqual(error._tag, "RequestError")
        assert.strictEqual(error.reason, "Transport")
        assert.deepInclude(yield* last, { fault: kind, applied: kind === "drop-after", status: null, duration: 0 })
        assert.strictEqual((yield* send("GET", path, { token })).status, status)
      })
    )
  )
})

describe("cut-body", () => {
  it.effect("fails while the body is read", () =>
    Effect.gen(function* () {
      const { last, path, token } = yield* facing({ kind: "cut-body" })
      const response = yield* execute("GET", path, { token })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers["content-type"], "application/json")
      const error = yield* Effect.flip(response.json)
      assert.strictEqual(error._tag, "ResponseError")
      assert.deepInclude(yield* last, { fault: "cut-body", applied: true, status: 200 })
    }).pipe(provideSandbox)
  )

  it.effect("drops an answer without a body after the request was applied", () =>
    Effect.gen(function* () {
      const { path, token } = yield* facing({ kind: "cut-body" })
      assert.strictEqual((yield* Effect.flip(send("DELETE", path, { token }))).reason, "Transport")
      assert.strictEqual((yield* send("GET", path, { token })).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("garbage", () => {
  it.effect("returns 200 with a body that is not JSON", () =>
    Effect.gen(function* () {
      const { path, token } = yield* facing({ kind: "garbage", times: 2 })
      const read = yield* send("GET", path, { token })
      assert.strictEqual(read.status, 200)
      assert.strictEqual(read.headers["content-type"], "application/json")
      assert.throws(() => JSON.parse(read.text))
      const deleted = yield* send("DELETE", path, { token })
      assert.strictEqual(deleted.status, 200)
      assert.notStrictEqual(deleted.text, "")
      assert.strictEqual((yield* send("GET", path, { token })).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("slow-body", () => {
  it.effect("sends the head at once and the body after the delay", () =>
    Effect.gen(function* () {
      const { id, last, path, token } = yield* facing({ kind: "slow-body", milliseconds: 60_000 })
      const response = yield* execute("GET", path, { token })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers["content-type"], "application/json")
      assert.deepInclude(yield* last, { fault: "slow-body", applied: true, status: 200 })
      const fiber = yield* Effect.fork(response.text)
      yield* TestClock.adjust(59_999)
      assert.isFalse(yield* isDone(fiber))
      yield* TestClock.adjust(1)
      assert.strictEqual(JSON.parse(yield* Fiber.join(fiber)).id, id)
    }).pipe(provideSandbox)
  )

  it.effect("lets a client time out", () =>
    Effect.gen(function* () {
      const { path, token } = yield* facing({ kind: "slow-body", milliseconds: 60_000 })
      const fiber = yield* Effect.fork(Effect.timeoutOption(send("GET", path, { token }), "5 seconds"))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* send("GET", path, { token })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("delays an answer without a body", () =>
    Effect.gen(function* () {
      const { path, token } = yield* facing({ kind: "slow-body", milliseconds: 1000 })
      const fiber = yield* Effect.fork(send("DELETE", path, { token }))
      yield* TestClock.adjust(999)
      assert.isFalse(yield* isDone(fiber))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).status, 204)
    }).pipe(provideSandbox)
  )
})

describe("the requests of a fault", () => {
  const id = "0".repeat(32)
  const targets: ReadonlyArray<readonly [TinkSandbox.FaultTarget, "GET" | "DELETE" | "POST", string, boolean]> = [
    [{}, "GET", "/api/v1/user", true],
    [{ method: "GET" }, "GET", "/api/v1/user", true],
    [{ method: "get" }, "GET", "/api/v1/user", true],
    [{ method: "POST" }, "GET", "/api/v1/user", false],
    [{ path: "/api/v1/user" }, "GET", "/api/v1/user", true],
    [{ path: "/api/v1/user" }, "GET", "/api/v1/user?x=1", true],
    [{ path: "/api/v1/user" }, "POST", "/api/v1/user/create", false],
    [{ path: "/api/v1/user*" }, "POST", "/api/v1/user/create", true],
    [{ path: "/api/v1/credentials*" }, "POST", "/api/v1/user/create", false],
    [{ path: "/api/v1/credentials/{id}" }, "GET", `/api/v1/credentials/${id}`, true],
    [{ path: "/api/v1/credentials/{credentialsId}" }, "DELETE", `/api/v1/credentials/${id}`, true],
    [{ path: "/api/v1/credentials/{id}" }, "GET", "/api/v1/credentials/list", false],
    [{ path: "/api/v1/credentials/{id}" }, "POST", `/api/v1/credentials/${id}/refresh`, false],
    [{ path: "/api/v1/credentials/{id}/refresh" }, "POST", `/api/v1/credentials/${id}/refresh`, true],
    [{ path: "/api/v1/credentials/{id}/authenticate" }, "POST", `/api/v1/credentials/${id}/authenticate`, true],
    [{ path: `/api/v1/credentials/${id}` }, "GET", `/api/v1/credentials/${id}`, true],
    [{ path: "/data/v2/accounts" }, "GET", "/data/v2/accounts", true]
  ]

  it.effect("match the fault's method and path", () =>
    eachRow(targets, ([target, method, path, isHit]) =>
      Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        yield* sandbox.injectFault({ ...target, kind: "status", status: 599 })
        assert.strictEqual((yield* send(method, path)).status === 599, isHit)
      })
    )
  )

  it.effect("use up a fault its number of times, the oldest fault first", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "status", status: 501, times: 2 })
      yield* sandbox.injectFault({ kind: "status", status: 502 })
      const statuses = yield* Effect.all(
        Array.from({ length: 4 }, () => Effect.map(send("GET", "/api/v1/user"), (r) => r.status))
      )
      assert.deepStrictEqual(statuses, [501, 501, 502, 401])
    }).pipe(provideSandbox)
  )

  it.effect("do not include test controls", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-before" })
      assert.strictEqual((yield* send("GET", "/sandbox/requests")).status, 200)
      assert.strictEqual((yield* Effect.flip(send("GET", "/api/v1/user"))).reason, "Transport")
    }).pipe(provideSandbox)
  )

  it.effect("do not include an invalid one, which is a defect", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const exit = yield* Effect.exit(sandbox.injectFault({ kind: "status", status: 42 }))
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual((yield* send("GET", "/api/v1/user")).status, 401)
      assert.isString(yield* clientToken())
    }).pipe(provideSandbox)
  )
})
