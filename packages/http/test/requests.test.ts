import { assert, describe, it } from "@effect/vitest"
import { type TinkError, TinkRequest, TokenSource } from "@effect-tink/http"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { type Answer, answers, json, noContent, type Script, withTokens } from "../../../test/support/scriptedTink.js"
import {
  anyJson,
  createUser,
  deleteCredential,
  elapse,
  failure,
  getCredential,
  id,
  over,
  refreshCredential,
  updateCredential,
  userToken
} from "./helpers.js"

const ok: Script = () => json(200, {})

const sentWith = (query: TinkRequest.RequestDescription["query"]) =>
  Effect.gen(function* () {
    const { http, sent } = yield* over(ok)
    yield* http.request({ ...getCredential, query })
    const [first] = sent
    return first?.url.slice(`https://api.tink.com/api/v1/credentials/${id}`.length)
  })

describe("further headers", () => {
  it.scoped("are sent, without what is undefined, and replace none of the others", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(ok)
      const headers = { "Accept-Language": "sv-SE", "X-Other": undefined, Authorization: "x", "User-Agent": "x" }
      yield* http.request({ ...getCredential, headers })
      const [first] = sent
      assert.strictEqual(first?.headers["accept-language"], "sv-SE")
      assert.notProperty(first?.headers, "x-other")
      assert.strictEqual(first?.headers["authorization"], `Bearer ${Redacted.value(userToken)}`)
      assert.match(first?.headers["user-agent"] ?? "", /^effect-tink/)
    })
  )

  const table: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
    ["a line break", { "x-canary": "canary\r\nauthorization: x" }],
    ["no text", { "x-canary": "" }],
    ["other characters", { "x-canary": "canaryå" }],
    ["an invalid name", { "x canary:": "canary" }]
  ]
  it.effect("that HTTP cannot carry are Invalid before anything is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, headers]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(ok)
          const error = yield* failure(http.request({ ...getCredential, headers }))
          assert.strictEqual(error.reason, "Invalid")
          assert.notInclude(inspect(error), "canary")
          assert.lengthOf(sent, 0)
        })
    )
  )
})

describe("a query", () => {
  const table: ReadonlyArray<readonly [string, TinkRequest.RequestDescription["query"], string]> = [
    ["that is not there", undefined, ""],
    ["of nothing", {}, ""],
    ["of what is not given", { items: undefined, optIn: undefined }, ""],
    ["of an empty list", { items: [] }, ""],
    ["repeats a list, in its order", { items: ["B", "A", "B"] }, "?items=B&items=A&items=B"],
    ["writes booleans out", { optIn: true, authenticate: false }, "?optIn=true&authenticate=false"],
    ["keeps an empty text", { name: "" }, "?name="],
    ["cannot break out", { name: "a&b=c#d/?é +" }, "?name=a%26b%3Dc%23d%2F%3F%C3%A9+%2B"]
  ]
  it.effect("is written in the order given, encoded, without what is undefined", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, query, expected]) => Effect.map(sentWith(query), (sent) => assert.strictEqual(sent, expected))
    )
  )

  it.scoped("is in no error", () =>
    Effect.gen(function* () {
      const { http } = yield* over(() => json(404, {}))
      const error = yield* failure(http.request({ ...getCredential, query: { credentialsId: "canary" } }))
      assert.notInclude(inspect(error) + error.message, "canary")
    })
  )

  it.scoped("goes along with every attempt", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(503, {}), json(200, {})))
      yield* elapse(http.request({ ...getCredential, query: { a: "b" } }))
      assert.deepStrictEqual(
        sent.map(({ url }) => new URL(url).search),
        ["?a=b", "?a=b"]
      )
    })
  )
})

const attempts = (request: TinkRequest.RequestDescription, first: Answer) =>
  Effect.gen(function* () {
    const { http, sent } = yield* over(withTokens(answers(first, noContent)))
    const exit = yield* Effect.exit(elapse(http.request({ ...request, response: TinkRequest.NoContent })))
    const count = sent.filter(({ path }) => !path.endsWith("/token")).length
    return [exit._tag, count] as const
  })

