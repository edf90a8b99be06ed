/** Schemas for what applications pass. They hold for callers without types too, and their errors never repeat a value. */
import * as Ids from "@effect-tink/http/Ids"
import {
  idPattern,
  idRequirement,
  isPrintableAscii,
  printableAsciiRequirement,
  readOr
} from "@effect-tink/http/InputRules"
import { DelegableScope, UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import { isIpAddress } from "./ipAddress.js"

// ---------------------------------------------------------------------------------------------------------------------
// Requirements
// ---------------------------------------------------------------------------------------------------------------------

const RequirementId: unique symbol = Symbol.for("@effect-tink/users/Requirement")

/** States the rule of a schema, to follow the name of a member: "must be like sv_SE". */
export const requirement = (text: string) => ({ [RequirementId]: text })

/** States the rule between the members of a struct, as a sentence of its own. */
const SentenceId: unique symbol = Symbol.for("@effect-tink/users/Sentence")

export const sentence = (text: string) => ({ [SentenceId]: text })

interface Explanation {
  readonly path: ReadonlyArray<PropertyKey>
  readonly text: string
}

const getAnnotation = (annotations: AST.Annotations, id: symbol): string | undefined => {
  const annotation = annotations[id]
  return typeof annotation === "string" ? annotation : undefined
}

const getAnnotations = (issue: Exclude<ParseResult.ParseIssue, ParseResult.Pointer | ParseResult.Unexpected>) =>
  issue._tag === "Missing" ? issue.ast.type.annotations : issue.ast.annotations

/** The innermost requirement on the way to the first issue. */
const explain = (
  issue: ParseResult.ParseIssue,
  path: ReadonlyArray<PropertyKey>,
  outer: Explanation | undefined
): Explanation | undefined => {
  if (issue._tag === "Pointer") return explain(issue.issue, path.concat(issue.path), outer)
  if (issue._tag === "Unexpected") return outer
  const annotations = getAnnotations(issue)
  const rule = getAnnotation(annotations, RequirementId)
  const here = rule === undefined ? outer : { path, text: rule }
  switch (issue._tag) {
    case "Composite":
      return explain("_tag" in issue.issues ? issue.issues : issue.issues[0], path, here)
    case "Transformation":
      return explain(issue.issue, path, here)
    case "Refinement": {
      if (issue.kind === "From") return explain(issue.issue, path, here)
      const whole = getAnnotation(annotations, SentenceId)
      return whole === undefined ? here : { path: [], text: whole }
    }
    default:
      return here
  }
}

/** An error that names the member and the rule, and never the value. */
export const toInvalidInput = (operation: string, error: unknown): TinkError => {
  const explanation = ParseResult.isParseError(error) ? explain(error.issue, [], undefined) : undefined
  if (explanation === undefined) return invalidInput(operation, "the input is not valid")
  const name = explanation.path.filter((part) => typeof part === "string").join(".")
  return invalidInput(operation, `${name} ${explanation.text}`.trim())
}

/** Whether it is written as `{ … }`. A `Map`, whose entries are not members, would count as an empty input. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// ---------------------------------------------------------------------------------------------------------------------
// Texts
// ---------------------------------------------------------------------------------------------------------------------

/** Half a surrogate pair would become U+FFFD on the wire, where two different ids could be one. */
const text = /^[^\p{Cc}\p{Cs}]+$/u

export const isText = (value: unknown): value is string => typeof value === "string" && text.test(value)

export const textRequirement = "must be at least one character, and no control characters"

export const Text = Schema.String.pipe(Schema.pattern(text)).annotations(requirement(textRequirement))

export const marketRequirement = "must be two capital letters, like SE (ISO 3166-1)"

export const Market = Schema.String.pipe(Schema.pattern(/^[A-Z]{2}$/)).annotations(requirement(marketRequirement))

export const localeRequirement = "must be like sv_SE"

export const Locale = Schema.String.pipe(Schema.pattern(/^[a-z]{2}_[A-Z]{2}$/)).annotations(
  requirement(localeRequirement)
)

/** A language, as BCP 47 has them. */
export const Language = Schema.String.pipe(Schema.pattern(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)).annotations(
  requirement("must be a language like sv or sv-SE (BCP 47)")
)

/** Schemes of URIs that run a script, or show their own content or local files. */
const unsafeScheme = /^(javascript|data|vbscript|blob|file|filesystem|view-source|about):/i

/** Browsers ignore these before a scheme and within it. */
const skipped = /[\s\p{Cc}]+/gu

/** Whether a browser can be sent to the URI without running or showing its content. */
export const isSafeUri = (uri: string): boolean => !unsafeScheme.test(uri.replace(skipped, ""))

/** Absolute, of any scheme but the unsafe ones: mobile applications have their own. */
export const isUri = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value) && isSafeUri(value)

const uriRequirement = "must be an absolute URI, not of a scheme like javascript: or data:"

