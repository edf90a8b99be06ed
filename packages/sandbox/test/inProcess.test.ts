import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import { askClientToken, newUser, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

/** Records the names of all spans. */
const recordSpans = (names: Array<string>) =>
  Effect.withTracer(
    Tracer.make({
      span: (name, parent, context, links, startTime, kind) => {
        names.push(name)
        return {
          _tag: "Span",
          name,
          spanId: String(names.length),
          traceId: "trace",
          parent,
          context,
          links,
          kind,
          sampled: true,
          status: { _tag: "Started", startTime },
          attributes: new Map(),
          attribute: () => {},
          end: () => {},
          event: () => {},
          addLinks: () => {}
        }
      },
      context: (f) => f()
    })
  )

/** The ids of a new sandbox. */
const idsFrom = (seed: string) =>
  Effect.gen(function* () {
    const userId = yield* newUser()
    return [userId, yield* userToken(userId, "user:read")]
  }).pipe(provideSandbox, Effect.withRandom(Random.make(seed)))

describe("layerHttpClient", () => {
  it.effect("answers every host", () =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const { baseUrl, clientId, clientSecret } = yield* TinkSandbox.TinkSandbox
      for (const host of ["https://api.tink.com", "http://localhost:1", baseUrl]) {
        const { headers, status } = yield* client.get(`${host}/api/v1/user`)
        assert.strictEqual(status, 401)
        assert.notProperty(headers, "content-length")
      }
      assert.strictEqual(clientId, "sandbox-client")
      assert.strictEqual(Redacted.value(clientSecret), "sandbox-secret")
    }).pipe(provideSandbox)
  )

  it.effect("finishes the request of an interrupted client", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser()
      const { id } = yield* sandbox.connectBank(userId)
      const token = yield* userToken(userId, "credentials:read,credentials:write")
      yield* sandbox.injectFault({ kind: "delay", milliseconds: 1000 })
      const fiber = yield* Effect.fork(send("DELETE", `/api/v1/credentials/${id}`, { token }))
      yield* TestClock.adjust(500)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      const read = Effect.map(send("GET", `/api/v1/credentials/${id}`, { token }), ({ status }) => status)
      assert.strictEqual(yield* read, 200)
      assert.deepInclude((yield* sandbox.requests).at(-2), { method: "DELETE", status: null, duration: null })
      yield* TestClock.adjust(500)
      assert.strictEqual(yield* read, 404)
      assert.deepInclude((yield* sandbox.requests).at(-3), { method: "DELETE", status: 204, duration: 1000 })
    }).pipe(provideSandbox)
  )

  it.effect("uses the clock of the client's fiber, not of the fiber that built the layer", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(TinkSandbox.layerHttpClient()).pipe(Effect.withClock(Clock.make()))
      yield* TestClock.setTime(5000)
      const program = Effect.gen(function* () {
        yield* askClientToken()
        return yield* Effect.flatMap(TinkSandbox.TinkSandbox, ({ requests }) => requests)
      })
      assert.strictEqual((yield* Effect.provide(program, context))[0]?.time, 5000)
    }).pipe(Effect.scoped)
  )

  it.effect("adds no span to the client's trace", () => {
    const names: Array<string> = []
    return Effect.gen(function* () {
      yield* Effect.withSpan(askClientToken(), "test")
      assert.deepStrictEqual(names, ["test", "http.client POST"])
    }).pipe(recordSpans(names), provideSandbox)
  })

  it.effect("gives the same ids and tokens from the same seed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* idsFrom("a"), yield* idsFrom("a"))
      assert.notDeepEqual(yield* idsFrom("a"), yield* idsFrom("b"))
    })
  )

  it.effect("gives distinct ids from a constant Random", () =>
    Effect.gen(function* () {
      assert.notStrictEqual(yield* newUser(), yield* newUser())
    }).pipe(provideSandbox, Effect.withRandom(Random.fixed([0.5])))
  )

  it.effect("keeps two sandboxes apart", () =>
    Effect.gen(function* () {
      yield* newUser({ market: "SE", external_user_id: "cust-0001" }).pipe(provideSandbox)
      assert.match(
        yield* newUser({ market: "SE", external_user_id: "cust-0001" }).pipe(provideSandbox),
        /^[0-9a-f]{32}$/
      )
    })
  )

  const text = "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=client_credentials"
  const type = "application/x-www-form-urlencoded"
  const request = HttpClientRequest.post("https://api.tink.com/api/v1/oauth/token")
  const bytes = new TextEncoder().encode(text)
  const form = new FormData()
  form.set("client_id", "sandbox-client")
  const bodies: ReadonlyArray<readonly [string, HttpClientRequest.HttpClientRequest, number]> = [
    ["bytes", HttpClientRequest.bodyUint8Array(request, bytes, type), 200],
    [
      "a stream",
      HttpClientRequest.bodyStream(request, Stream.make(bytes.slice(0, 9), bytes.slice(9)), { contentType: type }),
      200
    ],
    ["a blob", HttpClientRequest.bodyUnsafeJson(request, {}), 415],
    ["a multipart form", HttpClientRequest.bodyFormData(request, form), 415],
    [
      "a stream that is too large",
      HttpClientRequest.bodyStream(request, Stream.make(new Uint8Array(2 ** 20), bytes), { contentType: type }),
      413
    ]
  ]

  it.effect("reads every kind of body", () =>
    eachRow(bodies, ([, request, status]) =>
      Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        assert.strictEqual((yield* client.execute(request)).status, status)
      })
    )
  )

  it.effect("fails in transport if the request body cannot be read", () =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const error = yield* Effect.flip(
        client.execute(HttpClientRequest.bodyStream(request, Stream.fail("broken"), { contentType: type }))
      )
      assert.strictEqual(error.reason, "Transport")
    }).pipe(provideSandbox)
  )
})
