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
const isFreezable = (value: object): boolean =>
  !Object.isFrozen(value) &&
  (Array.isArray(value) ||
    isPlain(value) ||
    value instanceof Data.Class ||
    DateTime.isDateTime(value) ||
    Duration.isDuration(value) ||
    Option.isOption(value))

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const unwrap = Option.liftThrowable(Redacted.value<unknown>)

/** A reader may wipe a secret, so that each gets one of their own. A wiped one has nothing to share. */
const shareSecret = (holder: object, key: string, secret: Redacted.Redacted<unknown>): void => {
  const value = unwrap(secret)
  if (Option.isNone(value)) return
  Object.defineProperty(holder, key, { get: () => Redacted.make(value.value), enumerable: true })
}

/** All that a value holds. Not recursive: an answer can be nested deeper than the stack. */
const collect = (root: object): ReadonlySet<object> => {
  const found = new Set([root])
  for (const holder of found) {
    for (const key of Object.keys(holder)) {
      const value: unknown = Reflect.get(holder, key)
      // Most members are texts.
      if (!isObject(value)) continue
      if (Redacted.isRedacted(value)) shareSecret(holder, key, value)
      else if (isFreezable(value)) found.add(value)
    }
  }
  return found
}

const hashes = new WeakMap<object, number>()

/** The hash of a frozen value. Effect's methods keep it on the value itself, so a copy is hashed. Most are never asked. */
const lazyHash = {
  value(this: object): number {
    const known = hashes.get(this)
    if (known !== undefined) return known
    const copy: object = Object.assign(Object.create(Object.getPrototypeOf(this)), this)
    const hash = Hash.hash(copy)
    hashes.set(this, hash)
    return hash
  }
}

/** Effect's values keep what they compute once on themselves, which they could not once they are frozen. */
const prepare = (value: object): void => {
  if (DateTime.isDateTime(value)) [DateTime.toParts(value), DateTime.toPartsUtc(value)].forEach(Object.freeze)
  if (Hash.isHash(value) && !Object.hasOwn(value, Hash.symbol)) Object.defineProperty(value, Hash.symbol, lazyHash)
}

/** Freezes a value with all that it holds, and returns it. */
export const deepFreeze = <A>(value: A): A => {
  if (!isObject(value) || !isFreezable(value)) return value
  const all = collect(value)
  for (const each of all) {
    prepare(each)
    Object.freeze(each)
  }
  return value
}
