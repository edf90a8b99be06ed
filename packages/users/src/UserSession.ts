/**
 * The right to act for one user.
 *
 * @since 0.1.0
 */
import type { UserId } from "@effect-tink/http/Ids"
import { readOr } from "@effect-tink/http/InputRules"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as TokenSource from "@effect-tink/http/TokenSource"
import * as Redacted from "effect/Redacted"
import { digest } from "./internal/digest.js"
import {
  isScopes,
  isUserId,
  printableSecret,
  printableSecretRequirement,
  userIdRequirement
} from "./internal/schemas/input.js"
import * as internal from "./internal/tokens/session.js"

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

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  UserSession
} from "./internal/tokens/session.js"

interface Options<Scopes extends UserScope> {
  readonly userId: UserId
  readonly accessToken: Redacted.Redacted
  readonly scopes: ReadonlyArray<Scopes>
}

const unreadable = "the options of UserSession.make could not be read"

const hold = (options: Options<UserScope>): internal.Held | string => {
  const token = printableSecret(options.accessToken)
  if (!isUserId(options.userId)) return `userId ${userIdRequirement}`
  if (!isScopes(options.scopes)) return "scopes must be scopes of Tink"
  if (token === undefined) return `accessToken ${printableSecretRequirement}`
  // A copy, since the caller may wipe theirs.
  return { _tag: "Static", tokens: TokenSource.fromToken(Redacted.make(token)), identity: `token:${digest(token)}` }
}

/**
 * A session with a user access token that the application already has.
 *
 * It ends when the token expires: operations then fail with `Unauthorized`. `Users.authorize` makes sessions that renew their
 * token. The token must be one of this user, and have these scopes. A read whose response is about another user fails. A change
 * changes the user of the token, but invalidates the user of the session. With a malformed id, token or scope, every
 * operation fails with `Invalid`.
 *
 * @example
 * ```ts
 * import { Ids } from "@effect-tink/http"
 * import { UserSession } from "@effect-tink/users"
 * import { Redacted } from "effect"
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
export const make = <const Scopes extends UserScope>(options: Options<Scopes>): internal.UserSession<Scopes> => {
  // At run time the options may be missing.
  const given: Options<Scopes> | undefined = readOr(() => ({ ...Object(options) }), undefined)
  const { scopes, userId } = given ?? Object({})
  const session = readOr(() => given && internal.makeSession<Scopes>(userId, scopes, hold(given)), undefined)
  return session ?? internal.makeSession<Scopes>(userId, [], unreadable)
}
