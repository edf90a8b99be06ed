/**
 * What the user does in the bank's app or on its page.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as apiErrors from "../http/apiErrors.js"
import type { AuthenticationOutcome } from "../models.js"
import type { Settings } from "../settings.js"
import type { State } from "../state/state.js"
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
  if (credentials === undefined) return yield* apiErrors.unknownCredentials
  const step = Timeline.stepAt(credentials.timeline, now)
  if (!Timeline.isAwaiting(step.status)) return yield* apiErrors.notAwaiting
  const timeline = Timeline.authenticated(step, outcome, credentials.isAuthenticationOnly, now, settings)
  state.credentials.set(id, { ...credentials, timeline })
})

/** Ends the bank session. The status stays until the next refresh: tink-api.md 6.2. */
export const expireSession = Effect.fnUntraced(function* (state: State, id: string) {
  const now = yield* Clock.currentTimeMillis
  const credentials = state.credentials.get(id)
  if (credentials === undefined) return yield* apiErrors.unknownCredentials
  state.credentials.set(id, { ...credentials, timeline: Timeline.withSessionExpiry(credentials.timeline, now) })
})
