import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Tls from "node:tls"
import { type Damage, halves } from "../faults/faults.js"
import * as Incoming from "../http/incoming.js"
import { noContent } from "../http/responses.js"
import type { MutualTlsOptions } from "../models.js"
import type { Sandbox } from "../sandbox.js"

export interface Address {
  readonly host: string
  readonly port: number
}

// Waits until the kernel has the bytes: destroying the socket at once would discard them.
const write = (response: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    response.write(bytes, () => resume(Effect.void))
  })

const disconnect = (response: Http.ServerResponse): Effect.Effect<void> =>
  Effect.sync(() => {
    response.socket?.destroy()
  })

const sendDamaged = (response: Http.ServerResponse, damage: Damage): Effect.Effect<void> =>
  Effect.gen(function* () {
    response.on("error", () => {})
    if (damage._tag === "Dropped") return yield* disconnect(response)
    const [first, rest] = halves(damage.response)
    response.writeHead(damage.response.status, damage.response.headers)
    yield* write(response, first)
    if (damage._tag === "Cut") return yield* disconnect(response)
    yield* Effect.sleep(damage.milliseconds)
    return void response.end(rest)
  }).pipe(
    // NodeHttpServer sends nothing more once a response has ended.
    Effect.ensuring(Effect.sync(() => response.end()))
  )

const certificateOf = ({ socket }: Http.IncomingMessage): string | undefined =>
  socket instanceof Tls.TLSSocket ? (socket.getPeerCertificate().fingerprint256 ?? "") : undefined

const toApp = (sandbox: Sandbox): HttpApp.Default<HttpServerError.RequestError> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const response = NodeHttpServerRequest.toServerResponse(request)
    const connection = { certificate: certificateOf(NodeHttpServerRequest.toIncomingMessage(request)) }
    return yield* sandbox.handle(request, Incoming.readBody(request.stream), connection).pipe(
      Effect.catchIf(
        (error) => error._tag !== "RequestError",
        (damage) => Effect.as(sendDamaged(response, damage), noContent)
      )
    )
  }).pipe(Effect.interruptible)

// NodeHttpServer waits for its connections, and a client may keep one open.
const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const listenWith = (
  nodeServer: Http.Server,
  sandbox: Sandbox,
  { host, port }: Address
): Effect.Effect<Address, HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* NodeHttpServer.make(() => nodeServer, { host, port })
    yield* Effect.addFinalizer(() => close(nodeServer))
    yield* Effect.locally(server.serve(toApp(sandbox)), HttpMiddleware.currentTracerDisabledWhen, () => true)
    return { host, port: server.address._tag === "TcpAddress" ? server.address.port : port }
  })

/** Listens until the scope closes. Port 0 is any free port; the address has the one that was chosen. */
export const listen = (
  sandbox: Sandbox,
  address: Address
): Effect.Effect<Address, HttpServerError.ServeError, Scope.Scope> =>
  Effect.suspend(() => listenWith(Http.createServer(), sandbox, address))

/** Like `listen`, for mutual TLS. A wrong client certificate does not fail the handshake; each request is answered with 401. */
export const listenMutualTls = (
  sandbox: Sandbox,
  address: Address,
  { certificate, key }: MutualTlsOptions
): Effect.Effect<Address, HttpServerError.ServeError, Scope.Scope> =>
  Effect.suspend(() => {
    const server = Https.createServer({ key, cert: certificate, requestCert: true, rejectUnauthorized: false })
    return listenWith(server, sandbox, address)
  })

/** The URL of an address. */
export const toUrl = (scheme: "http" | "https", { host, port }: Address): string =>
  `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`
