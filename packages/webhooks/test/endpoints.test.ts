import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { WebhookEndpoints } from "@effect-tink/webhooks"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { everyRow } from "../../../test/support/rows.js"
import { json, scriptedTink, withTokens } from "../../../test/support/scriptedTink.js"
import { url } from "./helpers.js"

const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, TinkHttp.layer)).pipe(
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

const onSandbox = Effect.provide(layerTink)

const input = { url, enabledEvents: ["refresh:finished"] } as const

const requestsTo = Effect.gen(function* () {
  const sandbox = yield* TinkSandbox.TinkSandbox
  return (yield* sandbox.requests).filter(({ path }) => path.startsWith("/events")).map(({ method }) => method)
})

describe("WebhookEndpoints", () => {
  it.effect("creates an endpoint with a secret that is not shown", () =>
    Effect.gen(function* () {
      const created = yield* WebhookEndpoints.create({ ...input, description: "text" })
      const secret = Redacted.value(created.secret)
      assert.deepInclude(created, { ...input, description: "text", disabled: false })
      for (const shown of [Inspectable.format(created), JSON.stringify(created), String(created)]) {
        assert.notInclude(shown, secret)
      }
      const [listed, ...others] = yield* WebhookEndpoints.list
      assert.isEmpty(others)
      assert.strictEqual(listed?.id, created.id)
      assert.notProperty(listed, "secret")
    }).pipe(onSandbox)
  )

  it.effect("lists all pages", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 101 }, (_, n) => `${url}/${n}`)
      yield* Effect.forEach(names, (url) => WebhookEndpoints.create({ ...input, url }))
      assert.deepStrictEqual(
        (yield* WebhookEndpoints.list).map(({ url }) => url),
        names
      )
    }).pipe(onSandbox)
  )

  const listed = { id: "0123456789abcdef0123456789abcdef", ...input, disabled: false }

  const overPages = (page: (n: number) => unknown) => {
    const { client, sent } = scriptedTink(withTokens((_, n) => json(200, page(n))))
    const settings = { clientId: "a-client", clientSecret: Redacted.make("a-secret") }
    const layer = Layer.provide(TinkHttp.layer(settings), Layer.succeed(HttpClient.HttpClient, client))
    return { sent, list: Effect.provide(WebhookEndpoints.list, layer) }
  }

  it.effect("leaves out an endpoint that cannot be read, and fails if none can", () =>
    Effect.gen(function* () {
      const odd = [{ ...listed, id: 7 }, null, { ...listed, description: 7, disabled: null }]
      const readable = yield* overPages(() => ({ webhookEndpoints: odd })).list
      assert.deepStrictEqual(
        readable.map(({ description, disabled, url }) => ({ description, disabled, url })),
        [{ description: undefined, disabled: false, url }]
      )
      const error = yield* Effect.flip(overPages(() => ({ webhookEndpoints: odd.slice(0, 2) })).list)
      assert.deepInclude(error, { reason: "Decode" })
    })
  )

  it.effect("gives up a list whose pages do not end", () =>
    Effect.gen(function* () {
      const { list, sent } = overPages((n) => ({ webhookEndpoints: [listed], nextPageToken: `page-${n}` }))
      assert.deepInclude(yield* Effect.flip(list), { reason: "Decode", detail: "there are more than 100 pages" })
      assert.lengthOf(sent, 101)
    })
  )

  it.effect("changes what is given, and deletes", () =>
    Effect.gen(function* () {
      const { id } = yield* WebhookEndpoints.create(input)
      const changed = yield* WebhookEndpoints.update(id, { disabled: true })
      assert.deepInclude(changed, { ...input, id, disabled: true })
      yield* WebhookEndpoints.delete(id)
      assert.isEmpty(yield* WebhookEndpoints.list)
      assert.strictEqual((yield* Effect.flip(WebhookEndpoints.delete(id))).reason, "NotFound")
    }).pipe(onSandbox)
  )

  it.effect("fails with Conflict for the same event and URL", () =>
    Effect.gen(function* () {
      yield* WebhookEndpoints.create(input)
      assert.strictEqual((yield* Effect.flip(WebhookEndpoints.create(input))).reason, "Conflict")
    }).pipe(onSandbox)
  )

  const id = WebhookEndpoints.WebhookEndpointId.make("0123456789abcdef0123456789abcdef")

  /** From a caller without types. */
  const untyped = (value: unknown) => value as never

  const wrong: ReadonlyArray<readonly [call: Effect.Effect<unknown, unknown, TinkHttp.TinkHttp>, rule: RegExp]> = [
    ...[
      "http://app.example",
      "https://user:planted@app.example",
      "app.example",
      "",
      "ftp://a",
      "https://a/#planted",
      "https://a/?planted=1#planted",
      "https://a/?planted\nplanted"
    ].map((url) => [WebhookEndpoints.create({ ...input, url }), /url must be like https/] as const),
    [WebhookEndpoints.create({ ...input, enabledEvents: [""] }), /enabledEvents must be names/],
    // What JavaScript can pass.
    [WebhookEndpoints.create({ url } as WebhookEndpoints.CreateInput), /enabledEvents must be names/],
    // oxlint-disable-next-line no-sparse-arrays -- `every` skips a real hole
    [WebhookEndpoints.create(untyped({ ...input, enabledEvents: [, "planted"] })), /enabledEvents must be names/],
    [WebhookEndpoints.create(untyped({ ...input, description: { planted: 1 } })), /description must be a string/],
    [WebhookEndpoints.update(id, untyped({ disabled: "planted" })), /disabled must be true or false/],
    [WebhookEndpoints.create(untyped(undefined)), /the input must be an object/],
    [WebhookEndpoints.ensure(untyped(null)), /the input must be an object/],
    [WebhookEndpoints.update(id, untyped("planted")), /the input must be an object/],
    [WebhookEndpoints.ensure({ ...input, url: "planted" }), /url must be like https/],
    [WebhookEndpoints.update(id, {}), /give at least one/],
    [WebhookEndpoints.update("../planted" as WebhookEndpoints.WebhookEndpointId, {}), /must be 1 to 128/],
    [WebhookEndpoints.delete("../planted" as WebhookEndpoints.WebhookEndpointId), /must be 1 to 128/]
  ]

  it.effect("refuses invalid input before a request is sent, and does not repeat it", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* everyRow(
        wrong,
        ([, rule]) => String(rule),
        ([call, rule]) =>
          Effect.map(Effect.flip(call), (error) => {
            assert.match(String(error), rule)
            assert.notInclude(Inspectable.format(error), "planted")
          })
      )
      assert.isEmpty(yield* sandbox.requests)
    }).pipe(onSandbox)
  )

  it.effect("takes an http URL of this machine, and one with a query", () =>
    Effect.gen(function* () {
      for (const url of ["http://127.0.0.1:3000/hook", "https://app.example/hook?tenant=se"]) {
        assert.strictEqual((yield* WebhookEndpoints.create({ ...input, url })).url, url)
      }
    }).pipe(onSandbox)
  )
})

