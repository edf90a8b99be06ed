/** Checks of what the application gives, before anything is sent; they hold for callers without types too. */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { DelegableScope, UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { DelegateAuthorizationInput } from "../AuthorizationOperations.js"
import type {
  AuthenticateOptions,
  CreateCredentialInput,
  Fields,
  RefreshOptions,
  UpdateCredentialInput
} from "../CredentialOperations.js"
import { RefreshableItem } from "../RefreshableItem.js"
import type { CreateUserInput, UpdateUserInput } from "../UserOperations.js"
import { UserProfile } from "../UserProfile.js"
import type { UserReference } from "../UserReference.js"

export type Check = readonly [isValid: boolean, requirement: string]

/** Fails with the first requirement that is not met. The requirements never repeat a value. */
export const check = (operation: string, ...checks: ReadonlyArray<Check>): Effect.Effect<void, TinkError> => {
  const failed = checks.find(([isValid]) => !isValid)
  return failed === undefined ? Effect.void : Effect.fail(invalidInput(operation, failed[1]))
}

export const matches = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value)

/** Half a surrogate pair would become U+FFFD on the wire, so that two ids that differ could be one there. */
export const isText = (value: unknown): value is string =>
  typeof value === "string" && /^[^\p{Cc}\p{Cs}]+$/u.test(value)

const isExternalUserId = isText

export const isBoolean = (value: unknown): value is boolean => typeof value === "boolean"

/** What is written as `{ … }`: a `Map` has no entries that could be seen, and would pass for an empty one. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Absolute, of any scheme: applications on a phone have schemes of their own. */
export const isUri = (value: unknown): boolean => matches(value, /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/)

export const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

export const isMarket = (value: unknown): boolean => matches(value, /^[A-Z]{2}$/)

export const isLocale = (value: unknown): boolean => matches(value, /^[a-z]{2}_[A-Z]{2}$/)

export const marketRequirement = "market must be two capital letters, like SE (ISO 3166-1)"
export const localeRequirement = "locale must be like sv_SE"
const externalUserIdRequirement = "externalUserId must be at least one character, and no control characters"
export const idRequirement = "must be 1 to 128 of the characters A-Z a-z 0-9 _ -"

export const userIdRequirement = `userId ${idRequirement}`

export const checkCreateUser = (
  operation: string,
  input: Partial<CreateUserInput> | undefined
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isMarket(input?.market), marketRequirement],
    [isOptional(input?.locale, isLocale), localeRequirement],
    [isOptional(input?.externalUserId, isExternalUserId), externalUserIdRequirement],
    [
      isOptional(input?.retentionClass, (retention) => matches(retention, /^(permanent|temporary)$/)),
      "retentionClass must be permanent or temporary"
    ]
  )

export const checkUpdateUser = (
  operation: string,
  input: Partial<UpdateUserInput> | undefined
): Effect.Effect<void, TinkError> => {
  const { externalUserId, username } = input ?? {}
  return check(
    operation,
    [externalUserId !== undefined || username !== undefined, "give externalUserId or username"],
    [isOptional(externalUserId, isExternalUserId), externalUserIdRequirement],
    [isOptional(username, isText), "username must be at least one character, and no control characters"]
  )
}

const isUserProfile = Schema.is(UserProfile)

export const checkProfile = (operation: string, profile: UserProfile): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isUserProfile(profile), "profile must be a whole profile, as getProfile gives it"],
    [
      profile?.periodAdjustedDay === undefined || (profile.periodAdjustedDay >= 1 && profile.periodAdjustedDay <= 31),
      "periodAdjustedDay must be 1 to 31"
    ]
  )

export const checkEnsureUser = (
  operation: string,
  input: Partial<CreateUserInput> | undefined
): Effect.Effect<void, TinkError> =>
  Effect.zipRight(
    check(operation, [isExternalUserId(input?.externalUserId), externalUserIdRequirement]),
    checkCreateUser(operation, input)
  )

export const isUserId = Schema.is(UserId)
export const isScopes = Schema.is(Schema.Array(UserScope))
const isSomeScopes = Schema.is(Schema.NonEmptyArray(UserScope))

export const checkReference = (
  operation: string,
  reference: UserReference | undefined
): Effect.Effect<void, TinkError> => {
  const { externalUserId, userId } = reference ?? {}
  return check(
    operation,
    [(userId === undefined) !== (externalUserId === undefined), "give either userId or externalUserId"],
    [isOptional(userId, isUserId), userIdRequirement],
    [isOptional(externalUserId, isExternalUserId), externalUserIdRequirement]
  )
}

export const checkScopes = (
  operation: string,
  input: { readonly scopes: ReadonlyArray<UserScope> } | undefined
): Effect.Effect<void, TinkError> =>
  check(operation, [isSomeScopes(input?.scopes), "scopes must be scopes of Tink, at least one"])

export const checkAuthorization = (
  operation: string,
  input: (UserReference & { readonly scopes: ReadonlyArray<UserScope> }) | undefined
): Effect.Effect<void, TinkError> => Effect.zipRight(checkReference(operation, input), checkScopes(operation, input))

const isSomeDelegableScopes = Schema.is(Schema.NonEmptyArray(DelegableScope))

