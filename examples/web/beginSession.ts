/** Begins a session for a browser that has none, when there is something to remember. */
import { HttpServerRequest } from "@effect/platform"
import { Effect } from "effect"
import { clientAddress } from "./clientAddress.js"
import { Registrations } from "./registrations.js"
import { setSessionCookie } from "./security.js"
import { Sessions } from "./sessions.js"
import { Settings } from "./settings.js"

export const beginSession = Effect.gen(function* () {
  const registrations = yield* Registrations
  const sessions = yield* Sessions
  const { proxies } = yield* Settings
  yield* registrations.admit(clientAddress(yield* HttpServerRequest.HttpServerRequest, proxies))
  const [id, session] = yield* sessions.create
  yield* setSessionCookie(id)
  return session
})
