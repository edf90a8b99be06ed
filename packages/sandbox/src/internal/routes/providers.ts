/**
 * The banks: tink-api.md 6.7.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { authenticationOptionsGroups } from "../credentials/authenticationOptions.js"
import * as providers from "../credentials/providers.js"
import { firstLanguage, translate } from "../credentials/texts.js"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import { toOrigin } from "../http/origin.js"
import { readChoice, readFlag, readText } from "../http/requestFields.js"
import { json } from "../http/responses.js"
import type { Handler, Route, RoutedRequest } from "../http/router.js"
import type { CredentialsType } from "../models.js"
import type { Settings } from "../settings.js"
import type { State } from "../state/state.js"
import { marketDefaults, markets } from "../users/markets.js"

const iconPath = "/provider-images/bank.svg"

const flows: Readonly<Record<CredentialsType, string>> = {
  THIRD_PARTY_APP: "REDIRECT",
  MOBILE_BANKID: "DECOUPLED",
  KEYFOB: "EMBEDDED",
  PASSWORD: "EMBEDDED"
}

const authenticationFlow = ({ name, type }: providers.Provider) =>
  providers.hasSession(name) ? { authenticationFlow: flows[type] } : {}

// Without `transactional` and `loginHeaderColour`, which were removed in April 2026: tink-api.md 12.22.
const present = (provider: providers.Provider, origin: string, language: string) => ({
  id: providers.idOf(provider),
  name: provider.name,
  displayName: provider.displayName,
  displayDescription: provider.isTest ? translate("For tests", language) : "",
  groupDisplayName: provider.isTest ? "Demo Bank" : "Sandbox Bank",
  market: provider.market,
  currency: marketDefaults(provider.market).currency,
  type: provider.isTest ? "TEST" : "BANK",
  status: "ENABLED",
  accessType: providers.hasSession(provider.name) ? "OPEN_BANKING" : "OTHER",
  credentialsType: provider.type,
  ...authenticationFlow(provider),
  authenticationUserType: "PERSONAL",
  capabilities: provider.capabilities,
  pisCapabilities: [],
  financialInstitutionId: providers.financialInstitutionId(provider),
  financialInstitutionName: provider.isTest ? "Demo Bank" : "Sandbox Bank",
  financialServices: [{ segment: "PERSONAL", shortName: "Personal Banking" }],
  fields: provider.fields.map((field) => ({ ...field, description: translate(field.description, language) })),
  hasAuthenticationOptions: authenticationOptionsGroups(provider).length > 0,
  images: { icon: `${origin}${iconPath}` },
  multiFactor: provider.type !== "PASSWORD",
  popular: provider.isTest
})

// The filter has MORTGAGE_LOAN, and the model EINVOICES instead: tink-api.md 12.23.
const capabilities = [
  ["CHECKING_ACCOUNTS", "CREATE_BENEFICIARIES", "CREATE_BENEFICIARIES_IN_PAYMENT", "CREDIT_CARDS", "EINVOICES"],
  ["IDENTITY_DATA", "INVESTMENTS", "LIST_BENEFICIARIES", "LOANS", "MORTGAGE_AGGREGATION", "MORTGAGE_LOAN"],
  ["PAYMENTS", "SAVINGS_ACCOUNTS", "TRANSFERS"]
].flat()

/** Those that the query asks for. No bank here has a capability of payment initiation. */
const filtered = Effect.fnUntraced(function* (
  request: RoutedRequest,
  found: ReadonlyArray<providers.Provider>,
  language = ""
) {
  const capability = yield* readChoice(request, "capability", capabilities)
  const isWithTests = yield* readFlag(request, "includeTestProviders")
  const isTestsOnly = yield* readFlag(request, "excludeNonTestProviders")
  const origin = toOrigin(request)
  const wanted = found.filter(
    ({ capabilities, isTest }) =>
      (isTest ? isWithTests : !isTestsOnly) &&
      (capability === undefined || capabilities.includes(capability)) &&
      readText(request, "pisCapability") === undefined
  )
  return json(200, { providers: wanted.map((provider) => present(provider, origin, language)) })
})

/** `GET /api/v1/providers`: those of the user's market, or the one of any market that `name` asks for. */
const listForUser = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    const { market } = yield* authorization.requireUser(state, request, "credentials:read")
    const name = readText(request, "name")
    return yield* filtered(
      request,
      name === undefined ? providers.ofMarket(market) : providers.all.filter((provider) => provider.name === name)
    )
  })

const requireMarket = (market: string): Effect.Effect<ReadonlyArray<providers.Provider>, apiErrors.ApiError> =>
  markets.includes(market) ? Effect.succeed(providers.ofMarket(market)) : Effect.fail(apiErrors.unknownMarket)

