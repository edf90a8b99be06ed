/**
 * Carries requests to a sandbox over real sockets, with Node's own server, so that a fault can reach the socket.
 */
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as BodyCollector from "./bodyCollector.js"
import type { Sandbox } from "./sandbox.js"
import { type Incoming, isBodiless, type Outcome, type Reply } from "./wire.js"

export interface Address {
  readonly host: string
  readonly port: number
}

// Never resumes when the client leaves before its request is complete: such a request was never received.
const readBody = (request: Http.IncomingMessage): Effect.Effect<Uint8Array | "too-large", "aborted"> =>
  Effect.async((resume) => {
    const collector = BodyCollector.make()
    request.on("data", collector.add)
    request.on("end", () => resume(Effect.succeed(collector.body())))
    request.on("error", () => resume(Effect.fail("aborted")))
    request.on("close", () => resume(Effect.fail("aborted")))
  })

// Headers that may come more than once arrive as arrays; none of them matters here.
const headersOf = (request: Http.IncomingMessage): Incoming["headers"] =>
  Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value])
  )

const toIncoming = Effect.fnUntraced(function* (request: Http.IncomingMessage) {
  const body = yield* readBody(request)
  const [path = "/", ...query] = (request.url ?? "/").split("?")
  const incoming: Incoming = {
    method: request.method ?? "GET",
    path,
    query: new URLSearchParams(query.join("?")),
    headers: headersOf(request),
    body
  }
  return incoming
})

const sendHead = (response: Http.ServerResponse, reply: Reply, length: number): void => {
  const contentLength = isBodiless(reply.status) ? {} : { "content-length": length }
  response.writeHead(reply.status, { ...reply.headers, ...contentLength })
}

// Waits for the kernel to have taken the bytes: a socket that is destroyed at once would take them along.
const write = (response: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    response.write(bytes, () => resume(Effect.void))
  })

const dropConnection = (response: Http.ServerResponse): Effect.Effect<void> =>
  Effect.sync(() => {
    response.socket?.destroy()
  })

const send = Effect.fnUntraced(function* (response: Http.ServerResponse, outcome: Outcome) {
  if (outcome._tag === "Dropped") return yield* dropConnection(response)
  const { reply } = outcome
  const bytes = Buffer.from(reply.body)
  const middle = Math.floor(bytes.length / 2)
  sendHead(response, reply, bytes.length)
  switch (outcome._tag) {
    case "Whole":
      response.end(bytes)
      return
    case "Cut":
      yield* write(response, bytes.subarray(0, middle))
      return yield* dropConnection(response)
    case "Slow":
      yield* write(response, bytes.subarray(0, middle))
      yield* Effect.sleep(outcome.milliseconds)
      response.end(bytes.subarray(middle))
  }
})

const serve = (sandbox: Sandbox, request: Http.IncomingMessage, response: Http.ServerResponse): Effect.Effect<void> =>
  toIncoming(request).pipe(
    Effect.andThen(sandbox.handle),
    Effect.andThen((outcome) => send(response, outcome)),
    // The client is gone, and nobody is left to tell.
    Effect.catchAll(() => Effect.void)
  )

const open = ({ host, port }: Address): Effect.Effect<Http.Server, HttpServerError.ServeError> =>
  Effect.async((resume) => {
    const server = Http.createServer()
    server.once("error", (cause) => resume(Effect.fail(new HttpServerError.ServeError({ cause }))))
    server.listen(port, host, () => resume(Effect.succeed(server)))
  })

// A client that keeps its connection open must not hold up the end.
const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const portOf = (server: Http.Server, asked: number): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : asked
}

/** Listens until the scope closes. A port of 0 takes any that is free; the address says which. */
export const listen = (
  sandbox: Sandbox,
  address: Address
): Effect.Effect<Address, HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = yield* FiberSet.makeRuntime<never>()
    const server = yield* Effect.acquireRelease(open(address), close)
    server.on("request", (request, response) => {
      response.on("error", () => {})
      fork(serve(sandbox, request, response))
    })
    return { host: address.host, port: portOf(server, address.port) }
  })
