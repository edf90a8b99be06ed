/**
 * The ids that Tink issues. They are branded, so the kinds cannot be mixed up, and checked against a pattern, so an id
 * cannot change the path of a request.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { idPattern, idRequirement } from "./InputRules.js"

const id = Schema.String.pipe(Schema.pattern(idPattern, { message: () => idRequirement }))

/**
 * The id of a Tink user, as `createUser` returns it.
 *
 * `UserId.make("…")` is for a string that the application has stored: it throws if the string is not an id. Use
 * `Schema.decode(UserId)` for input from outside.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserId = id.pipe(Schema.brand("@effect-tink/UserId"))

/**
 * An id of a user.
 *
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * The id of a credential of a user: of one bank connection. Tink calls it `credentialsId`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CredentialsId = id.pipe(Schema.brand("@effect-tink/CredentialsId"))

/**
 * An id of a credential.
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialsId = typeof CredentialsId.Type
