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
import * as Redacted from "effect/Redacted"
import { baseUrlRequirement, isBaseUrl, isPrintableAscii, printableAsciiRequirement } from "./InputRules.js"

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
  /** The longest wait before any retry, even if Tink asks for a longer one. 10 seconds by default. */
  readonly retryMaxDelay?: Duration.DurationInput | undefined
}

/**
 * Settings as values.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends RetryOptions {
  /** The client id of the application, from Tink Console. */
  readonly clientId: string
  /** The client secret of the application, from Tink Console. */
  readonly clientSecret: Redacted.Redacted
  /** The base URL of Tink: https, or http on a loopback address. `https://api.tink.com` by default. */
  readonly baseUrl?: string | undefined
}

/**
 * The configs from which settings are read, under names of the application's choice.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions extends RetryOptions {
  /** `TINK_CLIENT_ID` by default. */
  readonly clientId?: Config.Config<string> | undefined
  /** `TINK_CLIENT_SECRET` by default. */
  readonly clientSecret?: Config.Config<Redacted.Redacted> | undefined
  /** `TINK_BASE_URL` by default, or `https://api.tink.com` if that is not set. */
  readonly baseUrl?: Config.Config<string> | undefined
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
}

const defaultBaseUrl = "https://api.tink.com"

interface Rule<A> {
  readonly message: string
  readonly isMet: (value: A) => boolean
}

const clientIdRule: Rule<string> = {
  message: `the client id must be ${printableAsciiRequirement}`,
  isMet: isPrintableAscii
}

const clientSecretRule: Rule<Redacted.Redacted> = {
  message: `the client secret must be ${printableAsciiRequirement}`,
  isMet: (secret) => isPrintableAscii(Redacted.value(secret))
}

const baseUrlRule: Rule<string> = {
  message: `the base URL must be ${baseUrlRequirement(defaultBaseUrl)}`,
  isMet: isBaseUrl
}

/** The name of a config, from its error with an empty provider. */
const readName = (config: Config.Config<unknown>): Effect.Effect<ReadonlyArray<string>> =>
  ConfigProvider.fromMap(new Map())
    .load(config)
    .pipe(
      Effect.as([]),
      Effect.catchAll((error) => Effect.succeed("path" in error ? error.path : []))
    )

/** For a missing secret, the error of `Config.redacted` says `<redacted>` in place of the reason. */
const formatMissing = (error: ConfigError.ConfigError): ConfigError.ConfigError =>
  error._op === "MissingData" ? ConfigError.MissingData([...error.path], `${error.path.join(".")} is not set`) : error

// Config.validate omits the name of a redacted config.
const read = <A>(config: Config.Config<A>, rule: Rule<A>): Effect.Effect<A, ConfigError.ConfigError> =>
  Effect.flatMap(Effect.mapError(config, formatMissing), (value) =>
    rule.isMet(value)
      ? Effect.succeed(value)
      : Effect.flatMap(readName(config), (name) => Effect.fail(ConfigError.InvalidData([...name], rule.message)))
  )

/** An empty variable, common in `.env` files, counts as not set. */
const readDefaultBaseUrl = Effect.flatMap(Config.withDefault(Config.string("TINK_BASE_URL"), ""), (text) =>
  text === "" ? Effect.succeed(defaultBaseUrl) : read(Config.string("TINK_BASE_URL"), baseUrlRule)
)

const readDuration = (
  name: keyof RetryOptions,
  input: Duration.DurationInput,
  { isZeroAllowed }: { readonly isZeroAllowed: boolean }
) =>
  Duration.decodeUnknown(input).pipe(
    Option.filter((duration) => isZeroAllowed || Duration.greaterThan(duration, Duration.zero)),
    Either.fromOption(() =>
      ConfigError.InvalidData([], `${name} must be a${isZeroAllowed ? "" : " positive"} duration`)
    )
  )

const readCount = (name: keyof RetryOptions, count: number) =>
  Number.isInteger(count) && count >= 0
    ? Either.right(count)
    : Either.left(ConfigError.InvalidData([], `${name} must be a whole number, 0 or more`))

/**
 * Reads and validates the settings. Fails with the names of all that are missing or malformed, never with a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = (options: ConfigOptions = {}): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.gen(function* () {
    const settings = yield* Effect.all(
      {
        clientId: read(options.clientId ?? Config.string("TINK_CLIENT_ID"), clientIdRule),
        clientSecret: read(options.clientSecret ?? Config.redacted("TINK_CLIENT_SECRET"), clientSecretRule),
        baseUrl: options.baseUrl === undefined ? readDefaultBaseUrl : read(options.baseUrl, baseUrlRule),
        attemptTimeout: readDuration("attemptTimeout", options.attemptTimeout ?? "10 seconds", {
          isZeroAllowed: false
        }),
        deadline: readDuration("deadline", options.deadline ?? "30 seconds", { isZeroAllowed: false }),
        maxRetries: readCount("maxRetries", options.maxRetries ?? 3),
        retryBaseDelay: readDuration("retryBaseDelay", options.retryBaseDelay ?? "200 millis", { isZeroAllowed: true }),
        retryMaxDelay: readDuration("retryMaxDelay", options.retryMaxDelay ?? "10 seconds", { isZeroAllowed: true })
      },
      { mode: "either" }
    )
    const [first, ...others] = Arr.getLefts(Object.values<Either.Either<unknown, ConfigError.ConfigError>>(settings))
    if (first !== undefined) return yield* Effect.fail(others.reduce(ConfigError.And, first))
    const valid = yield* Effect.all(settings)
    return {
      ...valid,
      baseUrl: valid.baseUrl.replace(/\/+$/, ""),
      // A copy, because the caller may wipe the secret.
      clientSecret: Redacted.make(Redacted.value(valid.clientSecret))
    }
  })

/**
 * Validates settings given as values.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  fromConfig({
    ...options,
    clientId: Config.succeed(options.clientId),
    clientSecret: Config.succeed(options.clientSecret),
    baseUrl: Config.succeed(options.baseUrl ?? defaultBaseUrl)
  })
