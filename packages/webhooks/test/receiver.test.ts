import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { type WebhookEvent, Webhooks, WebhookSignature } from "@effect-tink/webhooks"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Inspectable from "effect/Inspectable"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Net from "node:net"
import { createServer } from "node:http"
import { bufferBytes } from "../../../test/support/memory.js"
import { everyRow, everyRowLive } from "../../../test/support/rows.js"
import { makeTracer } from "../../../test/support/tracer.js"
import { headerOf, noEvents, now, post, postSigned, receiver, secret, statusOf, toBytes, vectors } from "./helpers.js"

const { B } = vectors

const atNow = TestClock.setTime(now)

const recorder = () => {
  const events: Array<WebhookEvent.WebhookEvent> = []
  return { events, onEvent: (event: WebhookEvent.WebhookEvent) => Effect.sync(() => void events.push(event)) }
}

const signed = { "x-tink-signature": headerOf(B) }

describe("what a receiver answers", () => {
  it.effect("204 when the event was handled", () =>
    Effect.gen(function* () {
      yield* atNow
      const { events, onEvent } = recorder()
      const response = yield* post(yield* receiver({ onEvent }), B.body, signed)
      assert.strictEqual(response.status, 204)
      assert.strictEqual(yield* Effect.promise(() => response.text()), "")
      assert.deepInclude(events[0], { event: "refresh:finished", status: "UPDATED" })
    })
  )

  const refusals: ReadonlyArray<
    readonly [
      name: string,
      expected: number,
      send: Parameters<typeof post>[1],
      headers: Readonly<Record<string, string>>,
      at?: number
    ]
  > = [
    ["no signature", 412, B.body, {}],
    ["a wrong signature", 412, B.body, { "x-tink-signature": headerOf(B).replace(/.$/, "0") }],
    ["another body", 412, `${B.body}\n`, signed],
    ["a repeated header", 412, B.body, { "x-tink-signature": `${headerOf(B)}, ${headerOf(B)}` }],
    ["no body", 412, null, signed],
    ["an old signature", 412, B.body, signed, now + 600_001],
    ["a signature of the future", 412, B.body, signed, now - 600_001]
  ]

  it.effect("412 when the signature is not valid", () =>
    everyRow(
      refusals,
      ([name]) => name,
      ([, expected, body, headers, at = now]) =>
        Effect.gen(function* () {
          yield* TestClock.setTime(at)
          const handler = yield* receiver({ onEvent: noEvents })
          assert.strictEqual(yield* statusOf(post(handler, body, headers)), expected)
        })
    )
  )

  it.effect("400 when the body is not an event", () =>
    Effect.gen(function* () {
      yield* atNow
      const handler = yield* receiver({ onEvent: noEvents })
      for (const body of ["", "not JSON", "[]", "{}", '{"event":"refresh:finished"}']) {
        assert.strictEqual(yield* statusOf(postSigned(handler, body)), 400)
      }
    })
  )

  const failures: ReadonlyArray<readonly [name: string, onEvent: () => Effect.Effect<void, unknown>]> = [
    ["a failure", () => Effect.fail({ _tag: "DatabaseDown", text: "planted" })],
    ["a defect", () => Effect.die(new Error("planted"))],
    [
      "a thrown error",
      () => {
        throw new Error("planted")
      }
    ],
    ["an interruption", () => Effect.interrupt]
  ]

  it.effect("503 when onEvent does not succeed, and 204 once it does", () =>
    everyRow(
      failures,
      ([name]) => name,
      ([, fail]) =>
        Effect.gen(function* () {
          yield* atNow
          let attempts = 0
          const handler = yield* receiver({
            rememberDeliveries: 10,
            onEvent: () => (++attempts < 3 ? fail() : Effect.void)
          })
          const statuses = yield* Effect.replicateEffect(statusOf(post(handler, B.body, signed)), 4)
          assert.deepStrictEqual(statuses, [503, 503, 204, 204])
          assert.strictEqual(attempts, 3)
        })
    )
  )

  const invalid: ReadonlyArray<Readonly<Record<string, unknown>>> = [
    { secrets: [Redacted.make("")] },
    // A secret that was read from a file.
    { secrets: [Redacted.make(`${B.secret}\n`)] },
    { tolerance: Number.NaN },
    { tolerance: "ten minutes" },
    { maxBodyBytes: Number.NaN },
    { maxBodyBytes: "1000" },
    { bodyTimeout: -1 },
    { rememberDeliveries: Number.NaN },
    { onEvent: undefined }
  ]

  it.effect("503 while a setting is not valid, so that nothing is lost", () =>
    everyRow(
      invalid,
      (options) => Inspectable.format(options),
      (options) =>
        Effect.gen(function* () {
          yield* atNow
          const handler = yield* receiver({ onEvent: noEvents, ...options })
          assert.strictEqual(yield* statusOf(post(handler, B.body, signed)), 503)
        })
    )
  )

  it.effect("only after onEvent has ended", () =>
    Effect.gen(function* () {
      yield* atNow
      const started = yield* Deferred.make<void>()
      const finish = yield* Deferred.make<void>()
      const handler = yield* receiver({
        onEvent: () => Deferred.succeed(started, undefined).pipe(Effect.andThen(Deferred.await(finish)))
      })
      const answering = yield* Effect.fork(statusOf(post(handler, B.body, signed)))
      yield* Deferred.await(started)
      assert.strictEqual((yield* Fiber.poll(answering))._tag, "None")
      yield* Deferred.succeed(finish, undefined)
      assert.strictEqual(yield* Fiber.join(answering), 204)
    })
  )

  type Changed = Effect.Effect<unknown, unknown>

  const slow: ReadonlyArray<
    readonly [name: string, wait: (changed: Changed) => Changed, status: number, answeredAfter: number]
  > = [
    ["as it is", (changed) => changed, 204, 30],
    ["in five seconds", (changed) => changed.pipe(Effect.disconnect, Effect.timeout("5 seconds")), 503, 5],
    ["in the background", Effect.forkDaemon, 204, 0]
  ]

  it.effect("204 after the user was invalidated, unless the application chooses another answer", () =>
    everyRow(
      slow,
      ([name]) => name,
      ([, wait, status, answeredAfter]) =>
        Effect.gen(function* () {
          yield* atNow
          const started = yield* Deferred.make<void>()
          const invalidated = yield* Deferred.make<number>()
          const seconds = Effect.map(Clock.currentTimeMillis, (millis) => (millis - now) / 1000)
          // As with a shared cache whose store is down: it cannot be interrupted.
          const changed = Deferred.succeed(started, undefined).pipe(
            Effect.andThen(Effect.sleep("30 seconds")),
            Effect.andThen(seconds),
            Effect.andThen((ended) => Deferred.succeed(invalidated, ended)),
            Effect.uninterruptible
          )
          const handler = yield* receiver({ onEvent: Webhooks.notifyUser(() => wait(changed)) })
          const answering = yield* Effect.fork(Effect.zip(statusOf(post(handler, B.body, signed)), seconds))
          yield* Deferred.await(started)
          for (const after of [0, 5, 30]) {
            yield* TestClock.setTime(now + after * 1000)
            if (after === answeredAfter) yield* Fiber.await(answering)
          }
          assert.deepStrictEqual(yield* Fiber.join(answering), [status, answeredAfter])
          assert.strictEqual(yield* Deferred.await(invalidated), 30)
        })
    )
  )

  it.effect("204 to any of its secrets, while one replaces the other", () =>
    Effect.gen(function* () {
      yield* atNow
      const { events, onEvent } = recorder()
      const next = Redacted.make("the next secret")
      const handler = yield* receiver({ secrets: [secret, next], onEvent })
      const signature = yield* WebhookSignature.sign({ secret: next, body: toBytes(B.body) })
      assert.strictEqual(yield* statusOf(post(handler, B.body, signed)), 204)
      assert.strictEqual(yield* statusOf(post(handler, B.body, { "x-tink-signature": signature })), 204)
      assert.lengthOf(events, 2)
    })
  )
})

