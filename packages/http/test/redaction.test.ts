import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { type TinkError, TinkHttp, type TinkRequest, TokenSource } from "@effect-tink/http"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as FiberRef from "effect/FiberRef"
import * as HashSet from "effect/HashSet"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import {
  broken,
  cutBody,
  isTokenRequest,
  json,
  type Script,
  scriptedTink,
  type Sent,
  tokenAnswer
} from "../../../test/support/scriptedTink.js"
import { makeTracer } from "../../../test/support/tracer.js"
import { createAuthorization, elapse, getCredential, makeGate, options, over, refreshCredential } from "./helpers.js"

/** All that must not be seen, with characters that look different once they are encoded. */
const canaries = {
  clientSecret: 'cl13nt-s3cr3t+/="\\&',
  clientToken: "cl13nt-t0k3n+/=",
  userToken: "us3r-t0k3n~*'()",
  code: "c0de-canary+/=&",
  bodyField: "b0dy-canary",
  answerField: "answ3r-canary"
}

const telltale = /s3cr3t|t0k3n|c0de-canary|b0dy-canary|answ3r-canary/

const settings = { clientSecret: Redacted.make(canaries.clientSecret), maxRetries: 1, retryBaseDelay: 0 }

/** Tink repeating what it was sent, as it was sent, in a form, in a URL and in JSON. */
const echoOf = (sent: Sent): string => {
  const token = (sent.headers["authorization"] ?? "").replace("Bearer ", "")
  return [canaries.clientSecret, token, sent.form["code"] ?? "", sent.form["hidden"] ?? ""]
    .filter((secret) => secret !== "")
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams({ "": secret }).toString().slice(1),
      JSON.stringify(secret)
    ])
    .join(" ")
}

const echoing =
  (status: number): Script =>
  (sent) => {
    const echo = echoOf(sent)
    // A header cannot hold what is not Latin-1.
    const headerEcho = echo.replaceAll(/[^\x20-\x7e]/g, "")
    return json(
      status,
      { errorMessage: echo, errorCode: echo, echo, answer: canaries.answerField },
      { "x-request-id": headerEcho, "retry-after": "0", location: `https://evil.test/?${headerEcho}` }
    )
  }

/** Nothing in the error of a client is safe, as it holds the request. */
const leakyError = new Error(`failed with ${Object.values(canaries).join(" ")}`, { cause: canaries })

const answersByReason: ReadonlyArray<readonly [TinkError.Reason, Script]> = [
  ["Transport", () => broken(leakyError)],
  ["Transport", () => Effect.fail("refused")],
  ["Transport", () => cutBody()],
  ["Timeout", echoing(408)],
  ["RateLimited", echoing(429)],
  ["Unauthorized", echoing(401)],
  ["Forbidden", echoing(403)],
  ["NotFound", echoing(404)],
  ["Conflict", echoing(409)],
  ["Invalid", echoing(400)],
  ["Server", echoing(500)],
  ["Server", echoing(307)],
  ["Decode", echoing(200)]
]

/** Decodes nothing, and says what it has found instead. */
const Picky: Schema.Schema<string, string> = Schema.String.pipe(
  Schema.filter((text) => `not ${text}`, { message: ({ actual }) => `not ${String(actual)}` })
)

const asUser = (request: TinkRequest.TinkRequest<unknown>): TinkRequest.TinkRequest<string> => ({
  ...request,
  authorization: { _tag: "User", tokens: TokenSource.fromToken(Redacted.make(canaries.userToken)) },
  response: Picky
})

const requests: Readonly<Record<string, (http: TinkHttp.Service) => Effect.Effect<unknown, TinkError.TinkError>>> = {
  "a user's request": (http) => http.request(asUser({ ...getCredential })),
  "the application's request": (http) =>
    http.request({
      ...createAuthorization,
      body: { _tag: "Form", fields: { external_user_id: canaries.bodyField, hidden: Redacted.make(canaries.code) } },
      response: Picky
    }),
  "an exchange of a code": (http) => http.exchangeCode(Redacted.make(canaries.code))
}

interface Seen {
  readonly texts: Array<string>
}

const spans = (seen: Seen) => {
  const note = (said: unknown) => void seen.texts.push(typeof said === "string" ? said : inspect(said, { depth: 10 }))
  const { spans: made, tracer } = makeTracer(note, note)
  return { tracer, made }
}

