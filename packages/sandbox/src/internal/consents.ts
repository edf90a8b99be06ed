/**
 * Provider consents: credentials as the customer's permission, with its end and what went wrong (tink-api 7).
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as auth from "./auth.js"
import * as body from "./body.js"
import { detailedError } from "./detailedError.js"
import * as errors from "./errors.js"
import { isExtendable } from "./providers.js"
import type { Settings } from "./settings.js"
import { credentialsOf, type State, type StoredCredentials } from "./state.js"
import * as Timeline from "./timeline.js"
import { type Handler, json, type Route } from "./wire.js"

// One account each, with an id made of theirs: the sandbox has no accounts. None, if no login has ever succeeded (7.1).
const accountIdsOf = (id: string, step: Timeline.Step): ReadonlyArray<string> =>
  step.updated === undefined ? [] : [Arr.reverse(id).join("")]

/** The ProviderConsent of tink-api 7.1. */
const present = ({ id, providerName, timeline }: StoredCredentials, now: number) => {
  const step = Timeline.stepAt(timeline, now)
  return {
    credentialsId: id,
    providerName,
    status: step.status,
    statusUpdated: step.statusUpdated,
    sessionExpiryDate: step.sessionExpiryDate,
    sessionExtendable: isExtendable(providerName),
    accountIds: accountIdsOf(id, step),
    detailedError: detailedError(step)
  }
}

/** `GET /api/v1/provider-consents`. Of credentials that are not there, there are no consents: 404 is not documented. */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "provider-consents:read")
    const now = yield* Clock.currentTimeMillis
    const wanted = request.query.get("credentialsId")
    const found = credentialsOf(state, user.id).filter(({ id }) => wanted === null || id === wanted)
    return json(200, { providerConsents: found.map((credentials) => present(credentials, now)) })
  })

const decodeExtend = body.json(Schema.Struct({ credentialsId: Schema.String }))

/** `POST /api/v1/provider-consents:extend`: tink-api 7.2. A whole session more, as in the United Kingdom (10.2: 90 + 90). */
const extend = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "provider-consents:write")
    const { credentialsId } = yield* decodeExtend(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(credentialsId)
    if (credentials === undefined || credentials.userId !== user.id) return yield* errors.unknownCredentials
    const { sessionExpiryDate } = Timeline.stepAt(credentials.timeline, now)
    // What is over cannot be extended, only begun anew.
    if (!isExtendable(credentials.providerName) || sessionExpiryDate === undefined || sessionExpiryDate <= now) {
      return yield* errors.notExtendable
    }
    const timeline = Timeline.withSessionExpiry(credentials.timeline, sessionExpiryDate + settings.sessionLifetime)
    const extended: StoredCredentials = { ...credentials, timeline }
    state.credentials.set(credentialsId, extended)
    return json(200, present(extended, now))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/provider-consents", handler: list(state) },
  { method: "POST", path: "/api/v1/provider-consents:extend", handler: extend(state, settings) }
]
