import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Http from "node:http"

interface Sent {
  readonly host?: string
  readonly origin?: string
}

const post = (url: string, { host, origin }: Sent) =>
  Effect.async<number>((resume) => {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(host === undefined ? {} : { host }),
      ...(origin === undefined ? {} : { origin })
    }
    const request = Http.request(url, { method: "POST", headers, agent: false }, (response) => {
      response.resume()
      response.on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
    })
    request.end("session=x&choice=approve")
  })

const link = "/1.0/transactions/connect-accounts"

const paths: ReadonlyArray<readonly [path: string, accepted: number]> = [
  ["/sandbox/reset", 204],
  [link, 400],
  [`${link}/`, 400],
  ["/bank/authorize", 400]
]

const rows = (port: string): ReadonlyArray<readonly [string, Sent, boolean]> => [
  ["no page", {}, true],
  ["a page of its own", { origin: `http://127.0.0.1:${port}` }, true],
  ["a name of this machine", { host: `localhost:${port}`, origin: `http://localhost:${port}` }, true],
  ["a name below localhost", { host: `tink.localhost:${port}` }, true],
  ["a page of another site", { origin: "https://evil.example" }, false],
  ["a page of another program on this machine", { origin: "http://127.0.0.1:1" }, false],
  ["a page without an origin", { origin: "null" }, false],
  ["a name that a page made lead here", { host: `evil.example:${port}`, origin: `http://evil.example:${port}` }, false],
  ["a name with this machine's address in it", { host: `127.0.0.1.evil.example:${port}` }, false]
]

describe("test controls and forms over sockets", () => {
  it.scopedLive("take no requests from pages of other sites", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* TinkSandbox.TinkSandbox
      for (const [path, accepted] of paths) {
        for (const [name, sent, isTaken] of rows(new URL(baseUrl).port)) {
          assert.strictEqual(yield* post(baseUrl + path, sent), isTaken ? accepted : 403, `${path}: ${name}`)
        }
      }
      // The API is protected by its tokens.
      assert.strictEqual(yield* post(`${baseUrl}/api/v1/oauth/revoke-all`, { origin: "https://evil.example" }), 401)
    }).pipe(Effect.provide(TinkSandbox.layerServer()))
  )

  it.scopedLive("take every name when listening on every address, and still no other page", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* TinkSandbox.TinkSandbox
      const reset = `${baseUrl.replace("0.0.0.0", "127.0.0.1")}/sandbox/reset`
      assert.strictEqual(yield* post(reset, { host: "sandbox:4010" }), 204)
      assert.strictEqual(yield* post(reset, { host: "sandbox:4010", origin: "http://sandbox:4010" }), 204)
      assert.strictEqual(yield* post(reset, { host: "sandbox:4010", origin: "https://evil.example" }), 403)
    }).pipe(Effect.provide(TinkSandbox.layerServer({ host: "0.0.0.0" })))
  )
})
