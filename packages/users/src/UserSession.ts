/**
 * The right to act for one user.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Redacted from "effect/Redacted"
import type * as Types from "effect/Types"
import { isScopes, isUserId, userIdRequirement, wordOf } from "./internal/input.js"
import * as internal from "./internal/userSession.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: typeof internal.TypeId = internal.TypeId

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = typeof TypeId

/**
 * A user and what may be done for them. Where a scope is needed, a session with more scopes is accepted and one without it
 * does not compile.
 *
 * A session never shows its token, however it is printed.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserSession<in Scopes extends UserScope> {
  readonly [TypeId]: { readonly _Scopes: Types.Contravariant<Scopes> }
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>
}

const digest = (token: string): string => createHash("sha256").update(token).digest("hex")

const bareSecrets = (options: {
  readonly userId: UserId
  readonly accessToken: Redacted.Redacted
  readonly scopes: ReadonlyArray<UserScope>
}): internal.Secrets | string => {
  const token = wordOf(options.accessToken)
  if (!isUserId(options.userId)) return userIdRequirement
  if (!isScopes(options.scopes)) return "scopes must be scopes of Tink"
  if (token === undefined) return "accessToken must be a Redacted of one word of printable characters"
  // A copy of its own: whoever gave the token may wipe it.
  return { _tag: "Bare", tokens: TokenSource.fromToken(Redacted.make(token)), identity: `token:${digest(token)}` }
}

/**
 * A session with a user access token that the application already holds. It ends when the token expires: operations then
 * fail with `Unauthorized`. `Users.authorize` makes sessions that renew themselves.
 *
 * The token must be one of this user, and have these scopes. Reads whose answer says that they are of another user are
 * refused; a change is one of the token's user, whatever `userId` says, so that the wrong cached data would be invalidated.
 * With a malformed id or token, or an unknown scope, every operation fails with `Invalid`.
 *
 * @example
 * ```ts
 * import * as Ids from "@effect-tink/http/Ids"
 * import * as UserSession from "@effect-tink/users/UserSession"
 * import * as Redacted from "effect/Redacted"
 *
 * export const session = UserSession.make({
 *   userId: Ids.UserId.make("0123456789abcdef0123456789abcdef"),
 *   accessToken: Redacted.make("the token"),
 *   scopes: ["credentials:read"]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Scopes extends UserScope>(options: {
  readonly userId: UserId
  readonly accessToken: Redacted.Redacted
  readonly scopes: ReadonlyArray<Scopes>
}): UserSession<Scopes> => internal.makeSession<Scopes>(options.userId, options.scopes, bareSecrets(options))
