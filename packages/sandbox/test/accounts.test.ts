import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import { keysOf, newUser, send, userToken } from "./helpers.js"

const accounts = (token: string) => send("GET", "/data/v2/accounts", { token })

describe("GET /data/v2/accounts", () => {
  it.effect("returns one account of each of the user's credentials that have data", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser()
      const token = yield* userToken(userId, "accounts:read")
      const { id } = yield* sandbox.connectBank(userId)
      yield* sandbox.connectBank(userId, { status: "AUTHENTICATING" })
      yield* sandbox.connectBank(yield* newUser())
      const { body, status } = yield* accounts(token)
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(keysOf(body), ["accounts", "nextPageToken"])
      assert.lengthOf(body.accounts, 1)
      assert.deepStrictEqual(keysOf(body.accounts[0]), ["balances", "id", "name", "type"])
      assert.match(body.accounts[0].id, /^[0-9a-f]{32}$/)
      assert.notStrictEqual(body.accounts[0].id, id)
      assert.deepStrictEqual((yield* accounts(token)).body, body)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )

  it.effect("needs the scope accounts:read", () =>
    Effect.gen(function* () {
      const token = yield* userToken(yield* newUser(), "credentials:read")
      assert.strictEqual((yield* accounts(token)).status, 403)
      assert.strictEqual((yield* accounts("none")).status, 401)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )
})
