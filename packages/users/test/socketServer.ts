/** A Tink behind real sockets that does to a connection what a test says, and watches what is left over. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Ids from "@effect-tink/http/Ids"
import type * as TinkConfig from "@effect-tink/http/TinkConfig"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users, UserSession } from "@effect-tink/users"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { allScopes, turn } from "./helpers.js"

export type Handle = (request: IncomingMessage, response: ServerResponse) => void

export interface Tink {
  readonly port: number
  readonly baseUrl: string
  /** What is done with a request, but for those for tokens and grants, which are always answered well. */
  handle: Handle
  /** Those requests, as they arrived. */
  readonly received: Array<string>
  /** How many connections there are. */
  readonly connections: Effect.Effect<number>
  /** Closes the port and all connections. */
  readonly stop: Effect.Effect<void>
  /** Listens again on the same port. */
  readonly start: Effect.Effect<void>
}

class StillThere extends Data.TaggedError("StillThere")<{ readonly what: string }> {}

/**
 * Lets the event loop turn until something is so; fails, and says what was not, when it does not happen. It has no timer
 * of its own, as those are counted.
 */
export const until = (what: () => string, condition: Effect.Effect<boolean>) =>
  Effect.gen(function* () {
    const end = (yield* Clock.currentTimeMillis) + 3000
    while (true) {
      yield* turn
      if (yield* condition) return
      if ((yield* Clock.currentTimeMillis) > end) return yield* new StillThere({ what: what() })
    }
  })

/** What keeps the process alive: sockets, servers, timers. How it is waited for is not part of it. */
const activeResources = (): ReadonlyArray<string> =>
  process.getActiveResourcesInfo().filter((name) => name !== "Immediate")

const countOf = (...names: ReadonlyArray<string>): number =>
  activeResources().filter((name) => names.includes(name)).length

export const activeSockets = (): number => countOf("TCPSocketWrap", "TCPConnectWrap")

export const activeTimers = (): number => countOf("Timeout")

const added = (before: ReadonlyArray<string>): ReadonlyArray<string> => {
  const rest = [...before]
  return activeResources().filter((name) => {
    const at = rest.indexOf(name)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

/** After its scope, every socket, server and timer that was not there before has to be gone. */
const withoutLeaks = Effect.acquireRelease(Effect.sync(activeResources), (before) =>
  Effect.orDie(
    until(
      () => `left over: ${added(before).join(", ")}`,
      Effect.sync(() => added(before).length === 0)
    )
  )
)

export const userIdOf = (n: number) => Ids.UserId.make(n.toString(16).padStart(32, "0"))

export const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")

/** A credential as JSON, of the user whose token the request has. */
export const credentialOf = (request: IncomingMessage): string =>
  `{"id":"${id}","userId":"${(request.headers.authorization ?? "").replace("Bearer token-of-", "")}",` +
  `"providerName":"a-bank","status":"UPDATED"}`

/** All is well. */
export const answer: Handle = (request, response) => {
  if (request.method !== "GET") return void response.writeHead(204).end()
  response.setHeader("content-type", "application/json")
  response.end(request.url?.endsWith("/list") ? `{"credentials":[${credentialOf(request)}]}` : credentialOf(request))
}

/** Users are told apart by what they are granted: the code of user `u` is `u`, and their token `token-of-u`. */
const answerOAuth = (form: URLSearchParams, response: ServerResponse) => {
  const code = form.get("code")
  const userId = form.get("user_id")
  if (userId !== null) return void response.end(`{"code":"${userId}"}`)
  response.end(`{"access_token":"${code === null ? "app-token" : `token-of-${code}`}","expires_in":7200}`)
}

const listen = (server: ReturnType<typeof createServer>, port: number) =>
  Effect.async<number>((resume) => {
    server.listen(port, "127.0.0.1", () => {
      // A server that listens on a port has such an address.
      resume(Effect.succeed((server.address() as AddressInfo).port))
    })
  })

/** A Tink on a port of its own. When its scope closes, nothing of the client's may be connected any more. */
export const serve = Effect.gen(function* () {
  yield* withoutLeaks
  const received: Array<string> = []
  const server = createServer({ keepAlive: true }, (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      if (request.url?.startsWith("/api/v1/oauth/")) {
        return void answerOAuth(new URLSearchParams(Buffer.concat(chunks).toString()), response)
      }
      received.push(`${request.method} ${request.url}`)
      tink.handle(request, response)
    })
  })
  // More than are ever told to wait; connections that are dropped by a full queue come back only after a second.
  server.maxConnections = 10_000
  server.on("connection", (socket: Socket) => socket.on("error", () => {}))
  const connections = Effect.async<number>((resume) => {
    server.getConnections((_, count) => resume(Effect.succeed(count)))
  })
  const stop = Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
  const port = yield* listen(server, 0)
  const tink: Tink = {
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    handle: answer,
    received,
    connections,
    stop,
    start: Effect.asVoid(Effect.suspend(() => listen(server, port)))
  }
  yield* Effect.addFinalizer(() => stop)
  return tink
})

/** All layers, over undici. Their scope is inside the server's, so that the server sees what they leave behind. */
export const connect = (tink: Tink, timing: TinkConfig.RequestOptions = {}) =>
  Effect.gen(function* () {
    yield* Effect.addFinalizer(() => {
      let left = 0
      const count = Effect.tap(tink.connections, (n) => {
        left = n
      })
      return Effect.orDie(
        until(
          () => `${left} connections`,
          Effect.map(count, (n) => n === 0)
        )
      )
    })
    const context = yield* Layer.build(
      Users.layer.pipe(
        Layer.provideMerge(UserCache.layer({ capacity: 10_000 })),
        Layer.provide(
          TinkHttp.layer({
            clientId: "a-client",
            clientSecret: Redacted.make("a-secret"),
            baseUrl: tink.baseUrl,
            attemptTimeout: "10 seconds",
            deadline: "20 seconds",
            maxRetries: 1,
            retryBaseDelay: Duration.millis(1),
            ...timing
          })
        ),
        Layer.provide(NodeHttpClient.layerUndici)
      )
    )
    return { users: Context.get(context, Users.Users), cache: Context.get(context, UserCache.UserCache) }
  })

/** A session with a token at hand: nothing is sent for it. */
export const sessionOf = (n: number) =>
  UserSession.make({
    userId: userIdOf(n),
    accessToken: Redacted.make(`token-of-${userIdOf(n)}`),
    scopes: allScopes
  })
