/** An application service, tested with a fake `Users`, and with a fake Tink and no cache. */
import { Ids, TinkHttp } from "@effect-tink/http"
import { UserCache } from "@effect-tink/user-cache"
import { Credential, Users, UserSession } from "@effect-tink/users"
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted, Schema } from "effect"
import assert from "node:assert/strict"

/** The service under test: lists the banks of a user that need attention. */
const banksToFix = (session: UserSession.UserSession<"credentials:read">) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const credentials = yield* users.listCredentials(session)
    return credentials.filter(({ status }) => status !== "UPDATED").map(({ providerName }) => providerName)
  })

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const accessToken = Redacted.make("token")
const session = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
const credentialJson = { id: "fedcba9876543210fedcba9876543210", providerName: "se-bank", status: "SESSION_EXPIRED" }

// A fake `Users` with one operation. Any other would die, and name itself.
const credential = Schema.decodeSync(Credential.Credential)(credentialJson)
const layerFakeUsers = Layer.mock(Users.Users, { listCredentials: () => Effect.succeed([credential]) })

// A fake Tink: a client that records requests. There is no cache, so each read sends one.
const sent: Array<string> = []
const layerRecordingClient = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request, url) => {
    sent.push(`${request.method} ${url.pathname}`)
    return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json({ credentials: [credentialJson] })))
  })
)
const layerFakeTink = Users.layer.pipe(
  Layer.provide([UserCache.layerNoop, TinkHttp.layer({ clientId: "id", clientSecret: Redacted.make("secret") })]),
  Layer.provide(layerRecordingClient)
)

Effect.gen(function* () {
  assert.deepEqual(yield* Effect.provide(banksToFix(session), layerFakeUsers), ["se-bank"])
  const twice = Effect.all([banksToFix(session), banksToFix(session)])
  assert.deepEqual(yield* Effect.provide(twice, layerFakeTink), [["se-bank"], ["se-bank"]])
  assert.deepEqual(sent, ["GET /api/v1/credentials/list", "GET /api/v1/credentials/list"])
  yield* Console.log("the application works on fakes")
}).pipe(NodeRuntime.runMain)
