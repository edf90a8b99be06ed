/**
 * The settings of `TinkHttp`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/**
 * How long to wait and how often to try.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timing {
  /** How long one attempt may take, its body included. 10 seconds by default. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /** How long one call may take with all its attempts and the waits between them. 30 seconds by default. */
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

// The messages of these rules never repeat the value: a secret is easily put into the wrong variable.
const printable = /^[\x21-\x7e]+$/

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

const isBaseUrl = (text: string): boolean => {
  if (!printable.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return (
    (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) &&
    url.username === "" &&
    url.password === "" &&
    !/[?#]/.test(text)
  )
}

const clientIdRule = {
  message: "the client id must be one word of printable characters",
  validation: (text: string) => printable.test(text)
}

const clientSecretRule = {
  message: "the client secret must be one word of printable characters",
  validation: (secret: Redacted.Redacted) => printable.test(Redacted.value(secret))
}

const baseUrlRule = {
  message:
    "the base URL must be like https://api.tink.com: https (http on a loopback address only), " +
    "with no user, password, query or fragment",
  validation: isBaseUrl
}

/**
 * Reads and checks the settings; all that is missing or malformed is told at once, by name and without its value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = (options: ConfigOptions = {}): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.map(
    Config.all({
      clientId: Config.validate(options.clientId ?? Config.string("TINK_CLIENT_ID"), clientIdRule),
      clientSecret: Config.validate(options.clientSecret ?? Config.redacted("TINK_CLIENT_SECRET"), clientSecretRule),
      baseUrl: Config.validate(
        options.baseUrl ?? Config.withDefault(Config.string("TINK_BASE_URL"), defaultBaseUrl),
        baseUrlRule
      )
    }),
    ({ baseUrl, clientId, clientSecret }) => ({
      clientId,
      clientSecret,
      baseUrl: baseUrl.replace(/\/+$/, ""),
      attemptTimeout: Duration.decode(options.attemptTimeout ?? "10 seconds"),
      deadline: Duration.decode(options.deadline ?? "30 seconds"),
      maxRetries: options.maxRetries ?? 3,
      retryBaseDelay: Duration.decode(options.retryBaseDelay ?? "200 millis"),
      retryMaxDelay: Duration.decode(options.retryMaxDelay ?? "10 seconds")
    })
  )

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
