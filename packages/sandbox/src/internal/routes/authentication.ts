/**
 * How the user authenticates with the bank by way of the app: tink-api.md 6.3.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { qrCode } from "../credentials/qrCode.js"
import { checkCode } from "../credentials/supplementalInformation.js"
import * as Timeline from "../credentials/timeline.js"
import * as tinkLinkUser from "../credentials/tinkLinkUser.js"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent, text } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import type { AuthenticationOutcome, AwaitingStatus } from "../models.js"
import type { Settings } from "../settings.js"
import type { State } from "../state/state.js"

const Information = Schema.Record({ key: Schema.String, value: Schema.String })

const decodeAnswer = requestBody.json(Schema.Struct({ information: Information }))

// An empty answer cancels in any status: tink-api.md 6.3.
const checkAnswer = (
  information: typeof Information.Type,
  status: AwaitingStatus
): AuthenticationOutcome | "ASK_AGAIN" | undefined => {
  if (Object.keys(information).length === 0) return "CANCELLED"
  return status === "AWAITING_SUPPLEMENTAL_INFORMATION" ? checkCode(information) : undefined
}

/** `POST /api/v1/credentials/{id}/supplemental-information`: tink-api.md 6.3. */
const answer = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireOwnCredentials(state, request, "credentials:refresh")
    const { information } = yield* decodeAnswer(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return yield* apiErrors.unknownCredentials
    const step = Timeline.stepAt(credentials.timeline, now)
    const outcome = Timeline.isAwaiting(step.status) ? checkAnswer(information, step.status) : undefined
    if (outcome === undefined) return yield* apiErrors.invalid("The credentials do not wait for this")
    const timeline =
      outcome === "ASK_AGAIN"
        ? Timeline.askAgain(step, "AWAITING_SUPPLEMENTAL_INFORMATION", now, settings)
        : Timeline.authenticated(step, outcome, credentials.isAuthenticationOnly, now, settings)
    state.credentials.set(id, { ...credentials, timeline })
    return noContent
  })

/** `GET /api/v1/credentials/{id}/qr`: 404 without an autostart token to start BankID with. */
const readQrCode = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { timeline } = yield* authorization.requireOwnCredentials(state, request, "credentials:read")
    const { status } = Timeline.stepAt(timeline, yield* Clock.currentTimeMillis)
    if (status !== "AWAITING_MOBILE_BANKID_AUTHENTICATION") return yield* apiErrors.noAutostartToken
    return text(200, qrCode)
  })

const decodeCallback = requestBody.json(
  Schema.Struct({
    state: Schema.String,
    parameters: Schema.Record({ key: Schema.String, value: Schema.String })
  })
)

/**
 * `POST /api/v1/credentials/third-party/callback/relayed`: the user's return from the bank to the app instead of Tink.
 * `state` is that of the bank's URL. An `error` parameter is OAuth's sign that the user cancelled.
 */
const relayCallback = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { parameters, state: id } = yield* decodeCallback(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    const status = credentials === undefined ? undefined : Timeline.stepAt(credentials.timeline, now).status
    if (credentials === undefined || status !== "AWAITING_THIRD_PARTY_APP_AUTHENTICATION") {
      return yield* apiErrors.invalid("No credentials wait for this callback")
    }
    const outcome = parameters["error"] === undefined ? "UPDATED" : "CANCELLED"
    yield* tinkLinkUser.completeAuthentication(state, settings, id, outcome)
    return json(200, { appUri: credentials.appUri })
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials/{id}/supplemental-information", handler: answer(state, settings) },
  { method: "GET", path: "/api/v1/credentials/{id}/qr", handler: readQrCode(state) },
  { method: "POST", path: "/api/v1/credentials/third-party/callback/relayed", handler: relayCallback(state, settings) }
]
