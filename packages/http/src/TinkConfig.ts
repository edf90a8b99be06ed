/**
 * The settings of `TinkHttp`.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import { baseUrlRequirement, isBaseUrl, isPrintableAscii, printableAsciiRequirement, toDuration } from "./InputRules.js"

/**
 * How long to wait, and how often to retry.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  /** How long one attempt may take, including the body. 10 seconds by default. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /**
   * How long one request may take, including its token, all attempts and the waits between them. 30 seconds by default.
   * An operation that makes several requests, such as `authorize`, has this time for each.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /** How many times a failed request is retried, if that is safe. 3 by default. */
  readonly maxRetries?: number | undefined
  /** The longest wait before the first retry, doubled for each further retry. 200 milliseconds by default. */
  readonly retryBaseDelay?: Duration.DurationInput | undefined
  /** The longest wait before any retry, unless Tink asks for a longer one. 10 seconds by default. */
  readonly retryMaxDelay?: Duration.DurationInput | undefined
}

/**
 * What keeps a Tink in trouble from being hit harder. The requests of one layer share it: Tink counts per app.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoadOptions {
  /**
   * How many requests may be in flight. 100 by default. Others wait in the order in which they came; the wait counts against
   * their deadline.
   */
  readonly maxConcurrency?: number | undefined
  /**
   * How many retries may be made in a row without a success. 50 by default. A success returns one fifth of a retry. A call that
   * gets no retry fails with its last error. A retry that Tink asks for with 429 and `Retry-After` is free.
   */
  readonly retryBudget?: number | undefined
  /**
   * How long all requests wait after 429 or 503 with `Retry-After`: as long as that asks, and at most this long. 1 minute by
   * default, and 0 for no pause. A call whose deadline is earlier fails at once with `RateLimited`.
   */
  readonly maxSharedPause?: Duration.DurationInput | undefined
  /**
   * After this many failures in a row (no answer, or 5xx), requests fail at once for the time `openFor`, 1 second by default. Then
   * one request is sent, and its outcome decides. Off by default.
   */
  readonly circuitBreaker?:
    { readonly failures: number; readonly openFor?: Duration.DurationInput | undefined } | undefined
}

/**
 * The settings that are values, however the others are read.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestOptions extends RetryOptions, LoadOptions {
  /** How many bytes the body of a success may have. 1 MiB by default. That of an error may always have 64 kB. */
  readonly maxBodySize?: number | undefined
}

/**
 * Settings as values.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends RequestOptions {
  /** The client id of the application, from Tink Console. */
  readonly clientId: string
  /** The client secret of the application, from Tink Console. */
  readonly clientSecret: Redacted.Redacted
  /** The base URL of Tink: https, or http on a loopback address. `https://api.tink.com` by default. */
  readonly baseUrl?: string | undefined
  /**
   * Allows plain http to any host: the client secret and all tokens can be read on the way. For a sandbox in another
   * container. False by default.
   */
  readonly allowInsecureHttp?: boolean | undefined
}

/**
 * The configs from which settings are read, under names of the application's choice.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions extends RequestOptions {
  /** `TINK_CLIENT_ID` by default. */
  readonly clientId?: Config.Config<string> | undefined
  /** `TINK_CLIENT_SECRET` by default. */
  readonly clientSecret?: Config.Config<Redacted.Redacted> | undefined
  /** `TINK_BASE_URL` by default, or `https://api.tink.com` if that is not set. */
  readonly baseUrl?: Config.Config<string> | undefined
  /** `TINK_ALLOW_INSECURE_HTTP` by default, or `false` if that is not set: see `Options`. */
  readonly allowInsecureHttp?: Config.Config<boolean> | undefined
}

/**
 * Validated settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkConfig {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly maxRetries: number
  readonly retryBaseDelay: Duration.Duration
  readonly retryMaxDelay: Duration.Duration
  readonly maxConcurrency: number
  readonly retryBudget: number
  readonly maxSharedPause: Duration.Duration
  readonly circuitBreaker: { readonly failures: number; readonly openFor: Duration.Duration } | undefined
  readonly maxBodySize: number
}

const defaultBaseUrl = "https://api.tink.com"

type Problem = ConfigError.ConfigError

type Checked<A> = Either.Either<A, Problem>

const problem = (path: ReadonlyArray<string>, message: string): Problem => ConfigError.InvalidData([...path], message)

interface Rule<A> {
  readonly message: string
  readonly isMet: (value: unknown) => value is A
}

const clientIdRule: Rule<string> = {
  message: `the client id must be ${printableAsciiRequirement}`,
  isMet: isPrintableAscii
}

/** None for what is not a secret, and for one that was wiped. */
const readSecret = Option.liftThrowable((value: unknown): unknown =>
  Redacted.isRedacted(value) ? Redacted.value(value) : undefined
)