export const checkDelegation = (
  operation: string,
  input: Partial<DelegateAuthorizationInput> | undefined
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [
      matches(input?.idHint, /^[\x20-\x7e\xa0-\xff]+$/) && matches(input?.idHint, /\S/),
      "idHint must be of the characters of ISO-8859-1, and not blank"
    ],
    [isOptional(input?.scopes, isSomeDelegableScopes), "scopes must be scopes that Tink delegates, at least one"],
    // All ids of Tink are made of the same characters.
    [isOptional(input?.actorClientId, isUserId), `actorClientId ${idRequirement}`]
  )

const secretText = Option.liftThrowable((secret: Redacted.Redacted<unknown>) => Redacted.value(secret))

/** The text of a text, redacted or not. A wiped one has none. */
export const textOf = (value: unknown): string | undefined => {
  const text = Redacted.isRedacted(value) ? Option.getOrUndefined(secretText(value)) : value
  return typeof text === "string" ? text : undefined
}

/** The text of a secret, if it is one word of printable characters: what a header and a form can carry. */
export const wordOf = (secret: unknown): string | undefined => {
  const text = Redacted.isRedacted(secret) ? textOf(secret) : undefined
  return text !== undefined && /^[\x21-\x7e]+$/.test(text) ? text : undefined
}

export const checkCode = (
  operation: string,
  grant: { readonly code: Redacted.Redacted } | undefined
): Effect.Effect<void, TinkError> =>
  check(operation, [wordOf(grant?.code) !== undefined, "code must be a Redacted of one word of printable characters"])

const isCredentialsId = Schema.is(CredentialsId)

export const checkCredentialsId = (operation: string, id: CredentialsId): Effect.Effect<void, TinkError> =>
  check(operation, [isCredentialsId(id), `the credentials id ${idRequirement}`])

const areFields = (value: unknown): value is Fields =>
  isRecord(value) && Object.values(value).every((text) => textOf(text) !== undefined)

const isSelectedOption = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value["authenticationOptionDefinition"]) &&
  isText(value["authenticationOptionsGroup"]) &&
  isOptional(value["fields"], areFields)

const areSelectedOptions = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && Array.from(value).every(isSelectedOption)

const isIp = (value: unknown): boolean => matches(value, /^[0-9A-Fa-f:.]{2,45}$/)

const areSomeItems = Schema.is(Schema.NonEmptyArray(RefreshableItem))

const optionsRequirement = "the options must be an object"
const fieldsRequirement = "fields must be texts by the names of the provider's fields"
const itemsRequirement = "items must be refreshable items, at least one"
const providerNameRequirement = "providerName must be at least one character, and no control characters"
const triggerRefreshRequirement = "triggerRefresh must be true or false"
const ipRequirement = "originatingUserIp must be an IP address"

const loginChecks = (options: Omit<AuthenticateOptions, "originatingUserIp"> | undefined): ReadonlyArray<Check> => [
  [isOptional(options?.appUri, isUri), "appUri must be an absolute URI"],
  [isOptional(options?.callbackUri, isUri), "callbackUri must be an absolute URI"],
  [
    isOptional(options?.selectedAuthenticationOptions, areSelectedOptions),
    "selectedAuthenticationOptions must each have a definition and a group, at least one"
  ]
]

export const checkAuthenticate = (
  operation: string,
  options: AuthenticateOptions | undefined
): Effect.Effect<void, TinkError> =>
  check(operation, [isOptional(options, isRecord), optionsRequirement], ...loginChecks(options), [
    isOptional(options?.originatingUserIp, isIp),
    ipRequirement
  ])

export const checkCreateCredential = (
  operation: string,
  input: Partial<CreateCredentialInput> | undefined
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isText(input?.providerName), providerNameRequirement],
    [areFields(input?.fields), fieldsRequirement],
    [isOptional(input?.items, areSomeItems), itemsRequirement],
    [isOptional(input?.triggerRefresh, isBoolean), triggerRefreshRequirement],
    ...loginChecks(input),
    [isOptional(input?.originatingUserIp, isIp), ipRequirement]
  )

export const checkUpdateCredential = (
  operation: string,
  input: UpdateCredentialInput
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isRecord(input), "the changes must be an object"],
    [isOptional(input?.providerName, isText), providerNameRequirement],
    [isOptional(input?.fields, areFields), fieldsRequirement],
    [isOptional(input?.triggerRefresh, isBoolean), triggerRefreshRequirement],
    ...loginChecks(input),
    [isOptional(input?.originatingUserIp, isIp), ipRequirement]
  )

const isAvailability = (value: unknown): boolean =>
  isRecord(value) && isBoolean(value["userPresent"]) && isBoolean(value["userAvailableForInteraction"])

export const checkRefresh = (operation: string, options: RefreshOptions | undefined): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isOptional(options, isRecord), optionsRequirement],
    [isOptional(options?.items, areSomeItems), itemsRequirement],
    [isOptional(options?.authenticate, isBoolean), "authenticate must be true or false"],
    [isOptional(options?.optIn, isBoolean), "optIn must be true or false"],
    ...loginChecks(options),
    [
      options?.selectedAuthenticationOptions === undefined || options.authenticate === true,
      "selectedAuthenticationOptions need authenticate: true"
    ],
    [
      isOptional(options?.userAvailability, isAvailability),
      "userAvailability must say userPresent and userAvailableForInteraction"
    ],
    [isOptional(options?.userAvailability?.originatingUserIp, isIp), ipRequirement]
  )

export const checkInformation = (operation: string, information: Fields): Effect.Effect<void, TinkError> =>
  check(operation, [areFields(information), "information must be texts by the names of the fields asked for"])
