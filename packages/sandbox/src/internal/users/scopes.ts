import * as Arr from "effect/Array"
import * as Order from "effect/Order"

/** The scopes of tink-api.md 8.8, and those that Tink Link needs on top of them (tink-api.md 2). */
const clientScopes = [
  "user:create",
  "authorization:grant",
  "authorization:revoke",
  "webhook-endpoints",
  "link-session:write"
]

const userScopes = [
  "user:read",
  "user:write",
  "user:delete",
  "credentials:read",
  "credentials:write",
  "credentials:refresh",
  "provider-consents:read",
  "provider-consents:write",
  "providers:read",
  "accounts:read",
  "balances:read",
  "transactions:read",
  "balance-refresh",
  "balance-refresh:readonly",
  "identity:read"
]

const tinkLinkScopes = ["authorization:read"]

const known: ReadonlySet<string> = new Set([...clientScopes, ...userScopes, ...tinkLinkScopes])

/** The scopes of a client token that was requested without scopes: tink-api.md 1.1. */
export const allOfClient: ReadonlySet<string> = new Set(clientScopes)

/** Parses scopes separated by commas or spaces: tink-api.md 12.6. */
export const parse = (text: string): ReadonlySet<string> =>
  new Set(text.split(/[\s,]+/).filter((scope) => scope !== ""))

/** The first scope that the app may not use. */
export const firstDisallowed = (scopes: ReadonlySet<string>): string | undefined =>
  Array.from(scopes).find((scope) => !known.has(scope))

/** Joins scopes with commas, sorted: the requested order is not preserved (tink-api.md 1.2). */
export const format = (scopes: ReadonlySet<string>): string => Arr.sort(scopes, Order.string).join(",")
