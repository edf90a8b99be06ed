/**
 * The query of a link to Tink Link: tink-api.md 11.2.
 */
import * as Exit from "effect/Exit"
import * as providers from "../credentials/providers.js"
import type { Settings } from "../settings.js"
import type { Link } from "../state/state.js"
import { isLocale, markets } from "../users/markets.js"
import * as Scopes from "../users/scopes.js"
import type { Flow } from "./flows.js"
import * as LinkError from "./linkError.js"

/** The scopes of one-time access by a link without a `scope`: those for reading. */
const oneTimeScopes: ReadonlySet<string> = new Set([
  "accounts:read",
  "balances:read",
  "credentials:read",
  "credentials:refresh",
  "provider-consents:read",
  "transactions:read",
  "user:read"
])

// They run or read something in the browser instead of going anywhere.
const localSchemes: ReadonlySet<string> = new Set(["javascript:", "data:", "vbscript:", "file:", "blob:", "about:"])

/** Whether the user can be sent there: an absolute URL of the web, or of an app's own scheme. */
export const isRedirectUri = (text: string): boolean => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return false
  const { host, protocol } = new URL(text)
  const isWeb = protocol === "http:" || protocol === "https:"
  return !localSchemes.has(protocol) && (!isWeb || host !== "")
}

const refreshableItems: ReadonlySet<string> = new Set([
  "CHECKING_ACCOUNTS",
  "CHECKING_TRANSACTIONS",
  "SAVING_ACCOUNTS",
  "SAVING_TRANSACTIONS",
  "CREDITCARD_ACCOUNTS",
  "CREDITCARD_TRANSACTIONS",
  "IDENTITY_DATA"
])

const segments: ReadonlySet<string> = new Set(["PERSONAL", "BUSINESS"])

const isListOf = (allowed: ReadonlySet<string>) => (text: string) => text.split(",").every((item) => allowed.has(item))

const isAtMost = (length: number) => (text: string) => text.length <= length

// The parameters with a rule of their own, if they are given.
const rules: Readonly<Record<string, (text: string, settings: Settings) => boolean>> = {
  input_provider: isAtMost(100),
  input_username: isAtMost(50),
  financial_services_segments: isListOf(segments),
  refreshable_items: isListOf(refreshableItems),
  scope: (text, { scopes }) => Scopes.firstDisallowed(scopes, Scopes.parse(text)) === undefined
}

const firstInvalid = (query: URLSearchParams, settings: Settings): string | undefined =>
  Object.entries(rules).find(([name, isValid]) => !isValid(query.get(name) ?? "", settings) && query.has(name))?.[0]

// `market` and `locale` are for connecting a bank; the other pages know them, and the guides still send them.
const checkMarket = (link: Link): Exit.Exit<void, LinkError.LinkError> => {
  if (!markets.includes(link.market)) return Exit.fail(LinkError.noProviders)
  const isUnknown = link.inputProvider !== undefined && providers.find(link.inputProvider)?.market !== link.market
  return isUnknown ? Exit.fail(LinkError.unknownProvider) : Exit.void
}

/** Reads a link to a page, whose `redirect_uri` has been checked. */
export const read = (
  query: URLSearchParams,
  redirectUri: string,
  flow: Flow,
  settings: Settings
): Exit.Exit<Link, LinkError.LinkError> => {
  if (query.get("client_id") !== settings.clientId) return Exit.fail(LinkError.invalidParameter("client_id"))
  const invalid = firstInvalid(query, settings)
  if (invalid !== undefined) return Exit.fail(LinkError.invalidParameter(invalid))
  if (flow.path.startsWith("/1.0/products/") && flow.action !== "extend" && !query.get("products")) {
    return Exit.fail(LinkError.invalidParameter("products"))
  }
  const scopes = Scopes.parse(query.get("scope") ?? "")
  const locale = query.get("locale") ?? ""
  const link: Link = {
    redirectUri,
    // The defaults of tink-api.md 11.2, also for a user of another market. There is no error for a locale.
    market: query.get("market") || "SE",
    locale: isLocale(locale) ? locale : "en_US",
    state: query.get("state"),
    scopes: scopes.size === 0 ? oneTimeScopes : scopes,
    inputProvider: query.get("input_provider") || undefined,
    financialInstitutionId: query.get("financial_institution_id") || undefined,
    authenticate: query.get("authenticate") === "true",
    query: query.toString()
  }
  return flow.action === "connect" ? Exit.as(checkMarket(link), link) : Exit.succeed(link)
}
