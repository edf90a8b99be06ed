import { assert, it } from "@effect/vitest"
import { TinkConfig } from "@effect-tink/http"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { vi } from "vitest"

// As if the package were not there.
vi.mock("jose/jwt/sign", () => {
  throw new Error("jose was loaded")
})

it.effect("an application with a secret does not load jose, and one with a key says that it needs it", () =>
  Effect.gen(function* () {
    const secret = Redacted.make("secret")
    const config = yield* TinkConfig.make({ clientId: "id", clientSecret: secret })
    assert.strictEqual(config.clientAuthentication._tag, "ClientSecret")
    assert.strictEqual(
      (yield* TinkConfig.make({ clientId: "id", mutualTls: true })).clientAuthentication._tag,
      "MutualTls"
    )
    const error = yield* Effect.flip(TinkConfig.make({ clientId: "id", privateKey: secret }))
    assert.include(String(error), "the private key needs the package jose, which cannot be loaded")
  })
)
