import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import * as Net from "node:net"
import {
  clientToken,
  createUser,
  keysOf,
  type Method,
  newUser,
  send,
  type Sent,
  userToken,
  eachRow
} from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const large = "x".repeat(1024 * 1024 + 1)

type Tokens = { readonly client: string; readonly user: string }
type Case = readonly [name: string, method: Method, path: string, sent: (tokens: Tokens) => Sent, status: number]

const text =
  (contentType: string, body: string, who?: keyof Tokens) =>
  (tokens: Tokens): Sent => ({
    text: { contentType, body },
    ...(who === undefined ? {} : { token: tokens[who] })
  })

const json = "application/json"
const form = "application/x-www-form-urlencoded"
const id = "0".repeat(32)

const cases: ReadonlyArray<Case> = [
  ["JSON for a form", "POST", "/api/v1/oauth/token", text(json, "{}"), 415],
  ["no content type for a form", "POST", "/api/v1/oauth/token", () => ({}), 415],
  ["an empty form", "POST", "/api/v1/oauth/token", text(form, ""), 401],
  ["a form with a charset", "POST", "/api/v1/oauth/token", text(`${form}; charset=utf-8`, "client_id=x"), 401],
  ["broken escapes in a form", "POST", "/api/v1/oauth/token", text(form, "client_id=%zz&%=&&=&client_secret"), 401],
  ["a form that is too large", "POST", "/api/v1/oauth/token", text(form, `client_id=${large}`), 413],
  ["JSON for a grant", "POST", "/api/v1/oauth/authorization-grant", text(json, "{}", "client"), 415],
  ["a form for a user", "POST", "/api/v1/user/create", text(form, "market=SE", "client"), 415],
  ["malformed JSON", "POST", "/api/v1/user/create", text(json, '{"market":', "client"), 400],
  ["an empty body", "POST", "/api/v1/user/create", text(json, "", "client"), 400],
  ["JSON that is too large", "POST", "/api/v1/user/create", text(json, `"${large}"`, "client"), 413],
  ["JSON that is very deep", "POST", "/api/v1/user/create", text(json, "[".repeat(500_000), "client"), 400],
  ["a prototype", "POST", "/api/v1/user/create", text(json, '{"__proto__":{"market":"SE"}}', "client"), 400],
  ["no token", "POST", "/api/v1/user/create", text(json, '{"market":"SE"}'), 401],
  ["basic authentication", "GET", "/api/v1/user", () => ({ headers: { authorization: "Basic eDp5" } }), 401],
  ["an empty bearer", "GET", "/api/v1/user", () => ({ headers: { authorization: "Bearer " } }), 401],
  ["malformed JSON to refresh", "POST", `/api/v1/credentials/${id}/refresh`, text(json, "{", "user"), 404],
  ["an unknown path", "GET", "/api/v1/accounts", () => ({}), 404],
  ["the root", "GET", "/", () => ({}), 404],
  ["a slash too many", "GET", "/api/v1/user/", () => ({}), 404],
  ["a semicolon in a path", "GET", "/api/v1/user;x", ({ user }) => ({ token: user }), 404],
  ["an escaped path", "GET", "/api/v1/%75ser", ({ user }) => ({ token: user }), 404],
  ["a double slash", "GET", "//api/v1/user", ({ user }) => ({ token: user }), 404],
  ["a path in capitals", "GET", "/API/v1/user", ({ user }) => ({ token: user }), 404],
  ["a long id", "GET", `/api/v1/credentials/${"x".repeat(200)}`, ({ user }) => ({ token: user }), 404],
  ["an id that is empty", "GET", "/api/v1/credentials/", () => ({}), 404],
  ["a broken escape in a path", "GET", "/api/v1/credentials/%zz", ({ user }) => ({ token: user }), 404],
  ["a path upwards", "GET", "/api/v1/credentials/%2e%2e%2f", ({ user }) => ({ token: user }), 404],
  ["an id called constructor", "GET", "/api/v1/credentials/constructor", ({ user }) => ({ token: user }), 404],
  ["another method", "PUT", "/api/v1/user/create", () => ({}), 405],
  ["another method for a credential", "PATCH", `/api/v1/credentials/${id}`, () => ({}), 405],
  ["an unknown control call", "GET", "/sandbox/nothing", () => ({}), 404],
  ["another method for a control call", "GET", "/sandbox/reset", () => ({}), 405],
  ["a fault without a kind", "POST", "/sandbox/faults", text(json, "{}"), 400],
  ["a fault that is not JSON", "POST", "/sandbox/faults", text(json, "kind=delay"), 400]
]

const tokens = Effect.gen(function* () {
  const client = yield* clientToken("user:create,authorization:grant")
  const user = yield* userToken(yield* newUser(), "credentials:read,credentials:refresh")
  return { client, user }
})

