/** Checks of what the application gives, before anything is sent; they hold for callers without types too. */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { CreateUserInput } from "../UserOperations.js"
import type { UserReference } from "../UserReference.js"

type Check = readonly [isValid: boolean, requirement: string]

/** Fails with the first requirement that is not met. The requirements never repeat a value. */
const check = (operation: string, ...checks: ReadonlyArray<Check>): Effect.Effect<void, TinkError> => {
  const failed = checks.find(([isValid]) => !isValid)
  return failed === undefined ? Effect.void : Effect.fail(invalidInput(operation, failed[1]))
}

const matches = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value)

/** Half a surrogate pair would become U+FFFD on the wire, so that two ids that differ could be one there. */
const isExternalUserId = (value: unknown): boolean => matches(value, /^[^\p{Cc}\p{Cs}]+$/u)

const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

const externalUserIdRequirement = "externalUserId must be at least one character, and no control characters"
const idRequirement = "must be 1 to 128 of the characters A-Z a-z 0-9 _ -"
export const userIdRequirement = `userId ${idRequirement}`

export const checkCreateUser = (
  operation: string,
  input: Partial<CreateUserInput> | undefined
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [matches(input?.market, /^[A-Z]{2}$/), "market must be two capital letters, like SE (ISO 3166-1)"],
    [isOptional(input?.locale, (locale) => matches(locale, /^[a-z]{2}_[A-Z]{2}$/)), "locale must be like sv_SE"],
    [isOptional(input?.externalUserId, isExternalUserId), externalUserIdRequirement],
    [
      isOptional(input?.retentionClass, (retention) => matches(retention, /^(permanent|temporary)$/)),
      "retentionClass must be permanent or temporary"
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

const secretText = Option.liftThrowable((secret: Redacted.Redacted<unknown>) => Redacted.value(secret))

/** The text of a secret, if it is one word of printable characters: what a header and a form can carry. */
export const wordOf = (secret: unknown): string | undefined => {
  const text = Redacted.isRedacted(secret) ? Option.getOrUndefined(secretText(secret)) : undefined
  return typeof text === "string" && /^[\x21-\x7e]+$/.test(text) ? text : undefined
}

export const checkCode = (
  operation: string,
  grant: { readonly code: Redacted.Redacted } | undefined
): Effect.Effect<void, TinkError> =>
  check(operation, [wordOf(grant?.code) !== undefined, "code must be a Redacted of one word of printable characters"])

const isCredentialsId = Schema.is(CredentialsId)

export const checkCredentialsId = (operation: string, id: CredentialsId): Effect.Effect<void, TinkError> =>
  check(operation, [isCredentialsId(id), `the credentials id ${idRequirement}`])
