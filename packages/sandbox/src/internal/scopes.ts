import * as Arr from "effect/Array"
import * as Order from "effect/Order"

/** The scopes of tink-api 8.8, and those that Tink Link needs on top of them (tink-api 2). */
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

/** What a client token gets when it asks for no scope in particular (tink-api 1.1). */
export const allOfClient: ReadonlySet<string> = new Set(clientScopes)

/** Commas or spaces: tink-api 12.6. */
export const parse = (text: string): ReadonlySet<string> =>
  new Set(text.split(/[\s,]+/).filter((scope) => scope !== ""))

/** The first scope that this app may not use. */
export const firstDisallowed = (scopes: ReadonlySet<string>): string | undefined =>
  Array.from(scopes).find((scope) => !known.has(scope))

/** Comma-separated, and sorted: tink-api 1.2 says that the order asked for is not preserved. */
export const print = (scopes: ReadonlySet<string>): string => Arr.sort(scopes, Order.string).join(",")
