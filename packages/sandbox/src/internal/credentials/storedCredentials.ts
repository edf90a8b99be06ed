import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as apiErrors from "../http/apiErrors.js"
import type { ConnectBankOptions, Credentials, CredentialsStatus, RefreshOutcome } from "../models.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import type { State, StoredCredentials } from "../state/state.js"
import { hasSession } from "./providers.js"
import { supplementalInformation } from "./supplementalInformation.js"
import * as Timeline from "./timeline.js"

// The text of tink-api.md 6.1; Tink sends an empty one when it has nothing to say.
const statusPayload = (status: CredentialsStatus): string => (status === "UPDATED" ? "Updated." : "")

const secretFields: ReadonlySet<string> = new Set(["password"])

/** tink-api.md 6.6. */
export const defaultAppUri = "tink://open"

/** The credentials of tink-api.md 6.1 at a moment. `fields` is always sent (12.11); redirect providers have none. */
export const present = (credentials: StoredCredentials, now: number, origin: string): Credentials => {
  const step = Timeline.stepAt(credentials.timeline, now)
  const information = supplementalInformation(step.status, credentials, origin)
  return {
    id: credentials.id,
    providerName: credentials.providerName,
    type: credentials.type,
    status: step.status,
    statusUpdated: step.statusUpdated,
    statusPayload: statusPayload(step.status),
    ...(step.updated === undefined ? {} : { updated: step.updated }),
    ...(step.sessionExpiryDate === undefined ? {} : { sessionExpiryDate: step.sessionExpiryDate }),
    ...(information === undefined ? {} : { supplementalInformation: information }),
    fields: Record.filter(credentials.fields, (_, name) => !secretFields.has(name)),
    userId: credentials.userId
  }
}

/** Adds credentials that are already connected, as Tink Link does in the user's browser: tink-api.md 10.1, step 5. */
export const connect = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  userId: string,
  options: ConnectBankOptions,
  origin = "http://127.0.0.1"
) {
  const id = yield* ids.id
  const now = yield* Clock.currentTimeMillis
  if (!state.users.has(userId)) return yield* apiErrors.unknownUser
  const providerName = options.providerName ?? "se-demobank-open-banking-redirect"
  const status = options.status ?? "UPDATED"
  const newSession = hasSession(providerName) ? now + settings.sessionLifetime : undefined
  const sessionExpiryDate = options.sessionExpiryDate ?? newSession
  const step: Timeline.Step = {
    at: now,
    status,
    statusUpdated: now,
    updated: status === "UPDATED" ? now : undefined,
    hasSession: sessionExpiryDate !== undefined,
    sessionExpiryDate
  }
  const stored: StoredCredentials = {
    id,
    userId,
    providerName,
    type: options.type ?? "THIRD_PARTY_APP",
    timeline: [step],
    nextRefresh: undefined,
    isAuthenticationOnly: false,
    fields: {},
    appUri: defaultAppUri,
    callbackUri: undefined
  }
  state.credentials.set(id, stored)
  return present(stored, now, origin)
})

/** Sets the outcome of the next refresh. */
export const setNextRefresh = (
  state: State,
  credentialsId: string,
  outcome: RefreshOutcome
): Effect.Effect<void, apiErrors.ApiError> =>
  Effect.suspend(() => {
    const credentials = state.credentials.get(credentialsId)
    if (credentials === undefined) return Effect.fail(apiErrors.unknownCredentials)
    state.credentials.set(credentialsId, { ...credentials, nextRefresh: outcome })
    return Effect.void
  })
