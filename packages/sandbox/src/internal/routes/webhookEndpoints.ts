/**
 * Where the app wants its events: tink-api.md 9.1.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { json } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import * as ids from "../state/ids.js"
import type { State } from "../state/state.js"
import { isEndpointUrl, isTaken, present, type WebhookEndpoint } from "../webhooks/endpoints.js"

const scope = "webhook-endpoints"

const fields = {
  url: Schema.String.pipe(Schema.filter(isEndpointUrl)),
  enabledEvents: Schema.NonEmptyArray(Schema.NonEmptyString),
  description: Schema.String,
  disabled: Schema.Boolean
}

// The official curls send no content type: tink-api.md 9.1.
const decodeCreate = requestBody.anyJson(
  Schema.Struct({
    ...fields,
    description: Schema.optionalWith(fields.description, { nullable: true }),
    disabled: Schema.optionalWith(fields.disabled, { default: () => false, nullable: true })
  })
)

const Changes = Schema.partialWith(Schema.Struct({ ...fields, secret: Schema.Never }), { exact: true })

const decodeUpdate = requestBody.anyJson(Schema.Struct({ webhookEndpoint: Changes }))

const save = (state: State, endpoint: WebhookEndpoint): Effect.Effect<WebhookEndpoint, apiErrors.ApiError> =>
  Effect.suspend(() => {
    if (isTaken(state.webhookEndpoints.values(), endpoint)) return Effect.fail(apiErrors.duplicateWebhookEndpoint)
    state.webhookEndpoints.set(endpoint.id, endpoint)
    return Effect.succeed(endpoint)
  })

/** `POST /events/v2/webhook-endpoints`. The only answer with the secret. */
const create = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, scope)
    const input = yield* decodeCreate(request)
    const [id, secret] = [yield* ids.id, yield* ids.token]
    const now = yield* Clock.currentTimeMillis
    const { description } = input
    const endpoint = yield* save(state, { ...input, description, id, secret, createdAt: now, updatedAt: now })
    return json(200, { ...present(endpoint), secret })
  })

// The documentation has no default.
const defaultPageSize = 50

/** `GET /events/v2/webhook-endpoints`. A token is the number of endpoints on the pages before. */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, scope)
    const size = Number(request.query.get("pageSize") ?? defaultPageSize)
    const start = Number(request.query.get("pageToken") ?? 0)
    if (!Number.isSafeInteger(size) || size < 1) return yield* apiErrors.invalid("pageSize is not a number from 1")
    if (!Number.isSafeInteger(start) || start < 0) return yield* apiErrors.invalid("pageToken is not valid")
    const all = Array.from(state.webhookEndpoints.values())
    const end = start + size
    return json(200, {
      webhookEndpoints: all.slice(start, end).map(present),
      nextPageToken: end < all.length ? String(end) : ""
    })
  })

const find = (state: State, id: string | undefined): Effect.Effect<WebhookEndpoint, apiErrors.ApiError> => {
  const endpoint = state.webhookEndpoints.get(id ?? "")
  return endpoint === undefined ? Effect.fail(apiErrors.unknownWebhookEndpoint) : Effect.succeed(endpoint)
}

/** `PATCH /events/v2/webhook-endpoints/{id}`. Absent fields are not changed, a list is replaced. */
const update = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, scope)
    const { webhookEndpoint: changes } = yield* decodeUpdate(request)
    if (Object.keys(changes).length === 0) return yield* apiErrors.invalid("webhookEndpoint has no change")
    const updatedAt = yield* Clock.currentTimeMillis
    const found = yield* find(state, request.params["id"])
    return json(200, present(yield* save(state, { ...found, ...changes, updatedAt })))
  })

/** `DELETE /events/v2/webhook-endpoints/{id}`: 200, not 204. */
const remove = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, scope)
    const { id } = yield* find(state, request.params["id"])
    state.webhookEndpoints.delete(id)
    return json(200, {})
  })

const collection = "/events/v2/webhook-endpoints"
const member = "/events/v2/webhook-endpoints/{id}"

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "POST", path: collection, handler: create(state) },
  { method: "GET", path: collection, handler: list(state) },
  { method: "PATCH", path: member, handler: update(state) },
  { method: "DELETE", path: member, handler: remove(state) }
]
