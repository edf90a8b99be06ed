/**
 * @since 0.1.0
 */
import { UserId } from "@effect-tink/http/Ids"
import * as Schema from "effect/Schema"

/**
 * A user that was just created (`tink-api.md` 3).
 *
 * @since 0.1.0
 * @category models
 */
export class CreatedUser extends Schema.Class<CreatedUser>("@effect-tink/users/CreatedUser")({
  userId: UserId.pipe(Schema.propertySignature, Schema.fromKey("user_id")),
  /** The id that the application gave, when it gave one. */
  externalUserId: Schema.optionalWith(Schema.String, { exact: true, nullable: true }).pipe(
    Schema.fromKey("external_user_id")
  )
}) {}
