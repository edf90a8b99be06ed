/** Values that throw when they are read, that are of no type that is asked for, or that are far too large. */
import * as Redacted from "effect/Redacted"

const fail = (): never => {
  throw new Error("canary")
}

/** Throws at every use. */
const makeThrowing = (target: object): object =>
  new Proxy(target, {
    apply: fail,
    construct: fail,
    get: fail,
    getOwnPropertyDescriptor: fail,
    getPrototypeOf: fail,
    has: fail,
    isExtensible: fail,
    ownKeys: fail,
    set: fail
  })

const makeRevoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const withGetters = (names: ReadonlyArray<string>): object =>
  Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { enumerable: true, get: fail }])))

class Instance {
  get userId() {
    return fail()
  }
}

const makeCyclic = () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  return cyclic
}

const makeDeep = () => {
  let deep: unknown = "canary"
  for (let depth = 0; depth < 20_000; depth++) deep = { deep }
  return deep
}

const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

/** `names` are the members that throw in one of them. */
export const hostileValues = (names: ReadonlyArray<string>): ReadonlyArray<readonly [string, unknown]> => [
  ["a Proxy that throws", makeThrowing({})],
  ["a function that throws", makeThrowing(() => undefined)],
  ["an object that inherits from such a Proxy", Object.create(makeThrowing({}))],
  ["a revoked object", makeRevoked({})],
  ["a revoked list", makeRevoked([])],
  ["a revoked function", makeRevoked(() => undefined)],
  ["getters that throw", withGetters(names)],
  ["a list of a getter that throws", Object.defineProperty(["canary"], 0, { enumerable: true, get: fail })],
  ["a list of a Proxy that throws", [makeThrowing({})]],
  ["a list of a revoked object", [makeRevoked({})]],
  ["conversions that throw", { [Symbol.toPrimitive]: fail, toString: fail, valueOf: fail, toJSON: fail }],
  ["an instance of a class", new Instance()],
  ["a cyclic object", makeCyclic()],
  ["an object that is nested deeper than the stack", makeDeep()],
  ["a bigint", 10n],
  ["a symbol", Symbol("canary")],
  ["a list of holes", Array.from({ length: 10_000 })],
  ["a huge text", "canary\u0000".repeat(10_000)],
  ["half of a surrogate pair", "\ud800"],
  ["an invalid date", new Date(Number.NaN)],
  ["a Map", new Map([["userId", "canary"]])],
  ["no number", Number.NaN],
  ["null", null],
  ["a wiped secret", wiped],
  ["a secret Proxy that throws", Redacted.make(makeThrowing({}))],
  ["a secret symbol", Redacted.make(Symbol("canary"))]
]