const loggers = (seen: Seen) => [
  ...[Logger.jsonLogger, Logger.logfmtLogger, Logger.stringLogger].map((logger) =>
    Logger.map(logger, (line) => {
      seen.texts.push(line)
    })
  ),
  Logger.prettyLogger({ colors: false })
]

/** Where the pretty logger writes to. */
const consoleOf = (seen: Seen): Console.Console => {
  const note = (...args: ReadonlyArray<unknown>) =>
    void seen.texts.push(...args.map((arg) => inspect(arg, { depth: 10 })))
  const unsafe: Console.UnsafeConsole = {
    assert: note,
    clear: note,
    count: note,
    countReset: note,
    debug: note,
    dir: note,
    dirxml: note,
    error: note,
    group: note,
    groupCollapsed: note,
    groupEnd: note,
    info: note,
    log: note,
    table: note,
    time: note,
    timeEnd: note,
    timeLog: note,
    trace: note,
    warn: note
  }
  const effectful = (...args: ReadonlyArray<unknown>) => Effect.sync(() => note(...args))
  return {
    [Console.TypeId]: Console.TypeId,
    assert: effectful,
    clear: Effect.void,
    count: effectful,
    countReset: effectful,
    debug: effectful,
    dir: effectful,
    dirxml: effectful,
    error: effectful,
    group: effectful,
    groupEnd: Effect.void,
    info: effectful,
    log: effectful,
    table: effectful,
    time: effectful,
    timeEnd: effectful,
    timeLog: effectful,
    trace: effectful,
    warn: effectful,
    unsafe
  }
}

/** All that an application could print about an error. */
const everythingSaid = (error: TinkError.TinkError): ReadonlyArray<string> => [
  error.message,
  error.stack ?? "",
  String(error),
  JSON.stringify(error),
  JSON.stringify({ ...error }),
  inspect(error, { depth: 10, showHidden: true }),
  Cause.pretty(Cause.fail(error), { renderErrorCause: true })
]

describe("no secret is seen in errors, logs and spans", () => {
  it.effect("for any reason of the failure", () =>
    everyRow(
      Object.entries(requests),
      ([name]) => name,
      ([name, send]) =>
        everyRow(
          answersByReason,
          ([reason], index) => `${reason} (${index})`,
          ([reason, respond]) =>
            Effect.gen(function* () {
              const seen: Seen = { texts: [] }
              const { made, tracer } = spans(seen)
              const { http } = yield* over(
                (sent, n) =>
                  isTokenRequest(sent) && !sent.form["code"] ? tokenAnswer(canaries.clientToken) : respond(sent, n),
                settings
              )
              const error = yield* Effect.flip(send(http)).pipe(
                Effect.tap((failed) => Effect.logError("It failed", failed, Cause.fail(failed))),
                Effect.tap((failed) => Effect.annotateCurrentSpan({ failed })),
                Effect.withSpan("outer"),
                Effect.withTracer(tracer),
                // Layers of loggers stay for the rows that follow.
                Effect.locally(FiberRef.currentLoggers, HashSet.fromIterable(loggers(seen))),
                Effect.withConsole(consoleOf(seen)),
                Logger.withMinimumLogLevel(LogLevel.All)
              )
              seen.texts.push(...everythingSaid(error), inspect(http, { depth: 10 }), JSON.stringify(http))
              assert.include(
                [
                  "an exchange of a code Unauthorized Invalid",
                  "an exchange of a code NotFound Server",
                  `${name} ${reason} ${reason}`
                ],
                `${name} ${reason} ${error.reason}`
              )
              assert.isAbove(made.length, 1)
              assert.isAbove(seen.texts.length, 20)
              for (const text of seen.texts) {
                assert.notMatch(text, telltale)
                assert.notInclude(text, "unhandled error")
              }
            })
        )
    )
  )
})

const wiping =
  (secret: Redacted.Redacted): Script =>
  (sent) => {
    Redacted.unsafeWipe(secret)
    const token = (sent.headers["authorization"] ?? "").replace("Bearer ", "")
    return json(400, { errorMessage: `no ${sent.form["hidden"] ?? sent.form["code"] ?? sent.body} ${token}` })
  }

