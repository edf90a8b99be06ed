/** Canaries in the place of every secret, and all the ways in which a value can be seen. */
import { assert } from "@effect/vitest"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users } from "@effect-tink/users"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as HashSet from "effect/HashSet"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { makeTracer } from "../../../test/support/tracer.js"
import { passUntilEnd, turn } from "./helpers.js"

// ---------------------------------------------------------------------------------------------------------------------
// Canaries
// ---------------------------------------------------------------------------------------------------------------------

/** A planted secret. The core is found in any encoding of the rest. */
export interface Canary {
  readonly core: string
  readonly text: string
}

/** Letters and digits look the same however they are written, and these characters do not. */
const odd = FastCheck.constantFrom(..."+/=&%\"'\\<>~!*().:,;?#@[]{}$^|`_-")

/** What a password may have, and a header and a token may not. The last is half of a character. */
const odder = FastCheck.oneof(odd, FastCheck.constantFrom(" ", "\n", "\u0000", "å", "€", "😀", "\ud83d"))

const around = (unit: FastCheck.Arbitrary<string>) => FastCheck.string({ unit, maxLength: 3 })

const canary = (name: string, unit = odd): FastCheck.Arbitrary<Canary> =>
  FastCheck.tuple(FastCheck.hexaString({ minLength: 12, maxLength: 20 }), around(unit), around(unit)).map(
    ([word, before, after]) => {
      const core = `${name}${word}`
      return { core, text: `${before}${core}${after}` }
    }
  )

/** These go to Tink, which may repeat them anywhere. */
const told = {
  clientSecret: canary("SECRETx"),
  appToken: canary("APPTOKENx"),
  userToken: canary("USERTOKENx"),
  code: canary("CODEx"),
  password: canary("PASSWORDx", odder),
  pin: canary("PINx", odder),
  bankAnswer: canary("ANSWERx", odder),
  otp: canary("OTPx", odder),
  loginOption: canary("OPTIONx", odder)
}

/** These are in bodies and in links, but not in the message or the code of a failure, which are shown. */
const untold = {
  requestBody: canary("REQUESTx"),
  responseBody: canary("RESPONSEx"),
  linkCode: canary("LINKCODEx"),
  state: canary("STATEx"),
  supplementalInformation: canary("INFORMATIONx"),
  nationalId: canary("NATIONALx"),
  qr: canary("QRx")
}

export type Canaries = Readonly<Record<keyof typeof told | keyof typeof untold, Canary>>

export const canaries: FastCheck.Arbitrary<Canaries> = FastCheck.record({ ...told, ...untold })

// `Object.keys` knows of no names.
const toldNames = Object.keys(told) as ReadonlyArray<keyof typeof told>

/** Those that Tink may repeat anywhere. */
export const toldOf = (planted: Canaries): ReadonlyArray<Canary> => toldNames.map((name) => planted[name])

export const redact = ({ text }: Canary) => Redacted.make(text)

export const coresOf = (planted: Canaries): ReadonlyArray<string> =>
  Object.values(planted).map(({ core }: Canary) => core)

// ---------------------------------------------------------------------------------------------------------------------
// All that is printed
// ---------------------------------------------------------------------------------------------------------------------

export type Texts = Array<string>

/** Text as it is, and anything else as Node prints it. */
const note = (texts: Texts) => (value: unknown) =>
  void texts.push(typeof value === "string" ? value : inspect(value, { depth: 10 }))

/** Where the pretty logger writes to. */
const makeConsole = (texts: Texts): Console.Console => {
  const noteAll = (...args: ReadonlyArray<unknown>) => args.forEach(note(texts))
  // A listener needs no difference between the methods of a console.
  const unsafe = new Proxy({}, { get: () => noteAll }) as Console.UnsafeConsole
  // No logger uses the effectful ones.
  const effectful = new Proxy({}, { get: () => () => Effect.void }) as Console.Console
  return { ...effectful, [Console.TypeId]: Console.TypeId, unsafe }
}