const clientSecretRule: Rule<Redacted.Redacted> = {
  message: `the client secret must be ${printableAsciiRequirement}, as a Redacted that was not wiped`,
  isMet: (value): value is Redacted.Redacted => isPrintableAscii(Option.getOrUndefined(readSecret(value)))
}

const baseUrlRule = (allowInsecureHttp: boolean): Rule<string> => ({
  message:
    `the base URL must be ${baseUrlRequirement(defaultBaseUrl)}. ` +
    "allowInsecureHttp (TINK_ALLOW_INSECURE_HTTP=true) allows http to any host, where secrets can be read on the way",
  isMet: (value): value is string => isBaseUrl(value, { allowInsecureHttp })
})

const allowInsecureHttpRule: Rule<boolean> = {
  message: "allowInsecureHttp must be true or false",
  isMet: Predicate.isBoolean
}

// ---------------------------------------------------------------------------------------------------------------------
// Settings that are read
// ---------------------------------------------------------------------------------------------------------------------

/** The name of a config, from its error with an empty provider. */
const readName = (config: Config.Config<unknown>): Effect.Effect<ReadonlyArray<string>> =>
  ConfigProvider.fromMap(new Map())
    .load(config)
    .pipe(
      Effect.as([]),
      Effect.catchAll((error) => Effect.succeed("path" in error ? error.path : []))
    )

/** For a missing secret, the error of `Config.redacted` says `<redacted>` in place of the reason. */
const formatMissing = (error: Problem): Problem =>
  error._op === "MissingData" ? ConfigError.MissingData([...error.path], `${error.path.join(".")} is not set`) : error

// Config.validate omits the name of a redacted config.
const read = <A>(
  option: string,
  config: Config.Config<unknown>,
  rule: Rule<A>
): Effect.Effect<A, ConfigError.ConfigError> => {
  if (!Config.isConfig(config)) return Effect.fail(problem([option], `${option} must be a Config`))
  return Effect.flatMap(Effect.mapError(config, formatMissing), (value) =>
    rule.isMet(value)
      ? Effect.succeed(value)
      : Effect.flatMap(readName(config), (name) =>
          Effect.fail(problem(Arr.isNonEmptyReadonlyArray(name) ? name : [option], rule.message))
        )
  )
}

/** Not `Config.withDefault`, which also takes a malformed value of some types for a missing one. */
const orDefault = <A>(config: Config.Config<A>, value: A): Config.Config<A> =>
  Config.map(
    Config.option(config),
    Option.getOrElse(() => value)
  )

const readAllowInsecureHttp = (config: ConfigOptions["allowInsecureHttp"]) =>
  read(
    "allowInsecureHttp",
    config === undefined ? orDefault(Config.boolean("TINK_ALLOW_INSECURE_HTTP"), false) : config,
    allowInsecureHttpRule
  )

/** The error names the variable, also if it is empty. */
const readBaseUrl = (config: ConfigOptions["baseUrl"], rule: Rule<string>) =>
  config === undefined
    ? Effect.flatMap(Config.option(Config.string("TINK_BASE_URL")), (text) =>
        Option.isNone(text) ? Effect.succeed(defaultBaseUrl) : read("baseUrl", Config.string("TINK_BASE_URL"), rule)
      )
    : read("baseUrl", config, rule)

// ---------------------------------------------------------------------------------------------------------------------
// Settings that are values
// ---------------------------------------------------------------------------------------------------------------------

const checkDuration = (
  name: string,
  input: unknown,
  fallback: Duration.DurationInput,
  { isZeroAllowed }: { readonly isZeroAllowed: boolean }
): Checked<Duration.Duration> =>
  toDuration(input === undefined ? fallback : input).pipe(
    Option.filter((duration) => isZeroAllowed || Duration.greaterThan(duration, Duration.zero)),
    Either.fromOption(() => problem([name], `${name} must be a${isZeroAllowed ? "" : " positive"} duration`))
  )

