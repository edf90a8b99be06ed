/**
 * What Tink waits for while a credential is in a status `AWAITING_…` (`tink-api.md` 6.3).
 *
 * @since 0.1.0
 */
import { idPattern } from "@effect-tink/http/InputRules"
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { fieldMembers } from "./internal/schemas/fieldMembers.js"
import * as Input from "./internal/schemas/input.js"
import { lazily } from "./internal/lazy.js"
import { lenient, lenientList, SerializedJson } from "./internal/schemas/schema.js"

const Secret = Schema.Redacted(Schema.String)

// ---------------------------------------------------------------------------------------------------------------------
// Fields
// ---------------------------------------------------------------------------------------------------------------------

/**
 * One of the values that a field can have.
 *
 * @since 0.1.0
 * @category models
 */
export class SelectOption extends Schema.Class<SelectOption>("@effect-tink/users/SelectOption")({
  value: Schema.String,
  ...lenient("SelectOption", { text: Schema.String, iconUrl: Input.Uri })
}) {}

/**
 * What the user is asked for, or told where it is `immutable` (`tink-api.md` 6.7).
 *
 * @since 0.1.0
 * @category models
 */
export class Field extends Schema.Class<Field>("@effect-tink/users/SupplementalField")({
  /** Under which `Users.submitSupplementalInformation` takes the answer. */
  name: Schema.NonEmptyString,
  ...lenient("Field", {
    ...fieldMembers,
    /** What the field already holds, which may be a code for one use. */
    value: Secret,
    selectOptions: lenientList("Field", "selectOptions", SelectOption),
    /** JSON, for example of an account that the user can choose. */
    additionalInfo: Schema.Redacted(SerializedJson)
  })
}) {}

/**
 * The user must answer these fields, at least one. `Users.submitSupplementalInformation` takes the answers.
 *
 * @since 0.1.0
 * @category models
 */
export class Fields extends Data.TaggedClass("Fields")<{ readonly fields: ReadonlyArray<Field> }> {}

// ---------------------------------------------------------------------------------------------------------------------
// Another application
// ---------------------------------------------------------------------------------------------------------------------

/** Redacted: a link to a login often holds a token. */
const LoginUrl = Schema.Redacted(Schema.NonEmptyString.pipe(Schema.filter(Input.isSafeUri)))

const Version = Schema.transform(Schema.Union(Schema.String, Schema.Number), Schema.String, {
  strict: true,
  decode: String,
  encode: (version) => version
})

const thirdPartyApp = Schema.Struct(
  lenient("ThirdPartyApp", {
    android: Schema.Struct(
      lenient("ThirdPartyApp.android", {
        packageName: Schema.String,
        requiredMinimumVersion: Version,
        /** What to open. */
        intent: LoginUrl
      })
    ),
    ios: Schema.Struct(
      lenient("ThirdPartyApp.ios", {
        appStoreUrl: Input.Uri,
        scheme: Schema.String,
        /** What to open. */
        deepLinkUrl: LoginUrl
      })
    ),
    desktop: Schema.Struct(
      lenient("ThirdPartyApp.desktop", {
        /** What to open. */
        url: LoginUrl
      })
    ),
    downloadTitle: Schema.String,
    downloadMessage: Schema.String,
    upgradeTitle: Schema.String,
    upgradeMessage: Schema.String
  })
)

/**
 * The user must log in with another application, or at their bank's pages. At least one of `android`, `ios` and `desktop` is
 * there.
 *
 * @since 0.1.0
 * @category models
 */
export class ThirdPartyApp extends Data.TaggedClass("ThirdPartyApp")<typeof thirdPartyApp.Type> {}

/**
 * The user must log in with Mobile BankID: `bankid:///?autostarttoken=…&redirect=…` opens it on this device.
 *
 * @since 0.1.0
 * @category models
 */
export class AutoStartToken extends Data.TaggedClass("AutoStartToken")<{ readonly token: Redacted.Redacted }> {}

/**
 * Something that Tink does not document, as Tink sends it.
 *
 * @since 0.1.0
 * @category models
 */
export class Unknown extends Data.TaggedClass("Unknown")<{ readonly text: Redacted.Redacted }> {}

/**
 * What Tink can wait for.
 *
 * @since 0.1.0
 * @category models
 */
export type SupplementalInformation = Fields | ThirdPartyApp | AutoStartToken | Unknown

// ---------------------------------------------------------------------------------------------------------------------
// Parsing
// ---------------------------------------------------------------------------------------------------------------------

const decodeFields = lazily(() =>
  Schema.decodeOption(Schema.parseJson(lenientList("SupplementalInformation", "fields", Field)))
)

const decodeThirdPartyApp = lazily(() => Schema.decodeOption(Schema.parseJson(thirdPartyApp)))

// An answer without fields would cancel, so that a list without fields must not look like a question.
const toFields = (text: string): Option.Option<SupplementalInformation> =>
  decodeFields(text).pipe(
    Option.filter((fields) => fields.length > 0),
    Option.map((fields) => new Fields({ fields }))
  )

const toThirdPartyApp = (text: string): Option.Option<SupplementalInformation> =>
  decodeThirdPartyApp(text).pipe(
    Option.filter(({ android, desktop, ios }) => (android ?? ios ?? desktop) !== undefined),
    Option.map((app) => new ThirdPartyApp(app))
  )

const toAutoStartToken = (text: string): Option.Option<SupplementalInformation> =>
  idPattern.test(text) ? Option.some(new AutoStartToken({ token: Redacted.make(text) })) : Option.none()

/**
 * Reads the `supplementalInformation` of a credential. It never fails: what is not as documented is `Unknown`. Nothing that may
 * be secret is printed.
 *
 * @example
 * ```ts
 * import { type Credential, SupplementalInformation } from "@effect-tink/users"
 *
 * export const questions = ({ supplementalInformation }: Credential.Credential): ReadonlyArray<string> => {
 *   if (supplementalInformation === undefined) return []
 *   const information = SupplementalInformation.parse(supplementalInformation)
 *   return information._tag === "Fields" ? information.fields.map(({ description, name }) => description ?? name) : []
 * }
 * ```
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (information: Redacted.Redacted): SupplementalInformation => {
  const text = Input.plainText(information)?.trim() ?? ""
  const parsed = text.startsWith("[")
    ? toFields(text)
    : text.startsWith("{")
      ? toThirdPartyApp(text)
      : toAutoStartToken(text)
  return Option.getOrElse(parsed, () => new Unknown({ text: Redacted.make(text) }))
}
