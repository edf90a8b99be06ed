/**
 * How an application names a user to Tink.
 *
 * @since 0.1.0
 */
import type { UserId } from "@effect-tink/http/Ids"

/**
 * A user, by the id that Tink gave or by the one that the application gave.
 *
 * @since 0.1.0
 * @category models
 */
export type UserReference =
  | { readonly userId: UserId; readonly externalUserId?: undefined }
  | { readonly externalUserId: string; readonly userId?: undefined }
