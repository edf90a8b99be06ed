import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import { clientToken, type Method, newUser, send, userToken } from "./helpers.js"

const hook = "https://app.example/tink/webhooks"
const path = "/events/v2/webhook-endpoints"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const manage = (method: "POST" | "GET" | "PATCH" | "DELETE", suffix = "", json?: unknown) =>
  Effect.flatMap(clientToken("webhook-endpoints"), (token) =>
    send(method, `${path}${suffix}`, { token, ...(json === undefined ? {} : { json }) })
  )

const create = (url = hook, enabledEvents: ReadonlyArray<string> = ["refresh:finished"], more: object = {}) =>
  manage("POST", "", { url, enabledEvents, ...more })

describe("the endpoints of webhooks", () => {
  it.effect("are created with a secret, and listed, changed and deleted without it", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      const created = yield* create(hook, ["refresh:finished"], { description: "text" })
      assert.strictEqual(created.status, 200)
      const { secret, ...endpoint } = created.body
      assert.match(secret, /^.{32,}$/)
      assert.deepStrictEqual(endpoint, {
        id: endpoint.id,
        url: hook,
        enabledEvents: ["refresh:finished"],
        description: "text",
        disabled: false,
        createdAt: "2026-01-01T00:00:00.000Z",
        updatedAt: "2026-01-01T00:00:00.000Z"
      })
      assert.deepStrictEqual((yield* manage("GET")).body, { webhookEndpoints: [endpoint], nextPageToken: "" })
      yield* TestClock.adjust("1 second")
      const changed = yield* manage("PATCH", `/${endpoint.id}`, { webhookEndpoint: { disabled: true } })
      assert.deepStrictEqual(
        [changed.status, changed.body],
        [200, { ...endpoint, disabled: true, updatedAt: "2026-01-01T00:00:01.000Z" }]
      )
      assert.strictEqual((yield* manage("DELETE", `/${endpoint.id}`)).status, 200)
      assert.deepStrictEqual((yield* manage("GET")).body.webhookEndpoints, [])
      assert.strictEqual((yield* manage("DELETE", `/${endpoint.id}`)).status, 404)
    }).pipe(provideSandbox)
  )

  it.effect("are managed with JSON of any content type, as the official curls send it", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("webhook-endpoints")
      const sendJson = (method: Method, suffix: string, json: object) =>
        send(method, `${path}${suffix}`, {
          token,
          text: { body: JSON.stringify(json), contentType: "application/x-www-form-urlencoded" }
        })
      const created = yield* sendJson("POST", "", { url: hook, enabledEvents: ["refresh:finished"] })
      assert.strictEqual(created.status, 200)
      const changed = yield* sendJson("PATCH", `/${created.body.id}`, { webhookEndpoint: { disabled: true } })
      assert.deepStrictEqual([changed.status, changed.body.disabled], [200, true])
    }).pipe(provideSandbox)
  )

  it.effect("may share a URL or an event, and not both", () =>
    Effect.gen(function* () {
      yield* create()
      assert.strictEqual((yield* create(hook, ["account:created", "refresh:finished"])).status, 409)
      const other = yield* create(hook, ["account:created"])
      assert.strictEqual(other.status, 200)
      assert.strictEqual((yield* create(`${hook}/2`)).status, 200)
      const changes = { webhookEndpoint: { enabledEvents: ["refresh:finished"] } }
      assert.strictEqual((yield* manage("PATCH", `/${other.body.id}`, changes)).status, 409)
    }).pipe(provideSandbox)
  )

  it.effect("have an https URL, or one of this machine", () =>
    Effect.gen(function* () {
      for (const url of [
        "http://127.0.0.1:3000/hook",
        "http://localhost/hook",
        "http://[::1]:1/hook",
        "https://a.example"
      ]) {
        assert.strictEqual((yield* create(url)).status, 200, url)
      }
      for (const url of ["http://app.example/hook", "ftp://127.0.0.1/hook", "hook", ""]) {
        assert.strictEqual((yield* create(url)).status, 400, url)
      }
    }).pipe(provideSandbox)
  )

  it.effect("are listed in pages", () =>
    Effect.gen(function* () {
      for (const n of [1, 2, 3]) yield* create(`${hook}/${n}`)
      const first = (yield* manage("GET", "?pageSize=2")).body
      assert.lengthOf(first.webhookEndpoints, 2)
      const second = (yield* manage("GET", `?pageSize=2&pageToken=${first.nextPageToken}`)).body
      assert.lengthOf(second.webhookEndpoints, 1)
      assert.strictEqual(second.nextPageToken, "")
    }).pipe(provideSandbox)
  )

  it.effect("refuse undocumented input", () =>
    Effect.gen(function* () {
      const { id } = (yield* create()).body
      const invalid: ReadonlyArray<readonly ["POST" | "PATCH", string, unknown]> = [
        ["POST", "", { url: hook }],
        ["POST", "", { url: hook, enabledEvents: [] }],
        ["PATCH", `/${id}`, { disabled: true }],
        ["PATCH", `/${id}`, { webhookEndpoint: {} }],
        ["PATCH", `/${id}`, { webhookEndpoint: { secret: "mine" } }],
        ["PATCH", `/${id}`, { webhookEndpoint: { url: "http://app.example" } }]
      ]
      for (const [method, suffix, json] of invalid) {
        assert.strictEqual((yield* manage(method, suffix, json)).status, 400, JSON.stringify(json))
      }
      const token = yield* clientToken("user:create")
      assert.strictEqual((yield* send("GET", path, { token })).status, 403)
      assert.strictEqual((yield* send("GET", path)).status, 401)
    }).pipe(provideSandbox)
  )
})

