import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { everyRow } from "../../../test/support/rows.js"
import { failure, getCredential, over } from "./helpers.js"

const megabytes = (count: number) => new Uint8Array(count * 1024 * 1024).fill(0x20)

const answer = (body: BodyInit, headers: Readonly<Record<string, string>>) =>
  Effect.sync(() => new Response(body, { headers: { ...headers } }))

const lengths: ReadonlyArray<readonly [what: string, headers: Readonly<Record<string, string>>]> = [
  ["without a length", {}],
  ["that says so", { "content-length": String(9 * 1024 * 1024) }],
  ["with the compressed length only", { "content-length": "10", "content-encoding": "gzip" }],
  ["that is chunked, with another length", { "content-length": "10", "transfer-encoding": "chunked" }],
  ["with an invalid length", { "content-length": "10 bytes" }]
]

describe("the body of an answer", () => {
  it.effect("is read to 8 MiB and no further, for any content-length", () =>
    everyRow(
      lengths,
      ([what]) => what,
      ([, headers]) =>
        Effect.gen(function* () {
          const { http } = yield* over(() => answer(megabytes(9), headers))
          const error = yield* failure(http.request(getCredential))
          assert.strictEqual(error.reason, "Decode")
          assert.strictEqual(error.detail, "the body is too large")
        })
    )
  )

  it.effect("of more values than any of Tink's is not parsed, as it would take many times its size", () =>
    everyRow(
      [
        ["objects without members", `[${"{},".repeat(340_000)}{}]`],
        ["numbers", `[${"1,".repeat(500_000)}1]`],
        ["lists in lists", "[".repeat(500_000) + "]".repeat(500_000)]
      ] as const,
      ([what]) => what,
      ([, body]) =>
        Effect.gen(function* () {
          const { http } = yield* over(() => answer(body, {}))
          const error = yield* failure(http.request(getCredential))
          assert.strictEqual(error.reason, "Decode")
          assert.strictEqual(error.detail, "the body has too many values")
        })
    )
  )

  it.scoped("as large as allowed is read, if its values are as long as Tink's", () =>
    Effect.gen(function* () {
      const credential = `{"id":"0123456789abcdef0123456789abcdef","status":"UPDATED","optional":false,"masked":true}`
      const length = Math.floor((1024 * 1024) / (credential.length + 1)) - 1
      const body = `{"id":"a","credentials":[${Array.from({ length }, () => credential).join(",")}]}`
      const { http } = yield* over(() => answer(body, {}))
      assert.propertyVal(yield* http.request(getCredential), "id", "a")
    })
  )

  it.effect("within the bound is decoded, with and without a length", () =>
    everyRow(
      [...lengths.slice(0, 1), ["of a known length", { "content-length": "11" }] as const],
      ([what]) => what,
      ([, headers]) =>
        Effect.gen(function* () {
          const { http } = yield* over(() => answer('{"id":"é"}', headers))
          assert.deepStrictEqual(yield* http.request(getCredential), { id: "é" })
        })
    )
  )
})
