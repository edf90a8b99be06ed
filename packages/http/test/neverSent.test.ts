import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Undici } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TinkHttp } from "@effect-tink/http"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync } from "node:fs"
import * as Https from "node:https"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { everyRow, everyRowLive } from "../../../test/support/rows.js"
import { answers, broken } from "../../../test/support/scriptedTink.js"
import { failure, getCredential, options, over, refreshCredential } from "./helpers.js"

const error = (message: string, fields: Readonly<Record<string, unknown>> = {}): Error =>
  Object.assign(new Error(message), fields)

const selfish = new AggregateError([])
selfish.errors = Array.from({ length: 100 }, () => selfish)

const behind = (cause: unknown): Error => new TypeError("fetch failed", { cause })

const refused = error("connect ECONNREFUSED ::1:443", { code: "ECONNREFUSED", syscall: "connect" })
const reset = error("read ECONNRESET", { code: "ECONNRESET", syscall: "read" })

const closed = (socket: object) => error("other side closed", { code: "UND_ERR_SOCKET", socket })

/** An error whose members cannot be read. */
const throwing = (fields: Readonly<Record<string, unknown>>, ...names: ReadonlyArray<string>): Error => {
  const thrower = { get: () => assert.fail("a member was read") }
  return Object.defineProperties(error("failed", fields), Object.fromEntries(names.map((name) => [name, thrower])))
}

const circular = error("a")
Object.assign(circular, { cause: circular })

const neverSent: ReadonlyArray<readonly [string, Error]> = [
  ...[
    "ECONNREFUSED",
    "ENETDOWN",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "EHOSTDOWN",
    "EADDRNOTAVAIL",
    "EADDRINUSE",
    "EMFILE",
    "ENFILE",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "CERT_NOT_YET_VALID",
    "ERR_TLS_HANDSHAKE_TIMEOUT",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
    "UND_ERR_CONNECT_TIMEOUT",
    "ERR_PROXY_TUNNEL",
    "ConnectionRefused",
    "FailedToOpenSocket"
  ].map((code) => [code, error("failed", { code })] as const),
  ...["ETIMEDOUT", "ECONNRESET", "EPERM", "EACCES", "ESOMETHING"].map(
    (code) => [`${code} of connect`, error("failed", { code, syscall: "connect" })] as const
  ),
  ["EPROTO of a handshake", error("write EPROTO: wrong version number", { code: "EPROTO", syscall: "write" })],
  [
    "an end in the handshake",
    error("Client network socket disconnected before secure TLS connection was established", { code: "ECONNRESET" })
  ],
  ["all addresses", new AggregateError([refused, refused], "all failed")],
  ["all addresses, behind", behind(new AggregateError([refused, behind(refused)]))],
  ["an aggregate without errors", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" })],
  ["a proxy of undici", behind(error("Proxy response (407) !== 200 when HTTP Tunneling", { code: "UND_ERR_ABORTED" }))],
  ["a proxy agent", error("tunneling socket could not be established, statusCode=403", { code: "ECONNRESET" })],
  ["an agent of a proxy", error("Proxy connection ended before receiving CONNECT response")],
  ["a proxy of hpagent", error("Bad response: 407")],
  ["a SOCKS proxy", error("Socks5 proxy rejected connection - NotAllowed")],
  ["a socket that was never written to", behind(closed({ bytesWritten: 0 }))],
  ["two families", behind(new AggregateError([refused, error("a", { code: "ENETUNREACH", syscall: "connect" })]))],
  ["one that can be helped", new AggregateError([refused, error("a", { code: "CERT_HAS_EXPIRED" })])],
  ["getters that throw beside a code", throwing({ code: "EAI_AGAIN" }, "message", "cause", "socket", "syscall")],
  ["Deno", new TypeError("error sending request for url (https://x/): client error (Connect): tcp connect error")],
  ["Deno before", new TypeError("error sending request for url (https://x/): error trying to connect: dns error")]
]

const hopeless: ReadonlyArray<readonly [string, Error]> = [
  ...[
    "CERT_HAS_EXPIRED",
    "CERT_REVOKED",
    "CERT_SIGNATURE_FAILURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "ERR_INVALID_URL",
    "ERR_INVALID_PROTOCOL",
    "UND_ERR_INVALID_ARG",
    "UND_ERR_CLOSED"
  ].map((code) => [code, behind(error("failed", { code }))] as const),
  ["a URL of fetch", new TypeError("Failed to parse URL from /api/v1/user")],
  [
    "Deno's certificate",
    new TypeError("error sending request: client error (Connect): invalid peer certificate: Expired")
  ],
  ["all addresses", new AggregateError([error("a", { code: "CERT_HAS_EXPIRED" })])]
]

const maybeSent: ReadonlyArray<readonly [string, Error]> = [
  ...["ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET", "UND_ERR_DESTROYED", "ConnectionClosed"].map(
    (code) => [code, error("failed", { code })] as const
  ),
  ...["ENETDOWN", "EHOSTUNREACH", "ECONNREFUSED", "ETIMEDOUT"].map(
    (code) => [`${code} of read`, error("failed", { code, syscall: "read" })] as const
  ),
  ["a bad record", error("failed", { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" })],
  ["a bad record of EPROTO", error("read EPROTO: bad record mac", { code: "EPROTO", syscall: "read" })],
  ["one of the addresses", new AggregateError([refused, reset])],
  ["a reset behind others", behind(behind(reset))],
  ["an aggregate that holds itself again and again", selfish],
  ["Deno", new TypeError("error sending request for url (https://x/): client error (SendRequest): closed")],
  ["nothing known", behind("a string")],
  ["a socket that was written to", behind(closed({ bytesWritten: 312 }))],
  ["a socket of which nothing is known", behind(closed({}))],
  ["a hang-up", error("socket hang up", { code: "ECONNRESET" })],
  ["a broken pipe", error("write EPIPE", { code: "EPIPE", syscall: "write" })],
  ["TLS data of a connection in use", error("failed", { code: "ERR_SSL_BAD_LENGTH" })],
  ["more addresses than are read", new AggregateError([...Array.from({ length: 100 }, () => refused), reset])],
  ["addresses that cannot be read", throwing({ code: "ECONNREFUSED" }, "errors")],
  ["getters that throw", throwing({}, "code", "message", "cause", "socket", "syscall", "errors")],
  [
    "addresses of a proxy that throws",
    Object.assign(error("a"), { errors: new Proxy([refused], { get: () => assert.fail("read") }) })
  ],
  ["a circle", circular]
]

describe("the error of a client", () => {
  it.effect("tells that a request was never sent: it is never ambiguous, and may be repeated", () =>
    everyRow(
      neverSent,
      ([name]) => name,
      ([, cause]) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(broken(cause)), { maxRetries: 0 })
          const found = yield* failure(http.request(refreshCredential))
          assert.deepInclude(found, { reason: "Transport", isAmbiguous: false, isRetryable: true })
        })
    )
  )

  it.effect("tells that trying again cannot help", () =>
    everyRow(
      hopeless,
      ([name]) => name,
      ([, cause]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(answers(broken(cause)))
          const found = yield* failure(http.request(getCredential))
          assert.deepInclude(found, { reason: "Transport", isAmbiguous: false, isRetryable: false })
          assert.lengthOf(sent, 1)
        })
    )
  )

  it.effect("otherwise says that the request may have been processed", () =>
    everyRow(
      maybeSent,
      ([name]) => name,
      ([, cause]) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(broken(cause)), { maxRetries: 0 })
          const found = yield* failure(http.request(refreshCredential))
          assert.deepInclude(found, { reason: "Transport", isAmbiguous: true, isRetryable: false })
        })
    )
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Real sockets
// ---------------------------------------------------------------------------------------------------------------------

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  undici: NodeHttpClient.layerUndici,
  fetch: FetchHttpClient.layer,
  "node:http": NodeHttpClient.layer
}

