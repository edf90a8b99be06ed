/** What the readers of the cache share is frozen, so that none of them changes what the others read. */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Hash from "effect/Hash"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Collections are left as they are: those of Effect change themselves inside, and a `Map` cannot be frozen. */
const isFreezable = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  !Object.isFrozen(value) &&
  (Array.isArray(value) ||
    isPlain(value) ||
    value instanceof Data.Class ||
    DateTime.isDateTime(value) ||
    Duration.isDuration(value) ||
    Option.isOption(value))

/** Not recursive: an answer can be nested deeper than the stack. */
const collect = (root: object): ReadonlySet<object> => {
  const found = new Set([root])
  for (const holder of found) {
    for (const value of Object.values(holder)) {
      if (isFreezable(value)) found.add(value)
    }
  }
  return found
}

const unwrap = Option.liftThrowable(Redacted.value<unknown>)

/** A reader may wipe a secret, so that each gets one of their own. A wiped one has nothing to share. */
const shareSecrets = (holder: object): void => {
  for (const [key, secret] of Object.entries(holder)) {
    const value = Redacted.isRedacted(secret) ? unwrap(secret) : Option.none()
    if (Option.isNone(value)) continue
    Object.defineProperty(holder, key, { get: () => Redacted.make(value.value), enumerable: true })
  }
}

/** Effect's values keep what they compute once on themselves, which they could not once they are frozen. */
const precompute = (value: object): void => {
  if (DateTime.isDateTime(value)) [DateTime.toParts(value), DateTime.toPartsUtc(value)].forEach(Object.freeze)
  if (Hash.isHash(value)) Hash.hash(value)
}

/** Freezes a value with all that it holds, and returns it. */
export const deepFreeze = <A>(value: A): A => {
  if (!isFreezable(value)) return value
  const all = collect(value)
  for (const each of all) shareSecrets(each)
  for (const each of all) precompute(each)
  for (const each of all) Object.freeze(each)
  return value
}