/** Browsers repair some other URLs, and show a misleading host for others. */
const isWebUrl = (uri: string): boolean =>
  /^https?:\/\/[A-Za-z0-9[][^\\"<>^`{|}]*$/i.test(uri) && URL.canParse(uri) && new URL(uri).username === ""

/** Where Tink Link can send a user back to. */
export const isRedirectUri = (value: unknown): value is string =>
  isUri(value) && (!/^https?:/i.test(value) || isWebUrl(value))

export const redirectUriRequirement = `${uriRequirement}; over http it needs a host and no user`

export const Uri = Schema.String.pipe(Schema.filter(isUri)).annotations(requirement(uriRequirement))

export const IpAddress = Schema.String.pipe(Schema.filter(isIpAddress)).annotations(
  requirement("must be an IPv4 or IPv6 address, without a port or a zone")
)

export const Flag = Schema.Boolean.annotations(requirement("must be true or false"))

const isId = requirement(`must be ${idRequirement}`)

export const userIdRequirement = `must be ${idRequirement}`

export const UserId = Ids.UserId.annotations(isId)

export const isUserId = Schema.is(UserId)

export const CredentialsId = Ids.CredentialsId.annotations(isId)

/** Any id in a route, such as the name of a provider. */
export const PathId = Schema.String.pipe(Schema.pattern(idPattern)).annotations(isId)

/** Client ids are made of the same characters as all ids of Tink. */
export const ClientId = Schema.String.pipe(Schema.pattern(idPattern)).annotations(isId)

export const UserScopes = Schema.Array(UserScope).pipe(
  Schema.minItems(1),
  Schema.annotations(requirement("must be scopes of Tink, at least one"))
)

export const isScopes = Schema.is(Schema.Array(UserScope))

export const DelegableScopes = Schema.Array(DelegableScope).pipe(
  Schema.minItems(1),
  Schema.annotations(requirement("must be scopes that Tink delegates, at least one"))
)

// ---------------------------------------------------------------------------------------------------------------------
// Users
// ---------------------------------------------------------------------------------------------------------------------

const reference = {
  userId: Schema.optional(UserId).pipe(Schema.fromKey("user_id")),
  externalUserId: Schema.optional(Text).pipe(Schema.fromKey("external_user_id"))
}

/** A user, by one of their two ids, and more. */
export const withReference = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct({ ...reference, ...fields }).pipe(
    Schema.filter(
      (input: { readonly userId?: unknown; readonly externalUserId?: unknown }) =>
        (input.userId === undefined) !== (input.externalUserId === undefined)
    ),
    Schema.annotations(sentence("give either userId or externalUserId"))
  )

// ---------------------------------------------------------------------------------------------------------------------
// Secrets
// ---------------------------------------------------------------------------------------------------------------------

const isRedacted = (value: unknown): value is Redacted.Redacted<unknown> =>
  readOr(() => Redacted.isRedacted(value), false)

/** The text of a value, redacted or not. Undefined for a secret that was wiped. */
export const plainText = (value: unknown): string | undefined => {
  const text = isRedacted(value) ? readOr(() => Redacted.value(value), undefined) : value
  return typeof text === "string" ? text : undefined
}

export const isRedactedText = (value: unknown): value is Redacted.Redacted =>
  isRedacted(value) && plainText(value) !== undefined

const RedactedText = Schema.declare(isRedactedText, { jsonSchema: { type: "string" } })

const isSecretText = (value: unknown): value is string | Redacted.Redacted => isText(plainText(value))

/** Encodes to a copy, since the caller may wipe a secret. */
export const SecretText = Schema.transform(
  RedactedText,
  Schema.declare(isSecretText).annotations(requirement(textRequirement)),
  { strict: true, decode: (secret) => secret, encode: (secret) => Redacted.make(plainText(secret) ?? "") }
)

/** The text of a secret that a header and a form can carry. */
export const printableSecret = (secret: unknown): string | undefined => {
  const text = isRedacted(secret) ? plainText(secret) : undefined
  return isPrintableAscii(text) ? text : undefined
}

export const printableSecretRequirement = `must be a Redacted of ${printableAsciiRequirement}`

// ---------------------------------------------------------------------------------------------------------------------
// Checks of operations that are not endpoints
// ---------------------------------------------------------------------------------------------------------------------

export type Check = readonly [isValid: boolean, requirement: string]

export const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

/** Fails with the first requirement that is not met. */
export const check = (operation: string, ...checks: ReadonlyArray<Check>): Effect.Effect<void, TinkError> => {
  const failed = checks.find(([isValid]) => !isValid)
  return failed === undefined ? Effect.void : invalidInput(operation, failed[1])
}

const checkWith = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeUnknownSync(schema)
  // Tried, as the value can also throw by itself, as a getter does.
  return (operation: string, value: unknown): Effect.Effect<void, TinkError> =>
    Effect.asVoid(Effect.try({ try: () => encode(value), catch: (error) => toInvalidInput(operation, error) }))
}

export const checkUser = checkWith(Schema.Struct({ userId: UserId }))

export const checkReference = checkWith(withReference({}))

const checkScopeList = checkWith(Schema.Struct({ scopes: UserScopes }))

export const checkScopes = (operation: string, input: unknown): Effect.Effect<void, TinkError> =>
  checkScopeList(operation, { scopes: readOr((): unknown => Reflect.get(Object(input), "scopes"), undefined) })

export const checkExternalUserId = checkWith(Schema.Struct({ externalUserId: Text }))

export const checkCode = (operation: string, grant: unknown): Effect.Effect<void, TinkError> => {
  const code = readOr((): unknown => Reflect.get(Object(grant), "code"), undefined)
  return check(operation, [printableSecret(code) !== undefined, `code ${printableSecretRequirement}`])
}
