import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { type TinkConfig, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import * as Net from "node:net"
import { everyRowLive } from "../../../test/support/rows.js"
import {
  createUser,
  deleteCredential,
  failure,
  getCredential,
  id,
  options,
  refreshCredential,
  userToken
} from "./helpers.js"

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  undici: NodeHttpClient.layerUndici,
  fetch: FetchHttpClient.layer,
  "node:http": NodeHttpClient.layer
}

const listening = (server: Net.Server) =>
  Effect.acquireRelease(
    Effect.async<Net.Server>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
      })
  )

const toUrl = (server: Net.Server) =>
  // A server that listens on a port has such an address.
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** An HTTP server, which is closed with its connections. */
const serve = Effect.fnUntraced(function* (handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume()
    handle(request, response)
  })
  yield* listening(server)
  yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
  return toUrl(server)
})

/** A server that hands out each socket on which data has arrived. */
const serveSockets = Effect.fnUntraced(function* (onData: (socket: Socket, n: number) => void) {
  const sockets = new Set<Socket>()
  let received = 0
  const server = Net.createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", () => onData(socket, ++received))
  })
  yield* listening(server)
  yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
  return { url: toUrl(server), received: () => received }
})

const connect = (
  client: Layer.Layer<HttpClient.HttpClient>,
  baseUrl: string,
  settings: Partial<TinkConfig.AppOptions> = {}
) =>
  Layer.build(
    Layer.provide(TinkHttp.layer({ ...options, maxRetries: 1, retryBaseDelay: 1, baseUrl, ...settings }), client)
  ).pipe(Effect.map((context) => Context.get(context, TinkHttp.TinkHttp)))

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