const endless = () => {
  let pulled = 0
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++
      controller.enqueue(new Uint8Array(16_384))
    }
  })
  return { stream, pulledBytes: () => pulled * 16_384 }
}

describe("bodies", () => {
  it.effect("are read up to a bound, whether they say how long they are or not", () =>
    Effect.gen(function* () {
      yield* atNow
      const handler = yield* receiver({ onEvent: noEvents })
      const { pulledBytes, stream } = endless()
      assert.strictEqual(yield* statusOf(post(handler, stream, signed)), 413)
      assert.isAtMost(pulledBytes(), 1024 * 1024 + 10 * 16_384)
      const huge = "x".repeat(1024 * 1024 + 1)
      assert.strictEqual(yield* statusOf(post(handler, huge, signed)), 413)
      const declared = { ...signed, "content-length": String(2 ** 40) }
      assert.strictEqual(yield* statusOf(post(handler, endless().stream, declared)), 413)
    })
  )

  const unread: ReadonlyArray<
    readonly [
      name: string,
      expected: number,
      headers: Readonly<Record<string, string>>,
      options?: Parameters<typeof receiver>[0]
    ]
  > = [
    ["no signature", 412, {}],
    ["a malformed signature", 412, { "x-tink-signature": `t=${B.t},v1=0` }],
    ["an old signature", 412, { "x-tink-signature": headerOf(vectors.A) }],
    ["a signature of the future", 412, { "x-tink-signature": `t=${B.t + 601},v1=${B.v1}` }],
    ["a secret that is not valid, and no signature", 503, {}, { secrets: [Redacted.make("")], onEvent: noEvents }]
  ]

  it.effect("are not read when the header alone, or a setting, is at fault", () =>
    everyRow(
      unread,
      ([name]) => name,
      ([, expected, headers, options = { onEvent: noEvents }]) =>
        Effect.gen(function* () {
          yield* atNow
          const { pulledBytes, stream } = endless()
          const response = yield* post(yield* receiver(options), stream, headers)
          assert.strictEqual(response.status, expected)
          assert.strictEqual(response.headers.get("connection"), "close")
          // The stream itself asks for the first chunk.
          assert.isAtMost(pulledBytes(), 16_384)
        })
    )
  )

  it.effect("are held as bytes: a chunk of one byte keeps no more than that", () =>
    Effect.gen(function* () {
      yield* atNow
      const handler = yield* receiver({ onEvent: noEvents })
      let left = 2000
      let growth = NaN
      const before = bufferBytes()
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (left-- > 0) return controller.enqueue(new Uint8Array(65_536).subarray(0, 1))
          growth = bufferBytes() - before
          controller.close()
        }
      })
      assert.strictEqual(yield* statusOf(post(handler, stream, signed)), 412)
      // Views would keep 131 MB.
      assert.isBelow(growth / 1e6, 60)
    })
  )

  it.effect("of the bound itself are accepted", () =>
    Effect.gen(function* () {
      yield* atNow
      const { events, onEvent } = recorder()
      const handler = yield* receiver({ onEvent, maxBodyBytes: B.body.length })
      assert.strictEqual(yield* statusOf(post(handler, B.body, signed)), 204)
      assert.strictEqual(yield* statusOf(postSigned(handler, `${B.body} `)), 413)
      assert.lengthOf(events, 1)
    })
  )

  it.effect("that stall are given up after 10 seconds", () =>
    Effect.gen(function* () {
      yield* atNow
      const pulled = yield* Deferred.make<void>()
      const stalled = new ReadableStream<Uint8Array>(
        {
          pull: () => {
            Deferred.unsafeDone(pulled, Effect.void)
            return new Promise(() => {})
          }
        },
        { highWaterMark: 0 }
      )
      const handler = yield* receiver({ onEvent: noEvents })
      const answering = yield* Effect.fork(statusOf(post(handler, stalled, signed)))
      yield* Deferred.await(pulled)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(answering), 408)
    })
  )

  it.effect("that break off are not events", () =>
    Effect.gen(function* () {
      yield* atNow
      const broken = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(toBytes(B.body)),
        pull: (controller) => controller.error(new Error("planted"))
      })
      assert.strictEqual(yield* statusOf(post(yield* receiver({ onEvent: noEvents }), broken, signed)), 400)
    })
  )
})