interface Received {
  readonly signature: string
  readonly body: string
}

/** A receiver that answers with the statuses in turn, then 204; `undefined` is no connection. */
const makeReceiver = (statuses: ReadonlyArray<number | undefined> = []) => {
  const received: Array<Received> = []
  const left = [...statuses]
  const sendWebhook = async (request: Request): Promise<Response> => {
    assert.strictEqual(request.headers.get("content-type"), "application/json")
    received.push({ signature: request.headers.get("x-tink-signature") ?? "", body: await request.text() })
    const status = left.length > 0 ? left.shift() : 204
    if (status === undefined) throw new TypeError("fetch failed")
    return new Response(null, { status })
  }
  return { received, sendWebhook }
}

const start = 1_700_000_000_000

/** A user whose bank can be refreshed, and an endpoint for it. */
const connected = Effect.gen(function* () {
  yield* TestClock.setTime(start)
  const sandbox = yield* TinkSandbox.TinkSandbox
  const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
  const { id } = yield* sandbox.connectBank(userId)
  const token = yield* userToken(userId, "credentials:refresh,credentials:write")
  const { secret } = (yield* create()).body as { readonly secret: string }
  const refresh = send("POST", `/api/v1/credentials/${id}/refresh`, { token })
  const pass = (duration: "3 seconds" | "10 seconds" | "20 seconds" | "40 seconds" | "1 minute" | "9 minutes") =>
    Effect.andThen(TestClock.adjust(duration), sandbox.deliveriesSettled)
  return { sandbox, userId, id, token, secret, refresh, pass, refreshed: Effect.andThen(refresh, pass("3 seconds")) }
})

const expectedSignature = (secret: string, t: number, body: string) =>
  `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`

const statusOf = ({ body }: Received): string => JSON.parse(body).content.credentialsStatus

const withReceiver = <A, E>(
  receiver: ReturnType<typeof makeReceiver>,
  test: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof TinkSandbox.layerHttpClient>>>,
  options: TinkSandbox.Options = {}
) => Effect.provide(test, TinkSandbox.layerHttpClient({ sendWebhook: receiver.sendWebhook, ...options }))