const makeLoggers = (texts: Texts) =>
  HashSet.make<ReadonlyArray<Logger.Logger<unknown, void>>>(
    Logger.prettyLogger({ colors: false, mode: "tty" }),
    ...[Logger.jsonLogger, Logger.logfmtLogger, Logger.stringLogger].map((logger) =>
      Logger.map(logger, (line) => void texts.push(line))
    )
  )

const bigintToString = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value)

/** By default long lists and texts are cut. */
const whole = { depth: 10, maxArrayLength: null, maxStringLength: null } as const

/** A value in the ways in which values are printed. */
export const print = (texts: Texts, value: unknown) => {
  texts.push(
    String(value),
    JSON.stringify(value, bigintToString) ?? "",
    inspect(value, whole),
    inspect(value, { ...whole, showHidden: true, getters: true })
  )
  if (value instanceof Error) texts.push(value.message, value.stack ?? "", JSON.stringify({ ...value }))
}

/** Runs an operation as an application would that logs all there is, and prints what comes of it. */
export const printed = <A, E, R>(texts: Texts, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.tap((value) => Effect.logInfo("done", value)),
    Effect.tapErrorCause((cause) => Effect.logError("failed", cause)),
    Effect.tapError((error) => Effect.logWarning(error)),
    Effect.withSpan("application"),
    Effect.exit,
    Effect.tap((exit) => {
      print(texts, exit)
      if (Exit.isSuccess(exit)) return print(texts, exit.value)
      texts.push(Cause.pretty(exit.cause), Cause.pretty(exit.cause, { renderErrorCause: true }))
      for (const error of [...Cause.failures(exit.cause), ...Cause.defects(exit.cause)]) print(texts, error)
    })
  )

/** A stream is run in a fiber of its own, whose failure, though it is handled, would be logged as if it were not. */
export const quietly = Effect.withUnhandledErrorLogLevel(Option.none())

/** Lets time pass only for what does not end without, as each step of the clock takes some real milliseconds. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    for (let turns = 0; turns < 30; turns++) {
      if (Option.isSome(yield* Fiber.poll(fiber))) return yield* Fiber.join(fiber)
      yield* turn
    }
    return yield* passUntilEnd(fiber)
  })

export const provideListeners = (texts: Texts) => (effect: Effect.Effect<unknown, never>) =>
  effect.pipe(
    Effect.withTracer(makeTracer(note(texts)).tracer),
    // Layers of loggers stay for the rows that follow.
    Effect.locally(FiberRef.currentLoggers, makeLoggers(texts)),
    Effect.withConsole(makeConsole(texts)),
    Logger.withMinimumLogLevel(LogLevel.All)
  )

export const search = (texts: Texts, planted: ReadonlyArray<string>) => {
  assert.isAbove(texts.length, 20)
  const all = texts.join("\n")
  for (const core of planted) {
    if (all.includes(core)) assert.notInclude(texts.find((text) => text.includes(core)) ?? "", core)
  }
  assert.notInclude(all, "unhandled error")
}

const seenMetrics = new WeakSet<object>()

/** The metrics that are new. All that a process has ever counted stays there, so each row prints only its own. */
export const metricsText = Effect.map(Metric.snapshot, (pairs) => {
  const added = pairs.filter(({ metricKey }) => !seenMetrics.has(metricKey))
  added.forEach(({ metricKey }) => seenMetrics.add(metricKey))
  return added
    .map(({ metricKey }) => JSON.stringify([metricKey.name, metricKey.description, metricKey.tags]))
    .join("\n")
})

export const printServices = (texts: Texts) =>
  Effect.gen(function* () {
    const cache = yield* UserCache.UserCache
    for (const value of [yield* Users.Users, yield* TinkHttp.TinkHttp, cache, yield* cache.stats]) print(texts, value)
    texts.push(yield* metricsText)
  })