describe("over undici, fetch and node:http", () => {
  it.live("a refused connection was surely not processed: a POST is tried again", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const baseUrl = yield* Effect.scoped(serve(() => {}))
          const http = yield* connect(client, baseUrl)
          const error = yield* failure(http.request(refreshCredential))
          assert.strictEqual(
            error.message,
            "refreshCredential: Transport (POST /api/v1/credentials/{id}/refresh): " +
              `connection refused (${new URL(baseUrl).host})`
          )
          assert.isTrue(error.isRetryable)
          assert.isFalse(error.isAmbiguous)
        })
    )
  )

  it.live("an unknown host was surely not reached", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const http = yield* connect(client, "https://nowhere.invalid", { maxRetries: 0 })
          const error = yield* failure(http.request(refreshCredential))
          assert.strictEqual(error.reason, "Transport")
          assert.match(error.detail ?? "", /^host (not found|name could not be looked up) \(nowhere\.invalid\)$/)
          assert.isFalse(error.isAmbiguous)
        })
    )
  )

  it.live("a connection that ends leaves open what became of the request", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        everyRowLive(
          [
            ["before the head", ""],
            ["within the head", "HTTP/1.1 200 OK\r\ncontent-le"],
            ["within a body of known length", `${head}content-length: 100\r\n\r\n{"id":`],
            ["within a chunked body", `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n`]
          ] as const,
          ([what]) => what,
          ([, answer]) =>
            Effect.gen(function* () {
              const { received, url } = yield* serveSockets((socket) => socket.end(answer))
              const http = yield* connect(client, url)
              const post = yield* failure(http.request(refreshCredential))
              assert.deepInclude(post, { reason: "Transport", isRetryable: false, isAmbiguous: true })
              assert.strictEqual(received(), 1)
              const get = yield* failure(http.request(getCredential))
              assert.deepInclude(get, { reason: "Transport", isRetryable: true, isAmbiguous: false })
              assert.strictEqual(received(), 3)
            })
        )
    )
  )

  it.live("a connection that is reset leaves it open too", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const { received, url } = yield* serveSockets((socket) => socket.resetAndDestroy())
          const http = yield* connect(client, url)
          const error = yield* failure(http.request(refreshCredential))
          assert.deepInclude(error, { reason: "Transport", isRetryable: false, isAmbiguous: true })
          assert.strictEqual(received(), 1)
        })
    )
  )

  it.live("a server that never answers, or stalls in its body, is left, and its connection closed", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          for (const answer of ["", `${head}content-length: 100\r\n\r\n{"id":`]) {
            const closed = yield* Deferred.make<void>()
            const { url } = yield* serveSockets((socket) => {
              socket.on("close", () => Deferred.unsafeDone(closed, Effect.void))
              socket.write(answer)
            })
            const http = yield* connect(client, url, { attemptTimeout: "150 millis", maxRetries: 0 })
            const error = yield* failure(http.request(refreshCredential))
            assert.deepInclude(error, { reason: "Timeout", isRetryable: false, isAmbiguous: true })
            yield* Deferred.await(closed)
          }
        })
    )
  )

  it.live("a connection that the server closes between two requests breaks nothing", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const { received, url } = yield* serveSockets((socket) => {
            socket.write(`${head}content-length: 2\r\n\r\n{}`)
            // Closed without a word, as a load balancer does.
            socket.destroySoon()
          })
          const http = yield* connect(client, url)
          for (let n = 0; n < 3; n++) yield* http.request(getCredential)
          assert.isAtLeast(received(), 3)
        })
    )
  )

  it.live("a connection that the server closes as the next request arrives is ambiguous", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const { received, url } = yield* serveSockets((socket, n) => {
            if (n === 1) socket.write(`${head}content-length: 2\r\nconnection: keep-alive\r\n\r\n{}`)
            else socket.destroy()
          })
          const http = yield* connect(client, url)
          yield* http.request(getCredential)
          const error = yield* failure(http.request(refreshCredential))
          assert.deepInclude(error, { reason: "Transport", isRetryable: false, isAmbiguous: true })
          assert.strictEqual(received(), 2)
        })
    )
  )

  it.live("a body without an end is Decode, and its connection is closed", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const closed = yield* Deferred.make<void>()
          const chunk = "x".repeat(1024 * 1024)
          let written = 0
          const url = yield* serve((_, response) => {
            response.on("close", () => Deferred.unsafeDone(closed, Effect.void))
            const write = () => {
              while (written < 50 && response.write(chunk)) written += 1
              written += 1
            }
            response.on("drain", write)
            write()
          })
          const http = yield* connect(client, url)
          const error = yield* failure(http.request(getCredential))
          assert.strictEqual(
            error.message,
            "getCredential: Decode (200 GET /api/v1/credentials/{id}): the body is too large"
          )
          yield* Deferred.await(closed)
          assert.isBelow(written, 40)
        })
    )
  )

  it.live("an answer without a body is a success, with and without keep-alive", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const url = yield* serve((_, response) => {
            response.writeHead(204).end()
          })
          const http = yield* connect(client, url)
          yield* http.request(deleteCredential)
          yield* http.request(refreshCredential)
        })
    )
  )

  it.live("a redirect is not followed: no other host is told anything", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const told: Array<string> = []
          const elsewhere = yield* serve((request, response) => {
            told.push(`${request.method} ${request.url}`)
            response.end("{}")
          })
          let status = 307
          const url = yield* serve((request, response) => {
            response.writeHead(status, { location: `${elsewhere}${request.url}` }).end()
          })
          const http = yield* connect(client, url)
          for (const code of [301, 302, 303, 307, 308]) {
            status = code
            const exchanged = yield* failure(http.exchangeCode(Redacted.make("code")))
            assert.deepInclude(exchanged, { reason: "Server", status: code, isRetryable: false })
            assert.strictEqual((yield* failure(http.request(getCredential))).reason, "Server")
            assert.strictEqual((yield* failure(http.request(createUser))).reason, "Server")
          }
          assert.deepStrictEqual(told, [])
        })
    )
  )

  it.live("a call to the sandbox carries the ids that the error names", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const sandbox = yield* TinkSandbox.TinkSandbox
          const http = yield* Effect.map(
            Layer.build(Layer.provide(TinkHttp.layer({ ...sandbox, retryBaseDelay: 1 }), client)),
            Context.get(TinkHttp.TinkHttp)
          )
          yield* sandbox.injectFault({ kind: "cut-body", path: "/api/v1/oauth/token" })
          yield* http.request({ ...createUser, body: { _tag: "Json", value: { market: "SE" } } })
          const error = yield* failure(http.request(getCredential))
          assert.deepInclude(error, { reason: "Unauthorized", status: 401 })
          assert.match(String(error.requestId), /^[0-9a-f]{32}$/)
          const seen = yield* sandbox.requests
          assert.strictEqual(seen.at(-1)?.traceId, error.traceId)
          assert.strictEqual(seen.at(-1)?.path, `/api/v1/credentials/${id}`)
          assert.notInclude(JSON.stringify(seen), Redacted.value(userToken))
        }).pipe(Effect.provide(TinkSandbox.layerServer()))
    )
  )
})

