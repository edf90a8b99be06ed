/**
 * The pages of Tink Link, where the user connects a bank or renews a consent: tink-api.md 10.1, steps 5, 6 and 10.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as providers from "../credentials/providers.js"
import * as apiErrors from "../http/apiErrors.js"
import * as requestBody from "../http/requestBody.js"
import type { Handler, RoutedRequest, Route } from "../http/router.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import type { LinkSession, State } from "../state/state.js"
import * as pages from "../tinkLink/pages.js"
import * as visits from "../tinkLink/visits.js"
import { isLocale, isMarket } from "../users/markets.js"
import * as Scopes from "../users/scopes.js"

const isWebUrl = (text: string): boolean =>
  /^https?:\/\//i.test(text) && URL.canParse(text) && new URL(text).hostname !== ""

/** Reads what both links have. The user is only ever sent to a URL that was checked here. */
const readLink = Effect.fnUntraced(function* ({ query }: RoutedRequest, settings: Settings) {
  if (query.get("client_id") !== settings.clientId) return yield* apiErrors.invalid("client_id is not that of an app")
  const redirectUri = query.get("redirect_uri") ?? ""
  if (!isWebUrl(redirectUri)) return yield* apiErrors.invalid("redirect_uri is not an absolute web address")
  const [market, locale] = [query.get("market"), query.get("locale")]
  if (market !== null && !isMarket(market)) return yield* apiErrors.invalid("market is not a country")
  if (locale !== null && !isLocale(locale)) return yield* apiErrors.invalid("locale is not valid")
  const scopes = Scopes.parse(query.get("scope") ?? "")
  if (Scopes.firstDisallowed(scopes) !== undefined) {
    return yield* apiErrors.invalid("scope has one that no app may use")
  }
  const link: visits.Link = {
    redirectUri,
    market,
    locale,
    state: query.get("state"),
    scopes: scopes.size === 0 ? visits.oneTimeScopes : scopes,
    query: query.toString()
  }
  return link
})

const toAsker = (settings: Settings, { idHint }: LinkSession) => ({ clientId: settings.clientId, idHint })

const toForm = ({ id, path }: LinkSession) => ({ action: path, session: id })

/** `GET /1.0/transactions/connect-accounts`. Without a code it is one-time access. */
const openConnect = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const link = yield* readLink(request, settings)
    const code = request.query.get("authorization_code")
    const id = yield* ids.id
    const now = yield* Clock.currentTimeMillis
    const session = yield* code === null
      ? visits.openOneTime(state, link, id, now)
      : visits.open(state, { path: visits.connectPath, link, code, credentialsId: undefined, id, now })
    return pages.connect(toAsker(settings, session), toForm(session), providers.ofMarket(session.link.market))
  })

/** `GET /1.0/transactions/update-consent` */
const openRenew = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const link = yield* readLink(request, settings)
    const credentialsId = request.query.get("credentials_id") ?? ""
    const code = request.query.get("authorization_code") ?? ""
    const id = yield* ids.id
    const now = yield* Clock.currentTimeMillis
    const session = yield* visits.open(state, { path: visits.renewPath, link, code, credentialsId, id, now })
    const { providerName } = yield* visits.findRenewable(state, session.userId, credentialsId, now)
    const bankName = providers.find(providerName)?.displayName ?? providerName
    return pages.renew(toAsker(settings, session), toForm(session), bankName)
  })

const decodeForm = requestBody.form(
  Schema.Struct({
    session: Schema.String,
    choice: Schema.Literal("approve", "cancel", "error", "login"),
    provider: Schema.optional(Schema.String)
  })
)

/** The form of either page: 303 to the app. */
const submit = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { choice, provider, session: sessionId } = yield* decodeForm(request)
    const drawn = { user: yield* ids.id, credentials: yield* ids.id, code: yield* ids.id, tracking: yield* ids.id }
    const now = yield* Clock.currentTimeMillis
    const session = state.linkSessions.get(sessionId)
    if (session === undefined || session.path !== request.path) {
      return yield* apiErrors.invalid("The page was left open for too long, or is not valid")
    }
    const ending = { session, choice, providerName: provider, now, ids: drawn }
    return pages.redirect(yield* visits.end(state, settings, ending))
  })

// The user reads pages, not JSON.
const asPage =
  (handler: Handler): Handler =>
  (request) =>
    Effect.catchTag(handler(request), "ApiError", ({ errorMessage, status }) =>
      Effect.succeed(pages.problem(status, errorMessage))
    )

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: visits.connectPath, handler: asPage(openConnect(state, settings)) },
  { method: "POST", path: visits.connectPath, handler: asPage(submit(state, settings)) },
  { method: "GET", path: visits.renewPath, handler: asPage(openRenew(state, settings)) },
  { method: "POST", path: visits.renewPath, handler: asPage(submit(state, settings)) }
]
