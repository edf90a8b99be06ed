import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import type { ConnectBankOptions, Credentials, CredentialsStatus, RefreshOutcome } from "../TinkSandbox.js"
import * as auth from "./auth.js"
import * as errors from "./errors.js"
import * as ids from "./ids.js"
import { hasSession } from "./providers.js"
import type { Settings } from "./settings.js"
import { credentialsOf, type State, type StoredCredentials } from "./state.js"
import { supplementalInformation } from "./supplementalInformation.js"
import * as Timeline from "./timeline.js"
import { type ApiError, type Handler, json, noContent, type RoutedRequest, type Route } from "./wire.js"

// The human text of tink-api 6.1; Tink sends an empty one when it has nothing to say.
const statusPayloadOf = (status: CredentialsStatus): string => (status === "UPDATED" ? "Updated." : "")

const secretFields: ReadonlySet<string> = new Set(["password"])

/** tink-api 6.6. */
export const defaultAppUri = "tink://open"

/** The object of tink-api 6.1, as it is at a moment. `fields` is always sent (12.11); redirect providers have none. */
export const present = (credentials: StoredCredentials, now: number): Credentials => {
  const step = Timeline.stepAt(credentials.timeline, now)
  const information = supplementalInformation(step.status, credentials)
  return {
    id: credentials.id,
    providerName: credentials.providerName,
    type: credentials.type,
    status: step.status,
    statusUpdated: step.statusUpdated,
    statusPayload: statusPayloadOf(step.status),
    ...(step.updated === undefined ? {} : { updated: step.updated }),
    ...(step.sessionExpiryDate === undefined ? {} : { sessionExpiryDate: step.sessionExpiryDate }),
    ...(information === undefined ? {} : { supplementalInformation: information }),
    fields: Record.filter(credentials.fields, (_, name) => !secretFields.has(name)),
    userId: credentials.userId
  }
}

/** What Tink Link does in the customer's browser (tink-api 10.1, step 5): credentials appear, already connected. */
export const connect = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  userId: string,
  options: ConnectBankOptions
) {
  const id = yield* ids.id
  const now = yield* Clock.currentTimeMillis
  if (!state.users.has(userId)) return yield* errors.unknownUser
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
  const type = options.type ?? "THIRD_PARTY_APP"
  const stored: StoredCredentials = {
    id,
    userId,
    providerName,
    type,
    timeline: [step],
    nextRefresh: undefined,
    isAuthenticationOnly: false,
    fields: {},
    appUri: defaultAppUri
  }
  state.credentials.set(id, stored)
  return present(stored, now)
})

/** Decides what the next refresh comes to. */
export const setNextRefresh = (
  state: State,
  credentialsId: string,
  outcome: RefreshOutcome
): Effect.Effect<void, ApiError> =>
  Effect.suspend(() => {
    const credentials = state.credentials.get(credentialsId)
    if (credentials === undefined) return Effect.fail(errors.unknownCredentials)
    state.credentials.set(credentialsId, { ...credentials, nextRefresh: outcome })
    return Effect.void
  })

/** The credentials that the path names, if they are the user's. */
export const findOwn = Effect.fnUntraced(function* (state: State, request: RoutedRequest, scope: string) {
  const user = yield* auth.requireUser(state, request, scope)
  const credentials = state.credentials.get(request.params["id"] ?? "")
  if (credentials === undefined || credentials.userId !== user.id) return yield* errors.unknownCredentials
  return credentials
})

/** `GET /api/v1/credentials/list` */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "credentials:read")
    const now = yield* Clock.currentTimeMillis
    return json(200, { credentials: credentialsOf(state, user.id).map((credentials) => present(credentials, now)) })
  })

/** `GET /api/v1/credentials/{id}` */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const credentials = yield* findOwn(state, request, "credentials:read")
    const now = yield* Clock.currentTimeMillis
    return json(200, present(credentials, now))
  })

/** `DELETE /api/v1/credentials/{id}`. How long deleted ones stay visible is not known (tink-api 14.6): here, not at all. */
const remove = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const credentials = yield* findOwn(state, request, "credentials:write")
    state.credentials.delete(credentials.id)
    return noContent
  })

/** tink-api 6, but for what starts something: `operations` and `changes`. */
export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/credentials/list", handler: list(state) },
  { method: "GET", path: "/api/v1/credentials/{id}", handler: read(state) },
  { method: "DELETE", path: "/api/v1/credentials/{id}", handler: remove(state) }
]
