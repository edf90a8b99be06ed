/** The life of a Tink user, with nothing but what every runtime has. */
import { TinkHttp } from "@effect-tink/http"
import { UserCache } from "@effect-tink/user-cache"
import { Users, UserSession } from "@effect-tink/users"
import { WebhookSignature } from "@effect-tink/webhooks"
import { FetchHttpClient } from "@effect/platform"
import { Data, Effect, Layer, Redacted } from "effect"

class Unexpected extends Data.TaggedError("Unexpected")<{ readonly message: string }> {}

const expect = (what: string, actual: unknown, expected: unknown) =>
  actual === expected
    ? Effect.void
    : Effect.fail(new Unexpected({ message: `${what}: ${String(actual)} instead of ${String(expected)}` }))

/** This request exists on the sandbox only. */
const connectBank = (baseUrl: string, userId: string) =>
  Effect.tryPromise(() => fetch(`${baseUrl}/sandbox/users/${userId}/credentials`, { method: "POST", body: "{}" })).pipe(
    Effect.flatMap(({ ok }) => expect("the bank is connected", ok, true))
  )

const live = (baseUrl: string) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const cache = yield* UserCache.UserCache
    const { userId } = yield* users.createUser({ market: "SE", locale: "sv_SE" })
    yield* connectBank(baseUrl, userId)

    const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
    const [credential] = yield* users.listCredentials(session)
    if (credential === undefined) return yield* new Unexpected({ message: "there is no credential" })
    yield* users.listCredentials(session)
    yield* expect("hits of the cache", (yield* cache.stats).hits, 1)

    yield* users.refreshCredential(session, credential.id)
    const [refreshed] = yield* users.listCredentials(session)
    yield* expect("status after the refresh", refreshed?.status, "AUTHENTICATING")

    const accessToken = Redacted.make("no-token-of-tink")
    const refused = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
    const error = yield* Effect.flip(users.listCredentials(refused))
    yield* expect("reason for a wrong token", error.reason, "Unauthorized")

    yield* users.deleteUser({ userId })
    const exit = yield* Effect.exit(users.listCredentials(session))
    yield* expect("reading a deleted user", exit._tag, "Failure")
  })

const verifyWebhook = Effect.gen(function* () {
  const secret = Redacted.make("a secret of the endpoint")
  const body = new TextEncoder().encode("{}")
  const signature = yield* WebhookSignature.sign({ secret, body })
  yield* WebhookSignature.verify({ secrets: [secret] })({ body, signature })
  const wrong = Redacted.make("another secret")
  const error = yield* Effect.flip(WebhookSignature.verify({ secrets: [wrong] })({ body, signature }))
  yield* expect("reason for a wrong signature", error.reason, "Mismatch")
})

const makeLayer = (baseUrl: string) =>
  Users.layer.pipe(
    Layer.provideMerge(UserCache.layer({ capacity: 100 })),
    Layer.provide(
      TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret"), baseUrl })
    ),
    Layer.provide(FetchHttpClient.layer)
  )

/** Fails if anything is not as on Node. */
export const runSmokeTest = (baseUrl: string): Promise<void> =>
  live(baseUrl).pipe(Effect.andThen(verifyWebhook), Effect.provide(makeLayer(baseUrl)), Effect.runPromise)