describe("a secret that is wiped by its owner", () => {
  const wiped = Redacted.make(canaries.code)
  Redacted.unsafeWipe(wiped)

  it.scoped("while it is under way, is not shown, in a form, in JSON or as a token", () =>
    Effect.gen(function* () {
      const sends: ReadonlyArray<
        (http: TinkHttp.Service, secret: Redacted.Redacted) => Effect.Effect<unknown, TinkError.TinkError>
      > = [
        (http, secret) => http.exchangeCode(secret),
        (http, hidden) =>
          http.request(asUser({ ...getCredential, method: "POST", body: { _tag: "Form", fields: { hidden } } })),
        (http, hidden) =>
          http.request(asUser({ ...getCredential, method: "POST", body: { _tag: "Json", value: { hidden } } })),
        (http, token) =>
          http.request({ ...getCredential, authorization: { _tag: "User", tokens: TokenSource.fromToken(token) } })
      ]
      for (const send of sends) {
        const secret = Redacted.make(canaries.code)
        const { http } = yield* over(wiping(secret), settings)
        const error = yield* Effect.flip(send(http, secret))
        assert.strictEqual(error.status, 400)
        assert.include(error.errorMessage, "<redacted>")
        assert.notMatch(error.message, telltale)
      }
    })
  )

  it.scoped("before it is sent, makes the request Invalid", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(() => json(200, {}), settings)
      const tokens = TokenSource.fromToken(wiped)
      for (const attempt of [
        http.exchangeCode(wiped),
        http.request({ ...getCredential, method: "POST", body: { _tag: "Json", value: { wiped } } }),
        http.request({ ...getCredential, authorization: { _tag: "User", tokens } })
      ]) {
        assert.strictEqual((yield* Effect.flip<unknown, TinkError.TinkError, never>(attempt)).reason, "Invalid")
      }
      assert.lengthOf(sent, 0)
    })
  )
})

describe("an error message", () => {
  const { userToken } = canaries

  it.effect("that quotes a secret has it redacted, and nothing else", () =>
    everyRow(
      [
        [`no <${userToken}> here`, "no <<redacted>> here"],
        // A character that is two in UTF-16.
        [`${"😀".repeat(30)} ${userToken}`, `${"😀".repeat(30)} <redacted>`],
        [`İ ${userToken.toUpperCase()} ẞ`, "İ <redacted> ẞ"],
        // Longer than what is searched: the cut is five characters after the beginning of one.
        [`pad: ${userToken.repeat(300)}`, "pad: <redacted>"]
      ] as const,
      ([errorMessage]) => errorMessage,
      ([errorMessage, expected]) =>
        Effect.gen(function* () {
          const { http } = yield* over(() => json(403, { errorMessage }), settings)
          const error = yield* Effect.flip(http.request(asUser({ ...getCredential })))
          assert.strictEqual(error.errorMessage, expected)
        })
    )
  )

  it.scoped("that quotes two secrets, one the beginning of the other, has both redacted", () =>
    Effect.gen(function* () {
      const longer = `${userToken}-longer`
      const withLonger = { ...settings, clientSecret: Redacted.make(longer) }
      const { http } = yield* over(() => json(403, { errorMessage: `${longer}, ${userToken}.` }), withLonger)
      const error = yield* Effect.flip(http.request(asUser({ ...getCredential })))
      assert.strictEqual(error.errorMessage, "<redacted>, <redacted>.")
    })
  )

  it.scoped("that quotes any other token has it redacted, whole or cut", () =>
    Effect.gen(function* () {
      const header = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImFiYyJ9"
      for (const token of [`${header}.eyJzdWIiOiJ4In0.c2ln`, `${header}.eyJzdWIi`, header]) {
        const { http } = yield* over(() => json(403, { errorMessage: `token ${token}, no` }), settings)
        const error = yield* Effect.flip(http.request(asUser({ ...getCredential })))
        assert.strictEqual(error.errorMessage, "token <redacted>, no")
      }
    })
  )
})

