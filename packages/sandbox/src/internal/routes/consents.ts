/**
 * Provider consents, one for each set of credentials: the user's permission, its expiry and its failure (tink-api.md 7).
 */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { detailedError } from "../credentials/detailedError.js"
import { isEligible } from "../credentials/extension.js"
import * as Timeline from "../credentials/timeline.js"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { readText } from "../http/requestFields.js"
import { json } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import type { Settings } from "../settings.js"
import { credentialsOf, type State, type StoredCredentials } from "../state/state.js"

// The sandbox has no accounts, so their ids are derived. Before a successful login the list is empty (tink-api.md 7.1).
const accountIds = (id: string, step: Timeline.Step): ReadonlyArray<string> =>
  step.updated === undefined ? [] : [Arr.reverse(id).join("")]

/** The ProviderConsent of tink-api.md 7.1. */
const present = ({ id, providerName, timeline }: StoredCredentials, now: number) => {
  const step = Timeline.stepAt(timeline, now)
  return {
    credentialsId: id,
    providerName,
    status: step.status,
    statusUpdated: step.statusUpdated,
    sessionExpiryDate: step.sessionExpiryDate,
    sessionExtendable: isEligible(providerName, step),
    accountIds: accountIds(id, step),
    detailedError: detailedError(step)
  }
}

/** `GET /api/v1/provider-consents`. For unknown credentials the list is empty: a 404 is not documented. */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "provider-consents:read")
    const now = yield* Clock.currentTimeMillis
    const wanted = readText(request, "credentialsId")
    const found = credentialsOf(state, user.id).filter(({ id }) => wanted === undefined || id === wanted)
    return json(200, { providerConsents: found.map((credentials) => present(credentials, now)) })
  })

const decodeExtend = requestBody.json(Schema.Struct({ credentialsId: Schema.String }))

/** `POST /api/v1/provider-consents:extend`: tink-api.md 7.2. A whole session begins, and the status is UPDATED again. */
const extend = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "provider-consents:write")
    const { credentialsId } = yield* decodeExtend(request)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(credentialsId)
    if (credentials === undefined || credentials.userId !== user.id) return yield* apiErrors.unknownCredentials
    const step = Timeline.stepAt(credentials.timeline, now)
    if (!isEligible(credentials.providerName, step)) return yield* apiErrors.notExtendable
    const extended: StoredCredentials = {
      ...credentials,
      timeline: Timeline.extended(credentials.timeline, now, settings)
    }
    state.credentials.set(credentialsId, extended)
    return json(200, present(extended, now))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/provider-consents", handler: list(state) },
  { method: "POST", path: "/api/v1/provider-consents:extend", handler: extend(state, settings) }
]
