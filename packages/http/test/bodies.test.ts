import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { type TinkConfig, TinkHttp } from "@effect-tink/http"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import type { Socket } from "node:net"
import * as Net from "node:net"
import * as Zlib from "node:zlib"
import { bufferBytes } from "../../../test/support/memory.js"
import { everyRow, everyRowLive } from "../../../test/support/rows.js"
import { answers, json } from "../../../test/support/scriptedTink.js"
import {
  anyJson,
  elapse,
  failure,
  getCredential,
  options,
  over,
  refreshCredential,
  secret,
  userToken
} from "./helpers.js"

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  undici: NodeHttpClient.layerUndici,
  fetch: FetchHttpClient.layer,
  "node:http": NodeHttpClient.layer
}

const serveSockets = (onRequest: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly open: Set<Socket>; readonly close: () => void }>((resume) => {
      const open = new Set<Socket>()
      const server = Net.createServer((socket) => {
        open.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => open.delete(socket))
        socket.on("data", () => onRequest(socket))
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.close()
          open.forEach((socket) => socket.destroy())
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, open, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const connect = (
  client: Layer.Layer<HttpClient.HttpClient>,
  baseUrl: string,
  settings: Partial<TinkConfig.AppOptions> = {}
) =>
  Effect.map(
    Layer.build(Layer.provide(TinkHttp.layer({ ...options, maxRetries: 0, baseUrl, ...settings }), client)),
    Context.get(TinkHttp.TinkHttp)
  )

const value = { id: "åäö 日本" }
const plain = Buffer.from(JSON.stringify(value))

type Framing = (body: Buffer, encoding: string) => Buffer

const sized: Framing = (body, encoding) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${encoding}content-length: ${body.length}\r\n\r\n`), body])

const chunked: Framing = (body, encoding) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\n${encoding}transfer-encoding: chunked\r\n\r\n`),
    ...[...body].map((byte) => Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")])),
    Buffer.from("0\r\n\r\n")
  ])

const encodings: Readonly<Record<string, readonly [header: string, body: Buffer]>> = {
  plain: ["", plain],
  "with a byte order mark": ["", Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), plain])],
  gzip: ["content-encoding: gzip\r\n", Zlib.gzipSync(plain)],
  deflate: ["content-encoding: deflate\r\n", Zlib.deflateSync(plain)],
  "raw deflate": ["content-encoding: deflate\r\n", Zlib.deflateRawSync(plain)],
  br: ["content-encoding: br\r\n", Zlib.brotliCompressSync(plain)],
  identity: ["content-encoding: identity\r\n", plain]
}

const cases = Object.entries(clients).flatMap(([client, layer]) =>
  Object.entries(encodings).flatMap(([encoding, [header, body]]) => [
    { name: `${client}, ${encoding}, with its length`, layer, answer: sized(body, header) },
    { name: `${client}, ${encoding}, chunked`, layer, answer: chunked(body, header) }
  ])
)

