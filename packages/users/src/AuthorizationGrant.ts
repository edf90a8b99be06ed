/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The right to get one user access token (`tink-api.md` 2).
 *
 * @since 0.1.0
 * @category models
 */
export class AuthorizationGrant extends Schema.Class<AuthorizationGrant>("@effect-tink/users/AuthorizationGrant")({
  /** Can be exchanged once, and soon. */
  code: Schema.Redacted(Schema.NonEmptyString)
}) {}
