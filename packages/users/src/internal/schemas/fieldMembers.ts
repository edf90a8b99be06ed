import * as Schema from "effect/Schema"
import { Int } from "./schema.js"

/** The members of a form field whose type is the same for a new credential and for supplemental information (`tink-api.md` 6.7). */
export const fieldMembers = {
  /** The label, in the language of the user. */
  description: Schema.String,
  helpText: Schema.String,
  /** A placeholder that shows what an answer looks like, such as `NNNNNN`. */
  hint: Schema.String,
  minLength: Int,
  maxLength: Int,
  /** A regular expression for the whole answer. */
  pattern: Schema.String,
  /** What to tell the user if the answer does not match `pattern`. */
  patternError: Schema.String,
  /** Whether the answer has digits alone. */
  numeric: Schema.Boolean,
  /** Whether to hide the answer as it is typed, as for a password. */
  masked: Schema.Boolean,
  sensitive: Schema.Boolean,
  /** Whether the field is text to show, not to answer. */
  immutable: Schema.Boolean,
  optional: Schema.Boolean,
  /** Whether the answer is `"true"` or `"false"`. */
  checkbox: Schema.Boolean,
  /** If `oneOf` is true, only one of the fields with the same `group` is answered. */
  group: Schema.String,
  oneOf: Schema.Boolean,
  type: Schema.String,
  style: Schema.String
}