describe("a body", () => {
  it.live("means the same for each client, encoding and framing", () =>
    everyRowLive(
      cases,
      ({ name }) => name,
      ({ answer, layer }) =>
        Effect.gen(function* () {
          const { url } = yield* serveSockets((socket) => socket.end(answer))
          const http = yield* connect(layer, url)
          assert.deepStrictEqual(yield* http.request(getCredential), value)
        })
    )
  )

  it.live("of a 204 is ignored", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, layer]) =>
        Effect.gen(function* () {
          const { url } = yield* serveSockets((socket) =>
            socket.end("HTTP/1.1 204 No Content\r\ncontent-length: 7\r\ncontent-type: text/html\r\n\r\n<html/>")
          )
          const http = yield* connect(layer, url)
          yield* http.request(refreshCredential)
        })
    )
  )

  it.live("that grows when it is decompressed, or has chunks of one byte with long extensions, is bounded", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, layer]) =>
        Effect.gen(function* () {
          const bomb = Zlib.gzipSync(Buffer.alloc(50_000_000, 0x20))
          const { url } = yield* serveSockets((socket) => socket.end(sized(bomb, "content-encoding: gzip\r\n")))
          const error = yield* failure((yield* connect(layer, url)).request(getCredential))
          assert.deepInclude(error, { reason: "Decode", detail: "the body is too large" })

          const chunk = `1;${"x".repeat(8_000)}\r\n \r\n`
          // A client that keeps what it has read grows by what is sent between the samples.
          const sampledAt = [20e6, 100e6]
          const samples: Array<number> = []
          const slow = yield* serveSockets((socket) => {
            socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            let written = 0
            const write = () => {
              while (!socket.destroyed && socket.write(chunk)) written += chunk.length
              if (written < (sampledAt[samples.length] ?? Infinity)) return
              samples.push(bufferBytes())
              if (samples.length === sampledAt.length) socket.destroy()
            }
            socket.on("drain", write)
            write()
          })
          const http = yield* connect(layer, slow.url, { attemptTimeout: "1 minute", deadline: "1 minute" })
          yield* failure(http.request(getCredential))
          const [first = NaN, second = NaN] = samples
          assert.isBelow((second - first) / 1e6, 40)
        })
    )
  )

  it.live("of a response that switches protocols leaves no socket open", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, layer]) =>
        Effect.gen(function* () {
          const answered = yield* Deferred.make<void>()
          const { open, url } = yield* serveSockets((socket) => {
            socket.on("close", () => Deferred.unsafeDone(answered, Exit.void))
            socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
          })
          const http = yield* connect(layer, url, { attemptTimeout: "1 second" })
          yield* failure(http.request(refreshCredential))
          yield* Deferred.await(answered)
          assert.strictEqual(open.size, 0)
        })
    )
  )

  it.effect("may have exactly as many bytes as the limit", () =>
    everyRow(
      [
        [0, true],
        [1, false]
      ] as const,
      ([more]) => `${more} more`,
      ([more, isRead]) =>
        Effect.gen(function* () {
          const body = `"${"x".repeat(998 + more)}"`
          for (const headers of [{}, { "content-length": String(body.length) }]) {
            const { http } = yield* over(() => Effect.sync(() => new Response(body, { headers: { ...headers } })), {
              maxBodySize: 1000
            })
            const exit = yield* Effect.exit(http.request(getCredential))
            assert.strictEqual(Exit.isSuccess(exit), isRead)
          }
        })
    )
  )

  const start = '{"errorMessage":"eyJabcdefghijkl'
  it.effect("never ends in a defect", () =>
    everyRow(
      [
        `${start}${".".repeat(7_500_000)}"}`,
        "[".repeat(900_000),
        `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`,
        `{"errorMessage":"${"\\ud800".repeat(2000)}","errorCode":"${"e".repeat(5000)}"}`,
        "\u0000",
        "{}",
        '{"errorCode":-0,"errorMessage":"\\u0000"}',
        '{"__proto__":{"errorCode":"a"}}'
      ],
      (body) => body.slice(0, 40),
      (body) =>
        Effect.gen(function* () {
          for (const status of [200, 204, 400, 404, 500]) {
            const answer = Effect.sync(() => new Response(status === 204 ? null : body, { status }))
            const { http } = yield* over(answers(answer), { maxRetries: 0 })
            const exit = yield* Effect.exit(http.request(getCredential))
            assert.isTrue(Exit.isSuccess(exit) || Cause.isFailType(exit.cause))
          }
        })
    )
  )

  it.scoped("of any bytes never ends in a defect", () =>
    Effect.gen(function* () {
      const seed = Buffer.from('{"errorMessage":"Not found \\u00e5","errorCode":"a.b","id":"x","n":[1,2.5e3,null]}')
      let body: Uint8Array<ArrayBuffer> = new Uint8Array()
      let status = 200
      const { http } = yield* over(() => Effect.sync(() => new Response(body, { status })), { maxRetries: 0 })
      for (let n = 0; n < 1000; n++) {
        body = new Uint8Array(seed)
        for (let changes = 0; changes < 4; changes++) {
          body[yield* Random.nextIntBetween(0, body.length)] = yield* Random.nextIntBetween(0, 256)
        }
        status = [200, 400, 404, 409, 500][n % 5] ?? 200
        const exit = yield* Effect.exit(
          http.request(n % 2 === 0 ? getCredential : { ...refreshCredential, response: anyJson })
        )
        assert.isTrue(Exit.isSuccess(exit) || Cause.isFailType(exit.cause))
      }
    }).pipe(Effect.withRandom(Random.make("bodies")))
  )
})

