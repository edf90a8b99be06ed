/**
 * Accounts, as an application may read them with an endpoint of its own. Their scope is in tink-api.md 8.8, their paging in 8.6.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { find } from "../credentials/providers.js"
import * as Timeline from "../credentials/timeline.js"
import * as authorization from "../http/authorization.js"
import { json } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import { credentialsOf, type State, type StoredCredentials } from "../state/state.js"

/** GUESS: tink-api.md is silent about the members of an account. Its id is derived, and is not that of the credentials. */
const accountOf = ({ id, providerName }: StoredCredentials) => ({
  id: `${id.slice(16)}${id.slice(0, 16)}`,
  name: find(providerName)?.displayName ?? providerName,
  type: "CHECKING",
  balances: { booked: { amount: { currencyCode: "EUR", value: { unscaledValue: "10050", scale: "2" } } } }
})

/** `GET /data/v2/accounts`: one account of each of the credentials whose data was fetched, on one page. */
const list = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const user = yield* authorization.requireUser(state, request, "accounts:read")
    const now = yield* Clock.currentTimeMillis
    const fetched = credentialsOf(state, user.id).filter(
      ({ timeline }) => Timeline.stepAt(timeline, now).updated !== undefined
    )
    return json(200, { accounts: fetched.map(accountOf), nextPageToken: "" })
  })

export const routes = (state: State): ReadonlyArray<Route> => [
  { method: "GET", path: "/data/v2/accounts", handler: list(state) }
]
