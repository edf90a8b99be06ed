/**
 * Rules for what an application passes to Tink, each as a predicate and the text of its requirement. The texts follow
 * "must be", and never repeat a value: it may be a secret in the wrong place.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * The pattern of `isPrintableAscii`.
 *
 * @since 0.1.0
 * @category patterns
 */
export const printableAsciiPattern = /^[\x21-\x7e]+$/

/**
 * Whether a value is one word of printable ASCII characters: what fits in a header, a form and a URL.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPrintableAscii = (value: unknown): value is string =>
  typeof value === "string" && printableAsciiPattern.test(value)

/**
 * The requirement of `isPrintableAscii`.
 *
 * @since 0.1.0
 * @category requirements
 */
export const printableAsciiRequirement = "one word of printable ASCII characters"

/**
 * The pattern of `isId`. Today's ids are 32 hexadecimal characters or a UUID (`tink-api.md` 0.3).
 *
 * @since 0.1.0
 * @category patterns
 */
export const idPattern = /^[A-Za-z0-9_-]{1,128}$/

/**
 * Whether a value has the form of Tink's ids (`tink-api.md` 0.3).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isId = (value: unknown): value is string => typeof value === "string" && idPattern.test(value)

/**
 * The requirement of `isId`.
 *
 * @since 0.1.0
 * @category requirements
 */
export const idRequirement = "1 to 128 of the characters A-Z a-z 0-9 _ -"

/**
 * Reads something of an input, or returns the fallback if that throws: a member can be a getter, and an input a `Proxy`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const readOr = <A, B>(read: () => A, fallback: B): A | B => {
  try {
    return read()
  } catch {
    return fallback
  }
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/**
 * Whether a value is a base URL: https, or http on a loopback address, with no user, password, query or fragment. With
 * `allowInsecureHttp`, http to any host is one too.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBaseUrl = (
  value: unknown,
  options?: { readonly allowInsecureHttp?: boolean | undefined }
): value is string => {
  // URL accepts and repairs `https:api.tink.com` and `https:///host`. An `@` ends a user name.
  if (!isPrintableAscii(value) || !/^https?:\/\/[A-Za-z0-9[]/i.test(value) || /[\\@?#]/.test(value)) return false
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return url.protocol === "https:" || isLoopback(url.hostname) || options?.allowInsecureHttp === true
}

/**
 * The requirement of `isBaseUrl`, with an example of such a URL.
 *
 * @since 0.1.0
 * @category requirements
 */
export const baseUrlRequirement = (example: string): string =>
  `like ${example}: https (http on a loopback address only), with no user, password, query or fragment`

/**
 * Reads a duration. Unlike `Duration.decodeUnknown`, which takes them for zero, it refuses `NaN` and negative durations.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toDuration = (value: unknown): Option.Option<Duration.Duration> =>
  readOr(() => decodeDuration(value), Option.none())

const decodeDuration = (value: unknown): Option.Option<Duration.Duration> => {
  const parts: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  const isRefused = parts.some(
    (part) =>
      (typeof part === "number" && !(part >= 0)) ||
      (typeof part === "bigint" && part < 0n) ||
      (typeof part === "string" && part.startsWith("-"))
  )
  return isRefused ? Option.none() : Duration.decodeUnknown(value)
}
