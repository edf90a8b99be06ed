/**
 * @since 0.1.0
 */
import { UserId } from "@effect-tink/http/Ids"
import * as Schema from "effect/Schema"
import { optional } from "./internal/schema.js"
import { UserProfile } from "./UserProfile.js"

/**
 * What Tink knows of a user themselves (`tink-api.md` 5.1).
 *
 * @since 0.1.0
 * @category models
 */
export class User extends Schema.Class<User>("@effect-tink/users/User")({
  id: UserId,
  /** The Tink app that the user belongs to. */
  appId: Schema.String,
  /** The id that the application gave, when it gave one. */
  externalUserId: optional(Schema.String),
  created: Schema.DateTimeUtcFromNumber,
  /** What Tink has switched on for the user. */
  flags: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [], nullable: true }),
  /** Redacted, as it is the most personal there is. */
  nationalId: optional(Schema.Redacted(Schema.String)),
  username: optional(Schema.String),
  profile: UserProfile
}) {}
