/**
 * The two requests that start an operation: refresh and authenticate (tink-api.md 6.4 and 6.5).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { awaitingStatus, firstOutcome } from "../credentials/providers.js"
import { defaultAppUri } from "../credentials/storedCredentials.js"
import * as Timeline from "../credentials/timeline.js"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { authenticationFields, readFlag, readItems, UserAvailability } from "../http/requestFields.js"
import { noContent } from "../http/responses.js"
import type { Handler, RoutedRequest, Route } from "../http/router.js"
import type { CredentialsType, RefreshOutcome } from "../models.js"
import type { Settings } from "../settings.js"
import type { State, StoredCredentials } from "../state/state.js"

const RefreshBody = Schema.Struct({ ...authenticationFields, userAvailability: Schema.optional(UserAvailability) })

const decodeRefreshBody = requestBody.optionalJson(RefreshBody)

interface RefreshRequest {
  readonly authenticate: boolean
  readonly userAvailable: boolean
  readonly appUri: string | undefined
  readonly callbackUri: string | undefined
}

/** The query and the body of tink-api.md 6.4. */
const decodeRefresh = Effect.fnUntraced(function* (request: RoutedRequest) {
  const items = yield* readItems(request)
  const optIn = yield* readFlag(request, "optIn")
  const authenticate = yield* readFlag(request, "authenticate")
  const input = yield* decodeRefreshBody(request)
  const { appUri, callbackUri, selectedAuthenticationOptions, userAvailability } = input
  if (selectedAuthenticationOptions !== undefined && !authenticate) {
    return yield* apiErrors.invalid("selectedAuthenticationOptions needs authenticate=true")
  }
  request.notes.refresh = {
    items,
    optIn,
    authenticate,
    userPresent: userAvailability?.userPresent ?? null,
    userAvailableForInteraction: userAvailability?.userAvailableForInteraction ?? null,
    body: Object.keys(input)
  }
  return { authenticate, userAvailable: userAvailability?.userAvailableForInteraction ?? false, appUri, callbackUri }
})

const isSessionExpired = (step: Timeline.Step, now: number): boolean =>
  step.status === "SESSION_EXPIRED" || (step.sessionExpiryDate !== undefined && step.sessionExpiryDate <= now)

// Only a refresh finds out that a session has expired: tink-api.md 6.2.
const defaultOutcome = (
  type: CredentialsType,
  step: Timeline.Step,
  request: RefreshRequest,
  now: number
): RefreshOutcome => {
  const isExpired = isSessionExpired(step, now)
  if (isExpired && !request.userAvailable) return "SESSION_EXPIRED"
  if (isExpired || request.authenticate) return awaitingStatus[type]
  return step.status === "CREATED" ? firstOutcome(type) : "UPDATED"
}

type Started = Pick<StoredCredentials, "timeline" | "nextRefresh" | "isAuthenticationOnly" | "appUri" | "callbackUri">

// One synchronous step: of two concurrent requests, one starts an operation and the other finds it running.
const start = (
  state: State,
  settings: Settings,
  id: string,
  now: number,
  operation: (credentials: StoredCredentials, step: Timeline.Step) => Started
): ReturnType<Handler> =>
  Effect.suspend(() => {
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return Effect.fail(apiErrors.unknownCredentials)
    const step = Timeline.stepAt(credentials.timeline, now)
    // The provider is disabled for good (tink-api.md 6.2): 204, as 14.5 suggests, and nothing changes.
    if (step.status === "PERMANENT_ERROR") return Effect.succeed(noContent)
    if (Timeline.isRunning(credentials.timeline, now)) {
      // One refresh at a time (tink-api.md 6.4). For the second, the documentation contradicts itself (12.1).
      return settings.rateLimitedRefresh === "204"
        ? Effect.succeed(noContent)
        : Effect.fail(apiErrors.refreshRateLimited)
    }
    state.credentials.set(id, { ...credentials, ...operation(credentials, step) })
    return Effect.succeed(noContent)
  })

/** `POST /api/v1/credentials/{id}/refresh`: 204 means received, not successful (tink-api.md 6.4). */
const refresh = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireOwnCredentials(state, request, "credentials:refresh")
    const input = yield* decodeRefresh(request)
    const now = yield* Clock.currentTimeMillis
    return yield* start(state, settings, id, now, (credentials, step) => {
      const outcome = credentials.nextRefresh ?? defaultOutcome(credentials.type, step, input, now)
      return {
        timeline: outcome === "IGNORED" ? credentials.timeline : Timeline.refresh(step, outcome, now, settings),
        nextRefresh: undefined,
        isAuthenticationOnly: false,
        appUri: input.appUri ?? defaultAppUri,
        callbackUri: input.callbackUri
      }
    })
  })

const inBackground: RefreshRequest = {
  authenticate: false,
  userAvailable: false,
  appUri: undefined,
  callbackUri: undefined
}

/** A refresh that Tink starts by itself, without the user. It is not started while another operation is running. */
export const refreshInBackground = (state: State, settings: Settings, id: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    start(state, settings, id, now, (credentials, step) => {
      const outcome = credentials.nextRefresh ?? defaultOutcome(credentials.type, step, inBackground, now)
      return {
        timeline:
          outcome === "IGNORED"
            ? credentials.timeline
            : Timeline.asBackground(Timeline.refresh(step, outcome, now, settings)),
        nextRefresh: undefined,
        isAuthenticationOnly: false,
        callbackUri: undefined,
        appUri: credentials.appUri
      }
    })
  )

const isWorking = ({ timeline }: StoredCredentials, now: number): boolean =>
  !Timeline.isRunning(timeline, now) && ["UPDATED", "TEMPORARY_ERROR"].includes(Timeline.stepAt(timeline, now).status)

/** Refreshes all working credentials in the background. */
export const refreshAllInBackground = (state: State, settings: Settings): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.forEach(
      Array.from(state.credentials.values()).filter((credentials) => isWorking(credentials, now)),
      ({ id }) => Effect.ignore(refreshInBackground(state, settings, id)),
      { discard: true }
    )
  )

const decodeAuthenticateBody = requestBody.optionalJson(Schema.Struct(authenticationFields))

/** `POST /api/v1/credentials/{id}/authenticate`: asks the user, and fetches no data afterwards (tink-api.md 6.5). */
const authenticate = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireOwnCredentials(state, request, "credentials:refresh")
    const { appUri = defaultAppUri, callbackUri } = yield* decodeAuthenticateBody(request)
    const now = yield* Clock.currentTimeMillis
    return yield* start(state, settings, id, now, ({ nextRefresh, type }, step) => ({
      timeline: Timeline.refresh(step, awaitingStatus[type], now, settings),
      // It is for a refresh, and this is not one.
      nextRefresh,
      isAuthenticationOnly: true,
      appUri,
      callbackUri
    }))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials/{id}/refresh", handler: refresh(state, settings) },
  { method: "POST", path: "/api/v1/credentials/{id}/authenticate", handler: authenticate(state, settings) }
]
