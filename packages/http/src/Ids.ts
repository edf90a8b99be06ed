/**
 * The ids that Tink gives out. They are branded, so that one kind cannot be taken for another, and checked against a
 * pattern, so that none can lead a request to another path than the intended one.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Text from "./internal/text.js"

const id = Schema.String.pipe(Schema.pattern(Text.id, { message: () => Text.idRequirement }))

/**
 * The id of a Tink user, as `createUser` returns it.
 *
 * `UserId.make("…")` takes a string that the application has kept; it throws when the string is no id. Use
 * `Schema.decode(UserId)` for one that comes from outside.
 *
 * @example
 * ```ts
 * import * as Ids from "@effect-tink/http/Ids"
 *
 * export const userId: Ids.UserId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserId = id.pipe(Schema.brand("@effect-tink/UserId"))

/**
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * The id of one bank connection of a user; Tink calls it `credentialsId`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialsId = id.pipe(Schema.brand("@effect-tink/CredentialsId"))

/**
 * @since 0.1.0
 * @category models
 */
export type CredentialsId = typeof CredentialsId.Type
