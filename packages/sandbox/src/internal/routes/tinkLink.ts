/**
 * The pages of Tink Link, where the user connects a bank, renews a consent or logs in again: tink-api.md 11.
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
import type { State, Visit } from "../state/state.js"
import { type Flow, flows } from "../tinkLink/flows.js"
import * as Link from "../tinkLink/link.js"
import * as LinkError from "../tinkLink/linkError.js"
import * as pages from "../tinkLink/pages.js"
import * as visits from "../tinkLink/visits.js"

const banksOf = ({ link }: Visit) => {
  const banks = providers
    .ofMarket(link.market)
    .filter(({ capabilities, isTest }) => isTest && capabilities.includes("CHECKING_ACCOUNTS"))
  const isFixed = link.inputProvider !== undefined
  const isPreselected = (bank: providers.Provider) =>
    providers.financialInstitutionId(bank) === link.financialInstitutionId
  const chosen = isFixed ? providers.find(link.inputProvider) : (banks.find(isPreselected) ?? banks[0])
  return { banks, chosen, isFixed }
}

const bankNameOf = (state: State, credentialsId: string): string => {
  const providerName = state.credentials.get(credentialsId)?.providerName ?? ""
  return providers.find(providerName)?.displayName ?? providerName
}

const pageOf = (state: State, settings: Settings, { action }: Flow, visit: Visit) => {
  const asker = { clientId: settings.clientId, idHint: visit.idHint }
  const form = { action: visit.path, session: visit.id }
  return action === "connect"
    ? pages.connect(asker, form, banksOf(visit))
    : pages.revisit(asker, form, action, bankNameOf(state, visit.credentialsId ?? ""))
}

/** A parameter that must be there and not empty. */
const required = (query: URLSearchParams, name: string): Effect.Effect<string, LinkError.LinkError> => {
  const value = query.get(name) ?? ""
  return value === "" ? Effect.fail(LinkError.invalidParameter(name)) : Effect.succeed(value)
}

const readCode = (query: URLSearchParams, { code }: Flow) => {
  const isAbsent = code === "ignored" || (code === "optional" && !query.has("authorization_code"))
  return isAbsent ? Effect.succeed(undefined) : required(query, "authorization_code")
}

const openVisit = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  flow: Flow,
  { query }: RoutedRequest,
  redirectUri: string
) {
  const id = yield* ids.id
  const now = yield* Clock.currentTimeMillis
  const link = yield* Link.read(query, redirectUri, flow, settings)
  const code = yield* readCode(query, flow)
  const credentialsId = flow.action === "connect" ? undefined : yield* required(query, "credentials_id")
  const sessionId = query.get("session_id") || undefined
  return yield* visits.open(state, { flow, link, code, sessionId, credentialsId, id, now })
})

// The credentials and the provider that the link names are part of an error: tink-api.md 11.4.
const errorUrl = (
  state: State,
  flow: Flow,
  { query }: RoutedRequest,
  redirectUri: string,
  error: LinkError.LinkError,
  trackingId: string
) => {
  const credentialsId = flow.action === "connect" ? null : query.get("credentials_id")
  const providerName = state.credentials.get(credentialsId ?? "")?.providerName ?? query.get("input_provider")
  const parameters = visits.errorParameters(error, trackingId, credentialsId || undefined, providerName || undefined)
  return visits.toUrl(redirectUri, parameters, query.get("state"))
}

/** Opens a page. An error returns to the app at once: Tink's own error screen is left out, as it is on request. */
const open = (state: State, settings: Settings, flow: Flow): Handler =>
  Effect.fnUntraced(function* (request) {
    const redirectUri = request.query.get("redirect_uri") ?? ""
    // There is nowhere to return to: tink-api.md 14.16.
    if (!Link.isRedirectUri(redirectUri)) {
      return yield* apiErrors.invalid("redirect_uri is not an absolute URL of the web or of an app")
    }
    const trackingId = yield* ids.uuid
    return yield* openVisit(state, settings, flow, request, redirectUri).pipe(
      Effect.map((visit) => pageOf(state, settings, flow, visit)),
      Effect.catchTag("LinkError", (error) =>
        Effect.sync(() => pages.redirect(errorUrl(state, flow, request, redirectUri, error, trackingId)))
      )
    )
  })

const decodeForm = requestBody.form(
  Schema.Struct({
    session: Schema.String,
    choice: Schema.Literal(...visits.choices),
    provider: Schema.optional(Schema.String)
  })
)

/** The form of a page: 303 to the app. */
const submit = (state: State, settings: Settings, { action, path }: Flow): Handler =>
  Effect.fnUntraced(function* (request) {
    const { choice, provider, session: visitId } = yield* decodeForm(request)
    const [user, credentials, code, report] = [yield* ids.id, yield* ids.id, yield* ids.id, yield* ids.id]
    const drawn = { user, credentials, code, report, tracking: yield* ids.uuid }
    const now = yield* Clock.currentTimeMillis
    const visit = state.visits.get(visitId)
    if (visit === undefined || visit.path !== path || now >= visit.expiresAt) {
      return yield* apiErrors.invalid("The page was left open for too long, or is not valid")
    }
    const ending = { visit, action, choice, providerName: provider, now, ids: drawn }
    return pages.redirect(yield* visits.end(state, settings, ending))
  })

/** The user reads pages, not JSON. */
export const asPage =
  (handler: Handler): Handler =>
  (request) =>
    Effect.catchTag(handler(request), "ApiError", ({ errorMessage, status }) =>
      Effect.succeed(pages.problem(status, errorMessage))
    )

// Official pages write some links with a slash at the end: tink-api.md 11.1.
const routesOf = (state: State, settings: Settings, flow: Flow): ReadonlyArray<Route> =>
  [flow.path, `${flow.path}/`].flatMap((path): ReadonlyArray<Route> => [
    { method: "GET", path, handler: asPage(open(state, settings, flow)) },
    { method: "POST", path, handler: asPage(submit(state, settings, flow)) }
  ])

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> =>
  flows.flatMap((flow) => routesOf(state, settings, flow))
