/** Checks of what the application gives, before anything is sent. */
import { UserId } from "@effect-tink/http/Ids"
import { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { CreateUserInput, UserReference } from "../Users.js"

type Check = readonly [isValid: boolean, requirement: string]

/** Fails with the first requirement that is not met. The requirements never repeat a value. */
const check =
  (operation: string) =>
  (...checks: ReadonlyArray<Check>): Effect.Effect<void, TinkError> => {
    const failed = checks.find(([isValid]) => !isValid)
    return failed === undefined ? Effect.void : Effect.fail(invalidInput(operation, failed[1]))
  }

const matches = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value)

const isExternalUserId = (value: unknown): boolean =>
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  matches(value, /^[^\u0000-\u001f\u007f]+$/)

const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

export const checkCreateUser = (operation: string, input: CreateUserInput) =>
  check(operation)(
    [matches(input.market, /^[A-Z]{2}$/), "market must be two capital letters, like SE (ISO 3166-1)"],
    [isOptional(input.locale, (locale) => matches(locale, /^[a-z]{2}_[A-Z]{2}$/)), "locale must be like sv_SE"],
    [
      isOptional(input.externalUserId, isExternalUserId),
      "externalUserId must be at least one character, and no control characters"
    ],
    [
      isOptional(input.retentionClass, (retention) => matches(retention, /^(permanent|temporary)$/)),
      "retentionClass must be permanent or temporary"
    ]
  )

const isUserId = Schema.is(UserId)
const isUserScope = Schema.is(UserScope)

export const checkAuthorization = (
  operation: string,
  input: UserReference & { readonly scopes: ReadonlyArray<UserScope> }
) =>
  check(operation)(
    [(input.userId === undefined) !== (input.externalUserId === undefined), "give either userId or externalUserId"],
    [isOptional(input.userId, isUserId), "userId must be 1 to 128 of the characters A-Z a-z 0-9 _ -"],
    [
      isOptional(input.externalUserId, isExternalUserId),
      "externalUserId must be at least one character, and no control characters"
    ],
    [Array.isArray(input.scopes) && input.scopes.length > 0, "scopes must not be empty"],
    [Array.isArray(input.scopes) && input.scopes.every((scope) => isUserScope(scope)), "scopes must be scopes of Tink"]
  )

export const checkCode = (operation: string, code: Redacted.Redacted) =>
  check(operation)([
    Redacted.isRedacted(code) && matches(Redacted.value(code), /^[\x21-\x7e]+$/),
    "code must be a Redacted of one word of printable characters"
  ])
