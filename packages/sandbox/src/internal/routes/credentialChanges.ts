/**
 * Creating and changing credentials: tink-api.md 6.6.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as providers from "../credentials/providers.js"
import { defaultAppUri, present } from "../credentials/storedCredentials.js"
import * as Timeline from "../credentials/timeline.js"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import { toOrigin } from "../http/origin.js"
import * as requestBody from "../http/requestBody.js"
import { authenticationFields, readItems } from "../http/requestFields.js"
import { json } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import { credentialsOf, type State, type StoredCredentials } from "../state/state.js"

const Fields = Schema.Record({ key: Schema.String, value: Schema.String })
type Fields = typeof Fields.Type

const common = { ...authenticationFields, triggerRefresh: Schema.optionalWith(Schema.Boolean, { default: () => true }) }

const decodeCreate = requestBody.json(Schema.Struct({ ...common, providerName: Schema.NonEmptyString, fields: Fields }))

const decodeModify = requestBody.optionalJson(
  Schema.Struct({ ...common, providerName: Schema.optional(Schema.String), fields: Schema.optional(Fields) })
)

const requireKnown = (fields: Fields, provider: providers.Provider): Effect.Effect<void, apiErrors.ApiError> =>
  Object.keys(fields).every((name) => provider.fields.some((field) => field.name === name))
    ? Effect.void
    : Effect.fail(apiErrors.invalid("fields has a field that the provider does not ask for"))

const requireAll = (fields: Fields, provider: providers.Provider): Effect.Effect<void, apiErrors.ApiError> => {
  const missing = provider.fields.map(({ name }) => name).filter((name) => (fields[name] ?? "") === "")
  return missing.length === 0 ? Effect.void : Effect.fail(apiErrors.invalid(`fields has no ${missing.join(", ")}`))
}

const isSame = (one: Fields, other: Fields): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([name, value]) => other[name] === value)

// Starts a refresh, if wanted. The outcome that a test has set for the next refresh is for this one.
const startRefresh = (
  created: Timeline.Step,
  { nextRefresh, type }: Pick<StoredCredentials, "nextRefresh" | "type">,
  triggerRefresh: boolean,
  now: number,
  settings: Settings
): Pick<StoredCredentials, "timeline" | "nextRefresh" | "isAuthenticationOnly"> => {
  if (!triggerRefresh) return { timeline: [created], nextRefresh, isAuthenticationOnly: false }
  const outcome = nextRefresh ?? providers.firstOutcome(type)
  const timeline: Timeline.Timeline =
    outcome === "IGNORED" ? [created] : Timeline.refresh(created, outcome, now, settings)
  return { timeline, nextRefresh: undefined, isAuthenticationOnly: false }
}

/** `POST /api/v1/credentials`. The answer shows the credentials as they were created, before the refresh. */
const create = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "credentials:write")
    yield* readItems(request)
    const { appUri = defaultAppUri, callbackUri, fields, providerName, triggerRefresh } = yield* decodeCreate(request)
    const provider = providers.find(providerName)
    if (provider === undefined) return yield* apiErrors.unknownProvider
    yield* requireKnown(fields, provider)
    yield* requireAll(fields, provider)
    const id = yield* ids.id
    const now = yield* Clock.currentTimeMillis
    const { type } = provider
    const created: Timeline.Step = {
      at: now,
      status: "CREATED",
      statusUpdated: now,
      updated: undefined,
      hasSession: providers.hasSession(providerName),
      sessionExpiryDate: undefined
    }
    const stored: StoredCredentials = {
      id,
      userId: user.id,
      providerName,
      type,
      fields,
      appUri,
      callbackUri,
      ...startRefresh(created, { nextRefresh: undefined, type }, triggerRefresh, now, settings)
    }
    if (!state.users.has(user.id)) return yield* apiErrors.unauthorized
    const isDuplicate = credentialsOf(state, user.id).some(
      (other) => other.providerName === providerName && isSame(other.fields, fields)
    )
    if (isDuplicate) return yield* apiErrors.duplicateCredentials
    state.credentials.set(id, stored)
    // Absent right after creation: tink-api.md 6.1.
    const { statusUpdated: _, ...answer } = present({ ...stored, timeline: [created] }, now, toOrigin(request))
    return json(200, answer)
  })

/** `PUT /api/v1/credentials/{id}`. Absent fields are not changed. */
const modify = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id, providerName } = yield* authorization.requireOwnCredentials(state, request, "credentials:write")
    yield* readItems(request)
    const input = yield* decodeModify(request)
    const { appUri = defaultAppUri, callbackUri, fields = {}, triggerRefresh } = input
    if (input.providerName !== undefined && input.providerName !== providerName) {
      return yield* apiErrors.invalid("providerName cannot be changed")
    }
    // A test may have connected a bank that is not a demo bank, so its fields are not known.
    const provider = providers.find(providerName)
    if (provider !== undefined) yield* requireKnown(fields, provider)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return yield* apiErrors.unknownCredentials
    const step = Timeline.stepAt(credentials.timeline, now)
    // Terminal: no transition leads back to CREATED (tink-api.md 6.2).
    if (step.status === "PERMANENT_ERROR") return yield* apiErrors.invalid("The provider can no longer be used")
    if (Timeline.isRunning(credentials.timeline, now)) return yield* apiErrors.ongoingRequest
    const modified = Timeline.modified(step, now, settings)
    const stored: StoredCredentials = {
      ...credentials,
      fields: { ...credentials.fields, ...fields },
      appUri,
      callbackUri,
      ...startRefresh(modified, credentials, triggerRefresh, now, settings)
    }
    state.credentials.set(id, stored)
    return json(200, present({ ...stored, timeline: [modified] }, now, toOrigin(request)))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials", handler: create(state, settings) },
  { method: "PUT", path: "/api/v1/credentials/{id}", handler: modify(state, settings) }
]
