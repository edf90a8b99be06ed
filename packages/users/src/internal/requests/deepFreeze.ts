/** What the readers of the cache share is frozen, so that none of them changes what the others read. */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Collections are not frozen: those of Effect change themselves inside, and a `Map` would change all the same. */
const isFreezable = (value: object): boolean =>
  !Object.isFrozen(value) &&
  (Array.isArray(value) ||
    isPlain(value) ||
    value instanceof Data.Class ||
    DateTime.isDateTime(value) ||
    Duration.isDuration(value) ||
    Option.isOption(value))

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const refuse = (): never => {
  throw new TypeError("a cached answer is read-only")
}

const settersOfDate = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"))

/** Freezing does not stop these methods. */
const changingMethods = (value: object): ReadonlyArray<string> => {
  if (value instanceof Map) return ["set", "delete", "clear"]
  if (value instanceof Set) return ["add", "delete", "clear"]
  return value instanceof Date ? settersOfDate : []
}

const makeReadOnly = (value: object): void =>
  changingMethods(value).forEach((name) => Object.defineProperty(value, name, { value: refuse }))

/** Effects, and with them options, can be iterated for `Effect.gen`, and iterators only once. */
const isCollection = (value: object): value is Iterable<unknown> =>
  Predicate.isIterable(value) &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  !Effect.isEffect(value) &&
  !("next" in value)

const unwrap = Option.liftThrowable(Redacted.value<unknown>)

/** A reader may wipe a secret, so that each gets one of their own. A wiped one has nothing to share. */
const shareSecret = (holder: object, key: string, secret: Redacted.Redacted<unknown>): void => {
  const value = unwrap(secret)
  if (Option.isNone(value)) return
  Object.defineProperty(holder, key, { get: () => Redacted.make(value.value), enumerable: true })
}

/** All that a value holds. Not recursive: a response can be nested deeper than the stack. */
const collect = (root: object): ReadonlySet<object> => {
  const found = new Set([root])
  const add = (value: unknown) => {
    if (isObject(value) && (isFreezable(value) || isCollection(value) || value instanceof Date)) found.add(value)
  }
  for (const holder of found) {
    if (isFreezable(holder)) {
      for (const key of Object.keys(holder)) {
        const value: unknown = Reflect.get(holder, key)
        // Most members are strings.
        if (!isObject(value)) continue
        if (Redacted.isRedacted(value)) shareSecret(holder, key, value)
        else add(value)
      }
    } else if (isCollection(holder)) for (const value of holder) add(value)
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
  if (!isObject(value) || Object.isFrozen(value)) return value
  for (const each of collect(value)) {
    if (isFreezable(each)) {
      prepare(each)
      Object.freeze(each)
    } else makeReadOnly(each)
  }
  return value
}
