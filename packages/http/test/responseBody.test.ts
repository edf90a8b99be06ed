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
  ["with a length that is none", { "content-length": "10 bytes" }]
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