describe("spans", () => {
  it.scoped("name the route's template and the number of the attempt", () =>
    Effect.gen(function* () {
      const seen: Seen = { texts: [] }
      const { made, tracer } = spans(seen)
      const { http } = yield* over(
        (_, n) => (n === 1 ? json(503, {}, { "x-request-id": "r1" }) : json(200, {}, { "x-request-id": "r2" })),
        { retryBaseDelay: 0 }
      )
      yield* Effect.withTracer(http.request(getCredential), tracer)
      assert.deepStrictEqual(
        made.map(({ attributes, kind, name }) => [
          name,
          kind,
          attributes.get("http.request.resend_count"),
          attributes.get("http.response.status_code"),
          attributes.get("tink.request_id")
        ]),
        [
          ["GET /api/v1/credentials/{id}", "client", 0, 503, "r1"],
          ["GET /api/v1/credentials/{id}", "client", 1, 200, "r2"]
        ]
      )
      const traceIds = new Set(made.map(({ attributes }) => attributes.get("tink.trace_id")))
      assert.strictEqual(traceIds.size, 1)
      const keys = new Set(made.flatMap(({ attributes }) => [...attributes.keys()]))
      assert.deepStrictEqual(Arr.sort(keys, Order.string), [
        "http.request.method",
        "http.request.resend_count",
        "http.response.status_code",
        "server.address",
        "tink.operation",
        "tink.request_id",
        "tink.trace_id",
        "url.template"
      ])
    })
  )

  it.scoped("are children of the caller's span", () =>
    Effect.gen(function* () {
      const { made, tracer } = spans({ texts: [] })
      const { http } = yield* over(() => json(200, {}))
      yield* http.request(getCredential).pipe(Effect.withSpan("outer"), Effect.withTracer(tracer))
      const parent = made[1]?.parent ?? Option.none()
      assert.strictEqual(Option.getOrThrow(parent).spanId, made[0]?.spanId)
    })
  )

  it.scoped("are around what the application's client does", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const { http } = yield* over(() =>
        Effect.option(Effect.currentSpan).pipe(
          Effect.map((span) => names.push(...Option.toArray(Option.map(span, ({ name }) => name)))),
          Effect.andThen(json(200, {}))
        )
      )
      yield* Effect.withSpan(http.request(getCredential), "outer")
      assert.deepStrictEqual(names, ["GET /api/v1/credentials/{id}"])
    })
  )
})

const snapshotOf = Effect.map(Metric.snapshot, (pairs) =>
  pairs
    .filter(({ metricKey }) => metricKey.name.startsWith("tink_http_"))
    .map(({ metricKey, metricState }) => ({
      name: metricKey.name,
      tags: Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value])),
      state: metricState
    }))
)

const counted = (name: string, tags: Readonly<Record<string, string>>) =>
  Effect.map(snapshotOf, (all) => {
    const found = all.find((one) => one.name === name && JSON.stringify(one.tags) === JSON.stringify(tags))
    return found !== undefined && "count" in found.state ? Number(found.state.count) : 0
  })

describe("metrics", () => {
  it.scoped("count requests by method, route and outcome, timeouts and interruptions too", () =>
    Effect.gen(function* () {
      const route = "/api/v1/metrics/{id}"
      const request = { ...getCredential, route } as const
      const { http } = yield* over((_, n) => (n === 1 ? json(503, {}) : json(200, {})), { retryBaseDelay: 0 })
      yield* http.request(request)
      const { http: slow } = yield* over(() => Effect.never, { attemptTimeout: 1, maxRetries: 0 })
      yield* elapse(Effect.either(slow.request(request)))
      const gate = yield* makeGate
      const { http: stuck } = yield* over(() => Effect.andThen(gate.pass, Effect.never))
      const fiber = yield* Effect.fork(stuck.request(request))
      yield* gate.reached
      yield* Fiber.interrupt(fiber)
      const outcome = (outcome: string) => counted("tink_http_requests_total", { method: "GET", route, outcome })
      assert.strictEqual(yield* outcome("Server"), 1)
      assert.strictEqual(yield* outcome("ok"), 1)
      assert.strictEqual(yield* outcome("Timeout"), 1)
      assert.strictEqual(yield* outcome("interrupted"), 1)
      assert.strictEqual(yield* counted("tink_http_retries_total", { method: "GET", route }), 1)
    })
  )

  it.effect("have no ids and no secrets among their tags", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(yield* snapshotOf)
      assert.notMatch(text, telltale)
      assert.notInclude(text, "0123456789abcdef")
      assert.include(text, "tink_http_requests_total")
    })
  )
})

describe("the service", () => {
  it.scoped("shows nothing of its settings", () =>
    Effect.gen(function* () {
      const { client } = scriptedTink(() => json(200, {}))
      const context = yield* Layer.build(TinkHttp.layer({ ...options, ...settings })).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      const service = Context.get(context, TinkHttp.TinkHttp)
      for (const value of [context, service, service.request(refreshCredential)]) {
        assert.notMatch(inspect(value, { depth: 10, showHidden: true }), telltale)
        assert.notMatch(JSON.stringify(value), telltale)
      }
    })
  )
})
