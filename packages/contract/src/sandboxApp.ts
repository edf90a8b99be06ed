/** The app of a sandbox, with a user who has connected a bank there. */
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import { clientScopes, clientToken, need, secret } from "./statement.js"
import { App, send } from "./wire.js"

export const make = Effect.gen(function* () {
  const sandbox = yield* TinkSandbox.TinkSandbox
  const userId = yield* Effect.gen(function* () {
    const token = yield* need(secret(yield* clientToken(clientScopes), "access_token"), "client token")
    const { members } = yield* send("POST", "/api/v1/user/create", { token, json: { market: "SE" } })
    return String(members["user_id"])
  }).pipe(Effect.provideService(App, sandbox))
  yield* sandbox.connectBank(userId)
  const { baseUrl, clientId, clientSecret } = sandbox
  return App.of({ baseUrl, clientId, clientSecret, connectedUser: { user_id: userId } })
})
