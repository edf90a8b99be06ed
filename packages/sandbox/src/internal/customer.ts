/**
 * The customer, when they come: what they do in the bank's app or on its page, and what the bank makes of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AuthenticationOutcome } from "../TinkSandbox.js"
import * as body from "./body.js"
import { findOwn } from "./credentials.js"
import * as errors from "./errors.js"
import { qrCode } from "./qrCode.js"
import type { Settings } from "./settings.js"
import type { State } from "./state.js"
import { checkCode } from "./supplementalInformation.js"
import * as Timeline from "./timeline.js"
import { type Handler, json, noContent, type Route, text } from "./wire.js"

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

const Information = Schema.Record({ key: Schema.String, value: Schema.String })

const decodeAnswer = body.json(Schema.Struct({ information: Information }))

// What an answer leads to. No information at all cancels, whatever is waited for (tink-api 6.3).
const outcomeOf = (
  information: typeof Information.Type,
  status: Timeline.AwaitingStatus
): AuthenticationOutcome | "ASK_AGAIN" | undefined => {
  if (Object.keys(information).length === 0) return "CANCELLED"
  return status === "AWAITING_SUPPLEMENTAL_INFORMATION" ? checkCode(information) : undefined
}

/** `POST /api/v1/credentials/{id}/supplemental-information`: tink-api 6.3. */
const answer = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* findOwn(state, request, "credentials:refresh")
    const { information } = yield* decodeAnswer(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return yield* errors.unknownCredentials
    const step = Timeline.stepAt(credentials.timeline, now)
    const outcome = Timeline.isAwaiting(step.status) ? outcomeOf(information, step.status) : undefined
    if (outcome === undefined) return yield* errors.invalid("The credentials do not wait for this")
    const timeline =
      outcome === "ASK_AGAIN"
        ? Timeline.askAgain(step, "AWAITING_SUPPLEMENTAL_INFORMATION", now, settings)
        : Timeline.authenticated(step, outcome, credentials.isAuthenticationOnly, now, settings)
    state.credentials.set(id, { ...credentials, timeline })
    return noContent
  })

/** `GET /api/v1/credentials/{id}/qr`: 404 unless there is an autostart token to start BankID with. */
const qr = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { timeline } = yield* findOwn(state, request, "credentials:read")
    const { status } = Timeline.stepAt(timeline, yield* Clock.currentTimeMillis)
    if (status !== "AWAITING_MOBILE_BANKID_AUTHENTICATION") return yield* errors.noAutostartToken
    return text(200, qrCode)
  })

const decodeRelayed = body.json(
  Schema.Struct({
    state: Schema.String,
    parameters: Schema.Record({ key: Schema.String, value: Schema.String })
  })
)

/**
 * `POST /api/v1/credentials/third-party/callback/relayed`: how the customer comes back from the bank when the app, not Tink,
 * receives them. `state` is that of the bank's address; an `error` among the parameters is how OAuth says that they cancelled.
 */
const relayed = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { parameters, state: id } = yield* decodeRelayed(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    const status = credentials === undefined ? undefined : Timeline.stepAt(credentials.timeline, now).status
    if (credentials === undefined || status !== "AWAITING_THIRD_PARTY_APP_AUTHENTICATION") {
      return yield* errors.invalid("Nobody waits for this callback")
    }
    const outcome = parameters["error"] === undefined ? "UPDATED" : "CANCELLED"
    yield* completeAuthentication(state, settings, id, outcome)
    return json(200, { appUri: credentials.appUri })
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials/{id}/supplemental-information", handler: answer(state, settings) },
  { method: "GET", path: "/api/v1/credentials/{id}/qr", handler: qr(state) },
  { method: "POST", path: "/api/v1/credentials/third-party/callback/relayed", handler: relayed(state, settings) }
]
