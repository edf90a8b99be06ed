/** The endpoints of providers (`tink-api.md` 6.7). Each export is an operation of `Users`, and its comment the operation's. */
import * as Schema from "effect/Schema"
import * as Endpoint from "../../Endpoint.js"
import * as P from "../../Provider.js"
import * as Input from "../schemas/input.js"
import { listAnswer } from "../schemas/schema.js"

const ProvidersJson = Schema.parseJson(listAnswer("providers", P.Provider))

/** Answers that are the same for all users change rarely. */
const cache = { timeToLive: "1 hour" } as const

/**
 * Lists the providers of a market that the application may use.
 *
 * Sent with the client access token: `listUserProviders` has those of a user. Cached for an hour, for all callers. Fails when Tink
 * does not know the market: `listMarkets` lists those that it knows.
 */
export const listProviders = Endpoint.clientRead({
  name: "listProviders",
  scope: "providers:read",
  route: "/api/v1/providers/{market}",
  id: Input.Market,
  input: Schema.UndefinedOr(P.ListProvidersOptions),
  headers: ["Accept-Language"],
  response: ProvidersJson,
  cache,
  source: "tink-api.md 6.7"
})

/**
 * Lists the markets that have providers, such as `SE`.
 *
 * Cached for an hour, for all callers.
 */
export const listMarkets = Endpoint.clientRead({
  name: "listMarkets",
  scope: "providers:read",
  route: "/api/v1/providers/markets",
  response: Schema.parseJson(listAnswer("markets", Schema.String)),
  cache,
  source: "tink-api.md 6.7"
})

/**
 * Lists how providers are identified in a market, such as by BIC. One page at a time.
 *
 * Cached for an hour, for all callers.
 */
export const listProviderIdentifiers = Endpoint.clientRead({
  name: "listProviderIdentifiers",
  scope: "providers:read",
  route: "/api/v1/provider-identifiers",
  input: Schema.UndefinedOr(P.ListIdentifiersOptions),
  response: Schema.parseJson(P.ProviderIdentifiers),
  cache,
  source: "tink-api.md 6.7"
})

/**
 * Lists the providers that are available to the user.
 *
 * Cached for the cache's time to live.
 */
export const listUserProviders = Endpoint.read({
  name: "listUserProviders",
  scope: "credentials:read",
  route: "/api/v1/providers",
  input: Schema.UndefinedOr(P.ListUserProvidersOptions),
  response: ProvidersJson,
  source: "tink-api.md 6.7"
})

/**
 * Gets the ways to log in at one provider. Beta.
 *
 * Cached for the cache's time to live. The chosen ones go into `selectedAuthenticationOptions` of `createCredential`.
 */
export const getAuthenticationOptions = Endpoint.read({
  name: "getAuthenticationOptions",
  scope: "providers:read",
  route: "/api/v1/provider-authentication-options/{providerName}",
  id: Input.PathId,
  response: Schema.parseJson(P.AuthenticationOptions),
  source: "tink-api.md 6.7"
})

/**
 * Lists the ways to log in at the providers of a market. Beta.
 *
 * Cached for the cache's time to live.
 */
export const listAuthenticationOptions = Endpoint.read({
  name: "listAuthenticationOptions",
  scope: "providers:read",
  route: "/api/v1/provider-authentication-options-for-market/{market}",
  id: Input.Market,
  response: Schema.parseJson(listAnswer("providers", P.AuthenticationOptions)),
  source: "tink-api.md 6.7"
})