describe("fetch", () => {
  it.scopedLive("keeps the application's RequestInit, but for redirects", () =>
    Effect.gen(function* () {
      const told: Array<string | undefined> = []
      const url = yield* serve((request, response) => {
        told.push(request.headers.authorization, String(request.headers["x-extra"]))
        response.writeHead(302, { location: "/elsewhere" }).end()
      })
      const init = Layer.succeed(FetchHttpClient.RequestInit, {
        redirect: "follow",
        headers: { "x-extra": "1", authorization: "Bearer wrong" }
      })
      const http = yield* Layer.build(
        TinkHttp.layer({ ...options, baseUrl: url, maxRetries: 0 }).pipe(
          Layer.provide(FetchHttpClient.layer),
          Layer.provide(init)
        )
      ).pipe(Effect.map(Context.get(TinkHttp.TinkHttp)))
      assert.strictEqual((yield* failure(http.request(getCredential))).status, 302)
      assert.deepStrictEqual(told, [`Bearer ${Redacted.value(userToken)}`, "1"])
    })
  )
})

describe("Retry-After over sockets", () => {
  it.live("is the longest of several headers and lists, with each client", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const baseUrl = yield* serve((_, response) => {
            response.writeHead(
              429,
              [
                ["Retry-After", "3"],
                ["retry-after", "Thu, 01 Jan 1970 00:00:00 GMT, 7"],
                ["Retry-After", "soon"],
                ["Content-Type", "application/json"]
              ].flat()
            )
            response.end('{"errorCode":"a.b"}')
          })
          const context = yield* Layer.build(
            Layer.provide(TinkHttp.layer({ ...options, maxRetries: 0, baseUrl }), client)
          )
          const error = yield* failure(Context.get(context, TinkHttp.TinkHttp).request(getCredential))
          assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
        })
    )
  )
})

describe("maxConcurrency over sockets", () => {
  it.live("bounds the connections as well as the requests, with each client", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const open = new Set<Socket>()
          const held: Array<ServerResponse> = []
          let most = 0
          const baseUrl = yield* serve((request, response) => {
            const { socket } = request
            if (!open.has(socket)) socket.once("close", () => open.delete(socket))
            most = Math.max(most, open.add(socket).size)
            // Answers that arrive together are the worst case.
            held.push(response.setHeader("content-type", "application/json"))
            if (held.length === 10) held.splice(0).forEach((each) => each.end("{}"))
          })
          const context = yield* Layer.build(
            Layer.provide(TinkHttp.layer({ ...options, maxConcurrency: 10, baseUrl }), client)
          )
          const http = Context.get(context, TinkHttp.TinkHttp)
          yield* Effect.replicateEffect(http.request(getCredential), 200, { concurrency: "unbounded", discard: true })
          assert.isAtMost(most, 10)
        })
    )
  )
})
