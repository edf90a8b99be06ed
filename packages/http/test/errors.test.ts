import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkError, TinkHttp, type TinkRequest } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { everyRow } from "../../../test/support/rows.js"
import { type Answer, answers, json, scriptedTink, withTokens } from "../../../test/support/scriptedTink.js"
import { createUser, deleteCredential, failure, getCredential, options, over, refreshCredential } from "./helpers.js"

const text = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  Effect.sync(() => new Response(body, { status, headers }))

const errorOfRequest = <A>(answer: Answer, request: TinkRequest.TinkRequest<A>) =>
  Effect.flatMap(over(answers(answer), { maxRetries: 0 }), ({ http }) => failure(http.request(request)))

const errorOf = (answer: Answer) => errorOfRequest(answer, getCredential)

const exchange = (answer: Answer) =>
  Effect.flatMap(over(answers(answer)), ({ http }) => failure(http.exchangeCode(Redacted.make("a-c0de"))))

describe("a 404 of the token endpoint is not taken for an answer of Tink", () => {
  it.effect("with any body", () =>
    everyRow(
      [
        ["nothing", "", "the response has no Tink error body (no body)"],
        ["a page", "<html>not here</html>", "the response has no Tink error body (text/plain, 21 bytes)"],
        ["Tink's words", `{"errorCode":"a.code"}`, "the endpoint does not exist"]
      ] as const,
      ([name]) => name,
      ([, body, detail]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(() => text(404, body))
          for (const attempt of [http.request(createUser), http.exchangeCode(Redacted.make("a-c0de"))]) {
            const error = yield* failure<unknown>(attempt)
            assert.deepStrictEqual([error.reason, error.status, error.isRetryable], ["Server", 404, false])
            assert.strictEqual(error.route, "/api/v1/oauth/token")
            assert.strictEqual(error.detail, detail)
          }
          assert.lengthOf(sent, 2)
        })
    )
  )
})

describe("the detail says what came and what to check, and repeats no body", () => {
  const html = `<html>${"c4n4ry".repeat(199)}</html>`
  const page = (status: number, type = "text/html; charset=utf-8") => text(status, html, { "content-type": type })
  const own = { baseUrl: "https://tink.example" }
  const refused = (errorMessage: string, errorCode = "") => json(401, { errorMessage, errorCode })

  it.effect("of a read", () =>
    everyRow(
      [
        ["a page", page(404), {}, "the response has no Tink error body (text/html, 1 207 bytes)"],
        [
          "own base URL",
          page(404),
          own,
          "the response has no Tink error body (text/html, 1 207 bytes): check the base URL"
        ],
        ["a gateway", page(502), {}, "the response has no Tink error body (text/html, 1 207 bytes)"],
        ["an odd type", page(403, "c4n4ry"), {}, "the response has no Tink error body (no content type, 1 207 bytes)"],
        ["no body", text(404, ""), {}, "the response has no Tink error body (no body)"],
        ["a success", page(200), {}, "not JSON (text/html, 1 207 bytes)"],
        ["Tink in trouble", json(503, { errorMessage: "No", errorCode: "a.b" }), {}, undefined]
      ] as const,
      ([name]) => name,
      ([, answer, settings, detail]) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(answer), { maxRetries: 0, ...settings })
          const error = yield* failure(http.request(getCredential))
          assert.strictEqual(error.detail, detail)
          assert.notInclude(error.message, "c4n4ry")
        })
    )
  )

  it.effect("of a client token", () =>
    everyRow(
      [
        [refused("Invalid client secret"), "check the client id and secret (TINK_CLIENT_ID, TINK_CLIENT_SECRET)"],
        [
          refused("Could not find the OAuth client"),
          "check the client id and secret (TINK_CLIENT_ID, TINK_CLIENT_SECRET)"
        ],
        [
          refused("No", "oauth.scope_not_allowed"),
          "Tink has not granted the scope user:create: check the app in Tink Console"
        ]
      ] as const,
      ([, detail]) => detail,
      ([answer, detail]) =>
        Effect.gen(function* () {
          const error = yield* errorOfRequest(answer, createUser)
          assert.deepStrictEqual([error.reason, error.detail], ["Unauthorized", detail])
        })
    )
  )
})

