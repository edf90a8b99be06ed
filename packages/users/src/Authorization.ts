/**
 * The right to act for a user, as Tink grants it (`tink-api.md` 2).
 *
 * @since 0.1.0
 */
import type { DelegableScope } from "@effect-tink/http/OAuthScope"
import * as Schema from "effect/Schema"
import type { UserReference } from "./User.js"

/**
 * The right to get one user access token.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthorizationGrant extends Schema.Class<AuthorizationGrant>("@effect-tink/users/AuthorizationGrant")({
  /** Can be exchanged once, and soon. */
  code: Schema.Redacted(Schema.NonEmptyString)
}) {}

/**
 * @since 0.1.0
 * @category models
 */
export type DelegateAuthorizationInput = UserReference & {
  /**
   * What the user is known by, such as their name. Tink Link shows it to them, so that they see that the link is meant for
   * them. Only characters of ISO-8859-1.
   */
  readonly idHint: string
  /** What the other application may do. By default what Tink Link needs, `TinkLink.scopes`. */
  readonly scopes?: ReadonlyArray<DelegableScope> | undefined
  /** The client id of the other application. By default Tink Link, `TinkLink.actorClientId`. */
  readonly actorClientId?: string | undefined
}
