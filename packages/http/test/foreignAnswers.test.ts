import { assert, describe, it } from "@effect/vitest"
import type { TinkError } from "@effect-tink/http"
import * as Effect from "effect/Effect"
import { everyRow } from "../../../test/support/rows.js"
import { type Answer, answers, json, stalledBody } from "../../../test/support/scriptedTink.js"
import { anyJson, deleteCredential, elapse, failure, getCredential, over, refreshCredential } from "./helpers.js"

const page = "<!doctype html><html><body><h1>Not Found</h1></body></html>"

const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  Effect.sync(
    () => new Response(body, { status, headers: { "x-request-id": "req-1", "retry-after": "7", ...headers } })
  )

const foreignBodies: ReadonlyArray<readonly [string, string]> = [
  ["a page", page],
  ["plain text", "default backend - 404"],
  ["nothing", ""],
  ["JSON of a gateway", '{"message":"no Route matched with those values"}'],
  ["JSON of Spring", '{"timestamp":"x","status":404,"error":"Not Found","path":"/"}'],
  ["JSON of AWS", '{"errorMessage":"timed out","errorType":"Sandbox.Timedout"}'],
  ["JSON of gRPC, on a route of v1", '{"code":5,"message":"Not Found","details":[]}'],
  ["RFC 6749", '{"error":"invalid_grant"}'],
  ["RFC 9457", '{"type":"about:blank","title":"Not Found","status":404}'],
  ["an array", '[{"errorCode":"a.b","errorMessage":"No"}]'],
  ["broken JSON", '{"errorCode":"a.b","errorMessage":'],
  ["null", "null"],
  ["an empty text in JSON", '""']
]

const refusals = [400, 401, 403, 404, 409, 422]

const isProof = (status: number, body: string) => body === "" && (status === 401 || status === 403)

describe("an error response that is not Tink's", () => {
  it.effect("proves nothing, and what its head says is kept", () =>
    everyRow(
      foreignBodies
        .flatMap(([name, body]) => refusals.map((status) => ({ name, body, status })))
        .filter(({ body, status }) => !isProof(status, body)),
      ({ name, status }) => `${status} with ${name}`,
      ({ body, status }) =>
        Effect.gen(function* () {
          for (const [request, isAmbiguous] of [
            [getCredential, false],
            [{ ...refreshCredential, response: anyJson }, true],
            [{ ...deleteCredential, response: anyJson }, true]
          ] as const) {
            const { http, sent } = yield* over(answers(answer(status, body)))
            const error = yield* failure(http.request(request))
            assert.deepInclude(error, { reason: "Server", status, requestId: "req-1", isRetryable: false, isAmbiguous })
            assert.isDefined(error.retryAfter)
            assert.lengthOf(sent, 1)
          }
        })
    )
  )

  const proofs: ReadonlyArray<readonly [string, number, string, TinkError.Reason]> = [
    ["Tink's body", 404, '{"errorMessage":"No","errorCode":"a.b"}', "NotFound"],
    [
      "Tink's body with a field that is not documented",
      409,
      '{"errorCode":"a.b","errorMessage":"No","x":1}',
      "Conflict"
    ],
    ["a code alone", 403, '{"errorCode":"404"}', "Forbidden"],
    ["a message alone", 400, '{"errorMessage":"No"}', "Invalid"],
    ["a bare 401", 401, "", "Unauthorized"],
    ["a bare 403", 403, "", "Forbidden"],
    ["a bare 429", 429, "", "RateLimited"],
    ["an empty object", 401, "{}", "Unauthorized"]
  ]
  it.effect("is distinguished from Tink's", () =>
    everyRow(
      proofs,
      ([name, status]) => `${name}, ${status}`,
      ([, status, body, reason]) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(answer(status, body)), { maxRetries: 0 })
          assert.deepInclude(yield* failure(http.request(refreshCredential)), { reason, status, isAmbiguous: false })
        })
    )
  )

  it.scoped("is no reason to call a deletion done: only Tink's 404 after an ambiguous attempt is", () =>
    Effect.gen(function* () {
      const gone = json(404, { errorCode: "a.b", errorMessage: "No" })
      const { http } = yield* over(answers(answer(502, page, { "retry-after": "0" }), answer(404, page)))
      const error = yield* elapse(failure(http.request(deleteCredential)))
      assert.deepInclude(error, { reason: "Server", status: 404, isAmbiguous: true })
      const { http: tink } = yield* over(answers(answer(502, page, { "retry-after": "0" }), gone))
      yield* elapse(tink.request(deleteCredential))
      const put = { ...refreshCredential, method: "PUT" } as const
      const { http: other } = yield* over(answers(json(502, {}), gone))
      const notDeleted = yield* elapse(failure(other.request(put)))
      assert.deepInclude(notDeleted, { reason: "NotFound", isAmbiguous: true })
    })
  )

  it.scoped("429 of a proxy: a read waits and is retried, and a change is ambiguous", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(answer(429, page), json(200, { id: "x" })))
      assert.deepStrictEqual(yield* elapse(http.request(getCredential)), { id: "x" })
      assert.lengthOf(sent, 2)
      const { http: again } = yield* over(answers(answer(429, page)))
      const error = yield* failure(again.request(refreshCredential))
      assert.deepInclude(error, { reason: "Server", status: 429, isAmbiguous: true, isRetryable: false })
    })
  )

  it.scoped("407 was never passed on", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(answer(407, page)))
      assert.deepInclude(yield* failure(http.request(refreshCredential)), { reason: "Server", isAmbiguous: false })
    })
  )
})

