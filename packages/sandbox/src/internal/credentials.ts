import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type {
  ConnectBankOptions,
  Credentials,
  CredentialsStatus,
  CredentialsType,
  RefreshOutcome
} from "../TinkSandbox.js"
import * as auth from "./auth.js"
import * as body from "./body.js"
import * as errors from "./errors.js"
import * as ids from "./ids.js"
import type { Settings } from "./settings.js"
import { credentialsOf, type State, type StoredCredentials } from "./state.js"
import { supplementalInformation } from "./supplementalInformation.js"
import * as Timeline from "./timeline.js"
import { type ApiError, type Handler, json, noContent, type Reply, type RoutedRequest, type Route } from "./wire.js"

// The human text of tink-api 6.1; Tink sends an empty one when it has nothing to say.
const statusPayloadOf = (status: CredentialsStatus): string => (status === "UPDATED" ? "Updated." : "")

/** The object of tink-api 6.1, as it is at a moment. `fields` is always sent (12.11); redirect providers have none. */
const present = (credentials: StoredCredentials, now: number): Credentials => {
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
    fields: {},
    userId: credentials.userId
  }
}

// tink-api 6.1: only OPEN_BANKING access has sessions that expire, which for a test bank shows in its name (10.3).
const sessionExpiryOf = (providerName: string, now: number, settings: Settings): number | undefined =>
  providerName.includes("open-banking") ? now + settings.sessionLifetime : undefined

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
  const step: Timeline.Step = {
    at: now,
    status,
    statusUpdated: now,
    updated: status === "UPDATED" ? now : undefined,
    sessionExpiryDate: options.sessionExpiryDate ?? sessionExpiryOf(providerName, now, settings)
  }
  const type = options.type ?? "THIRD_PARTY_APP"
  const stored: StoredCredentials = {
    id,
    userId,
    providerName,
    type,
    timeline: [step],
    nextRefresh: undefined,
    isAuthenticationOnly: false
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
const findOwn = Effect.fnUntraced(function* (state: State, request: RoutedRequest, scope: string) {
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

const items: ReadonlySet<string> = new Set([
  "CHECKING_ACCOUNTS",
  "CHECKING_TRANSACTIONS",
  "SAVING_ACCOUNTS",
  "SAVING_TRANSACTIONS",
  "CREDITCARD_ACCOUNTS",
  "CREDITCARD_TRANSACTIONS",
  "LOAN_ACCOUNTS",
  "LOAN_TRANSACTIONS",
  "INVESTMENT_ACCOUNTS",
  "INVESTMENT_TRANSACTIONS",
  "TRANSFER_DESTINATIONS",
  "IDENTITY_DATA",
  "EINVOICES",
  "LIST_BENEFICIARIES"
])

const RefreshBody = Schema.Struct({
  appUri: Schema.optional(Schema.String),
  callbackUri: Schema.optional(Schema.String),
  originatingUserIp: Schema.optional(Schema.String),
  userAvailability: Schema.optional(
    Schema.Struct({
      userPresent: Schema.Boolean,
      userAvailableForInteraction: Schema.Boolean,
      originatingUserIp: Schema.optional(Schema.String)
    })
  )
})

const decodeRefreshBody = body.optionalJson(RefreshBody)

interface RefreshRequest {
  readonly authenticate: boolean
  readonly userAvailable: boolean
}

const flag = (request: RoutedRequest, name: string): Effect.Effect<boolean, ApiError> => {
  const value = request.query.get(name) ?? "false"
  return value === "true" || value === "false"
    ? Effect.succeed(value === "true")
    : Effect.fail(errors.invalid(`${name} has to be true or false`))
}

/** The query and the body of tink-api 6.4. */
const decodeRefresh = Effect.fnUntraced(function* (request: RoutedRequest) {
  if (request.query.getAll("items").some((item) => !items.has(item))) {
    return yield* errors.invalid("items has an item that cannot be refreshed")
  }
  yield* flag(request, "optIn")
  const authenticate = yield* flag(request, "authenticate")
  const { userAvailability } = yield* decodeRefreshBody(request)
  return { authenticate, userAvailable: userAvailability?.userAvailableForInteraction ?? false }
})

const isSessionOver = (step: Timeline.Step, now: number): boolean =>
  step.status === "SESSION_EXPIRED" || (step.sessionExpiryDate !== undefined && step.sessionExpiryDate <= now)

/** What the customer is asked for: the app or the page of the bank, BankID, or further fields. */
const awaitingOf: Readonly<Record<CredentialsType, Timeline.AwaitingStatus>> = {
  THIRD_PARTY_APP: "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  MOBILE_BANKID: "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  PASSWORD: "AWAITING_SUPPLEMENTAL_INFORMATION",
  KEYFOB: "AWAITING_SUPPLEMENTAL_INFORMATION"
}

// A session is found to be over only when somebody wants to refresh: tink-api 6.2.
const outcomeOf = (
  type: CredentialsType,
  step: Timeline.Step,
  request: RefreshRequest,
  now: number
): RefreshOutcome => {
  const isOver = isSessionOver(step, now)
  if (isOver && !request.userAvailable) return "SESSION_EXPIRED"
  return isOver || request.authenticate ? awaitingOf[type] : "UPDATED"
}

// One synchronous step: of two requests at once, one starts the refresh and the other finds it running.
const startRefresh = (
  state: State,
  settings: Settings,
  id: string,
  request: RefreshRequest,
  now: number
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
    const outcome = credentials.nextRefresh ?? outcomeOf(credentials.type, step, request, now)
    const timeline = outcome === "IGNORED" ? credentials.timeline : Timeline.refresh(step, outcome, now, settings)
    state.credentials.set(id, { ...credentials, nextRefresh: undefined, isAuthenticationOnly: false, timeline })
    return Effect.succeed(noContent)
  })

/** `POST /api/v1/credentials/{id}/refresh`: 204 means that it was received, not that it succeeded (tink-api 6.4). */
const refresh = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* findOwn(state, request, "credentials:refresh")
    const input = yield* decodeRefresh(request)
    const now = yield* Clock.currentTimeMillis
    return yield* startRefresh(state, settings, id, input, now)
  })

/** tink-api 6. */
export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/credentials/list", handler: list(state) },
  { method: "GET", path: "/api/v1/credentials/{id}", handler: read(state) },
  { method: "DELETE", path: "/api/v1/credentials/{id}", handler: remove(state) },
  { method: "POST", path: "/api/v1/credentials/{id}/refresh", handler: refresh(state, settings) }
]
