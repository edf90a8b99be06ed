/**
 * The user's profile: tink-api.md 5.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { json } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import type { State, User } from "../state/state.js"
import { isLocale, isTimeZone } from "../users/markets.js"
import { notificationSettingNames, present } from "../users/profile.js"

// PUT replaces the profile and no field can be removed, so all are required. Unknown fields and those that cannot be changed
// (currency, market) are ignored.
const PutProfile = Schema.Struct({
  locale: Schema.String.pipe(Schema.filter(isLocale)),
  timeZone: Schema.String.pipe(Schema.filter(isTimeZone)),
  periodAdjustedDay: Schema.Int.pipe(Schema.between(1, 31)),
  periodMode: Schema.Literal("MONTHLY", "MONTHLY_ADJUSTED"),
  notificationSettings: Schema.Struct(
    Object.fromEntries(notificationSettingNames.map((name) => [name, Schema.Boolean]))
  )
})

const decodePutProfile = requestBody.json(PutProfile)

/** `GET /api/v1/user/profile` */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "user:read")
    return json(200, present(user))
  })

/** `PUT /api/v1/user/profile` */
const replace = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireUser(state, request, "user:write")
    const preferences = yield* decodePutProfile(request)
    // The user may have been changed or deleted while the body was decoded.
    const user = state.users.get(id)
    if (user === undefined) return yield* apiErrors.unauthorized
    const changed: User = { ...user, preferences }
    state.users.set(id, changed)
    return json(200, present(changed))
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/user/profile", handler: read(state) },
  { method: "PUT", path: "/api/v1/user/profile", handler: replace(state) }
]