describe("a secret that Tink repeats", () => {
  const token = "abc/def+ghi=jkl-0123456789<&'>\""
  const toUnicodeEscapes = (text: string, pattern: RegExp) =>
    text.replace(pattern, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  it.effect("is redacted in each encoding, and cut short", () =>
    everyRow(
      [
        token,
        encodeURIComponent(token),
        encodeURIComponent(token).toLowerCase(),
        token.replaceAll("/", "\\/"),
        toUnicodeEscapes(JSON.stringify(token), /[<>&='\u2028\u2029]/g),
        token
          .replaceAll("&", "&amp;")
          .replaceAll("<", "&lt;")
          .replaceAll(">", "&gt;")
          .replaceAll("'", "&#39;")
          .replaceAll('"', "&quot;"),
        Buffer.from(token).toString("base64"),
        Buffer.from(token).toString("base64url"),
        token.slice(0, 12),
        `${token.slice(0, 10)}...`,
        `...${token.slice(-10)}`,
        token.toUpperCase()
      ],
      (text) => text,
      (text) =>
        Effect.gen(function* () {
          const answer = json(400, { errorCode: "a.b", errorMessage: `The code ${text} is wrong` })
          const { http } = yield* over(answers(answer))
          const error = yield* failure(http.exchangeCode(Redacted.make(token)))
          for (let at = 0; at + 9 <= text.length; at++) assert.notInclude(error.message, text.slice(at, at + 9))
          assert.include(error.message, "is wrong")
        })
    )
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Clients of the application
// ---------------------------------------------------------------------------------------------------------------------

const httpOver = (client: HttpClient.HttpClient, settings: Partial<TinkConfig.AppOptions> = {}) =>
  Effect.provideService(TinkHttp.make({ ...options, maxRetries: 0, ...settings }), HttpClient.HttpClient, client)

describe("a client of the application", () => {
  it.effect("always ends in time", () =>
    everyRow(
      [
        ["that cannot be interrupted", Effect.uninterruptible(Effect.never)],
        ["that acquires a resource", Effect.scoped(Effect.acquireRelease(Effect.never, () => Effect.void))],
        ["that ends a resource forever", Effect.ensuring(Effect.never, Effect.never)]
      ] as const,
      ([name]) => name,
      ([, never]) =>
        Effect.gen(function* () {
          const http = yield* httpOver(
            HttpClient.make(() => never),
            { attemptTimeout: "3 seconds" }
          )
          const error = yield* elapse(failure(http.request(refreshCredential)))
          assert.deepInclude(error, { reason: "Timeout", isAmbiguous: true })
          const own = yield* Effect.fork(Effect.timeoutOption(http.request(refreshCredential), "1 second"))
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(own))._tag, "None")
        })
    )
  )

  const failing: ReadonlyArray<readonly [string, HttpClient.HttpClient]> = [
    [
      "throws",
      HttpClient.make(() => {
        throw new Error(`Bearer ${Redacted.value(userToken)}`)
      })
    ],
    ["dies of the request", HttpClient.make((request) => Effect.die(request))],
    [
      "dies of an error that holds the request",
      HttpClient.make((request) =>
        Effect.die(new HttpClientError.RequestError({ request, reason: "Transport", cause: request }))
      )
    ],
    [
      "has a relative URL",
      HttpClient.mapRequest(
        HttpClient.make((request) => Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))),
        HttpClientRequest.setUrl("/proxy")
      )
    ],
    [
      "fails with a relative URL",
      HttpClient.make((request) =>
        Effect.fail(
          new HttpClientError.RequestError({
            request: HttpClientRequest.setUrl(request, "/proxy"),
            reason: "Transport"
          })
        )
      )
    ],
    ["interrupts itself", HttpClient.make(() => Effect.interrupt)]
  ]
  it.effect("fails with a TinkError without a secret", () =>
    everyRow(
      failing,
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const http = yield* httpOver(client)
          const exit = yield* Effect.exit(http.request(refreshCredential))
          assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
          const text = `${String(exit)} ${JSON.stringify(exit)}`
          for (const word of [Redacted.value(userToken), secret]) assert.notInclude(text, word)
        })
    )
  )
})

describe("the end of the layer", () => {
  it.effect("ends the calls in flight, and those that come later, with a TinkError", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { http } = yield* Scope.extend(
        over(() => Effect.never, { maxConcurrency: 1 }),
        scope
      )
      const fibers = yield* Effect.forEach([1, 2], () => Effect.fork(failure(http.request(refreshCredential))))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      const [sent, waiting] = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepInclude(sent, { reason: "Transport", isAmbiguous: true })
      assert.deepInclude(waiting, { reason: "Transport", isAmbiguous: false })
      const late = yield* failure(http.request(refreshCredential))
      assert.deepInclude(late, { reason: "Transport", isAmbiguous: false })
    })
  )
})