describe("an authorization code that is not valid", () => {
  // tink-api.md 1.4
  const cases: ReadonlyArray<readonly [number, unknown, TinkError.Reason]> = [
    [400, { errorMessage: "Authorization code not valid" }, "Invalid"],
    [401, { errorMessage: "Authorization code not valid" }, "Invalid"],
    [401, { errorMessage: "The code has expired" }, "Invalid"],
    [401, { errorMessage: "Could not find the OAuth client" }, "Unauthorized"],
    [401, { errorMessage: "Invalid client secret" }, "Unauthorized"],
    [401, { errorMessage: "invalid client_secret or an expired code" }, "Unauthorized"],
    [401, {}, "Invalid"]
  ]
  it.effect("is Invalid, and bad client credentials are Unauthorized", () =>
    everyRow(
      cases,
      ([status, body, reason]) => `${status} ${JSON.stringify(body)} is ${reason}`,
      ([status, body, reason]) =>
        Effect.gen(function* () {
          const error = yield* exchange(json(status, body, { "x-request-id": "r1" }))
          assert.strictEqual(error.reason, reason)
          assert.strictEqual(error.status, status)
          assert.strictEqual(error.operation, "getUserAccessToken")
          assert.strictEqual(error.requestId, "r1")
          assert.isFalse(error.isRetryable)
          assert.isFalse(error.isAmbiguous)
        })
    )
  )

  it.scoped("has a readable message", () =>
    Effect.gen(function* () {
      const body = { errorMessage: "Authorization code not valid", errorCode: "oauth.invalid_code" }
      assert.strictEqual(
        (yield* exchange(json(401, body))).message,
        "getUserAccessToken: Invalid (401 POST /api/v1/oauth/token): the authorization code is not valid; " +
          "Authorization code not valid; oauth.invalid_code"
      )
    })
  )

  it.effect("is Invalid as well when it was used, by the sandbox", () =>
    Effect.gen(function* () {
      const http = yield* TinkHttp.TinkHttp
      const error = yield* failure(http.exchangeCode(Redacted.make("0123456789abcdef0123456789abcdef")))
      assert.strictEqual(error.reason, "Invalid")
    }).pipe(
      Effect.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret") })),
      Effect.provide(TinkSandbox.layerHttpClient())
    )
  )

  it.effect("with a wrong client secret is Unauthorized, by the sandbox", () =>
    Effect.gen(function* () {
      const http = yield* TinkHttp.TinkHttp
      assert.strictEqual((yield* failure(http.exchangeCode(Redacted.make("code")))).reason, "Unauthorized")
      assert.strictEqual((yield* failure(http.request(createUser))).operation, "getClientAccessToken")
    }).pipe(
      Effect.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("wrong") })),
      Effect.provide(TinkSandbox.layerHttpClient())
    )
  )
})

describe("an error body", () => {
  const huge = "x".repeat(9 * 1024 * 1024)
  const cases: ReadonlyArray<readonly [string, string, { errorCode?: string; errorMessage?: string }?]> = [
    ["as documented", '{"errorMessage":"No","errorCode":"a.b"}', { errorCode: "a.b", errorMessage: "No" }],
    ["with unknown fields", '{"errorMessage":"No","x":{"y":[]}}', { errorMessage: "No" }],
    ["empty", ""],
    ["not JSON", "no healthy upstream"],
    ["HTML", "<html><body>502 Bad Gateway</body></html>"],
    ["without errorCode", '{"errorMessage":"No"}', { errorMessage: "No" }],
    ["without errorMessage", '{"errorCode":"a.b"}', { errorCode: "a.b" }],
    ["with a status as errorCode", '{"errorMessage":"No","errorCode":"404"}', { errorCode: "404", errorMessage: "No" }],
    ["with a number as errorCode", '{"errorMessage":"No","errorCode":404}', { errorCode: "404", errorMessage: "No" }],
    ["with nulls", '{"errorMessage":null,"errorCode":null}'],
    ["with empty strings", '{"errorMessage":"","errorCode":" "}', {}],
    ["with objects", '{"errorMessage":{"a":1},"errorCode":["x"]}'],
    ["an array", '[{"errorMessage":"No"}]'],
    ["null", "null"],
    ["a string", '"No"'],
    ["a number", "1"],
    ["huge", huge],
    ["huge within", `{"errorMessage":"${"y".repeat(5000)}"}`, { errorMessage: "y".repeat(300) }],
    [
      "of several lines, with marks that turn the text",
      JSON.stringify({ errorMessage: "a\r\nb\u2028c\u202ed\u0000e\u001b[31m" }),
      { errorMessage: "a b c d e [31m" }
    ],
    ["with letters of the world", '{"errorMessage":"Åäö 日本 😀"}', { errorMessage: "Åäö 日本 😀" }],
    ["after a byte order mark", '\ufeff{"errorCode":"a.b"}', { errorCode: "a.b" }]
  ]
  it.effect(
    "gives its code and message if it is Tink's, proves nothing otherwise, and is never an error of its own",
    () =>
      everyRow(
        cases,
        ([name]) => name,
        ([, body, expected]) =>
          Effect.gen(function* () {
            const error = yield* errorOf(text(409, body))
            const { errorCode, errorMessage } = error
            assert.deepStrictEqual(
              { errorCode, errorMessage },
              { errorCode: undefined, errorMessage: undefined, ...expected }
            )
            assert.strictEqual(error.reason, expected === undefined ? "Server" : "Conflict")
            assert.isBelow(error.message.length, 700)
          })
      )
  )
})

