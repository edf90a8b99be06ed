/**
 * What sends credentials on their way: refresh and authenticate.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { CredentialsType, RefreshOutcome } from "../TinkSandbox.js"
import { authenticationFields, flag, itemsOf, UserAvailability } from "./asked.js"
import * as body from "./body.js"
import { defaultAppUri, findOwn } from "./credentials.js"
import * as errors from "./errors.js"
import { awaitingOf, firstOutcomeOf } from "./providers.js"
import type { Settings } from "./settings.js"
import type { State, StoredCredentials } from "./state.js"
import * as Timeline from "./timeline.js"
import { type ApiError, type Handler, noContent, type Reply, type RoutedRequest, type Route } from "./wire.js"

const RefreshBody = Schema.Struct({ ...authenticationFields, userAvailability: Schema.optional(UserAvailability) })

const decodeRefreshBody = body.optionalJson(RefreshBody)

interface RefreshRequest {
  readonly authenticate: boolean
  readonly userAvailable: boolean
  readonly appUri: string | undefined
}

/** The query and the body of tink-api 6.4. */
const decodeRefresh = Effect.fnUntraced(function* (request: RoutedRequest) {
  const items = yield* itemsOf(request)
  const optIn = yield* flag(request, "optIn")
  const authenticate = yield* flag(request, "authenticate")
  const input = yield* decodeRefreshBody(request)
  const { appUri, selectedAuthenticationOptions, userAvailability } = input
  if (selectedAuthenticationOptions !== undefined && !authenticate) {
    return yield* errors.invalid("selectedAuthenticationOptions needs authenticate=true")
  }
  request.note({
    items,
    optIn,
    authenticate,
    userPresent: userAvailability?.userPresent ?? null,
    userAvailableForInteraction: userAvailability?.userAvailableForInteraction ?? null,
    body: Object.keys(input)
  })
  return { authenticate, userAvailable: userAvailability?.userAvailableForInteraction ?? false, appUri }
})

const isSessionOver = (step: Timeline.Step, now: number): boolean =>
  step.status === "SESSION_EXPIRED" || (step.sessionExpiryDate !== undefined && step.sessionExpiryDate <= now)

// A session is found to be over only when somebody wants to refresh: tink-api 6.2.
const outcomeOf = (
  type: CredentialsType,
  step: Timeline.Step,
  request: RefreshRequest,
  now: number
): RefreshOutcome => {
  const isOver = isSessionOver(step, now)
  if (isOver && !request.userAvailable) return "SESSION_EXPIRED"
  if (isOver || request.authenticate) return awaitingOf[type]
  return step.status === "CREATED" ? firstOutcomeOf(type) : "UPDATED"
}

type Started = Pick<StoredCredentials, "timeline" | "nextRefresh" | "isAuthenticationOnly" | "appUri">

// One synchronous step: of two requests at once, one starts something and the other finds it running.
const start = (
  state: State,
  settings: Settings,
  id: string,
  now: number,
  operation: (credentials: StoredCredentials, step: Timeline.Step) => Started
): Effect.Effect<Reply, ApiError> =>
  Effect.suspend(() => {
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return Effect.fail(errors.unknownCredentials)
    const step = Timeline.stepAt(credentials.timeline, now)
    // The provider is gone for good (tink-api 6.2): 204, as 14.5 suggests, and nothing changes.
    if (step.status === "PERMANENT_ERROR") return Effect.succeed(noContent)
    if (Timeline.isRunning(credentials.timeline, now)) {
      // One refresh at a time (tink-api 6.4). What the second is told is a contradiction in the documentation (12.1).
      return settings.rateLimitedRefresh === "204" ? Effect.succeed(noContent) : Effect.fail(errors.refreshRateLimited)
    }
    state.credentials.set(id, { ...credentials, ...operation(credentials, step) })
    return Effect.succeed(noContent)
  })

/** `POST /api/v1/credentials/{id}/refresh`: 204 means that it was received, not that it succeeded (tink-api 6.4). */
const refresh = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* findOwn(state, request, "credentials:refresh")
    const input = yield* decodeRefresh(request)
    const now = yield* Clock.currentTimeMillis
    return yield* start(state, settings, id, now, (credentials, step) => {
      const outcome = credentials.nextRefresh ?? outcomeOf(credentials.type, step, input, now)
      return {
        timeline: outcome === "IGNORED" ? credentials.timeline : Timeline.refresh(step, outcome, now, settings),
        nextRefresh: undefined,
        isAuthenticationOnly: false,
        appUri: input.appUri ?? defaultAppUri
      }
    })
  })

const decodeAuthenticateBody = body.optionalJson(Schema.Struct(authenticationFields))

/** `POST /api/v1/credentials/{id}/authenticate`: to the customer, and no data afterwards (tink-api 6.5). */
const authenticate = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* findOwn(state, request, "credentials:refresh")
    const { appUri = defaultAppUri } = yield* decodeAuthenticateBody(request)
    const now = yield* Clock.currentTimeMillis
    return yield* start(state, settings, id, now, ({ nextRefresh, type }, step) => ({
      timeline: Timeline.refresh(step, awaitingOf[type], now, settings),
      // What is set is for a refresh, and this is none.
      nextRefresh,
      isAuthenticationOnly: true,
      appUri
    }))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials/{id}/refresh", handler: refresh(state, settings) },
  { method: "POST", path: "/api/v1/credentials/{id}/authenticate", handler: authenticate(state, settings) }
]