describe("duplicates", () => {
  it.effect("are handled each time, unless deliveries are remembered", () =>
    everyRow(
      [
        { rememberDeliveries: 0, handled: 3 },
        { rememberDeliveries: 10, handled: 1 }
      ],
      ({ rememberDeliveries }) => String(rememberDeliveries),
      ({ handled, rememberDeliveries }) =>
        Effect.gen(function* () {
          yield* atNow
          const { events, onEvent } = recorder()
          const handler = yield* receiver({ onEvent, rememberDeliveries })
          const statuses = yield* Effect.replicateEffect(statusOf(post(handler, B.body, signed)), 3)
          assert.deepStrictEqual(statuses, [204, 204, 204])
          assert.lengthOf(events, handled)
        })
    )
  )

  it.effect("that arrive together wait for the first, and try again if it fails", () =>
    Effect.gen(function* () {
      yield* atNow
      const first = yield* Deferred.make<void, "failed">()
      const started = yield* Deferred.make<void>()
      let attempts = 0
      const handler = yield* receiver({
        rememberDeliveries: 10,
        onEvent: () =>
          ++attempts === 1
            ? Deferred.succeed(started, undefined).pipe(Effect.andThen(Deferred.await(first)))
            : Effect.void
      })
      const answering = yield* Effect.fork(
        Effect.replicateEffect(statusOf(post(handler, B.body, signed)), 3, { concurrency: "unbounded" })
      )
      yield* Deferred.await(started)
      yield* Deferred.fail(first, "failed")
      const statuses = yield* Fiber.join(answering)
      assert.deepStrictEqual(Arr.sort(statuses, Order.number), [204, 204, 503])
      assert.strictEqual(attempts, 2)
    })
  )

  it.effect("are forgotten once as many others were handled", () =>
    Effect.gen(function* () {
      yield* atNow
      const { events, onEvent } = recorder()
      const handler = yield* receiver({ onEvent, rememberDeliveries: 2 })
      for (const n of [1, 2, 1, 3, 2, 1]) yield* postSigned(handler, `{"event":"event-${n}"}`)
      assert.deepStrictEqual(
        events.map(({ event }) => String(event)),
        ["event-1", "event-2", "event-3", "event-1"]
      )
    })
  )
})

