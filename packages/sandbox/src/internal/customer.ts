/**
 * The customer, when they come: what they do in the bank's app, and what the bank makes of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AuthenticationOutcome } from "../TinkSandbox.js"
import * as errors from "./errors.js"
import type { Settings } from "./settings.js"
import type { State } from "./state.js"
import * as Timeline from "./timeline.js"

/** Ends the wait of an `AWAITING_…` status. */
export const completeAuthentication = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  id: string,
  outcome: AuthenticationOutcome
) {
  const now = yield* Clock.currentTimeMillis
  const credentials = state.credentials.get(id)
  if (credentials === undefined) return yield* errors.unknownCredentials
  const step = Timeline.stepAt(credentials.timeline, now)
  if (!Timeline.isAwaiting(step.status)) return yield* errors.notAwaiting
  const timeline = Timeline.authenticated(step, outcome, credentials.isAuthenticationOnly, now, settings)
  state.credentials.set(id, { ...credentials, timeline })
})

/** Ends the bank session. Nobody notices before the next refresh: tink-api 6.2. */
export const expireSession = Effect.fnUntraced(function* (state: State, id: string) {
  const now = yield* Clock.currentTimeMillis
  const credentials = state.credentials.get(id)
  if (credentials === undefined) return yield* errors.unknownCredentials
  state.credentials.set(id, { ...credentials, timeline: Timeline.withSessionExpiry(credentials.timeline, now) })
})
