import * as Arr from "effect/Array"
import * as Order from "effect/Order"

// The table of tink-api.md 8.8, by the kind of token that carries them.
const ofClients = [
  ["authorization:grant", "authorization:revoke", "user:create", "link-session:write", "webhook-endpoints"],
  ["transactions:write", "transaction-reports:readonly", "enrichment.on-demand", "expense-checks:readonly"],
  ["payment:write", "bulk-payment:write", "mandate-payments", "settlement-accounts", "merchants"]
].flat()

const ofUsers = [
  ["user:read", "user:write", "user:delete", "calendar:read"],
  ["credentials:read", "credentials:write", "credentials:refresh", "provider-consents:read", "provider-consents:write"],
  ["balance-refresh", "balance-refresh:readonly", "accounts:read", "balances:read", "transactions:read"],
  ["transactions:categorize", "accounts.parties:readonly", "identity:read", "identities:readonly", "investments:read"],
  ["investment-accounts:readonly", "loan-accounts:readonly", "account-verification-reports:write"],
  ["enrichment.transactions", "enrichment.sustainability", "transactions.recurring:read"],
  ["insights:write", "budgets:write", "budgets-bfm", "expense-checks:create"]
].flat()

const ofBoth = [
  ["providers:read", "consents", "consents:readonly", "accounts.balances:readonly", "accounts:write"],
  ["account-verification-reports:read", "business-account-verification-reports:read"],
  ["enrichment.transactions:readonly", "enrichment.merchant", "payment:read"]
].flat()

// No call of Tink's reference says whose these are.
const ofEither = [
  ["insights:read", "budgets:read", "cash-flow", "cost-of-living:read", "financial-calendar"],
  ["financial-calendar:readonly", "savings-goals:read", "savings-goals:write", "statistics:read", "subscriptions:read"],
  ["bulk-payment:read", "mandate-payments:readonly", "settlement-accounts:readonly", "merchants:readonly"],
  ["expense-checks:delete", "income-checks:create", "income-checks:delete", "income-checks:readonly"],
  ["risk-insights:create", "risk-insights:delete", "risk-insights:readonly"]
].flat()

// Tink's own samples and collections use them, and its list does not have them.
const unlisted = [
  ["authorization:read", "reports-generation-jobs:readonly", "risk-categorisation:readonly", "link-session:read"],
  ["transfer:read", "transfer:execute", "user-report-bundles:read"]
].flat()

/** What the app may use. */
export interface Allowed {
  readonly all: ReadonlySet<string>
  /** The scopes of a client token that was requested without scopes: tink-api.md 1.1. */
  readonly ofClient: ReadonlySet<string>
}

/** The documented scopes, and others, whose kind of token is not known. */
export const allow = (additional: ReadonlyArray<string>): Allowed => ({
  all: new Set([...ofClients, ...ofUsers, ...ofBoth, ...ofEither, ...unlisted, ...additional]),
  ofClient: new Set([...ofClients, ...ofBoth, ...additional])
})

/** Parses scopes separated by commas or spaces: tink-api.md 12.6. */
export const parse = (text: string): ReadonlySet<string> =>
  new Set(text.split(/[\s,]+/).filter((scope) => scope !== ""))

/** The first scope that the app may not use. */
export const firstDisallowed = ({ all }: Allowed, scopes: ReadonlySet<string>): string | undefined =>
  Array.from(scopes).find((scope) => !all.has(scope))

/** Joins scopes in the order of the alphabet: the requested order is not preserved (tink-api.md 1.2). */
export const format = (scopes: ReadonlySet<string>, separator: "," | " " = ","): string =>
  Arr.sort(scopes, Order.string).join(separator)
