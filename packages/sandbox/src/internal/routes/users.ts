/**
 * Creating, reading, changing and deleting users: tink-api.md 3 to 5.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import * as ids from "../state/ids.js"
import { addTemporaryUser, deleteUser, findByExternalUserId, type State, type User } from "../state/state.js"
import { marketDefaults, isLocale, isMarket } from "../users/markets.js"
import * as profile from "../users/profile.js"

// `null` counts as absent.
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

// Only the market is required: tink-api.md 12.7. The default retention class is the app's setting, here "permanent".
const CreateUser = Schema.Struct({
  market: Schema.String,
  locale: optional(Schema.String),
  external_user_id: optional(Schema.NonEmptyString),
  retention_class: optional(Schema.Literal("permanent", "temporary"))
})

const decodeCreateUser = requestBody.json(CreateUser)

/** `POST /api/v1/user/create`: tink-api.md 3. 200, not 201; a given external user id is echoed (12.7). */
const create = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, "user:create")
    const input = yield* decodeCreateUser(request)
    if (!isMarket(input.market)) return yield* apiErrors.invalidMarket
    const locale = input.locale ?? marketDefaults(input.market).locale
    if (!isLocale(locale)) return yield* apiErrors.invalidLocale
    const id = yield* ids.id
    const created = yield* Clock.currentTimeMillis
    const externalUserId = input.external_user_id
    if (externalUserId !== undefined && findByExternalUserId(state, externalUserId) !== undefined) {
      return yield* apiErrors.duplicateExternalUserId
    }
    const preferences = profile.initialPreferences(input.market, locale)
    const user: User = { id, externalUserId, username: undefined, market: input.market, preferences, created }
    if (input.retention_class === "temporary") addTemporaryUser(state, user)
    else state.users.set(id, user)
    return json(200, { user_id: id, external_user_id: externalUserId })
  })

/** `POST /api/v1/user/delete`: tink-api.md 4. The body is ignored. */
const remove = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "user:delete")
    deleteUser(state, user.id)
    return noContent
  })

// A sandbox has one app.
const appId = "5a4d0b0c3e7f4c1e9d2a6b8f7c3e1d20"

const present = (user: User) => ({
  id: user.id,
  appId,
  externalUserId: user.externalUserId,
  username: user.username,
  created: user.created,
  flags: [],
  profile: profile.present(user)
})

/** `GET /api/v1/user`: tink-api.md 5.1. */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "user:read")
    return json(200, present(user))
  })

// `id` is optional (tink-api.md 12.14). `null` counts as absent: no field can be removed.
const PatchUser = Schema.Struct({
  id: optional(Schema.String),
  externalUserId: optional(Schema.NonEmptyString),
  username: optional(Schema.NonEmptyString)
})

const decodePatchUser = requestBody.json(PatchUser)

/** `PATCH /api/v1/user`: tink-api.md 5.2. A duplicate external user id has the same error as on creation. */
const update = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireUser(state, request, "user:write")
    const input = yield* decodePatchUser(request)
    if (input.id !== undefined && input.id !== id) return yield* apiErrors.invalid("id is not the id of the user")
    const user = state.users.get(id)
    if (user === undefined) return yield* apiErrors.unauthorized
    const { externalUserId = user.externalUserId, username = user.username } = input
    const holder = externalUserId === undefined ? undefined : findByExternalUserId(state, externalUserId)
    if (holder !== undefined && holder.id !== id) return yield* apiErrors.duplicateExternalUserId
    const changed: User = { ...user, externalUserId, username }
    state.users.set(id, changed)
    return json(200, present(changed))
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/user/create", handler: create(state) },
  { method: "POST", path: "/api/v1/user/delete", handler: remove(state) },
  { method: "GET", path: "/api/v1/user", handler: read(state) },
  { method: "PATCH", path: "/api/v1/user", handler: update(state) }
]
