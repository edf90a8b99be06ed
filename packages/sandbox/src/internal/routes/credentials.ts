/**
 * Reading and deleting credentials: tink-api.md 6.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { present } from "../credentials/storedCredentials.js"
import * as authorization from "../http/authorization.js"
import { toOrigin } from "../http/origin.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import { credentialsOf, type State } from "../state/state.js"

/** `GET /api/v1/credentials/list` */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "credentials:read")
    const now = yield* Clock.currentTimeMillis
    return json(200, {
      credentials: credentialsOf(state, user.id).map((credentials) => present(credentials, now, toOrigin(request)))
    })
  })

/** `GET /api/v1/credentials/{id}` */
const read = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const credentials = yield* authorization.requireOwnCredentials(state, request, "credentials:read")
    const now = yield* Clock.currentTimeMillis
    return json(200, present(credentials, now, toOrigin(request)))
  })

/** `DELETE /api/v1/credentials/{id}`. How long Tink still shows them is not known (tink-api.md 14.6); here, not at all. */
const remove = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const credentials = yield* authorization.requireOwnCredentials(state, request, "credentials:write")
    state.credentials.delete(credentials.id)
    return noContent
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/credentials/list", handler: list(state) },
  { method: "GET", path: "/api/v1/credentials/{id}", handler: read(state) },
  { method: "DELETE", path: "/api/v1/credentials/{id}", handler: remove(state) }
]