describe("X-Request-ID", () => {
  it.scoped("is in every error", () =>
    Effect.gen(function* () {
      const headers = { "X-Request-ID": "req-1" }
      for (const answer of [text(404, "", headers), text(200, "{", headers), text(302, "", headers)]) {
        assert.strictEqual((yield* errorOf(answer)).requestId, "req-1")
      }
    })
  )

  it.scoped("is shortened, and left out when it is empty", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* errorOf(text(404, "", { "x-request-id": "r".repeat(999) }))).requestId?.length, 300)
      for (const headers of [{}, { "x-request-id": "" }, { "x-request-id": " " }]) {
        const error = yield* errorOf(text(404, "", headers))
        assert.isUndefined(error.requestId)
        assert.notInclude(error.message, "request id")
      }
    })
  )
})

describe("X-Client-Trace-ID", () => {
  it.scoped("is in every error as it was sent", () =>
    Effect.gen(function* () {
      const some: ReadonlyArray<Answer> = [text(404, ""), text(200, "{"), Effect.fail("reset")]
      for (const answer of some) {
        const { http, sent } = yield* over(answers(answer), { maxRetries: 0 })
        const error = yield* failure(http.request(getCredential))
        assert.strictEqual(error.traceId, sent[0]?.headers["x-client-trace-id"])
      }
    })
  )
})

describe("the message", () => {
  it.scoped("of a refusal names status, route, Tink's message and code, and the request id", () =>
    Effect.gen(function* () {
      const { http } = yield* over(
        withTokens(() =>
          json(
            409,
            {
              errorMessage: "A user with this external user id already exists",
              errorCode: "user.user_with_external_user_id_already_exists"
            },
            { "x-request-id": "0123abcd" }
          )
        )
      )
      const error = yield* failure(http.request(createUser))
      assert.strictEqual(
        error.message,
        "createUser: Conflict (409 POST /api/v1/user/create): A user with this external user id already exists; " +
          "user.user_with_external_user_id_already_exists [request id 0123abcd]"
      )
      assert.strictEqual(String(error), `TinkError: ${error.message}`)
    })
  )

  it.scoped("of a broken connection names the host and what broke", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        (yield* errorOf(Effect.fail("refused"))).message,
        "getCredential: Transport (GET /api/v1/credentials/{id}): connection refused (api.tink.com)"
      )
      assert.strictEqual(
        (yield* errorOf(Effect.fail("reset"))).message,
        "getCredential: Transport (GET /api/v1/credentials/{id}): the connection broke (api.tink.com)"
      )
    })
  )

  it.scoped("of a body that is not as documented names the path, and none of its values", () =>
    Effect.gen(function* () {
      const Documented = Schema.parseJson(
        Schema.Struct({
          credentials: Schema.Array(Schema.Struct({ id: Schema.String, fields: Schema.Struct({ a: Schema.Number }) }))
        })
      )
      const read = (body: string) => errorOfRequest(text(200, body), { ...getCredential, response: Documented })
      const found = yield* read('{"credentials":[{"id":"x","fields":{"a":"c4n4ry"}}]}')
      assert.strictEqual(
        found.message,
        "getCredential: Decode (200 GET /api/v1/credentials/{id}): not as documented: credentials.0.fields.a"
      )
      assert.strictEqual(
        (yield* read("c4n4ry")).message,
        "getCredential: Decode (200 GET /api/v1/credentials/{id}): not JSON (text/plain, 6 bytes)"
      )
      assert.include((yield* read("[]")).message, "the body")
      assert.include((yield* read("")).message, "not JSON (no body)")
      for (const error of [found, yield* read("c4n4ry")]) {
        assert.strictEqual(error.status, 200)
        assert.isFalse(error.isRetryable)
        assert.isFalse(error.isAmbiguous)
      }
    })
  )
})

