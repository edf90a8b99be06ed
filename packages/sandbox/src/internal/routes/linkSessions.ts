/**
 * What the app tells Tink Link of a user beforehand: tink-api.md 11.3.
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

const text = Schema.optional(Schema.NonEmptyString)

const decodeSession = requestBody.json(
  Schema.Struct({
    externalReference: Schema.optional(Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9-]{1,50}$/))),
    merchantId: text,
    personalIdentifier: text,
    sourceAccountNumber: text,
    user: Schema.optional(Schema.Struct({ firstName: text, lastName: text }))
  })
)

const lifetime = 10 * 60_000

/** `POST /link/v1/session`: for one visit within ten minutes. */
const create = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, "link-session:write")
    const { user, ...others } = yield* decodeSession(request)
    const names = [user?.firstName, user?.lastName].filter((name) => name !== undefined)
    const isEmpty = names.length === 0 && Object.values(others).every((value) => value === undefined)
    if (isEmpty) return yield* apiErrors.invalid("A session needs at least one of its fields")
    const sessionId = yield* ids.token
    const now = yield* Clock.currentTimeMillis
    state.linkSessions.set(sessionId, { name: names.join(" "), expiresAt: now + lifetime })
    return json(200, { sessionId })
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "POST", path: "/link/v1/session", handler: create(state) }
]
