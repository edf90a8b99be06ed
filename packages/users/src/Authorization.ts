/**
 * Authorization grants (`tink-api.md` 2).
 *
 * @since 0.1.0
 */
import type { DelegableScope } from "@effect-tink/http/OAuthScope"
import * as Schema from "effect/Schema"
import type { UserReference } from "./User.js"

/**
 * An authorization code for one user access token.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthorizationGrant extends Schema.Class<AuthorizationGrant>("@effect-tink/users/AuthorizationGrant")({
  /** Can be exchanged once, and expires soon. */
  code: Schema.Redacted(Schema.NonEmptyString)
}) {}

/**
 * To whom access to a user is delegated, and for what.
 *
 * @since 0.1.0
 * @category models
 */
export type DelegateAuthorizationInput = UserReference & {
  /**
   * A name by which the user recognizes themselves. Tink Link shows it, so that they see that the link is meant for them. Only
   * characters of ISO-8859-1.
   */
  readonly idHint: string
  /** What the other application may do. By default what Tink Link needs, `TinkLink.scopes`. */
  readonly scopes?: ReadonlyArray<DelegableScope> | undefined
  /** The client id of the other application. By default Tink Link, `TinkLink.actorClientId`. */
  readonly actorClientId?: string | undefined
}