describe("isIdempotent", () => {
  const reset: Answer = Effect.fail("reset")
  const ambiguous: ReadonlyArray<readonly [string, Answer]> = [
    ["a reset", reset],
    ["a 503", json(503, {})],
    ["a 408", json(408, {})]
  ]

  it.effect("a POST is not sent again after an ambiguous failure", () =>
    everyRow(
      ambiguous,
      ([name]) => name,
      ([, first]) =>
        Effect.map(attempts(refreshCredential, first), (result) => assert.deepStrictEqual(result, ["Failure", 1]))
    )
  )

  it.effect("an idempotent POST is sent again", () =>
    everyRow(
      ambiguous,
      ([name]) => name,
      ([, first]) =>
        Effect.map(attempts({ ...refreshCredential, isIdempotent: true }, first), (result) =>
          assert.deepStrictEqual(result, ["Success", 2])
        )
    )
  )

  it.effect("a PUT and a DELETE are sent again, unless they say that they are not idempotent", () =>
    everyRow(
      ambiguous.flatMap(([name, first]) =>
        [updateCredential, deleteCredential].map((request) => ({ name: `${request.method}, ${name}`, first, request }))
      ),
      ({ name }) => name,
      ({ first, request }) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* attempts(request, first), ["Success", 2])
          assert.deepStrictEqual(yield* attempts({ ...request, isIdempotent: false }, first), ["Failure", 1])
        })
    )
  )

  it.scoped("does not make a change safe: the error says that it may have been applied", () =>
    Effect.gen(function* () {
      const { http } = yield* over(() => json(500, {}))
      const error = yield* failure(elapse(http.request({ ...refreshCredential, isIdempotent: true })))
      assert.isTrue(error.isAmbiguous)
      assert.isTrue(error.isRetryable)
    })
  )

  it.scoped("after a refusal of the second attempt, the first may still have been applied", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(json(503, {}), json(409, { errorCode: "a.conflict" })))
      const error = yield* failure(elapse(http.request({ ...refreshCredential, isIdempotent: true })))
      assert.strictEqual(error.reason, "Conflict")
      assert.isTrue(error.isAmbiguous)
    })
  )
})

const request = (value: unknown): TinkRequest.TinkRequest<unknown> => ({
  ...createUser,
  authorization: { _tag: "None" },
  body: { _tag: "Json", value }
})

const bodyOf = (value: unknown) =>
  Effect.gen(function* () {
    const { http, sent } = yield* over(ok)
    yield* http.request(request(value))
    return sent[0]?.body
  })

const shown = (error: TinkError.TinkError) => inspect(error, { depth: 10 }) + JSON.stringify(error) + error.message

describe("a secret in a JSON body", () => {
  const secret = 's3cr3t "+/é'
  const redacted = Redacted.make(secret)
  const table: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ["at its root", redacted, secret],
    ["in an object", { a: redacted, b: 1 }, { a: secret, b: 1 }],
    ["in a list", [redacted, [redacted]], [secret, [secret]]],
    ["deep down", { a: [{ b: { c: redacted } }] }, { a: [{ b: { c: secret } }] }],
    [
      "under odd names",
      { "": redacted, toString: redacted, "a.b": redacted },
      { "": secret, toString: secret, "a.b": secret }
    ],
    ["in a record without a prototype", Object.assign(Object.create(null), { a: redacted }), { a: secret }],
    ["that is empty", { a: Redacted.make("") }, { a: "" }],
    ["that is a number", { a: Redacted.make(7) }, { a: "7" }],
    [
      "beside dates, nulls and what is not there",
      { a: new Date(0), b: null, c: undefined },
      { a: new Date(0), b: null }
    ]
  ]
  it.effect("is written out wherever it is", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, value, expected]) => Effect.map(bodyOf(value), (body) => assert.strictEqual(body, JSON.stringify(expected)))
    )
  )

  it.scoped("is redacted where Tink repeats it, as it is and as it was sent", () =>
    Effect.gen(function* () {
      const { http } = yield* over((sent) =>
        json(400, {
          errorCode: `code.${secret}`,
          errorMessage: `${secret} ${encodeURIComponent(secret)} ${new URLSearchParams({ "": secret }).toString()} ${sent.body}`
        })
      )
      const error = yield* failure(http.request(request({ deep: [{ password: redacted }] })))
      assert.strictEqual(error.errorCode, "code.<redacted>")
      assert.include(error.errorMessage, '{"deep":[{"password":"<redacted>"}]}')
      assert.notInclude(shown(error), "s3cr3t")
    })
  )

  it.scoped("is redacted where Tink repeats it, also with half of a surrogate pair in it", () =>
    Effect.gen(function* () {
      const { http } = yield* over((sent) =>
        json(400, { errorCode: "pa\ufffds3cr3t", errorMessage: `pa\ud83ds3cr3t pa%EF%BF%BDs3cr3t ${sent.body}` })
      )
      const error = yield* failure(http.request(request({ password: Redacted.make("pa\ud83ds3cr3t") })))
      assert.strictEqual(error.errorCode, "<redacted>")
      assert.strictEqual(error.errorMessage, '<redacted> <redacted> {"password":"<redacted>"}')
    })
  )

  it.scoped("that was wiped is refused before anything is sent", () =>
    Effect.gen(function* () {
      const wiped = Redacted.make("s3cr3t")
      Redacted.unsafeWipe(wiped)
      const { http, sent } = yield* over(ok)
      const error = yield* failure(http.request(request({ password: wiped })))
      assert.strictEqual(error.reason, "Invalid")
      assert.lengthOf(sent, 0)
    })
  )

  it.scoped("in a value that is no JSON is refused", () =>
    Effect.gen(function* () {
      const loop: { password: unknown; self?: unknown } = { password: redacted }
      loop.self = loop
      const { http, sent } = yield* over(ok)
      const error = yield* failure(http.request(request(loop)))
      assert.strictEqual(error.reason, "Invalid")
      assert.notInclude(shown(error), "s3cr3t")
      assert.lengthOf(sent, 0)
    })
  )
})