describe("refresh:finished", () => {
  it.effect("is sent at the end of a refresh, with a valid signature", () => {
    const receiver = makeReceiver()
    return Effect.gen(function* () {
      const { id, pass, refresh, sandbox, secret, userId } = yield* connected
      yield* refresh
      yield* pass("3 seconds")
      const [delivered] = receiver.received
      if (delivered === undefined) return assert.fail("nothing was sent")
      assert.deepStrictEqual(JSON.parse(delivered.body), {
        context: { userId, externalUserId: "cust-0001" },
        content: {
          credentialsId: id,
          credentialsStatus: "UPDATED",
          status: "UPDATED",
          finished: start + 3000,
          source: "OPERATION_SOURCE_API",
          sessionExpiryDate: start + 90 * 24 * 3_600_000
        },
        event: "refresh:finished"
      })
      assert.strictEqual(delivered.signature, expectedSignature(secret, start / 1000 + 3, delivered.body))
      const [delivery, ...others] = yield* sandbox.deliveries
      assert.deepInclude(delivery, {
        url: hook,
        event: "refresh:finished",
        body: delivered.body,
        time: start + 3000,
        state: "delivered",
        attempts: [{ time: start + 3000, status: 204, error: null }]
      })
      assert.isEmpty(others)
      const overHttp = yield* send("GET", "/sandbox/webhooks/deliveries")
      assert.deepStrictEqual(overHttp.body, { deliveries: [delivery] })
      for (const hidden of [secret, "v1="]) assert.notInclude(overHttp.text, hidden)
    }).pipe((test) => withReceiver(receiver, test))
  })

  it.effect(
    "is sent for failures, for expired sessions and for background refreshes, and not for what is ignored",
    () => {
      const receiver = makeReceiver()
      return Effect.gen(function* () {
        const { id, pass, refreshed, sandbox, token } = yield* connected
        yield* sandbox.setNextRefresh(id, "TEMPORARY_ERROR")
        yield* refreshed
        yield* sandbox.setNextRefresh(id, "IGNORED")
        yield* refreshed
        yield* sandbox.setNextRefresh(id, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
        yield* refreshed
        yield* sandbox.completeAuthentication(id, "CANCELLED")
        yield* sandbox.deliveriesSettled
        yield* sandbox.setNextRefresh(id, "AWAITING_THIRD_PARTY_APP_AUTHENTICATION")
        yield* refreshed
        yield* pass("9 minutes")
        // It fetches no data, so it is not a refresh.
        yield* send("POST", `/api/v1/credentials/${id}/authenticate`, { token })
        yield* pass("3 seconds")
        yield* sandbox.completeAuthentication(id)
        yield* sandbox.deliveriesSettled
        yield* sandbox.refreshInBackground(id)
        yield* pass("3 seconds")
        yield* sandbox.expireSession(id)
        yield* sandbox.deliveriesSettled
        assert.strictEqual((yield* send("POST", `/sandbox/credentials/${id}/background-refresh`)).status, 204)
        yield* sandbox.deliveriesSettled
        const contents = receiver.received.map(({ body }) => JSON.parse(body).content)
        assert.deepStrictEqual(
          contents.map(({ credentialsStatus, detailedError, source }) => [
            credentialsStatus,
            source,
            detailedError?.details.reason
          ]),
          [
            ["TEMPORARY_ERROR", "OPERATION_SOURCE_API", "PROVIDER_UNAVAILABLE"],
            ["AUTHENTICATION_ERROR", "OPERATION_SOURCE_API", "DYNAMIC_CREDENTIALS_FLOW_CANCELLED"],
            ["AUTHENTICATION_ERROR", "OPERATION_SOURCE_API", "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT"],
            ["UPDATED", "OPERATION_SOURCE_BACKGROUND", undefined],
            ["SESSION_EXPIRED", "OPERATION_SOURCE_BACKGROUND", "SESSION_EXPIRED"]
          ]
        )
      }).pipe((test) => withReceiver(receiver, test))
    }
  )

  it.effect(
    "is not sent to an endpoint that is disabled, deleted, for other events, or younger than the refresh",
    () => {
      const receiver = makeReceiver()
      return Effect.gen(function* () {
        const { refresh, pass, refreshed } = yield* connected
        const [endpoint] = (yield* manage("GET")).body.webhookEndpoints
        yield* manage("PATCH", `/${endpoint.id}`, { webhookEndpoint: { disabled: true } })
        yield* refreshed
        yield* manage("PATCH", `/${endpoint.id}`, {
          webhookEndpoint: { disabled: false, enabledEvents: ["account:created"] }
        })
        yield* refreshed
        yield* manage("DELETE", `/${endpoint.id}`)
        yield* refresh
        yield* create()
        yield* pass("3 seconds")
        assert.isEmpty(receiver.received)
        yield* refreshed
        assert.lengthOf(receiver.received, 1)
      }).pipe((test) => withReceiver(receiver, test))
    }
  )

  it.effect("follows background refreshes at an interval", () => {
    const receiver = makeReceiver()
    return Effect.gen(function* () {
      const { pass } = yield* connected
      yield* pass("9 minutes")
      yield* pass("1 minute")
      yield* pass("3 seconds")
      yield* pass("9 minutes")
      yield* pass("1 minute")
      assert.deepStrictEqual(receiver.received.map(statusOf), ["UPDATED", "UPDATED"])
      assert.include(receiver.received[0]?.body, "OPERATION_SOURCE_BACKGROUND")
    }).pipe(
      (test) => withReceiver(receiver, test, { backgroundRefreshInterval: "9 minutes" }),
      // The interval begins with the sandbox.
      (test) => Effect.andThen(TestClock.setTime(start), test)
    )
  })
})

const runWithSeed = () => {
  const receiver = makeReceiver([503])
  return Effect.gen(function* () {
    const { pass, refreshed, sandbox } = yield* connected
    yield* sandbox.injectWebhookFault({ kind: "duplicate" })
    yield* refreshed
    yield* refreshed
    yield* pass("10 seconds")
    return [receiver.received, yield* sandbox.deliveries] as const
  }).pipe(
    (test) => withReceiver(receiver, test),
    Effect.withRandom(Random.make("a seed")),
    Effect.provide(TestContext.TestContext)
  )
}
describe("deliveries", () => {
  const outcomes: ReadonlyArray<readonly [statuses: ReadonlyArray<number | undefined>, sent: number, state: string]> = [
    [[200], 1, "delivered"],
    [[503, 204], 2, "delivered"],
    [[408, 429, 500, 204], 4, "delivered"],
    [[502, 504, 503, 503, 204], 4, "failed"],
    [[412], 1, "failed"],
    [[400], 1, "failed"],
    [[404], 1, "failed"],
    [[undefined], 1, "failed"]
  ]

  it.effect("are retried three times on the documented statuses, and not without a connection", () =>
    Effect.forEach(outcomes, ([statuses, sent, state]) => {
      const receiver = makeReceiver(statuses)
      return Effect.gen(function* () {
        const { pass, refreshed, sandbox } = yield* connected
        yield* refreshed
        assert.lengthOf(receiver.received, 1)
        for (const wait of ["10 seconds", "20 seconds", "40 seconds", "9 minutes"] as const) yield* pass(wait)
        assert.lengthOf(receiver.received, sent, String(statuses))
        // A retry is not signed again.
        assert.strictEqual(new Set(receiver.received.map(({ signature }) => signature)).size, 1)
        const [delivery] = yield* sandbox.deliveries
        assert.strictEqual(delivery?.state, state)
        const times = delivery?.attempts.map(({ time }) => time - start - 3000)
        assert.deepStrictEqual(times, [0, 10_000, 30_000, 70_000].slice(0, sent))
      }).pipe((test) => withReceiver(receiver, test), Effect.provide(TestContext.TestContext))
    })
  )

  it.effect("are duplicated, lost, delayed, and signed with another secret or an old time by a fault", () => {
    const receiver = makeReceiver()
    return Effect.gen(function* () {
      const { pass, refreshed, sandbox, secret } = yield* connected
      const sentBy = (fault: TinkSandbox.WebhookFault) =>
        Effect.gen(function* () {
          receiver.received.length = 0
          yield* sandbox.injectWebhookFault(fault)
          yield* refreshed
          return [...receiver.received]
        })
      const isValid = ({ body, signature }: Received) =>
        signature === expectedSignature(secret, Number(/\d+/.exec(signature)?.[0]), body)

      const [one, two] = yield* sentBy({ kind: "duplicate" })
      assert.isDefined(one)
      assert.deepStrictEqual(one, two)
      assert.isEmpty(yield* sentBy({ kind: "drop" }))
      assert.isEmpty(yield* sentBy({ kind: "delay", milliseconds: 60_000 }))
      yield* pass("1 minute")
      assert.lengthOf(receiver.received, 1)
      const [wrong] = yield* sentBy({ kind: "wrong-secret" })
      assert.isFalse(wrong === undefined || isValid(wrong))
      const [old] = yield* sentBy({ kind: "old-timestamp" })
      assert.isTrue(old !== undefined && isValid(old))
      assert.match(old?.signature ?? "", new RegExp(`^t=${start / 1000 - 3600 + 5 * 3 + 60},`))
      const states = (yield* sandbox.deliveries).map(({ fault, state }) => [fault, state])
      assert.deepStrictEqual(states, [
        ["duplicate", "delivered"],
        ["drop", "dropped"],
        ["delay", "delivered"],
        ["wrong-secret", "delivered"],
        ["old-timestamp", "delivered"]
      ])
    }).pipe((test) => withReceiver(receiver, test))
  })

  it.effect("are reordered by a fault", () => {
    const receiver = makeReceiver()
    return Effect.gen(function* () {
      const { id, refreshed, sandbox } = yield* connected
      assert.strictEqual((yield* send("POST", "/sandbox/webhooks/faults", { json: { kind: "reorder" } })).status, 204)
      yield* sandbox.setNextRefresh(id, "TEMPORARY_ERROR")
      yield* refreshed
      assert.isEmpty(receiver.received)
      yield* refreshed
      assert.deepStrictEqual(receiver.received.map(statusOf), ["UPDATED", "TEMPORARY_ERROR"])
    }).pipe((test) => withReceiver(receiver, test))
  })

  it.effect("are sent again on demand, with a new signature", () => {
    const receiver = makeReceiver([412])
    return Effect.gen(function* () {
      const { pass, refreshed, sandbox } = yield* connected
      yield* refreshed
      const [delivery] = yield* sandbox.deliveries
      yield* pass("1 minute")
      const id = delivery?.id ?? ""
      assert.strictEqual((yield* send("POST", `/sandbox/webhooks/deliveries/${id}/resend`)).status, 204)
      yield* sandbox.deliveriesSettled
      const [first, second] = receiver.received
      assert.strictEqual(second?.body, first?.body)
      assert.notStrictEqual(second?.signature, first?.signature)
      assert.deepStrictEqual(
        (yield* sandbox.deliveries).map(({ state }) => state),
        ["failed", "delivered"]
      )
      assert.strictEqual((yield* send("POST", "/sandbox/webhooks/deliveries/x/resend")).status, 404)
      assert.strictEqual((yield* Effect.flip(sandbox.resendDelivery("x"))).reason, "UnknownDelivery")
    }).pipe((test) => withReceiver(receiver, test))
  })

  it.effect("that a receiver does not answer are retried after 10 seconds", () => {
    let requests = 0
    const sendWebhook = () => (++requests === 1 ? new Promise<Response>(() => {}) : Promise.resolve(new Response(null)))
    return Effect.gen(function* () {
      const { pass, refresh, sandbox } = yield* connected
      yield* refresh
      yield* TestClock.adjust("3 seconds")
      yield* pass("10 seconds")
      yield* pass("10 seconds")
      const [delivery] = yield* sandbox.deliveries
      assert.deepStrictEqual(
        delivery?.attempts.map(({ error, status }) => error ?? status),
        ["timeout", 200]
      )
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ sendWebhook })))
  })

  it.effect("end with a reset, and their endpoints with them", () => {
    const receiver = makeReceiver([503])
    return Effect.gen(function* () {
      const { pass, refreshed, sandbox } = yield* connected
      yield* sandbox.injectWebhookFault({ kind: "drop", times: 5 })
      yield* refreshed
      yield* sandbox.reset
      yield* pass("1 minute")
      assert.isEmpty(receiver.received)
      assert.isEmpty(yield* sandbox.deliveries)
      assert.isEmpty((yield* manage("GET")).body.webhookEndpoints)
      yield* (yield* connected).refreshed
      assert.lengthOf(receiver.received, 1)
    }).pipe((test) => withReceiver(receiver, test))
  })

  it.effect("are the same for the same seed", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* runWithSeed(), yield* runWithSeed()]
      assert.isNotEmpty(one[0])
      assert.deepStrictEqual(one, two)
    })
  )

  it.scopedLive("reach a receiver over a real socket", () =>
    Effect.gen(function* () {
      const server = createServer()
      const request = Effect.async<Received>((resume) => {
        server.on("request", (request, response) => {
          let body = ""
          request.on("data", (data) => (body += String(data)))
          request.on("end", () => {
            response.writeHead(204).end()
            resume(Effect.succeed({ signature: String(request.headers["x-tink-signature"]), body }))
          })
        })
      })
      const port = yield* Effect.acquireRelease(
        Effect.async<number>((resume) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
          })
        }),
        () => Effect.sync(() => server.close())
      )
      yield* Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        const { id } = yield* sandbox.connectBank(yield* newUser())
        const { secret } = (yield* create(`http://127.0.0.1:${port}/hook`)).body as { readonly secret: string }
        const [{ body, signature }] = yield* Effect.all([request, sandbox.refreshInBackground(id)], { concurrency: 2 })
        assert.strictEqual(signature, expectedSignature(secret, Number(/\d+/.exec(signature)?.[0]), body))
      }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ authenticatingTime: 0, updatingTime: 0 })))
    })
  )
})
