/**
 * Sessions of Tink Link: what the application tells it of a user beforehand (`tink-api.md` 11.3).
 *
 * @since 0.1.0
 */
import { printableAsciiPattern } from "@effect-tink/http/InputRules"
import * as Schema from "effect/Schema"
import * as Input from "./internal/schemas/input.js"

/**
 * A session for one visit to Tink Link.
 *
 * @since 0.1.0
 * @category models
 */
export class LinkSession extends Schema.Class<LinkSession>("@effect-tink/users/LinkSession")({
  /** For the option `sessionId` of a link: once, within ten minutes. */
  sessionId: Schema.Redacted(Schema.String.pipe(Schema.pattern(printableAsciiPattern)))
}) {}

const Name = Schema.optional(Input.Text)

/**
 * What Tink Link is told: at least one of these. Numbers may be `Redacted`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateLinkSessionInput = Schema.Struct({
  /** The application's reference: 1 to 50 letters, digits and dashes. */
  externalReference: Schema.optional(
    Schema.String.pipe(
      Schema.pattern(/^[A-Za-z0-9-]{1,50}$/),
      Schema.annotations(Input.requirement("must be 1 to 50 letters, digits and dashes"))
    )
  ),
  merchantId: Schema.optional(Input.Text),
  /** The user's national identification number. The user cannot change it in Tink Link. */
  personalIdentifier: Schema.optional(Input.SecretText),
  sourceAccountNumber: Schema.optional(Input.SecretText),
  user: Schema.optional(
    Schema.Struct({ firstName: Name, lastName: Name }).pipe(
      Schema.annotations(Input.requirement("must be an object with a firstName, a lastName or both"))
    )
  )
}).pipe(
  Schema.filter(({ user, ...others }) =>
    [...Object.values(others), user?.firstName, user?.lastName].some((member) => member !== undefined)
  ),
  Schema.annotations(Input.sentence("give at least one member of a session"))
)

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateLinkSessionInput extends Schema.Schema.Type<typeof CreateLinkSessionInput> {}
