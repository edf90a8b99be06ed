import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Net from "node:net"

/** An exchange as Node's own client sees it. */
interface Exchange {
  readonly head: { readonly status: number; readonly headers: Http.IncomingHttpHeaders } | undefined
  readonly text: string
  /** The error that ends it. */
  readonly error: string | undefined
}

interface Sent {
  readonly method?: string
  readonly token?: string
  readonly body?: string
  readonly contentType?: string
}

const exchange = (url: string, { body = "", contentType, method = "GET", token }: Sent = {}) =>
  Effect.async<Exchange>((resume) => {
    let head: Exchange["head"]
    let text = ""
    const end = (error?: Error) => resume(Effect.succeed({ head, text, error: error?.message }))
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(contentType === undefined ? {} : { "content-type": contentType })
    }
    const request = Http.request(url, { method, headers, agent: false }, (response) => {
      head = { status: response.statusCode ?? 0, headers: response.headers }
      response.on("data", (chunk) => (text += String(chunk)))
      response.on("error", end)
      response.on("end", () => end())
    })
    request.on("error", end)
    request.end(body)
  })

const form = (fields: Readonly<Record<string, string>>): Sent => ({
  method: "POST",
  contentType: "application/x-www-form-urlencoded",
  body: new URLSearchParams(fields).toString()
})

const app = { client_id: "sandbox-client", client_secret: "sandbox-secret" }

/** A user with a bank and a token, over sockets, and a fault for the next request. */
const facing = Effect.fnUntraced(function* (fault: TinkSandbox.Fault) {
  const sandbox = yield* TinkSandbox.TinkSandbox
  const at = (path: string, sent?: Sent) => exchange(sandbox.baseUrl + path, sent)
  const token = Effect.fnUntraced(function* (fields: Readonly<Record<string, string>>) {
    const { text } = yield* at("/api/v1/oauth/token", form({ ...app, ...fields }))
    return String(JSON.parse(text).access_token)
  })
  const client = yield* token({ grant_type: "client_credentials", scope: "user:create,authorization:grant" })
  const json = { method: "POST", contentType: "application/json", body: '{"market":"SE"}', token: client }
  const userId = String(JSON.parse((yield* at("/api/v1/user/create", json)).text).user_id)
  const { id } = yield* sandbox.connectBank(userId)
  const scope = "credentials:read,credentials:write"
  const grant = yield* at("/api/v1/oauth/authorization-grant", { ...form({ user_id: userId, scope }), token: client })
  const user = yield* token({ grant_type: "authorization_code", code: JSON.parse(grant.text).code })
  const path = `/api/v1/credentials/${id}`
  yield* sandbox.injectFault(fault)
  return {
    id,
    sandbox,
    read: at(path, { token: user }),
    remove: at(path, { method: "DELETE", token: user }),
    last: Effect.map(sandbox.requests, (requests) => requests.at(-1))
  }
})

const provideServer = Effect.provide(TinkSandbox.layerServer())

/** Checks again after each turn of the event loop. */
const until = <A>(effect: Effect.Effect<A>, wanted: (value: A) => boolean): Effect.Effect<void> =>
  Effect.flatMap(effect, (value) =>
    wanted(value)
      ? Effect.void
      : Effect.andThen(
          Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
          until(effect, wanted)
        )
  )

const statusOf = (effect: Effect.Effect<Exchange>) => Effect.map(effect, ({ head }) => head?.status)

