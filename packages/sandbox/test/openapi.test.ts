import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import { send } from "./helpers.js"

const openapi = {
  openapi: "3.1.0",
  info: { title: "A <title>", version: "1" },
  servers: [{ url: "https://api.tink.com" }],
  paths: { "/api/v1/user": { get: { security: [{ user: ["user:read"] }], responses: {} } } },
  components: { securitySchemes: { user: { type: "oauth2", flows: {} } }, schemas: {} }
}

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient({ openapi }))

describe("an OpenAPI description", () => {
  it.effect("is served as it was given, for the sandbox's own address", () =>
    Effect.gen(function* () {
      const { body, headers, status } = yield* send("GET", "/sandbox/openapi.json")
      assert.strictEqual(status, 200)
      assert.strictEqual(headers["content-type"], "application/json")
      assert.deepStrictEqual<unknown>(body, { ...openapi, servers: [{ url: "/" }] })
    }).pipe(provideSandbox)
  )

  it.effect("has a page to try it, which loads nothing and takes tokens", () =>
    Effect.gen(function* () {
      const { headers, status, text } = yield* send("GET", "/sandbox/docs")
      assert.strictEqual(status, 200)
      assert.include(String(headers["content-type"]), "text/html")
      assert.include(text, "<title>A &lt;title&gt; Documentation</title>")
      assert.notMatch(text, /<(script|link|img)[^>]+(src|href)=/)
      const [, embedded = "{}"] = /type="application\/json">([^]*?)<\/script>/.exec(text) ?? []
      const { components, paths, servers } = JSON.parse(embedded)
      assert.deepStrictEqual<unknown>([servers, paths], [[{ url: "/" }], openapi.paths])
      assert.deepInclude(components.securitySchemes.user, { type: "http", scheme: "bearer" })
    }).pipe(provideSandbox)
  )

  it.effect("is not there unless it was given, and no part of the client's requests", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      for (const path of ["/sandbox/openapi.json", "/sandbox/docs"]) {
        assert.strictEqual((yield* send("GET", path)).status, 404)
      }
      assert.deepStrictEqual(yield* sandbox.requests, [])
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )
})