describe("WebhookEndpoints.ensure", () => {
  it.effect("creates an endpoint once, and gives its secret once", () =>
    Effect.gen(function* () {
      const first = yield* WebhookEndpoints.ensure(input)
      const again = yield* WebhookEndpoints.ensure(input)
      assert.isTrue(Option.isSome(first.secret))
      assert.isTrue(Option.isNone(again.secret))
      assert.strictEqual(again.endpoint.id, first.endpoint.id)
      assert.deepStrictEqual(yield* requestsTo, ["GET", "POST", "GET"])
    }).pipe(onSandbox)
  )

  type Input = WebhookEndpoints.CreateInput

  const refresh: Input = input
  const payment: Input = { url, enabledEvents: ["payment:updated"] }
  const account: Input = { url, enabledEvents: ["account:created"] }
  const refreshAndPayment: Input = { url, enabledEvents: ["refresh:finished", "payment:updated"] }
  const refreshAndAccount: Input = { url, enabledEvents: ["account:created", "refresh:finished"] }

  const ensuring: ReadonlyArray<{
    readonly name: string
    readonly before: ReadonlyArray<Input>
    readonly wanted: Input
    readonly after: ReadonlyArray<Input>
    readonly sent: string | undefined
  }> = [
    {
      name: "leaves an endpoint with other events alone",
      before: [payment],
      wanted: refresh,
      after: [payment, refresh],
      sent: "POST"
    },
    {
      name: "leaves an endpoint with another URL alone",
      before: [{ ...refresh, url: `${url}/other` }],
      wanted: refresh,
      after: [{ ...refresh, url: `${url}/other` }, refresh],
      sent: "POST"
    },
    {
      name: "adds what is missing to the endpoint that has one of the events",
      before: [account, payment],
      wanted: refreshAndAccount,
      after: [refreshAndAccount, payment],
      sent: "PATCH"
    },
    {
      name: "keeps the events that are not wanted here",
      before: [refreshAndPayment],
      wanted: refreshAndAccount,
      after: [{ url, enabledEvents: ["refresh:finished", "payment:updated", "account:created"] }],
      sent: "PATCH"
    },
    {
      name: "changes nothing of an endpoint that has all events and more",
      before: [refreshAndPayment],
      wanted: refresh,
      after: [refreshAndPayment],
      sent: undefined
    },
    {
      name: "takes an event that is named twice for one",
      before: [refresh],
      wanted: { url, enabledEvents: ["refresh:finished", "refresh:finished"] },
      after: [refresh],
      sent: undefined
    },
    {
      name: "leaves an endpoint disabled, and described",
      before: [{ ...refresh, disabled: true, description: "text" }],
      wanted: refresh,
      after: [{ ...refresh, disabled: true, description: "text" }],
      sent: undefined
    },
    {
      name: "leaves it so when events are added",
      before: [{ ...account, disabled: true, description: "text" }],
      wanted: refreshAndAccount,
      after: [{ ...refreshAndAccount, disabled: true, description: "text" }],
      sent: "PATCH"
    },
    {
      name: "enables and describes it where the input says so",
      before: [{ ...refreshAndPayment, disabled: true }],
      wanted: { ...refresh, disabled: false, description: "text" },
      after: [{ ...refreshAndPayment, disabled: false, description: "text" }],
      sent: "PATCH"
    }
  ]

  it.effect("changes only the endpoint that has the URL and one of the events, and only by what is missing", () =>
    everyRow(
      ensuring,
      ({ name }) => name,
      ({ after, before, sent, wanted }) =>
        Effect.gen(function* () {
          yield* Effect.forEach(before, WebhookEndpoints.create)
          const { secret } = yield* WebhookEndpoints.ensure(wanted)
          assert.strictEqual(Option.isSome(secret), sent === "POST")
          const requests = yield* requestsTo
          assert.deepStrictEqual(requests.slice(before.length), sent === undefined ? ["GET"] : ["GET", sent])
          const listed = yield* WebhookEndpoints.list
          assert.lengthOf(listed, after.length)
          after.forEach((expected, n) => assert.deepOwnInclude({ ...listed[n] }, { ...expected }))
        }).pipe(onSandbox)
    )
  )

  it.effect("fails with Conflict where several endpoints have one of the events, and changes none", () =>
    Effect.gen(function* () {
      yield* Effect.forEach([refreshAndPayment, account], WebhookEndpoints.create)
      const before = yield* WebhookEndpoints.list
      assert.deepInclude(yield* Effect.flip(WebhookEndpoints.ensure(refreshAndAccount)), {
        reason: "Conflict",
        isRetryable: false
      })
      assert.notInclude(yield* requestsTo, "PATCH")
      assert.deepStrictEqual(yield* WebhookEndpoints.list, before)
    }).pipe(onSandbox)
  )

  it.effect("ends with one endpoint when two processes start together", () =>
    Effect.gen(function* () {
      const ensured = yield* Effect.all([WebhookEndpoints.ensure(input), WebhookEndpoints.ensure(input)], {
        concurrency: 2
      })
      assert.lengthOf(yield* WebhookEndpoints.list, 1)
      assert.strictEqual(new Set(ensured.map(({ endpoint }) => endpoint.id)).size, 1)
      assert.lengthOf(
        ensured.flatMap(({ secret }) => Option.toArray(secret)),
        1
      )
    }).pipe(onSandbox)
  )

  it.effect("does not repeat a creation that may have been applied", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-after", method: "POST", path: "/events/v2/webhook-endpoints" })
      const error = yield* Effect.flip(WebhookEndpoints.ensure(input))
      assert.isTrue(error.isAmbiguous)
      assert.isTrue(Option.isNone((yield* WebhookEndpoints.ensure(input)).secret))
    }).pipe(onSandbox)
  )
})
