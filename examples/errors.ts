/** Every `reason` of `TinkError`: what causes it, and what an application does about it. */
import { Ids, type TinkError, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users, UserSession } from "@effect-tink/users"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import "./lib/quietOutput.js"

type Case = readonly [failure: Effect.Effect<unknown, TinkError.TinkError>, advice: string]

const program = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const scopes = ["credentials:read"] as const
  const user = { externalUserId: "user-0001", market: "SE" }
  const { userId } = yield* users.createUser(user)
  const session = yield* users.authorize({ userId, scopes })
  // Fetches the token now, so that the faults below meet the read and not the token's request.
  yield* users.listCredentials(session, { bypassCache: true })
  const stale = UserSession.make({ userId, accessToken: Redacted.make("a-stale-token"), scopes })
  const deleted = Ids.CredentialsId.make("0123456789abcdef0123456789abcdef")
  const listWith = (fault: TinkSandbox.Fault) =>
    Effect.andThen(sandbox.injectFault(fault), users.listCredentials(session))

  // The type requires a case for every reason.
  const cases: Record<TinkError.Reason, Case> = {
    Transport: [listWith({ kind: "drop-before" }), "try again; the network is down"],
    Timeout: [
      listWith({ kind: "delay", milliseconds: 1000 }),
      "try again; if isAmbiguous, check first whether the change was made"
    ],
    RateLimited: [listWith({ kind: "status", status: 429, retryAfter: "7" }), "wait for retryAfter"],
    Unauthorized: [users.listCredentials(stale), "get a new session, or correct the client id and secret"],
    Forbidden: [listWith({ kind: "status", status: 403 }), "ask for the scope, in Tink Console and in authorize"],
    NotFound: [users.getCredential(session, deleted), "forget the id: it was deleted, or never existed"],
    Conflict: [users.createUser(user), "use the existing user: ensureUser does"],
    Invalid: [users.createUser({ market: "Sweden" }), "correct the input: detail or errorMessage says how"],
    Server: [listWith({ kind: "status", status: 503 }), "try again later; Tink is in trouble"],
    Decode: [listWith({ kind: "garbage" }), "report it: Tink has changed its answers"]
  }
  for (const [failure, advice] of Object.values(cases)) {
    const error = yield* Effect.flip(failure)
    yield* Console.log(`${error.message}\n  → ${advice}${error.isRetryable ? " (safe to retry)" : ""}\n`)
  }
})

const layerTink = TinkHttp.layer({
  clientId: "sandbox-client",
  clientSecret: Redacted.make("sandbox-secret"),
  attemptTimeout: "100 millis",
  maxRetries: 0
})

const layerMain = Users.layer.pipe(
  Layer.provide([UserCache.layer({ capacity: 100 }), layerTink]),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

program.pipe(Effect.provide(layerMain), NodeRuntime.runMain)
