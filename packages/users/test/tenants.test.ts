import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as Redacted from "effect/Redacted"

type Tenant = "a" | "b"

const sandboxOf = (tenant: Tenant) =>
  TinkSandbox.layerHttpClient({ clientId: `client-${tenant}`, clientSecret: `secret-${tenant}` })

/** One `TinkHttp` layer for all: what differs is the environment that it is built in. */
const layerHttp = TinkHttp.layerConfig({
  clientId: Config.string("CLIENT_ID"),
  clientSecret: Config.redacted("CLIENT_SECRET")
})

const environmentOf = (tenant: Tenant) =>
  Layer.setConfigProvider(
    ConfigProvider.fromMap(
      new Map([
        ["CLIENT_ID", `client-${tenant}`],
        ["CLIENT_SECRET", `secret-${tenant}`]
      ])
    )
  )

const layerCache = UserCache.layer({ capacity: 100 })

class Tenants extends LayerMap.Service<Tenants>()("test/Tenants", {
  lookup: (tenant: Tenant) =>
    Users.layer.pipe(
      Layer.provide(layerHttp),
      Layer.provide(environmentOf(tenant)),
      Layer.provideMerge(Layer.merge(sandboxOf(tenant), layerCache))
    )
}) {}

const createUser = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { userId } = yield* users.createUser({ market: "SE" })
  return { userId, clientSecret: Redacted.value(sandbox.clientSecret), requests: (yield* sandbox.requests).length }
})

describe("one layer per tenant", () => {
  it.effect("each tenant's services talk to its own Tink app, also when their layers are the same values", () =>
    Effect.gen(function* () {
      const a = yield* Effect.provide(createUser, Tenants.get("a"))
      const b = yield* Effect.provide(createUser, Tenants.get("b"))
      assert.deepStrictEqual(
        [a, b].map(({ clientSecret, requests }) => ({ clientSecret, requests })),
        [
          { clientSecret: "secret-a", requests: 2 },
          { clientSecret: "secret-b", requests: 2 }
        ]
      )
    }).pipe(Effect.provide(Tenants.Default))
  )
})