describe("secrets", () => {
  it.effect("are in no log, span or error, nor is anything of a header or a body", () =>
    Effect.gen(function* () {
      yield* atNow
      const said: Array<unknown> = []
      const logger = Logger.make(
        ({ annotations, cause, message, spans }) => void said.push([message, cause, annotations, spans])
      )
      const { spans, tracer } = makeTracer(() => {})
      const planted = B.body.replace("cust-0001", "planted-customer")
      const bodies = [
        planted,
        planted.replace("UPDATED", "planted/"),
        "planted",
        '{"event":"planted:event","webhook":{"secret":"planted"}}'
      ]
      yield* Effect.gen(function* () {
        const failing = yield* receiver({ onEvent: () => Effect.fail({ _tag: "Failed", text: "planted" }) })
        const dying = yield* receiver({ onEvent: ({ event }) => Effect.die(`planted ${event}`) })
        for (const handler of [failing, dying]) {
          for (const body of bodies) {
            yield* postSigned(handler, body)
            yield* post(handler, body, signed)
          }
          yield* post(handler, "x".repeat(2 ** 21), signed)
        }
      }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)), Effect.withTracer(tracer))
      assert.isNotEmpty(said)
      assert.isNotEmpty(spans)
      const shown = [said, spans.map(({ attributes, name }) => [name, ...attributes])]
        .map((part) => Inspectable.format(part))
        .join()
      for (const secretText of ["planted", B.secret, B.v1, "v1="]) assert.notInclude(shown, secretText)
    })
  )

  const wrappers: ReadonlyArray<readonly [name: string, wrap: (app: HttpApp.Default) => HttpApp.Default]> = [
    ["not wrapped", (app) => app],
    ["in a span", Effect.withSpan("webhooks")],
    ["in two spans", (app) => app.pipe(Effect.withSpan("inner"), Effect.withSpan("outer"))],
    ["in a span that is not traced", (app) => app.pipe(Effect.withSpan("webhooks"), Effect.withTracerEnabled(false))]
  ]

  it.effect("are in no span above the receiver's, with a parent in another process or without", () =>
    everyRow(
      wrappers,
      ([name]) => name,
      ([, wrap]) =>
        Effect.gen(function* () {
          yield* atNow
          const { spans, tracer } = makeTracer(() => {})
          const runtime = yield* Effect.withTracer(Effect.runtime<never>(), tracer)
          const app = Webhooks.httpApp({ secrets: [secret], onEvent: () => Effect.void })
          const handler = HttpApp.toWebHandlerRuntime(runtime)(wrap(Effect.scoped(app)))
          const traced = { ...signed, traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` }
          for (const headers of [signed, traced]) yield* post(handler, B.body, headers)
          const servers = spans.filter(({ kind }) => kind === "server")
          assert.deepStrictEqual(
            servers.map(({ attributes, parent }) => [
              Option.getOrUndefined(parent)?._tag,
              attributes.get("http.request.header.x-tink-signature")
            ]),
            [
              [undefined, "<redacted>"],
              ["ExternalSpan", "<redacted>"]
            ]
          )
          assert.notInclude(Inspectable.format(spans.map(({ attributes }) => [...attributes])), B.v1)
        })
    )
  )
})

const serve = <E>(options: Partial<Webhooks.Options<E, never>> & Pick<Webhooks.Options<E, never>, "onEvent">) =>
  Effect.gen(function* () {
    const router = HttpRouter.empty.pipe(
      HttpRouter.post("/tink/webhooks", Webhooks.httpApp({ secrets: [secret], tolerance: Infinity, ...options }))
    )
    yield* HttpServer.serveEffect(router)
    const { address } = yield* HttpServer.HttpServer
    return address._tag === "TcpAddress" ? address.port : assert.fail("no port")
  })

const send = (port: number, init: RequestInit & { readonly duplex?: "half" }) =>
  Effect.promise(() => fetch(`http://127.0.0.1:${port}/tink/webhooks`, { method: "POST", ...init }))

describe("over real sockets", () => {
  const onSocket = NodeHttpServer.layer(createServer, { port: 0 })

  it.scopedLive("a router answers as a web handler does", () =>
    Effect.gen(function* () {
      const { events, onEvent } = recorder()
      const port = yield* serve({ onEvent })
      assert.strictEqual(yield* statusOf(send(port, { body: B.body, headers: signed })), 204)
      assert.strictEqual(yield* statusOf(send(port, { body: `${B.body} `, headers: signed })), 412)
      assert.strictEqual(yield* statusOf(send(port, { headers: signed })), 412)
      assert.strictEqual(yield* statusOf(send(port, { body: "x".repeat(2 ** 21), headers: signed })), 413)
      assert.lengthOf(events, 1)
    }).pipe(Effect.provide(onSocket))
  )

  const endlessBodies = [
    { name: "413 when it is too large", header: headerOf(B), status: 413 },
    { name: "412 when the signature is malformed", header: "t=1,v1=2", status: 412 }
  ]

  it.live("a body without end is answered, and its connection closed", () =>
    everyRowLive(
      endlessBodies,
      ({ name }) => name,
      ({ header, status }) =>
        Effect.gen(function* () {
          const port = yield* serve({ onEvent: noEvents })
          const received = yield* Effect.async<string>((resume) => {
            let text = ""
            const socket = Net.connect(port, "127.0.0.1", () => {
              socket.write(
                `POST /tink/webhooks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Tink-Signature: ${header}\r\n\r\n`
              )
              const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`
              const more = () => void (socket.writable && socket.write(chunk, more))
              more()
            })
            socket.on("data", (data) => (text += data.toString()))
            socket.on("error", () => {})
            socket.on("close", () => resume(Effect.succeed(text)))
          })
          assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `))
        }).pipe(Effect.provide(onSocket))
    )
  )
})
