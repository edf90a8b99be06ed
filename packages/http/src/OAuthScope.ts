/**
 * OAuth scopes of Tink (`tink-api.md` 8.8): those of this library's operations, and those of Tink's other products, which
 * applications reach with `Users.request`. Where Tink does not document which token takes a scope, both may have it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The scopes of client access tokens that Tink documents.
 *
 * @since 0.1.0
 * @category constants
 */
export const clientScopes = [
  // Users, authorization and Tink Link
  "user:read",
  "user:create",
  "authorization:grant",
  "authorization:revoke",
  "link-session:read",
  "link-session:write",
  // Credentials, consents and providers
  "providers:read",
  "consents",
  "consents:readonly",
  "webhook-endpoints",
  // Accounts and transactions
  "accounts:write",
  "transactions:write",
  "accounts.balances:readonly",
  "transfer:read",
  "transfer:execute",
  // Reports
  "account-verification-reports:read",
  "business-account-verification-reports:read",
  "transaction-reports:readonly",
  "reports-generation-jobs:readonly",
  "user-report-bundles:read",
  // Enrichment
  "enrichment.on-demand",
  "enrichment.transactions:readonly",
  "enrichment.merchant",
  // Finance management
  "insights:read",
  "budgets:read",
  "cash-flow",
  "cost-of-living:read",
  "financial-calendar",
  "financial-calendar:readonly",
  "savings-goals:read",
  "savings-goals:write",
  "statistics:read",
  "subscriptions:read",
  // Payments
  "payment:read",
  "payment:write",
  "bulk-payment:read",
  "bulk-payment:write",
  "mandate-payments",
  "mandate-payments:readonly",
  "settlement-accounts",
  "settlement-accounts:readonly",
  // Risk
  "expense-checks:readonly",
  "expense-checks:delete",
  "income-checks:create",
  "income-checks:readonly",
  "income-checks:delete",
  "risk-insights:create",
  "risk-insights:readonly",
  "risk-insights:delete",
  "risk-categorisation:readonly",
  // Partners
  "merchants",
  "merchants:readonly"
] as const

/**
 * The scopes of user access tokens that Tink documents.
 *
 * @since 0.1.0
 * @category constants
 */
export const userScopes = [
  // Users, authorization and Tink Link
  "user:read",
  "user:write",
  "user:delete",
  "calendar:read",
  // Credentials, consents and providers
  "credentials:read",
  "credentials:write",
  "credentials:refresh",
  "provider-consents:read",
  "provider-consents:write",
  "balance-refresh",
  "balance-refresh:readonly",
  "providers:read",
  "consents",
  "consents:readonly",
  // Accounts and transactions
  "accounts:read",
  "accounts:write",
  "balances:read",
  "transactions:read",
  "transactions:categorize",
  "accounts.balances:readonly",
  "accounts.parties:readonly",
  "identity:read",
  "identities:readonly",
  "investments:read",
  "investment-accounts:readonly",
  "loan-accounts:readonly",
  "transfer:read",
  "transfer:execute",
  // Reports
  "account-verification-reports:write",
  "account-verification-reports:read",
  "business-account-verification-reports:read",
  "user-report-bundles:read",
  // Enrichment
  "enrichment.transactions",
  "enrichment.transactions:readonly",
  "enrichment.merchant",
  "enrichment.sustainability",
  "transactions.recurring:read",
  // Finance management
  "insights:read",
  "insights:write",
  "budgets:read",
  "budgets:write",
  "budgets-bfm",
  "cash-flow",
  "cost-of-living:read",
  "financial-calendar",
  "financial-calendar:readonly",
  "savings-goals:read",
  "savings-goals:write",
  "statistics:read",
  "subscriptions:read",
  // Payments
  "payment:read",
  "bulk-payment:read",
  "mandate-payments:readonly",
  "settlement-accounts:readonly",
  // Risk
  "expense-checks:create",
  "expense-checks:delete",
  "income-checks:create",
  "income-checks:readonly",
  "income-checks:delete",
  "risk-insights:create",
  "risk-insights:readonly",
  "risk-insights:delete",
  "risk-categorisation:readonly",
  // Partners
  "merchants:readonly"
] as const

const documented: ReadonlySet<string> = new Set([...clientScopes, ...userScopes])

/**
 * The schema of a scope that this library does not list: printable ASCII without blanks, commas, quotes and backslashes. `other`
 * makes one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OtherScope = Schema.String.pipe(
  Schema.pattern(/^[!#-+\--[\]-~]+$/),
  Schema.filter((scope) => !documented.has(scope)),
  Schema.brand("@effect-tink/OtherScope")
)

/**
 * A scope that this library does not list.
 *
 * @since 0.1.0
 * @category models
 */
export type OtherScope = typeof OtherScope.Type

/**
 * Names a scope that this library does not list: Tink uses more than its list has (`tink-api.md` 8.8). Its name stays in the type.
 * Throws for a scope that is listed, and for a text that is not a scope.
 *
 * @example
 * ```ts
 * import { OAuthScope } from "@effect-tink/http"
 *
 * export const scope = OAuthScope.other("pension-accounts:read")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const other = <const Name extends string>(name: Name): Name & OtherScope =>
  // Only the type has the brand, and `make` has checked the name.
  OtherScope.make(name) as Name & OtherScope

/**
 * The scopes of client access tokens: what the application itself may do.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClientScope = Schema.Union(Schema.Literal(...clientScopes), OtherScope)

/**
 * A scope of a client access token.
 *
 * @since 0.1.0
 * @category models
 */
export type ClientScope = typeof ClientScope.Type

/**
 * The scopes of user access tokens: what may be done on behalf of a user.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserScope = Schema.Union(Schema.Literal(...userScopes), OtherScope)

/**
 * A scope of a user access token.
 *
 * @since 0.1.0
 * @category models
 */
export type UserScope = typeof UserScope.Type

/**
 * The scopes that an application can delegate to another one, such as Tink Link (`tink-api.md` 2): all user scopes, and
 * reading and granting the user's authorizations.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DelegableScope = Schema.Union(Schema.Literal("authorization:grant", "authorization:read"), UserScope)

/**
 * A scope that can be delegated.
 *
 * @since 0.1.0
 * @category models
 */
export type DelegableScope = typeof DelegableScope.Type