describe("bad input", () => {
  it.effect("is refused with Tink's error body, and the next request is answered", () =>
    eachRow(cases, ([, method, path, sent, status]) =>
      Effect.gen(function* () {
        const received = yield* send(method, path, sent(yield* tokens))
        assert.strictEqual(received.status, status)
        assert.deepStrictEqual(keysOf(received.body), ["errorCode", "errorMessage"])
        assert.strictEqual((yield* createUser()).status, 200)
      })
    )
  )

  it.effect("lists the allowed methods in a 405", () =>
    Effect.gen(function* () {
      const { headers } = yield* send("PATCH", `/api/v1/credentials/${id}`)
      assert.strictEqual(headers["allow"], "GET, DELETE, PUT")
    }).pipe(provideSandbox)
  )

  it.effect("is not repeated in the error message", () =>
    Effect.gen(function* () {
      const { client } = yield* tokens
      const planted = "planted-value"
      const received = yield* send("POST", "/api/v1/user/create", { token: client, json: { market: [planted] } })
      assert.strictEqual(received.status, 400)
      assert.notInclude(received.text, planted)
    }).pipe(provideSandbox)
  )
})

describe("headers", () => {
  it.effect("have a new request id in every answer, and the client's trace id unchanged", () =>
    Effect.gen(function* () {
      const headers = { "x-client-trace-id": "Trace 1/2" }
      const one = yield* send("GET", "/api/v1/user", { headers })
      const other = yield* send("GET", "/api/v1/user", { headers })
      assert.match(String(one.headers["x-request-id"]), /^[0-9a-f]{32}$/)
      assert.notStrictEqual(one.headers["x-request-id"], other.headers["x-request-id"])
      assert.strictEqual(one.headers["x-client-trace-id"], "Trace 1/2")
      assert.isString(one.headers["strict-transport-security"])
      assert.notProperty((yield* send("GET", "/nowhere")).headers, "x-client-trace-id")
    }).pipe(provideSandbox)
  )

  it.effect("ignore the client's request id", () =>
    Effect.gen(function* () {
      const { headers } = yield* send("GET", "/nowhere", { headers: { "x-request-id": "mine" } })
      assert.notStrictEqual(headers["x-request-id"], "mine")
    }).pipe(provideSandbox)
  )

  it.effect("leave out a trace id that is not a valid header value", () =>
    Effect.gen(function* () {
      const { headers, status } = yield* send("GET", "/api/v1/user", { headers: { "x-client-trace-id": "日本" } })
      assert.strictEqual(status, 401)
      assert.notProperty(headers, "x-client-trace-id")
    }).pipe(provideSandbox)
  )
})

const request = (url: string, options: Http.RequestOptions, body: string) =>
  Effect.async<number>((resume) => {
    const sent = Http.request(url, options, (response) => {
      response.resume()
      response.on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
    sent.end(body)
  })

const raw = (port: number, bytes: string) =>
  Effect.async<string>((resume) => {
    let received = ""
    const socket = Net.connect(port, "127.0.0.1", () => socket.write(bytes))
    socket.on("data", (data) => (received += data.toString("latin1")))
    socket.on("close", () => resume(Effect.succeed(received)))
  })

describe("bad input over sockets", () => {
  it.scoped("is refused, and the next request is answered", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* TinkSandbox.TinkSandbox
      const port = Number(new URL(baseUrl).port)
      const post = (headers: Record<string, string>, body: string) =>
        request(`${baseUrl}/api/v1/oauth/token`, { method: "POST", headers }, body)
      assert.strictEqual(yield* post({ "content-type": form }, `client_id=${large}`), 413)
      assert.strictEqual(yield* post({ "content-type": form, "transfer-encoding": "chunked" }, large), 413)
      assert.strictEqual(yield* post({ "content-type": json }, "{"), 415)
      assert.strictEqual(yield* request(`${baseUrl}/api/v1/user`, { method: "HEAD" }, ""), 405)
      assert.strictEqual(yield* request(`${baseUrl}/api/v1/user`, { method: "OPTIONS" }, ""), 405)
      assert.match(yield* raw(port, "NONSENSE\r\n\r\n"), /^HTTP\/1.1 400 /)
      assert.match(yield* raw(port, "GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1.1 404 /)
      const trace = yield* raw(
        port,
        "GET / HTTP/1.1\r\nHost: x\r\nX-Client-Trace-ID: \xe9\r\nConnection: close\r\n\r\n"
      )
      assert.match(trace, /x-client-trace-id: \xc3\xa9\r\n/i)
      assert.strictEqual(yield* post({ "content-type": form }, ""), 401)
    }).pipe(Effect.provide(TinkSandbox.layerServer()))
  )

  it.scoped("ignores a request whose client leaves before its end", () =>
    Effect.gen(function* () {
      const { baseUrl, requests } = yield* TinkSandbox.TinkSandbox
      const { port } = new URL(baseUrl)
      yield* Effect.async<void>((resume) => {
        const head = "POST /api/v1/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nclient"
        const socket = Net.connect(Number(port), "127.0.0.1", () => socket.end(head))
        socket.resume()
        socket.on("close", () => resume(Effect.void))
      })
      assert.strictEqual(yield* request(`${baseUrl}/api/v1/user`, {}, ""), 401)
      assert.deepStrictEqual(
        (yield* requests).map(({ path }) => path),
        ["/api/v1/user"]
      )
    }).pipe(Effect.provide(TinkSandbox.layerServer()))
  )
})