const throughProxy = (url: string): Layer.Layer<HttpClient.HttpClient> =>
  Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(
      NodeHttpClient.Dispatcher,
      Effect.acquireRelease(
        // oxlint-disable-next-line import/namespace -- Undici is re-exported from a CommonJS module.
        Effect.sync(() => new Undici.ProxyAgent(url)),
        (agent) => Effect.promise(() => agent.destroy())
      )
    )
  )

const portOf = (server: Net.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

const listen = <Server extends Net.Server>(server: Server) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(portOf(server))))
    }),
    () => Effect.sync(() => server.close())
  )

/** A server that does this with each socket as something arrives. */
const serveSockets = (onData: (socket: Net.Socket) => void) => {
  const server = Net.createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () => onData(socket))
  })
  return listen(server)
}

const makeCertificate = () => {
  const folder = mkdtempSync(join(tmpdir(), "tink-certificate-"))
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")]
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...names], {
    stdio: "ignore"
  })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

const checkNeverSent = (client: Layer.Layer<HttpClient.HttpClient>, baseUrl: string, isRetryable = true) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(Layer.provide(TinkHttp.layer({ ...options, maxRetries: 0, baseUrl }), client))
    const found = yield* failure(Context.get(context, TinkHttp.TinkHttp).request(refreshCredential))
    assert.deepInclude(found, { reason: "Transport", isAmbiguous: false, isRetryable }, found.message)
  })

describe("over sockets, never sent is never ambiguous", () => {
  it.live("a certificate that is not trusted", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const port = yield* listen(Https.createServer(makeCertificate(), (_, response) => response.end("{}")))
          yield* checkNeverSent(client, `https://127.0.0.1:${port}`, false)
        })
    )
  )

  it.live("a connection that ends in the handshake, and TLS spoken to plain HTTP", () =>
    everyRowLive(
      Object.entries(clients),
      ([name]) => name,
      ([, client]) =>
        Effect.gen(function* () {
          const ended = yield* serveSockets((socket) => socket.destroy())
          yield* checkNeverSent(client, `https://127.0.0.1:${ended}`)
          const plain = yield* serveSockets((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
          yield* checkNeverSent(client, `https://127.0.0.1:${plain}`)
        })
    )
  )

  it.live("a proxy that refuses the connection", () =>
    everyRowLive([403, 407, 502, 503], String, (status) =>
      Effect.gen(function* () {
        const port = yield* serveSockets((socket) =>
          socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
        )
        yield* checkNeverSent(throughProxy(`http://127.0.0.1:${port}`), "https://api.tink.test")
      })
    )
  )
})
