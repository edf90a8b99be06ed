/** What is wrong with the arguments of callers without types. Routes, ids and bodies are also checked as they are written. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isPrintableAscii, printableAsciiRequirement, readOr } from "../InputRules.js"

type Test = (value: unknown) => boolean

const isOptional =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value)

const isOneOf =
  (...values: ReadonlyArray<unknown>): Test =>
  (value) =>
    values.includes(value)

/** Not `every` alone, which skips the holes of a list. */
const isListOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && Array.from<unknown>(value).every(test)

const isRecordOf =
  (test: Test): Test =>
  (value) =>
    Predicate.isRecord(value) && Object.values(value).every(test)

const unwrap = Option.liftThrowable(Redacted.value<unknown>)

/** A secret that was wiped has no text. */
const secretText = (value: unknown): unknown =>
  Redacted.isRedacted(value) ? Option.getOrUndefined(unwrap(value)) : undefined

const isText: Test = (value) => typeof value === "string" && value !== ""

const isScopes: Test = (value) => Array.isArray(value) && value.length > 0 && isListOf(isPrintableAscii)(value)

const isFormValue: Test = (value) => Predicate.isString(value) || Predicate.isString(secretText(value))

const isBody: Test = (value) =>
  Predicate.isRecord(value) &&
  (value["_tag"] === "Form" ? isRecordOf(isOptional(isFormValue))(value["fields"]) : value["_tag"] === "Json")

const isTokenSource: Test = (value) =>
  Predicate.isRecord(value) && Effect.isEffect(value["get"]) && Predicate.isFunction(value["invalidate"])

const isAuthorization: Test = (value) => {
  if (!Predicate.isRecord(value)) return false
  switch (value["_tag"]) {
    case "None":
      return true
    case "Client":
      return isScopes(value["scopes"])
    default:
      return value["_tag"] === "User" && isTokenSource(value["tokens"])
  }
}

const isQueryValue: Test = (value) =>
  Predicate.isString(value) || Predicate.isBoolean(value) || isListOf(Predicate.isString)(value)

/** Clients refuse other headers, and a line break would begin another one. */
const areHeaders: Test = (value) =>
  isRecordOf(isOptional((text) => typeof text === "string" && /^[\x20-\x7e]+$/.test(text)))(value) &&
  Object.keys(Object(value)).every((name) => /^[A-Za-z0-9-]+$/.test(name))

const rules: Readonly<Record<string, readonly [test: Test, requirement: string]>> = {
  operation: [isText, "a non-empty string"],
  method: [isOneOf("GET", "POST", "PUT", "PATCH", "DELETE"), "GET, POST, PUT, PATCH or DELETE"],
  params: [isOptional(Predicate.isRecord), "an object of ids"],
  query: [isOptional(isRecordOf(isOptional(isQueryValue))), "an object of strings, booleans and lists of strings"],
  headers: [isOptional(areHeaders), "of names of letters, digits and -, with values of printable ASCII"],
  body: [isOptional(isBody), "a form of strings or JSON"],
  authorization: [isAuthorization, "None, Client with scopes, or User with tokens"],
  isSafe: [isOptional(Predicate.isBoolean), "true or false"],
  isIdempotent: [isOptional(Predicate.isBoolean), "true or false"],
  response: [Schema.isSchema, "a schema"]
}

const notAnObject = "the request must be an object"

/** The first rule of `TinkRequest` that a request breaks. */
export const findProblem = (request: unknown): string | undefined => {
  if (!readOr(() => Predicate.isRecord(request), false)) return notAnObject
  const member = (name: string): unknown => Reflect.get(Object(request), name)
  const broken = Object.entries(rules).find(([name, [test]]) => !readOr(() => test(member(name)), false))
  return broken === undefined ? undefined : `${broken[0]} must be ${broken[1][1]}`
}

export const findCodeProblem = (code: unknown): string | undefined =>
  readOr(() => isPrintableAscii(secretText(code)), false)
    ? undefined
    : `code must be a Redacted of ${printableAsciiRequirement}`

/** The assertion of a user who is not named would be that of the application. */
export const findGrantProblem = (grant: unknown): string | undefined =>
  readOr(() => Predicate.isRecord(grant) && isText(grant["user"]) && isScopes(grant["scopes"]), false)
    ? undefined
    : "a grant must have a user and scopes, at least one"