// `it.live`: delays are in real time, and short.
describe("faults over sockets", () => {
  it.live("none: every answer has its headers and its body", () =>
    Effect.gen(function* () {
      const { id, read, remove } = yield* facing({ kind: "garbage", path: "/nowhere" })
      const { error, head, text } = yield* read
      assert.isUndefined(error)
      assert.strictEqual(head?.status, 200)
      assert.strictEqual(head?.headers["content-type"], "application/json")
      assert.match(String(head?.headers["x-request-id"]), /^[0-9a-f]{32}$/)
      assert.isString(head?.headers["strict-transport-security"])
      assert.strictEqual(JSON.parse(text).id, id)
      const removed = yield* remove
      assert.strictEqual(removed.head?.status, 204)
      assert.notProperty(removed.head?.headers ?? {}, "content-length")
      assert.notProperty(removed.head?.headers ?? {}, "content-type")
    }).pipe(provideServer)
  )

  it.live("delay: the answer is late", () =>
    Effect.gen(function* () {
      const { last, read } = yield* facing({ kind: "delay", milliseconds: 50 })
      assert.strictEqual(yield* statusOf(read), 200)
      const entry = yield* last
      assert.strictEqual(entry?.fault, "delay")
      assert.isAtLeast(entry?.duration ?? 0, 45)
    }).pipe(provideServer)
  )

  it.live("status: it is answered once, and nothing is applied", () =>
    Effect.gen(function* () {
      const { read, remove } = yield* facing({ kind: "status", status: 503, retryAfter: "2" })
      const { head } = yield* remove
      assert.strictEqual(head?.status, 503)
      assert.strictEqual(head?.headers["retry-after"], "2")
      assert.strictEqual(yield* statusOf(read), 200)
    }).pipe(provideServer)
  )

  const drops: ReadonlyArray<readonly ["drop-before" | "drop-after", number]> = [
    ["drop-before", 200],
    ["drop-after", 404]
  ]

  it.live("drop-before and drop-after: the connection hangs up, and only drop-after applies the request", () =>
    Effect.forEach(drops, ([kind, status]) =>
      Effect.gen(function* () {
        const { last, read, remove } = yield* facing({ kind })
        assert.deepStrictEqual(yield* remove, { head: undefined, text: "", error: "socket hang up" })
        assert.deepInclude(yield* last, { fault: kind, applied: kind === "drop-after", status: null })
        assert.strictEqual(yield* statusOf(read), status)
      }).pipe(provideServer)
    )
  )

  it.live("cut-body: the body ends half-way", () =>
    Effect.gen(function* () {
      const { read } = yield* facing({ kind: "cut-body" })
      const { error, head, text } = yield* read
      assert.strictEqual(head?.status, 200)
      assert.strictEqual(error, "aborted")
      const length = Number(head?.headers["content-length"])
      assert.strictEqual(text.length, Math.floor(length / 2))
      assert.isAbove(length, 100)
    }).pipe(provideServer)
  )

  it.live("cut-body: an answer without a body is dropped before its head", () =>
    Effect.gen(function* () {
      const { read, remove } = yield* facing({ kind: "cut-body" })
      assert.strictEqual((yield* remove).error, "socket hang up")
      assert.strictEqual(yield* statusOf(read), 404)
    }).pipe(provideServer)
  )

  it.live("garbage: the body is not JSON", () =>
    Effect.gen(function* () {
      const { read, remove } = yield* facing({ kind: "garbage" })
      const { error, head, text } = yield* remove
      assert.strictEqual(head?.status, 200)
      assert.isUndefined(error)
      assert.match(text, /^<html>/)
      assert.strictEqual(yield* statusOf(read), 404)
    }).pipe(provideServer)
  )

  it.live("slow-body: the body is complete after the delay", () =>
    Effect.gen(function* () {
      const { id, last, read } = yield* facing({ kind: "slow-body", milliseconds: 50 })
      const before = performance.now()
      const { error, text } = yield* read
      assert.isAtLeast(performance.now() - before, 45)
      assert.isUndefined(error)
      assert.strictEqual(JSON.parse(text).id, id)
      assert.deepInclude(yield* last, { fault: "slow-body", status: 200 })
    }).pipe(provideServer)
  )

  it.live("slow-body: the head and half of the body are sent first", () =>
    Effect.gen(function* () {
      const { sandbox } = yield* facing({ kind: "slow-body", milliseconds: 3_600_000 })
      const response = yield* Effect.promise(() => fetch(`${sandbox.baseUrl}/api/v1/user`))
      assert.strictEqual(response.status, 401)
      const reader = response.body?.getReader()
      const chunk = yield* Effect.promise(async () => reader?.read())
      assert.strictEqual(chunk?.done, false)
      assert.strictEqual(chunk?.value?.length, Math.floor(Number(response.headers.get("content-length")) / 2))
    }).pipe(provideServer)
  )

  it.live("a fetch that loses its connection fails, and the next works", () =>
    Effect.gen(function* () {
      const { sandbox } = yield* facing({ kind: "drop-before" })
      const get = Effect.tryPromise(() => fetch(`${sandbox.baseUrl}/api/v1/user`))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(get)))
      assert.strictEqual((yield* get).status, 401)
    }).pipe(provideServer)
  )
})

describe("layerServer", () => {
  it.live("listens on a free port of this machine", () =>
    Effect.gen(function* () {
      const { baseUrl, clientSecret } = yield* TinkSandbox.TinkSandbox
      assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:[1-9]\d+$/)
      assert.strictEqual(Redacted.value(clientSecret), "hush")
    }).pipe(Effect.provide(TinkSandbox.layerServer({ clientSecret: "hush" })))
  )

  it.live("fails with ServeError if the port is in use", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* TinkSandbox.TinkSandbox
      const port = Number(new URL(baseUrl).port)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(TinkSandbox.layerServer({ port }))))
      assert.strictEqual(error._tag, "ServeError")
    }).pipe(provideServer)
  )

  it.live("finishes a request whose client has left", () =>
    Effect.gen(function* () {
      const { last, read, sandbox } = yield* facing({ kind: "delay", milliseconds: 50, method: "POST" })
      const { port } = new URL(sandbox.baseUrl)
      const body = new URLSearchParams({ ...app, grant_type: "client_credentials" }).toString()
      const head = [
        "POST /api/v1/oauth/token HTTP/1.1",
        "Host: x",
        "Content-Type: application/x-www-form-urlencoded",
        `Content-Length: ${body.length}`
      ].join("\r\n")
      const socket = Net.connect(Number(port), "127.0.0.1", () => socket.write(`${head}\r\n\r\n${body}`))
      yield* until(last, (entry) => entry?.fault === "delay")
      socket.destroy()
      yield* until(last, (entry) => entry?.status === 200)
      assert.strictEqual(yield* statusOf(read), 200)
    }).pipe(provideServer)
  )

  it.live("closes its port and all connections at once", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(TinkSandbox.layerServer(), scope)
      const { sandbox } = yield* Effect.provide(facing({ kind: "slow-body", milliseconds: 3_600_000 }), context)
      const url = `${sandbox.baseUrl}/api/v1/user`
      // One connection in the middle of a body, and one that is kept alive.
      const response = yield* Effect.promise(() => fetch(url))
      const text = response.text().catch(() => "cut")
      const idle = yield* Effect.promise(() => fetch(url).then((response) => response.text()))
      assert.include(idle, "errorCode")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Effect.promise(() => text), "cut")
      const after = yield* exchange(url)
      assert.match(String(after.error), /ECONNREFUSED/)
    })
  )
})
