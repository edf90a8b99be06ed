import { assert, describe, it } from "@effect/vitest"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"

const layer = Users.layer.pipe(
  Layer.provide(UserCache.layer({ capacity: 100 })),
  Layer.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret") })),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

const namesWith = (key: string, value: string) =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs
      .filter(({ metricKey }) => metricKey.tags.some((tag) => tag.key === key && tag.value === value))
      .map(({ metricKey }) => metricKey.name)
      .filter((name) => name.startsWith("tink_"))
  )

describe("Effect.tagMetrics", () => {
  it.effect("labels what a caller's requests and reads count", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* users.createUser({ market: "SE" })
      yield* sandbox.connectBank(userId)
      const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      yield* users.listCredentials(session)
      yield* Effect.tagMetrics(users.listCredentials(session), "tenant", "reader")
      yield* Effect.tagMetrics(users.listCredentials(session, { bypassCache: true }), "tenant", "requester")
      yield* Effect.tagMetrics(users.changed({ userId }), "tenant", "invalidator")

      assert.deepStrictEqual(yield* namesWith("tenant", "reader"), ["tink_user_cache_hits_total"])
      assert.deepStrictEqual(yield* namesWith("tenant", "requester"), ["tink_http_requests_total"])
      assert.deepStrictEqual(yield* namesWith("tenant", "invalidator"), ["tink_user_cache_invalidations_total"])
    }).pipe(Effect.provide(layer))
  )
})
