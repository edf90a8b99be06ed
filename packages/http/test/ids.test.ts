import { assert, describe, it } from "@effect/vitest"
import { Ids } from "@effect-tink/http"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { everyRow } from "../../../test/support/rows.js"
import { answers, json, withTokens } from "../../../test/support/scriptedTink.js"
import { anyJson, createUser, failure, getCredential, id, over } from "./helpers.js"

const bad = [
  "",
  " ",
  ".",
  "..",
  "../..",
  "a/../b",
  "a/b",
  "a\\b",
  "%2e%2e",
  "%2F",
  "a b",
  "a\n",
  "\na",
  "a\u0000",
  "å",
  "𝟘",
  "a\u0301",
  "?x=1",
  "a?x=1",
  "#",
  "a#b",
  "a;b",
  "a:b",
  "list/",
  "x".repeat(129)
]

const good = [id, "7a5ba3d2-5b1e-4c0e-8f58-2a0d4f1f9f3b", "a", "_", "-", "x".repeat(128)]

describe("an id", () => {
  it.effect("outside of the pattern is Invalid before anything is sent", () =>
    everyRow(
      bad,
      (value) => JSON.stringify(value),
      (value) =>
        Effect.gen(function* () {
          assert.isFalse(Schema.is(Ids.UserId)(value))
          assert.isFalse(Schema.is(Ids.CredentialsId)(value))
          assert.throws(() => Ids.UserId.make(value))
          const { http, sent } = yield* over(withTokens(answers(json(200, {}))))
          const error = yield* failure(http.request({ ...getCredential, params: { id: value } }))
          assert.strictEqual(error.reason, "Invalid")
          assert.isUndefined(error.status)
          assert.isFalse(error.isRetryable)
          assert.isFalse(error.isAmbiguous)
          assert.strictEqual(
            error.message,
            "getCredential: Invalid: id must be 1 to 128 of the characters A-Z a-z 0-9 _ -"
          )
          const { authorization } = createUser
          yield* failure(http.request({ ...getCredential, params: { id: value }, authorization }))
          assert.strictEqual(sent.length, 0)
        })
    )
  )

  it.effect("within the pattern is sent as it is", () =>
    everyRow(
      good,
      (value) => value,
      (value) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(answers(json(200, {})))
          yield* http.request({ ...getCredential, params: { id: Ids.CredentialsId.make(value) } })
          assert.strictEqual(sent[0]?.path, `/api/v1/credentials/${value}`)
        })
    )
  )

  it.scoped("that is missing is Invalid: its place would be empty", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})))
      for (const params of [undefined, {}, { other: id }]) {
        const error = yield* failure(http.request({ ...getCredential, params }))
        assert.strictEqual(error.reason, "Invalid")
      }
      assert.strictEqual(sent.length, 0)
    })
  )

  it.scoped("that is not a string, past the types, is Invalid", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})))
      for (const value of [null, 1, {}, [id]]) {
        // What comes from JavaScript has no types.
        const params = { id: value } as unknown as Readonly<Record<string, string>>
        assert.strictEqual((yield* failure(http.request({ ...getCredential, params }))).reason, "Invalid")
      }
      assert.strictEqual(sent.length, 0)
    })
  )

  it.scoped("fills every place that has its name", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})))
      yield* http.request({ ...getCredential, route: "/a/{x}/b/{y}/{x}", params: { x: "1", y: "2" } })
      assert.strictEqual(sent[0]?.path, "/a/1/b/2/1")
    })
  )
})

describe("a body that is no JSON", () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  it.effect("is Invalid before anything is sent", () =>
    everyRow(
      [
        ["circular", circular],
        ["bigint", { amount: 1n }],
        ["throwing", { toJSON: () => assert.fail("c4n4ry") }]
      ] as const,
      ([name]) => `${name} is Invalid before anything is sent`,
      ([, value]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(withTokens(answers(json(200, {}))))
          const error = yield* failure(
            http.request({ ...createUser, body: { _tag: "Json", value }, response: anyJson })
          )
          assert.strictEqual(error.message, "createUser: Invalid: the body cannot be written as JSON")
          assert.isFalse(error.isRetryable)
          assert.strictEqual(sent.length, 0)
        })
    )
  )
})