describe("a success that is an error", () => {
  it.effect("is no success", () =>
    everyRow(
      [
        '{"errorMessage":"No","errorCode":"a.b"}',
        '{"errorCode":"a.b"}',
        '{"error":"invalid"}',
        '{"errors":[{"x":1}]}',
        '{"status":404,"title":"Not Found"}',
        '{"code":5,"message":"Not Found"}',
        '[{"errorCode":"a.b"}]',
        page
      ],
      (body) => body,
      (body) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(answer(200, body)))
          const error = yield* failure(http.request(refreshCredential))
          assert.deepInclude(error, { reason: "Decode", status: 200, requestId: "req-1", isAmbiguous: true })
        })
    )
  )

  it.effect("206, which answers a request for a part, is no success", () =>
    everyRow(
      [refreshCredential, deleteCredential],
      ({ operation }) => operation,
      (request) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(answers(answer(206, "{}")))
          const error = yield* failure(http.request(request))
          assert.deepInclude(error, { reason: "Server", status: 206, isAmbiguous: true, isRetryable: false })
          assert.lengthOf(sent, 1)
        })
    )
  )

  it.effect("a success without its documented body is a success, and so is a 204 with a body", () =>
    everyRow(
      ["", " ", "{}", "null", '""', '{"error":null}', "[]", '{"id":"x"}'],
      (body) => JSON.stringify(body),
      (body) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(answer(200, body)))
          yield* http.request(refreshCredential)
        })
    )
  )
})

const stalled = (status: number): Answer =>
  Effect.map(
    stalledBody(status),
    (response) =>
      new Response(response.body, {
        status,
        headers: { "x-request-id": "req-1", "retry-after": "7", "content-type": "application/json" }
      })
  )

describe("an error response whose body stalls", () => {
  const rows: ReadonlyArray<readonly [number, TinkError.Reason, boolean]> = [
    [429, "RateLimited", false],
    [409, "Conflict", false],
    [403, "Forbidden", false],
    [400, "Invalid", false],
    [404, "Server", true],
    [503, "Server", true]
  ]
  it.effect("is decided by its status, within two seconds or what is left", () =>
    everyRow(
      rows,
      ([status]) => String(status),
      ([status, reason, isAmbiguous]) =>
        Effect.gen(function* () {
          for (const attemptTimeout of [10_000, 500]) {
            const { http } = yield* over(answers(stalled(status)), { attemptTimeout, maxRetries: 0 })
            const error = yield* elapse(failure(http.request(refreshCredential)))
            assert.deepInclude(error, { reason, status, requestId: "req-1", isAmbiguous })
            assert.isDefined(error.retryAfter)
          }
        })
    )
  )

  it.scoped("a success whose body stalls is a timeout that knows its head", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(stalled(200)), { maxRetries: 0 })
      const error = yield* elapse(failure(http.request(refreshCredential)))
      assert.deepInclude(error, { reason: "Timeout", status: 200, requestId: "req-1", isAmbiguous: true })
    })
  )
})