const checkCount = (name: string, input: unknown, fallback: number, min: 0 | 1): Checked<number> => {
  const count = input === undefined ? fallback : input
  return Number.isSafeInteger(count) && Number(count) >= min
    ? Either.right(Number(count))
    : Either.left(problem([name], `${name} must be a whole number, ${min} or more`))
}

const checkCircuitBreaker = (input: unknown): Checked<TinkConfig["circuitBreaker"]> => {
  if (input === undefined) return Either.right(undefined)
  if (!Predicate.hasProperty(input, "failures")) {
    return Either.left(problem(["circuitBreaker"], "circuitBreaker must have a number of failures"))
  }
  const openFor = Predicate.hasProperty(input, "openFor") ? input.openFor : undefined
  return collect({
    failures: checkCount("circuitBreaker.failures", input.failures, 0, 1),
    openFor: checkDuration("circuitBreaker.openFor", openFor, "1 second", { isZeroAllowed: false })
  })
}

/** All values, or all problems. */
const collect = <A extends Readonly<Record<string, unknown>>>(checked: {
  readonly [K in keyof A]: Checked<A[K]>
}): Checked<A> => {
  const [first, ...others] = Arr.getLefts(Object.values<Checked<unknown>>(checked))
  if (first !== undefined) return Either.left(others.reduce(ConfigError.And, first))
  // Each value is of the type that is asked of its check.
  return Either.right(Record.map(checked, Either.getOrUndefined) as unknown as A)
}

const zero = { isZeroAllowed: true } as const
const positive = { isZeroAllowed: false } as const

/**
 * Reads and validates the settings. Fails with the names of all that are missing or malformed, never with a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = (options: ConfigOptions = {}): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.gen(function* () {
    // At run time it may be null.
    const settings: ConfigOptions = options ?? {}
    const allowInsecureHttp = yield* Effect.either(readAllowInsecureHttp(settings.allowInsecureHttp))
    const urlRule = baseUrlRule(Either.getOrElse(allowInsecureHttp, () => false))
    const checked = yield* collect({
      clientId: yield* Effect.either(
        read(
          "clientId",
          settings.clientId === undefined ? Config.string("TINK_CLIENT_ID") : settings.clientId,
          clientIdRule
        )
      ),
      clientSecret: yield* Effect.either(
        read(
          "clientSecret",
          settings.clientSecret === undefined ? Config.redacted("TINK_CLIENT_SECRET") : settings.clientSecret,
          clientSecretRule
        )
      ),
      allowInsecureHttp,
      baseUrl: yield* Effect.either(readBaseUrl(settings.baseUrl, urlRule)),
      attemptTimeout: checkDuration("attemptTimeout", settings.attemptTimeout, "10 seconds", positive),
      deadline: checkDuration("deadline", settings.deadline, "30 seconds", positive),
      maxRetries: checkCount("maxRetries", settings.maxRetries, 3, 0),
      retryBaseDelay: checkDuration("retryBaseDelay", settings.retryBaseDelay, "200 millis", zero),
      retryMaxDelay: checkDuration("retryMaxDelay", settings.retryMaxDelay, "10 seconds", zero),
      maxConcurrency: checkCount("maxConcurrency", settings.maxConcurrency, 100, 1),
      retryBudget: checkCount("retryBudget", settings.retryBudget, 50, 0),
      maxSharedPause: checkDuration("maxSharedPause", settings.maxSharedPause, "1 minute", zero),
      circuitBreaker: checkCircuitBreaker(settings.circuitBreaker),
      maxBodySize: checkCount("maxBodySize", settings.maxBodySize, 1024 * 1024, 1)
    })
    const { allowInsecureHttp: _, ...config } = checked
    return {
      ...config,
      baseUrl: config.baseUrl.replace(/\/+$/, ""),
      // A copy, because the caller may wipe the secret.
      clientSecret: Redacted.make(Redacted.value(config.clientSecret))
    }
  })

/** A setting as given, of any type. */
const given = <A>(value: A): Config.Config<A> => Config.succeed(value)

/**
 * Validates settings given as values.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.suspend(() =>
    fromConfig({
      ...options,
      clientId: given(options?.clientId),
      clientSecret: given(options?.clientSecret),
      baseUrl: given(options?.baseUrl === undefined ? defaultBaseUrl : options.baseUrl),
      allowInsecureHttp: given(options?.allowInsecureHttp === undefined ? false : options.allowInsecureHttp)
    })
  )