/** `GET /api/v1/providers/{market}`, also without a token: then for the app that a header names, or for any. */
const listOfMarket = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const clientId = request.headers["x-tink-oauth-client-id"]
    if (authorization.hasToken(request)) yield* authorization.requireAny(state, request, "providers:read")
    else if (clientId !== undefined && clientId !== settings.clientId) return yield* apiErrors.unknownClient
    const language = firstLanguage(request.headers["accept-language"] ?? "")
    return yield* filtered(request, yield* requireMarket(request.params["market"] ?? ""), language)
  })

/** `GET /api/v1/providers/markets` */
const listMarkets = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireAny(state, request, "providers:read")
    return json(200, { markets })
  })

interface Identifier {
  readonly market: string
  readonly providerName: string
  readonly type: string
  readonly value: string
}

const identifierTypes = ["BLZ", "BIC", "SE_CLEARINGNUMBER", "IBAN"]

const national: Readonly<Record<string, string>> = { DE: "BLZ", SE: "SE_CLEARINGNUMBER" }

// The identifiers are made up: each bank has a BIC, and in two markets its national number as well.
const toIdentifiers = ({ index, market, name: providerName }: providers.Provider): ReadonlyArray<Identifier> => {
  const number = String(index + 1).padStart(3, "0")
  const type = national[market]
  return [
    { market, providerName, type: "BIC", value: `TINK${market}S1${number}` },
    ...(type === undefined
      ? []
      : [{ market, providerName, type, value: type === "BLZ" ? `99900${number}` : `9${number}` }])
  ]
}

const identifiers = providers.all.flatMap(toIdentifiers)

const isFilterMet = (request: RoutedRequest, identifier: Identifier): boolean =>
  (["market", "type", "value", "providerName"] as const).every((key) => {
    const wanted = readText(request, `${key}Eq`)
    return wanted === undefined || identifier[key] === wanted
  })

const readInteger = (
  request: RoutedRequest,
  name: string,
  { fallback, max, min }: { readonly fallback: number; readonly min: number; readonly max: number }
): Effect.Effect<number, apiErrors.ApiError> => {
  // An empty page token is that of the last page, and Tink's clients send it back as they got it.
  const text = readText(request, name)
  if (text === undefined) return Effect.succeed(fallback)
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
  return value >= min && value <= max ? Effect.succeed(value) : Effect.fail(apiErrors.invalid(`${name} is not valid`))
}

/** `GET /api/v1/provider-identifiers`. A page token is the number of identifiers before the page. */
const listIdentifiers = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireAny(state, request, "providers:read")
    yield* readChoice(request, "typeEq", identifierTypes)
    const size = yield* readInteger(request, "pageSize", { fallback: 50, min: 1, max: 1000 })
    const found = identifiers.filter((identifier) => isFilterMet(request, identifier))
    const start = yield* readInteger(request, "pageToken", { fallback: 0, min: 0, max: found.length })
    const end = start + size
    return json(200, {
      providerIdentifiers: found.slice(start, end),
      nextPageToken: end < found.length ? String(end) : ""
    })
  })

const withOptions = (provider: providers.Provider) => ({
  providerName: provider.name,
  authenticationOptionsGroups: authenticationOptionsGroups(provider)
})

/** `GET /api/v1/provider-authentication-options/{providerName}` */
const readOptions = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireUser(state, request, "providers:read")
    const provider = providers.find(request.params["providerName"] ?? "")
    return provider === undefined ? yield* apiErrors.unknownProvider : json(200, withOptions(provider))
  })

/** `GET /api/v1/provider-authentication-options-for-market/{market}`: the banks that have options. */
const listOptions = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireUser(state, request, "providers:read")
    const found = (yield* requireMarket(request.params["market"] ?? "")).map(withOptions)
    return json(200, { providers: found.filter((provider) => provider.authenticationOptionsGroups.length > 0) })
  })

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#1849b8"/>' +
  '<path fill="#fff" d="M12 4 4 8.5V10h16V8.5zM6 11.5h2.5V17H6zm4.75 0h2.5V17h-2.5zm4.75 0H18V17h-2.5zM4 18.5h16V20H4z"/></svg>'

const readIcon: Handler = () => Effect.succeed(HttpServerResponse.text(icon, { contentType: "image/svg+xml" }))

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: "/api/v1/providers", handler: listForUser(state) },
  { method: "GET", path: "/api/v1/providers/markets", handler: listMarkets(state) },
  { method: "GET", path: "/api/v1/providers/{market}", handler: listOfMarket(state, settings) },
  { method: "GET", path: "/api/v1/provider-identifiers", handler: listIdentifiers(state) },
  { method: "GET", path: "/api/v1/provider-authentication-options/{providerName}", handler: readOptions(state) },
  { method: "GET", path: "/api/v1/provider-authentication-options-for-market/{market}", handler: listOptions(state) },
  { method: "GET", path: iconPath, handler: readIcon }
]
