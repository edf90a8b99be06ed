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

/** Collections such as `Chunk` are left as they are: Effect's change themselves inside, and `Map`s cannot be frozen. */
const isFreezable = (value: object): boolean =>
  Array.isArray(value) ||
  isPlain(value) ||
  value instanceof Data.Class ||
  DateTime.isDateTime(value) ||
  Duration.isDuration(value) ||
  Option.isOption(value)

/** A reader may wipe a secret, so that each gets one of their own. */
const shareSecret = (holder: object, key: string, secret: Redacted.Redacted<unknown>): void => {
  const value = Redacted.value(secret)
  Object.defineProperty(holder, key, { get: () => Redacted.make(value), enumerable: true })
}

const freezeMembers = (holder: object): void => {
  for (const [key, value] of Object.entries(holder)) {
    if (Redacted.isRedacted(value)) shareSecret(holder, key, value)
    else deepFreeze(value)
  }
}

/** Effect's values keep what they compute once on themselves, which they could not once they are frozen. */
const precompute = (value: object): void => {
  if (DateTime.isDateTime(value)) DateTime.toParts(value)
  if (DateTime.isDateTime(value)) DateTime.toPartsUtc(value)
  if (Hash.isHash(value)) Hash.hash(value)
}

/** Freezes a value with all that it holds, and returns it. */
export const deepFreeze = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || !isFreezable(value)) return value
  freezeMembers(value)
  precompute(value)
  return Object.freeze(value)
}
