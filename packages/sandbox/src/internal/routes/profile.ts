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

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

// A part is enough, although it is a PUT (tink-api.md 5.2). Unknown fields and those that cannot be changed (currency, market)
// are ignored.
const PutProfile = Schema.Struct({
  locale: optional(Schema.String.pipe(Schema.filter(isLocale))),
  timeZone: optional(Schema.String.pipe(Schema.filter(isTimeZone))),
  periodAdjustedDay: optional(Schema.Int.pipe(Schema.between(1, 31))),
  periodMode: optional(Schema.Literal("MONTHLY", "MONTHLY_ADJUSTED")),
  notificationSettings: optional(
    Schema.Struct(Object.fromEntries(notificationSettingNames.map((name) => [name, Schema.Boolean])))
  )
})
type PutProfile = typeof PutProfile.Type

const decodePutProfile = requestBody.json(PutProfile)

/** `GET /api/v1/user/profile` */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "user:read")
    return json(200, present(user))
  })

const checkPart = (part: PutProfile): Effect.Effect<void, apiErrors.ApiError> => {
  if (Object.keys(part).length === 0)
    return Effect.fail(apiErrors.invalid("The profile has nothing that can be changed"))
  return part.periodMode === "MONTHLY_ADJUSTED" && part.periodAdjustedDay === undefined
    ? Effect.fail(apiErrors.invalid("MONTHLY_ADJUSTED needs a periodAdjustedDay"))
    : Effect.void
}

const isWhole = (part: PutProfile): boolean => Object.keys(part).length === Object.keys(PutProfile.fields).length

/** `PUT /api/v1/user/profile`: the whole profile is the answer to all fields, and a part is echoed (tink-api.md 12.20). */
const replace = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { id } = yield* authorization.requireUser(state, request, "user:write")
    const part = yield* decodePutProfile(request)
    yield* checkPart(part)
    // The user may have been changed or deleted while the body was decoded.
    const user = state.users.get(id)
    if (user === undefined) return yield* apiErrors.unauthorized
    const changed: User = { ...user, preferences: { ...user.preferences, ...part } }
    state.users.set(id, changed)
    return json(200, isWhole(part) ? present(changed) : part)
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/user/profile", handler: read(state) },
  { method: "PUT", path: "/api/v1/user/profile", handler: replace(state) }
]