describe("a success without a documented body", () => {
  it.scoped("is a success where no body is expected", () =>
    Effect.gen(function* () {
      for (const body of ["", "\n", "{}"]) {
        const { http } = yield* over(answers(text(200, body)))
        yield* http.request(refreshCredential)
        yield* http.request(deleteCredential)
      }
    })
  )

  it.scoped("is a Decode error when it is the page of a proxy", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(text(200, "<html>")))
      const error = yield* failure(http.request(refreshCredential))
      assert.strictEqual(error.reason, "Decode")
      assert.isTrue(error.isAmbiguous)
    })
  )
})

describe("a client that dies of its errors", () => {
  it.scoped("is understood, and its defect, which holds the request, is not passed on", () =>
    Effect.gen(function* () {
      const { client } = scriptedTink(answers(Effect.fail("refused")))
      const dying = HttpClient.transformResponse(client, Effect.orDie)
      const http = yield* Effect.provideService(
        TinkHttp.make({ ...options, maxRetries: 0 }),
        HttpClient.HttpClient,
        dying
      )
      assert.strictEqual((yield* failure(http.request(getCredential))).reason, "Transport")
    })
  )
})

describe("a client that fails on a status by itself", () => {
  it.scoped("is understood", () =>
    Effect.gen(function* () {
      const { client } = scriptedTink(answers(json(404, { errorCode: "a.b" })))
      const http = yield* Effect.provideService(
        TinkHttp.make(options),
        HttpClient.HttpClient,
        HttpClient.filterStatusOk(client)
      )
      const error = yield* failure(http.request(getCredential))
      assert.strictEqual(error.reason, "NotFound")
      assert.strictEqual(error.errorCode, "a.b")
    })
  )
})

describe("TinkError", () => {
  it("is encoded and decoded without a loss", () => {
    const text = FastCheck.string()
    const made = FastCheck.record(
      {
        reason: FastCheck.constantFrom(...TinkError.Reason.literals),
        operation: text,
        isRetryable: FastCheck.boolean(),
        isAmbiguous: FastCheck.boolean(),
        method: text,
        route: text,
        status: FastCheck.integer(),
        errorCode: text,
        errorMessage: text,
        detail: text,
        requestId: text,
        traceId: text,
        retryAfter: FastCheck.maxSafeNat().map(Duration.millis)
      },
      { requiredKeys: ["reason", "operation", "isRetryable", "isAmbiguous"] }
    )
    FastCheck.assert(
      FastCheck.property(made, (fields) => {
        const error = new TinkError.TinkError(fields)
        const written: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(TinkError.TinkError)(error)))
        const again = Schema.decodeUnknownSync(TinkError.TinkError)(written)
        assert.deepStrictEqual({ ...again }, { ...error })
        assert.strictEqual(again.message, error.message)
      })
    )
  })

  it.scoped("of a request is encoded and decoded without a loss", () =>
    Effect.gen(function* () {
      const error = yield* errorOf(json(429, { errorMessage: "No" }, { "retry-after": "9".repeat(400) }))
      const written: unknown = JSON.parse(JSON.stringify(yield* Schema.encode(TinkError.TinkError)(error)))
      const again = yield* Schema.decodeUnknown(TinkError.TinkError)(written)
      assert.instanceOf(again, TinkError.TinkError)
      assert.deepStrictEqual({ ...again }, { ...error })
      assert.isTrue(Duration.isDuration(again.retryAfter))
    })
  )

  it.scoped("has only its declared fields, also when it was made from another error", () =>
    Effect.gen(function* () {
      const known = new Set(Object.keys(TinkError.TinkError.fields))
      const { http } = yield* over(answers(json(401, { errorMessage: "No" })))
      const exchanged = yield* failure(http.exchangeCode(Redacted.make("code")))
      const { http: other } = yield* over(answers(json(503, {}), json(403, {})), { retryBaseDelay: 0 })
      const ambiguous = yield* failure(other.request(deleteCredential))
      assert.isTrue(ambiguous.isAmbiguous)
      for (const error of [exchanged, ambiguous]) {
        for (const key of Object.keys(error)) assert.isTrue(known.has(key), key)
        assert.isUndefined(error.cause)
      }
    })
  )

  it.effect("can be caught by its tag", () =>
    Effect.gen(function* () {
      const reason = yield* Effect.catchTag(TinkError.invalidInput("op", "why"), "TinkError", ({ reason }) =>
        Effect.succeed(reason)
      )
      assert.strictEqual(reason, "Invalid")
    })
  )
})