const detailOf = (authorization: TinkRequest.Authorization, status = 403) =>
  Effect.gen(function* () {
    const { http } = yield* over(withTokens(() => json(status, { errorMessage: "No." })))
    const error = yield* failure(http.request({ ...createUser, authorization, response: anyJson }))
    return [error.reason, error.detail]
  })

const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

const form = (fields: unknown) => ({ method: "POST", body: { _tag: "Form", fields } })
const client = (scopes: unknown) => ({ authorization: { _tag: "Client", scopes } })
const user = (tokens: unknown) => ({ authorization: { _tag: "User", tokens } })

const forbidden: ReadonlyArray<readonly [rule: string, changes: Readonly<Record<string, unknown>>]> = [
  ["operation must be", { operation: undefined }],
  ["method must be", { method: "get" }],
  ["method must be", { method: Symbol("canary") }],
  ["route must begin", { route: "@canary.invalid/x" }],
  ["params must be", { params: null }],
  ["id must be", { params: { id: Object.create(null) } }],
  ["query must be", { query: 7 }],
  ["query must be", { query: { canary: null } }],
  ["query must be", { query: { canary: [{ canary: 1 }] } }],
  ["headers must be", { headers: null }],
  ["headers must be", { headers: { canary: 7 } }],
  ["headers must be", { headers: { canary: "a\r\ncanary: b" } }],
  ["headers must be", { headers: { "canary name": "a" } }],
  ["body must be", { method: "POST", body: {} }],
  ["body must be", form(null)],
  ["body must be", form({ canary: 7 })],
  ["body must be", form({ canary: Redacted.make(7) })],
  ["body must be", form({ canary: wiped })],
  ["authorization must be", { authorization: undefined }],
  // Without scopes, Tink would issue a token for all of them.
  ["authorization must be", client(undefined)],
  ["authorization must be", client([])],
  ["authorization must be", client([Symbol("canary")])],
  ["authorization must be", user(null)],
  ["authorization must be", user({ get: "canary" })],
  ["isSafe must be", { isSafe: "false" }],
  ["isIdempotent must be", { isIdempotent: "false" }],
  ["response must be", { response: undefined }]
]

describe("what types forbid", () => {
  /** From a caller without types. */
  const untyped = (value: unknown) => value as never

  const isRefused = (error: TinkError.TinkError, sent: ReadonlyArray<unknown>, rule: string) => {
    assert.deepInclude(error, { reason: "Invalid", isAmbiguous: false, isRetryable: false })
    assert.include(error.detail, rule)
    assert.notInclude(inspect(error), "canary")
    assert.isEmpty(sent)
  }

  it.effect("is refused in a request before anything is sent, by its name", () =>
    everyRow(
      forbidden,
      ([rule, changes]) => `${rule} ${inspect(changes)}`,
      ([rule, changes]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(withTokens(ok))
          isRefused(yield* failure(http.request(untyped({ ...getCredential, ...changes }))), sent, rule)
        })
    )
  )

  it.effect("is refused as a request or a code", () =>
    everyRow(
      [undefined, null, 7, "canary", Redacted.make("canary code"), wiped],
      (value) => String(value),
      (value) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(withTokens(ok))
          isRefused(yield* failure(http.exchangeCode(untyped(value))), sent, "code must be")
          isRefused(yield* failure(http.request(untyped(value))), sent, "must be")
        })
    )
  )
})

describe("a 403 names the scope", () => {
  const tokens = TokenSource.fromToken(userToken)

  it.scoped("of a user", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* detailOf({ _tag: "User", tokens, scope: "user:write" }), [
        "Forbidden",
        "needs the scope user:write"
      ])
      assert.deepStrictEqual(yield* detailOf({ _tag: "User", tokens }), ["Forbidden", undefined])
    })
  )

  it.scoped("of the application, or all of them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* detailOf({ _tag: "Client", scopes: ["authorization:revoke"] }), [
        "Forbidden",
        "needs the scope authorization:revoke: check the app in Tink Console"
      ])
      assert.deepStrictEqual(yield* detailOf({ _tag: "Client", scopes: ["user:create", "authorization:grant"] }), [
        "Forbidden",
        "needs the scope user:create, authorization:grant: check the app in Tink Console"
      ])
    })
  )

  it.scoped("where one is needed, and for a 403 alone", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* detailOf({ _tag: "None" }), ["Forbidden", undefined])
      assert.deepStrictEqual(yield* detailOf({ _tag: "User", tokens, scope: "user:write" }, 404), [
        "NotFound",
        undefined
      ])
    })
  )
})
