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
import { word } from "./internal/text.js"

/**
 * How long to wait and how often to try.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timing {
  /** How long one attempt may take, its body included. 10 seconds by default. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /**
   * How long one request may take with all its attempts and the waits between them, also for a token. 30 seconds by
   * default. An operation that makes several requests, such as `authorize`, has it for each.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /** How often a failed attempt is tried again where that is safe. 3 by default. */
  readonly maxRetries?: number | undefined
  /** The longest wait before the first retry, doubled for each further one. 200 milliseconds by default. */
  readonly retryBaseDelay?: Duration.DurationInput | undefined
  /** The longest wait before any retry, also where Tink asks for a longer one. 10 seconds by default. */
  readonly retryMaxDelay?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Timing {
  /** The client id of the application, from Tink Console. */
  readonly clientId: string
  /** The client secret of the application, from Tink Console. */
  readonly clientSecret: Redacted.Redacted
  /** Where Tink is: `https://api.tink.com` by default. Must be https, or http on a loopback address. */
  readonly baseUrl?: string | undefined
}

/**
 * The configs to read the settings from, each with the name that the application wants.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions extends Timing {
  /** `TINK_CLIENT_ID` by default. */
  readonly clientId?: Config.Config<string> | undefined
  /** `TINK_CLIENT_SECRET` by default. */
  readonly clientSecret?: Config.Config<Redacted.Redacted> | undefined
  /** `TINK_BASE_URL` by default, or `https://api.tink.com` when that is not set. */
  readonly baseUrl?: Config.Config<string> | undefined
}

/**
 * Settings that were checked.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkConfig {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly attemptTimeout: Duration.Duration
  readonly deadline: Duration.Duration
  readonly maxRetries: number
  readonly retryBaseDelay: Duration.Duration
  readonly retryMaxDelay: Duration.Duration
}

const defaultBaseUrl = "https://api.tink.com"

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

const isBaseUrl = (text: string): boolean => {
  // URL mends more than a person would: `https:api.tink.com` and `https:///host` are no base URLs. An `@` ends a user.
  if (!/^https?:\/\/[A-Za-z0-9[]/i.test(text) || /[\\@?#]/.test(text)) return false
  if (!word.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return url.protocol === "https:" || isLoopback(url.hostname)
}

// The messages of these rules never repeat the value: a secret is easily put into the wrong variable.
interface Rule<A> {
  readonly message: string
  readonly isMet: (value: A) => boolean
}

const clientIdRule: Rule<string> = {
  message: "the client id must be one word of printable characters",
  isMet: (text) => word.test(text)
}

const clientSecretRule: Rule<Redacted.Redacted> = {
  message: "the client secret must be one word of printable characters",
  isMet: (secret) => word.test(Redacted.value(secret))
}

const baseUrlRule: Rule<string> = {
  message:
    "the base URL must be like https://api.tink.com: https (http on a loopback address only), " +
    "with no user, password, query or fragment",
  isMet: isBaseUrl
}

/** The name that a config reads, which it tells when there is nothing to read. */
const nameOf = (config: Config.Config<unknown>): Effect.Effect<ReadonlyArray<string>> =>
  ConfigProvider.fromMap(new Map())
    .load(config)
    .pipe(
      Effect.as([]),
      Effect.catchAll((error) => Effect.succeed("path" in error ? error.path : []))
    )

/** A missing secret has no value to hide, but its error says `<redacted>`. */
const inWords = (error: ConfigError.ConfigError): ConfigError.ConfigError =>
  error._op === "MissingData" ? ConfigError.MissingData([...error.path], `${error.path.join(".")} is not set`) : error

// Not Config.validate: it leaves out the name of a redacted config.
const read = <A>(config: Config.Config<A>, rule: Rule<A>): Effect.Effect<A, ConfigError.ConfigError> =>
  Effect.flatMap(Effect.mapError(config, inWords), (value) =>
    rule.isMet(value)
      ? Effect.succeed(value)
      : Effect.flatMap(nameOf(config), (name) => Effect.fail(ConfigError.InvalidData([...name], rule.message)))
  )

/** A variable that is set to nothing, as in many an `.env` file, is not set. */
const readDefaultBaseUrl = Effect.flatMap(Config.withDefault(Config.string("TINK_BASE_URL"), ""), (text) =>
  text === "" ? Effect.succeed(defaultBaseUrl) : read(Config.string("TINK_BASE_URL"), baseUrlRule)
)

const readTime = (name: keyof Timing, input: Duration.DurationInput, isZeroAllowed: boolean) =>
  Duration.decodeUnknown(input).pipe(
    Option.filter((duration) => isZeroAllowed || Duration.greaterThan(duration, Duration.zero)),
    Either.fromOption(() =>
      ConfigError.InvalidData([], `${name} must be a${isZeroAllowed ? "" : " positive"} duration`)
    )
  )

const readCount = (name: keyof Timing, count: number) =>
  Number.isInteger(count) && count >= 0
    ? Either.right(count)
    : Either.left(ConfigError.InvalidData([], `${name} must be a whole number, 0 or more`))

/**
 * Reads and checks the settings; all that is missing or malformed is told at once, by name and without its value.
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
        attemptTimeout: readTime("attemptTimeout", options.attemptTimeout ?? "10 seconds", false),
        deadline: readTime("deadline", options.deadline ?? "30 seconds", false),
        maxRetries: readCount("maxRetries", options.maxRetries ?? 3),
        retryBaseDelay: readTime("retryBaseDelay", options.retryBaseDelay ?? "200 millis", true),
        retryMaxDelay: readTime("retryMaxDelay", options.retryMaxDelay ?? "10 seconds", true)
      },
      { mode: "either" }
    )
    const [first, ...others] = Arr.getLefts(Object.values<Either.Either<unknown, ConfigError.ConfigError>>(settings))
    if (first !== undefined) return yield* Effect.fail(others.reduce(ConfigError.And, first))
    const valid = yield* Effect.all(settings)
    return {
      ...valid,
      baseUrl: valid.baseUrl.replace(/\/+$/, ""),
      // A copy of its own: whoever gave the secret may wipe it.
      clientSecret: Redacted.make(Redacted.value(valid.clientSecret))
    }
  })

/**
 * Checks settings that the application has at hand.
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
