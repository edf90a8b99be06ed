/** Parses the body of an error response: Tink's or another system's, with its message and code. */
import * as Option from "effect/Option"

/** Names the writer of an error body. */
export type Origin =
  /** Tink's documented shape. */
  | "Tink"
  /** The body says nothing: it is empty, or `{}`. */
  | "Empty"
  /** The body did not arrive as a whole, and its beginning may be Tink's. */
  | "Unread"
  /** Anything else, such as the page of a proxy. */
  | "Foreign"

export interface ErrorBody {
  readonly origin: Origin
  readonly errorCode?: string
  readonly errorMessage?: string
}

type Members = Readonly<Record<string, unknown>>

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const isCode = (value: unknown): value is string | number => isText(value) || typeof value === "number"

/** Members of errors of other systems (AWS, Okta, Spring). Some of them also have an `errorMessage` or an `errorCode`. */
const foreignNames = [
  "error",
  "errors",
  "errorType",
  "errorSummary",
  "errorId",
  "stackTrace",
  "trace",
  "message",
  "status",
  "statusCode",
  "timestamp",
  "path",
  "title",
  "detail",
  "fault"
]

/**
 * Tink's shape is `{ errorMessage, errorCode }` (`tink-api.md` 8.2 and 1.4). One of the two may be missing, but not where the
 * rest is known from other systems.
 */
const readDocumented = (members: Members): ErrorBody | undefined => {
  const { errorCode, errorMessage } = members
  const known = [isCode(errorCode), isText(errorMessage)].filter(Boolean).length
  if (known === 0 || (known === 1 && foreignNames.some((name) => name in members))) return undefined
  return {
    origin: "Tink",
    ...(isCode(errorCode) ? { errorCode: String(errorCode) } : {}),
    ...(isText(errorMessage) ? { errorMessage } : {})
  }
}

/** The shape that `/events/v2`, `/data/v2` and `/connectivity/v2` most likely have (a guess of `tink-api.md` 8.2). */
const readSecondVersion = ({ code, message }: Members): ErrorBody | undefined =>
  typeof code === "number" && isText(message)
    ? { origin: "Tink", errorCode: String(code), errorMessage: message }
    : undefined

const isFirstVersion = (route: string): boolean => route.startsWith("/api/v1/")

const foreign: ErrorBody = { origin: "Foreign" }

const empty: ErrorBody = { origin: "Empty" }

const readMembers = (members: Members, route: string): ErrorBody => {
  if (Object.values(members).every((value) => value === null)) return empty
  return readDocumented(members) ?? (isFirstVersion(route) ? undefined : readSecondVersion(members)) ?? foreign
}

/** Reads a whole error body. */
export const parse = (text: string, route: string): ErrorBody => {
  if (text.trim() === "") return empty
  const value = Option.getOrUndefined(parseJson(text))
  return isMembers(value) ? readMembers(value, route) : foreign
}

/** Whose error it is, as far as the beginning of its body shows. */
export const parseBeginning = (text: string, contentType: string | undefined): ErrorBody => {
  const isJson = contentType === undefined || contentType === "" || /json/i.test(contentType)
  return isJson && /^\s*(\{|$)/.test(text) ? { origin: "Unread" } : foreign
}

/** The error that a success carries, if its body is Tink's error body. */
export const parseSuccess = (text: string, route: string): ErrorBody | undefined => {
  // Parsing is expensive, and nearly no success has these names.
  if (!text.includes('"errorCode"') && !text.includes('"errorMessage"')) return undefined
  const parsed = parse(text, route)
  return parsed.origin === "Tink" ? parsed : undefined
}

const errorNames = ["error", "errors", "errorCode", "errorMessage", "errorType", "fault", "exception"]

const isErrorMembers = (members: Members): boolean => {
  const has = (name: string) => members[name] !== undefined && members[name] !== null && members[name] !== false
  const isStatus = (name: string) => typeof members[name] === "number" && members[name] >= 400
  return (
    errorNames.some(has) ||
    ["status", "statusCode", "code"].some(isStatus) ||
    (has("message") && ["code", "status", "statusCode"].some(has)) ||
    members["success"] === false ||
    members["ok"] === false
  )
}

/** Whether JSON is an error of any system, or a list of them: an object with a member of such a name, or a status and a message. */
export const isErrorObject = (value: unknown): boolean => {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return isMembers(first) && isErrorMembers(first)
}
