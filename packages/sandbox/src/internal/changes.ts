/**
 * `POST /api/v1/credentials` and `PUT /api/v1/credentials/{id}`: tink-api 6.6.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { authenticationFields, itemsOf } from "./asked.js"
import * as auth from "./auth.js"
import * as body from "./body.js"
import { defaultAppUri, findOwn, present } from "./credentials.js"
import * as errors from "./errors.js"
import * as ids from "./ids.js"
import * as providers from "./providers.js"
import type { Settings } from "./settings.js"
import { credentialsOf, type State, type StoredCredentials } from "./state.js"
import * as Timeline from "./timeline.js"
import { type ApiError, type Handler, json, type Route } from "./wire.js"

const Fields = Schema.Record({ key: Schema.String, value: Schema.String })
type Fields = typeof Fields.Type

const common = { ...authenticationFields, triggerRefresh: Schema.optionalWith(Schema.Boolean, { default: () => true }) }

const decodeCreate = body.json(Schema.Struct({ ...common, providerName: Schema.NonEmptyString, fields: Fields }))

const decodeModify = body.optionalJson(
  Schema.Struct({ ...common, providerName: Schema.optional(Schema.String), fields: Schema.optional(Fields) })
)

const requireKnown = (fields: Fields, provider: providers.Provider): Effect.Effect<void, ApiError> =>
  Object.keys(fields).every((name) => provider.fields.includes(name))
    ? Effect.void
    : Effect.fail(errors.invalid("fields has a field that the provider does not ask for"))

const requireAll = (fields: Fields, provider: providers.Provider): Effect.Effect<void, ApiError> => {
  const missing = provider.fields.filter((name) => (fields[name] ?? "") === "")
  return missing.length === 0 ? Effect.void : Effect.fail(errors.invalid(`fields has no ${missing.join(", ")}`))
}

const isSame = (one: Fields, other: Fields): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([name, value]) => other[name] === value)

// On the way, if a refresh is wanted; what a test has set for the next refresh counts for this one.
const sendOnTheWay = (
  created: Timeline.Step,
  { nextRefresh, type }: Pick<StoredCredentials, "nextRefresh" | "type">,
  triggerRefresh: boolean,
  now: number,
  settings: Settings
): Pick<StoredCredentials, "timeline" | "nextRefresh" | "isAuthenticationOnly"> => {
  if (!triggerRefresh) return { timeline: [created], nextRefresh, isAuthenticationOnly: false }
  const outcome = nextRefresh ?? providers.firstOutcomeOf(type)
  const timeline: Timeline.Timeline =
    outcome === "IGNORED" ? [created] : Timeline.refresh(created, outcome, now, settings)
  return { timeline, nextRefresh: undefined, isAuthenticationOnly: false }
}

/** `POST /api/v1/credentials`. The answer is the moment of creation, whatever has begun since. */
const create = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "credentials:write")
    yield* itemsOf(request)
    const { appUri = defaultAppUri, fields, providerName, triggerRefresh } = yield* decodeCreate(request)
    const provider = providers.find(providerName)
    if (provider === undefined) return yield* errors.unknownProvider
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
      ...sendOnTheWay(created, { nextRefresh: undefined, type }, triggerRefresh, now, settings)
    }
    if (!state.users.has(user.id)) return yield* errors.unauthorized
    const isDuplicate = credentialsOf(state, user.id).some(
      (other) => other.providerName === providerName && isSame(other.fields, fields)
    )
    if (isDuplicate) return yield* errors.duplicateCredentials
    state.credentials.set(id, stored)
    // tink-api 6.1: absent right after creation.
    const { statusUpdated: _, ...answer } = present({ ...stored, timeline: [created] }, now)
    return json(200, answer)
  })

/** `PUT /api/v1/credentials/{id}`. Fields that are not sent stay as they are. */
const modify = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id, providerName } = yield* findOwn(state, request, "credentials:write")
    yield* itemsOf(request)
    const input = yield* decodeModify(request)
    const { appUri = defaultAppUri, fields = {}, triggerRefresh } = input
    if (input.providerName !== undefined && input.providerName !== providerName) {
      return yield* errors.invalid("providerName cannot be changed")
    }
    // A test may have connected a bank that is in no catalogue, and of which no field is known.
    const provider = providers.find(providerName)
    if (provider !== undefined) yield* requireKnown(fields, provider)
    const now = yield* Clock.currentTimeMillis
    const credentials = state.credentials.get(id)
    if (credentials === undefined) return yield* errors.unknownCredentials
    const step = Timeline.stepAt(credentials.timeline, now)
    // Terminal (tink-api 6.2): no way leads back to CREATED.
    if (step.status === "PERMANENT_ERROR") return yield* errors.invalid("The provider can no longer be used")
    if (Timeline.isRunning(credentials.timeline, now)) return yield* errors.ongoingRequest
    const modified = Timeline.modified(step, now, settings)
    const stored: StoredCredentials = {
      ...credentials,
      fields: { ...credentials.fields, ...fields },
      appUri,
      ...sendOnTheWay(modified, credentials, triggerRefresh, now, settings)
    }
    state.credentials.set(id, stored)
    return json(200, present({ ...stored, timeline: [modified] }, now))
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/credentials", handler: create(state, settings) },
  { method: "PUT", path: "/api/v1/credentials/{id}", handler: modify(state, settings) }
]
