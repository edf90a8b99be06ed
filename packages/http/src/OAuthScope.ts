/**
 * The OAuth scopes of Tink (`tink-api.md` 8.8).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What the application itself may do, with a client access token.
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
 * @since 0.1.0
 * @category models
 */
export type ClientScope = typeof ClientScope.Type

/**
 * What may be done on behalf of a user, with a user access token.
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
 * @since 0.1.0
 * @category models
 */
export type UserScope = typeof UserScope.Type

/**
 * What an application may let another one do for a user, such as Tink Link (`tink-api.md` 2): what can be done on behalf of
 * a user, and to read and grant authorizations of theirs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DelegableScope = Schema.Literal("authorization:grant", "authorization:read", ...UserScope.literals)

/**
 * @since 0.1.0
 * @category models
 */
export type DelegableScope = typeof DelegableScope.Type
