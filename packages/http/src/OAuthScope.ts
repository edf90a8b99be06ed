/**
 * OAuth scopes of Tink (`tink-api.md` 8.8).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The scopes of client access tokens: what the application itself may do.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClientScope = Schema.Literal(
  "authorization:grant",
  "authorization:revoke",
  "link-session:write",
  "user:create",
  "webhook-endpoints"
)

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
export const UserScope = Schema.Literal(
  "accounts:read",
  "balance-refresh",
  "balance-refresh:readonly",
  "balances:read",
  "credentials:read",
  "credentials:refresh",
  "credentials:write",
  "identity:read",
  "provider-consents:read",
  "provider-consents:write",
  "providers:read",
  "transactions:read",
  "user:delete",
  "user:read",
  "user:write"
)

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
export const DelegableScope = Schema.Literal("authorization:grant", "authorization:read", ...UserScope.literals)

/**
 * A scope that can be delegated.
 *
 * @since 0.1.0
 * @category models
 */
export type DelegableScope = typeof DelegableScope.Type
