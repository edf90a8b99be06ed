import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as auth from "./auth.js"
import * as body from "./body.js"
import * as errors from "./errors.js"
import * as ids from "./ids.js"
import { customsOf, isLocale, isMarket } from "./markets.js"
import * as profile from "./profile.js"
import { addTemporaryUser, deleteUser, findByExternalUserId, type State, type User } from "./state.js"
import { type Handler, json, noContent, type Route } from "./wire.js"

// `null` counts as not given.
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

// Only the market is required: tink-api 12.7. The app's setting, which is the default of a retention class, is "permanent".
const CreateUser = Schema.Struct({
  market: Schema.String,
  locale: optional(Schema.String),
  external_user_id: optional(Schema.NonEmptyString),
  retention_class: optional(Schema.Literal("permanent", "temporary"))
})

const decodeCreateUser = body.json(CreateUser)

/** `POST /api/v1/user/create`: tink-api 3. 200, not 201; the external user id is echoed when it was given (12.7). */
const create = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* auth.requireClient(state, request, "user:create")
    const input = yield* decodeCreateUser(request)
    if (!isMarket(input.market)) return yield* errors.invalidMarket
    const locale = input.locale ?? customsOf(input.market).locale
    if (!isLocale(locale)) return yield* errors.invalidLocale
    const id = yield* ids.id
    const created = yield* Clock.currentTimeMillis
    const externalUserId = input.external_user_id
    if (externalUserId !== undefined && findByExternalUserId(state, externalUserId) !== undefined) {
      return yield* errors.duplicateExternalUserId
    }
    const preferences = profile.initial(input.market, locale)
    const user: User = { id, externalUserId, username: undefined, market: input.market, preferences, created }
    if (input.retention_class === "temporary") addTemporaryUser(state, user)
    else state.users.set(id, user)
    return json(200, { user_id: id, external_user_id: externalUserId })
  })

/** `POST /api/v1/user/delete`: tink-api 4. No body is looked at. */
const remove = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "user:delete")
    deleteUser(state, user.id)
    return noContent
  })

// There is one app, and no call that makes another.
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

/** `GET /api/v1/user`: tink-api 5.1. */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* auth.requireUser(state, request, "user:read")
    return json(200, present(user))
  })

// `id` may be left out (tink-api 12.14). `null` counts as not given: nothing can be taken back.
const PatchUser = Schema.Struct({
  id: optional(Schema.String),
  externalUserId: optional(Schema.NonEmptyString),
  username: optional(Schema.NonEmptyString)
})

const decodePatchUser = body.json(PatchUser)

/** `PATCH /api/v1/user`: tink-api 5.2. A taken external user id gets what it gets on creation. */
const update = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* auth.requireUser(state, request, "user:write")
    const input = yield* decodePatchUser(request)
    if (input.id !== undefined && input.id !== id) return yield* errors.invalid("id is not the id of the user")
    const user = state.users.get(id)
    if (user === undefined) return yield* errors.unauthorized
    const { externalUserId = user.externalUserId, username = user.username } = input
    const holder = externalUserId === undefined ? undefined : findByExternalUserId(state, externalUserId)
    if (holder !== undefined && holder.id !== id) return yield* errors.duplicateExternalUserId
    const changed: User = { ...user, externalUserId, username }
    state.users.set(id, changed)
    return json(200, present(changed))
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/user/create", handler: create(state) },
  { method: "POST", path: "/api/v1/user/delete", handler: remove(state) },
  { method: "GET", path: "/api/v1/user", handler: read(state) },
  { method: "PATCH", path: "/api/v1/user", handler: update(state) },
  ...profile.routes(state)
]
