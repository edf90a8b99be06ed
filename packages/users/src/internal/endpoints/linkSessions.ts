/** The endpoint of link sessions (`tink-api.md` 11.3). Each export is an operation of `Users`, and its comment the operation's. */
import * as Schema from "effect/Schema"
import * as Endpoint from "../../Endpoint.js"
import { CreateLinkSessionInput, LinkSession } from "../../LinkSession.js"

/**
 * Creates a session of Tink Link, which tells it what the application knows of a user: for one visit, within ten minutes.
 *
 * Its `sessionId` is an option of the links of `TinkLink`. It is resent when it may have been processed, since a session that is not
 * used expires.
 *
 * @example
 * ```ts
 * import { TinkHttp } from "@effect-tink/http"
 * import { TinkLink, Users } from "@effect-tink/users"
 * import { Effect } from "effect"
 *
 * export const linkFor = (firstName: string, state: string) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     const { clientId } = yield* TinkHttp.TinkHttp
 *     const { sessionId } = yield* users.createLinkSession({ user: { firstName } })
 *     const redirectUri = "https://app.example/callback"
 *     return yield* TinkLink.connectAccounts({ clientId, redirectUri, market: "SE", state, sessionId })
 *   })
 * ```
 */
export const createLinkSession = Endpoint.client({
  name: "createLinkSession",
  scope: "link-session:write",
  method: "POST",
  route: "/link/v1/session",
  input: CreateLinkSessionInput,
  isIdempotent: true,
  response: Schema.parseJson(LinkSession),
  source: "tink-api.md 11.3"
})
