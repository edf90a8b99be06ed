/**
 * The settings of `TinkHttp`.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constUndefined } from "effect/Function"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import {
  baseUrlRequirement,
  isBaseUrl,
  isPrintableAscii,
  printableAsciiRequirement,
  readOr,
  toDuration
} from "./InputRules.js"
import { defaultBaseUrl, mutualTlsBaseUrl } from "./internal/baseUrls.js"
import type { Sign } from "./internal/clientAssertion.js"
import * as ClientAssertion from "./internal/clientAssertion.js"

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
 * Limits that protect Tink when it is overloaded. The requests of one layer share them: Tink counts per app.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoadOptions {
  /**
   * How many requests may be in flight. 100 by default. Others wait in order, and the wait counts against their deadline.
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
   * After this many failures in a row (no response, or 5xx), requests fail at once for the time `openFor`, 1 second by default. Then
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
 * How the application proves who it is, as Tink has set it up (`tink-api.md` 1.1 and 1.5): one of three.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthenticationOptions =
  | {
      /** The client secret of the application, from Tink Console: `client_secret_post` of OAuth. */
      readonly clientSecret: Redacted.Redacted
      readonly privateKey?: undefined
      readonly mutualTls?: false | undefined
    }
  | {
      /**
       * The private key of the application, with which it signs assertions: `private_key_jwt` of OAuth. A P-256 key as PKCS#8 PEM, or
       * as the JSON of a JWK. Tink has its public key. User access tokens then need no authorization code.
       */
      readonly privateKey: Redacted.Redacted
      readonly clientSecret?: undefined
      readonly mutualTls?: false | undefined
    }
  | {
      /**
       * The application authenticates by the TLS certificate of its `HttpClient`: `tls_client_auth` of OAuth. No secret is sent, and
       * the default base URL is `https://mtls.api.tink.com`.
       */
      readonly mutualTls: true
      readonly clientSecret?: undefined
      readonly privateKey?: undefined
    }

/**
 * The settings of every application.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppOptions extends RequestOptions {
  /** The client id of the application, from Tink Console. */
  readonly clientId: string
  /** The base URL of Tink: https, or http on a loopback address. `https://api.tink.com` by default. */
  readonly baseUrl?: string | undefined
  /**
   * Allows plain http to any host: the client secret and all tokens can be read on the way. For a sandbox in another
   * container. False by default.
   */
  readonly allowInsecureHttp?: boolean | undefined
}

/**
 * Settings as values.
 *
 * @since 0.1.0
 * @category models
 */
export type Options = AppOptions & AuthenticationOptions

/**
 * The configs from which settings are read, under names of the application's choice. Exactly one of `clientSecret`, `privateKey` and
 * `mutualTls` must be set. If one of them is given here, the variables of the others are not read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigOptions extends RequestOptions {
  /** `TINK_CLIENT_ID` by default. */
  readonly clientId?: Config.Config<string> | undefined
  /** `TINK_CLIENT_SECRET` by default. */
  readonly clientSecret?: Config.Config<Redacted.Redacted> | undefined
  /** `TINK_PRIVATE_KEY` by default: PKCS#8 PEM, or the JSON of a JWK. */
  readonly privateKey?: Config.Config<Redacted.Redacted> | undefined
  /** `TINK_MUTUAL_TLS` by default, or `false` if that is not set. */
  readonly mutualTls?: Config.Config<boolean> | undefined
  /** `TINK_BASE_URL` by default, or that of `Options` if that is not set. */
  readonly baseUrl?: Config.Config<string> | undefined
  /** `TINK_ALLOW_INSECURE_HTTP` by default, or `false` if that is not set: see `Options`. */
  readonly allowInsecureHttp?: Config.Config<boolean> | undefined
}

/**
 * How the application authenticates. A private key is known to its function alone.
 *
 * @since 0.1.0
 * @category models
 */
export type ClientAuthentication =
  | { readonly _tag: "ClientSecret"; readonly clientSecret: Redacted.Redacted }
  | { readonly _tag: "PrivateKey"; readonly sign: Sign }
  | { readonly _tag: "MutualTls" }

/**
 * Validated settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface TinkConfig {
  readonly clientId: string
  readonly clientAuthentication: ClientAuthentication
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

type Problem = ConfigError.ConfigError

/** Configs whose values may be of any type. */
type Configs = RequestOptions & {
  readonly [Name in Exclude<keyof ConfigOptions, keyof RequestOptions>]?: Config.Config<unknown> | undefined
}

type Checked<A> = Exit.Exit<A, Problem>

const settingNames = [
  "clientId",
  "clientSecret",
  "privateKey",
  "mutualTls",
  "baseUrl",
  "allowInsecureHttp",
  "attemptTimeout",
  "deadline",
  "maxRetries",
  "retryBaseDelay",
  "retryMaxDelay",
  "maxConcurrency",
  "retryBudget",
  "maxSharedPause",
  "circuitBreaker",
  "maxBodySize"
] as const satisfies ReadonlyArray<keyof ConfigOptions | keyof RequestOptions>

/** The value of a member that throws when it is read. No rule is met by it. */
const unreadable: unique symbol = Symbol.for("@effect-tink/http/Unreadable")

/** Members by their names, each read once. At run time options may be of any type. */
const readMembers = <Name extends string>(
  options: unknown,
  names: ReadonlyArray<Name>
): { readonly [N in Name]?: unknown } =>
  // The names are those of the type.
  Object.fromEntries(
    names.map((name) => [
      name,
      readOr(
        (): unknown => (options === null || options === undefined ? undefined : Reflect.get(Object(options), name)),
        unreadable
      )
    ])
  ) as { readonly [N in Name]?: unknown }

const problem = (path: ReadonlyArray<string>, message: string): Problem => ConfigError.InvalidData([...path], message)

interface Rule<A> {
  readonly subject: string
  readonly requirement: string
  readonly isMet: (value: unknown) => value is A
}

const clientIdRule: Rule<string> = {
  subject: "the client id",
  requirement: `must be ${printableAsciiRequirement}`,
  isMet: isPrintableAscii
}

/** None for what is not a secret, and for one that was wiped. */
const readSecret = Option.liftThrowable((value: unknown): unknown =>
  Redacted.isRedacted(value) ? Redacted.value(value) : undefined
)

const clientSecretRule: Rule<Redacted.Redacted> = {
  subject: "the client secret",
  requirement: `must be ${printableAsciiRequirement}, as a Redacted that was not wiped`,
  isMet: (value): value is Redacted.Redacted => isPrintableAscii(Option.getOrUndefined(readSecret(value)))
}

const noJoseMessage = "the private key needs the package jose, which cannot be loaded"

const privateKeyRule: Rule<Redacted.Redacted> = {
  subject: "the private key",
  requirement:
    "must be a P-256 key, as PKCS#8 PEM (`openssl pkcs8 -topk8 -nocrypt` makes it of other PEM) or as a private JWK, " +
    "in a Redacted that was not wiped",
  isMet: (value): value is Redacted.Redacted => typeof Option.getOrUndefined(readSecret(value)) === "string"
}

const mutualTlsRule: Rule<boolean> = {
  subject: "mutualTls",
  requirement: "must be true or false",
  isMet: Predicate.isBoolean
}

const baseUrlRule = (allowInsecureHttp: boolean): Rule<string> => ({
  subject: "the base URL",
  requirement:
    `must be ${baseUrlRequirement(defaultBaseUrl)}. ` +
    "allowInsecureHttp (TINK_ALLOW_INSECURE_HTTP=true) allows http to any host, where secrets can be read on the way",
  isMet: (value): value is string => isBaseUrl(value, { allowInsecureHttp })
})

const allowInsecureHttpRule: Rule<boolean> = {
  subject: "allowInsecureHttp",
  requirement: "must be true or false",
  isMet: Predicate.isBoolean
}

/** One line that begins like a path, or ends like the name of a file. */
const pathPattern = /^(?:[~.]{0,2}[/\\]|[A-Za-z]:[/\\]|file:).*$|^[^{}]*\.(?:pem|key|p8|json|jwk)$/i

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

/** The error has the name of the config, or of the option if it is a value. */
const fail = (option: string, config: Config.Config<unknown>, message: string) =>
  Effect.flatMap(readName(config), (name) =>
    Effect.fail(problem(Arr.isNonEmptyReadonlyArray(name) ? name : [option], message))
  )

/** For a missing secret, the error of `Config.redacted` says `<redacted>` in place of the reason. */
const formatMissing = (error: Problem): Problem =>
  error._op === "MissingData" ? ConfigError.MissingData([...error.path], `${error.path.join(".")} is not set`) : error

/** Says what is wrong with a value, without the value. */
const explain = ({ requirement, subject }: Rule<unknown>, value: unknown): string =>
  value === "" || Option.contains(readSecret(value), "")
    ? `${subject} is empty: it ${requirement}`
    : `${subject} ${requirement}`

const explainPrivateKey = (key: Redacted.Redacted): string => {
  const why = explain(privateKeyRule, key)
  return pathPattern.test(Redacted.value(key).trim()) ? `${why}. It is the key itself, not the path of its file` : why
}

// Config.validate omits the name of a redacted config.
const read = <A>(
  option: string,
  config: Config.Config<unknown>,
  rule: Rule<A>
): Effect.Effect<A, ConfigError.ConfigError> => {
  if (!readOr(() => Config.isConfig(config), false)) return Effect.fail(problem([option], `${option} must be a Config`))
  return Effect.flatMap(Effect.mapError(config, formatMissing), (value) =>
    rule.isMet(value) ? Effect.succeed(value) : fail(option, config, explain(rule, value))
  )
}

/** Not `Config.withDefault`, which also takes a malformed value of some types for a missing one. */
const orDefault = <A>(config: Config.Config<A>, value: A): Config.Config<A> =>
  Config.map(
    Config.option(config),
    Option.getOrElse(() => value)
  )

const readAllowInsecureHttp = (config: Configs["allowInsecureHttp"]) =>
  read(
    "allowInsecureHttp",
    config === undefined ? orDefault(Config.boolean("TINK_ALLOW_INSECURE_HTTP"), false) : config,
    allowInsecureHttpRule
  )

/** None if a config is not set. An empty variable is set, and its error names it. */
const readOptional = <A>(
  option: string,
  config: Config.Config<unknown>,
  rule: Rule<A>
): Effect.Effect<Option.Option<A>, ConfigError.ConfigError> =>
  Effect.flatMap(Config.option(config), (value) =>
    Option.isNone(value) ? Effect.succeedNone : Effect.asSome(read(option, config, rule))
  )

const readBaseUrl = (config: Configs["baseUrl"], rule: Rule<string>, fallback: string) =>
  config === undefined
    ? Effect.map(
        readOptional("baseUrl", Config.string("TINK_BASE_URL"), rule),
        Option.getOrElse(() => fallback)
      )
    : read("baseUrl", config, rule)

// ---------------------------------------------------------------------------------------------------------------------
// Client authentication
// ---------------------------------------------------------------------------------------------------------------------

interface Method<A> {
  readonly option: "clientSecret" | "privateKey" | "mutualTls"
  readonly config: Config.Config<unknown> | undefined
  readonly variable: Config.Config<unknown>
  readonly rule: Rule<A>
}

/** If the application names one method, the variables of the others are not read. */
const readMethod = <A>({ config, option, rule, variable }: Method<A>, isNamed: boolean) => {
  if (config !== undefined) return Effect.asSome(read(option, config, rule))
  return isNamed ? Effect.succeedNone : readOptional(option, variable, rule)
}

const readAuthentication = (settings: Configs): Effect.Effect<ClientAuthentication, ConfigError.ConfigError> =>
  Effect.gen(function* () {
    const secret = Config.redacted("TINK_CLIENT_SECRET")
    const key = Config.redacted("TINK_PRIVATE_KEY")
    const flag = Config.boolean("TINK_MUTUAL_TLS")
    const isNamed = [settings.clientSecret, settings.privateKey, settings.mutualTls].some(
      (config) => config !== undefined
    )
    const methods = yield* collect({
      clientSecret: yield* Effect.exit(
        readMethod(
          { option: "clientSecret", config: settings.clientSecret, variable: secret, rule: clientSecretRule },
          isNamed
        )
      ),
      privateKey: yield* Effect.exit(
        readMethod({ option: "privateKey", config: settings.privateKey, variable: key, rule: privateKeyRule }, isNamed)
      ),
      mutualTls: yield* Effect.exit(
        readMethod({ option: "mutualTls", config: settings.mutualTls, variable: flag, rule: mutualTlsRule }, isNamed)
      )
    })
    const { clientSecret, privateKey } = methods
    const isMutualTls = Option.contains(methods.mutualTls, true)
    if ([Option.isSome(clientSecret), Option.isSome(privateKey), isMutualTls].filter(Boolean).length > 1) {
      return yield* Effect.fail(
        problem(
          ["clientSecret", "privateKey", "mutualTls"],
          "only one of clientSecret (TINK_CLIENT_SECRET), privateKey (TINK_PRIVATE_KEY) and mutualTls (TINK_MUTUAL_TLS) may be set"
        )
      )
    }
    if (isMutualTls) return { _tag: "MutualTls" }
    if (Option.isSome(privateKey)) {
      return yield* ClientAssertion.makeSign(privateKey.value).pipe(
        Effect.map((sign) => ({ _tag: "PrivateKey", sign }) as const),
        Effect.catchAll(({ _tag }) =>
          fail(
            "privateKey",
            settings.privateKey ?? key,
            _tag === "InvalidKey" ? explainPrivateKey(privateKey.value) : noJoseMessage
          )
        )
      )
    }
    // A copy, because the caller may wipe the secret.
    if (Option.isSome(clientSecret)) {
      return { _tag: "ClientSecret", clientSecret: Redacted.make(Redacted.value(clientSecret.value)) }
    }
    return yield* Effect.fail(
      ConfigError.MissingData(
        ["TINK_CLIENT_SECRET"],
        "TINK_CLIENT_SECRET is not set, and neither is TINK_PRIVATE_KEY or TINK_MUTUAL_TLS"
      )
    )
  })

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
    Option.match({
      onNone: () => Exit.fail(problem([name], `${name} must be a${isZeroAllowed ? "" : " positive"} duration`)),
      onSome: Exit.succeed
    })
  )

const checkCount = (name: string, input: unknown, fallback: number, min: 0 | 1): Checked<number> => {
  const count = input === undefined ? fallback : input
  return Number.isSafeInteger(count) && Number(count) >= min
    ? Exit.succeed(Number(count))
    : Exit.fail(problem([name], `${name} must be a whole number, ${min} or more`))
}

const checkCircuitBreaker = (input: unknown): Checked<TinkConfig["circuitBreaker"]> => {
  if (input === undefined) return Exit.succeed(undefined)
  const { failures, openFor } = readMembers(input, ["failures", "openFor"])
  if (failures === undefined) {
    return Exit.fail(problem(["circuitBreaker"], "circuitBreaker must have a number of failures"))
  }
  return collect({
    failures: checkCount("circuitBreaker.failures", failures, 0, 1),
    openFor: checkDuration("circuitBreaker.openFor", openFor, "1 second", { isZeroAllowed: false })
  })
}

/** All values, or all problems. */
const collect = <A extends Readonly<Record<string, unknown>>>(checked: {
  readonly [K in keyof A]: Checked<A[K]>
}): Checked<A> => {
  const failed = Object.values<Checked<unknown>>(checked).filter(Exit.isFailure)
  const [first, ...others] = failed.flatMap(({ cause }) => Array.from(Cause.failures(cause)))
  if (first !== undefined) return Exit.fail(others.reduce(ConfigError.And, first))
  // A provider of the application died.
  if (failed[0] !== undefined) return Exit.failCause(failed[0].cause)
  // Each value is of the type that is asked of its check.
  return Exit.succeed(Record.map(checked, Exit.getOrElse(constUndefined)) as unknown as A)
}

const zero = { isZeroAllowed: true } as const
const positive = { isZeroAllowed: false } as const

const fromConfigs = (settings: Configs): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.gen(function* () {
    const allowInsecureHttp = yield* Effect.exit(readAllowInsecureHttp(settings.allowInsecureHttp))
    const urlRule = baseUrlRule(Exit.getOrElse(allowInsecureHttp, () => false))
    const clientAuthentication = yield* Effect.exit(readAuthentication(settings))
    const isMutualTls = Exit.isSuccess(clientAuthentication) && clientAuthentication.value._tag === "MutualTls"
    const checked = yield* collect({
      clientId: yield* Effect.exit(
        read(
          "clientId",
          settings.clientId === undefined ? Config.string("TINK_CLIENT_ID") : settings.clientId,
          clientIdRule
        )
      ),
      clientAuthentication,
      allowInsecureHttp,
      baseUrl: yield* Effect.exit(
        readBaseUrl(settings.baseUrl, urlRule, isMutualTls ? mutualTlsBaseUrl : defaultBaseUrl)
      ),
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
    return { ...config, baseUrl: config.baseUrl.replace(/\/+$/, "") }
  })

/**
 * Reads and validates the settings. Fails with the names of all that are missing or malformed, never with a value.
 *
 * @since 0.1.0
 * @category constructors
 */
// At run time the options may be null.
export const fromConfig = (options: ConfigOptions = {}): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  // A value that is not a `Config` is refused when it is read, and one of a wrong type when it is checked.
  Effect.suspend(() => fromConfigs(readMembers(options, settingNames) as Configs))

/** A setting with a fixed value of any type. */
const fixed = <A>(value: A): Config.Config<A> => Config.succeed(value)

const fixedIfSet = (value: unknown): Config.Config<unknown> | undefined =>
  value === undefined ? undefined : fixed(value)

/**
 * Validates settings given as values.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TinkConfig, ConfigError.ConfigError> =>
  Effect.suspend(() => {
    const settings = readMembers(options, settingNames)
    const { allowInsecureHttp = false, clientId, clientSecret, mutualTls, privateKey } = settings
    const isMutualTls = mutualTls === true
    // Most applications have a secret, so that is what is asked for if there is nothing else.
    const isSecretDue = privateKey === undefined && !isMutualTls
    const { baseUrl = isMutualTls ? mutualTlsBaseUrl : defaultBaseUrl } = settings
    const configs = {
      ...settings,
      clientId: fixed(clientId),
      clientSecret: isSecretDue ? fixed(clientSecret) : fixedIfSet(clientSecret),
      privateKey: fixedIfSet(privateKey),
      mutualTls: fixedIfSet(mutualTls),
      baseUrl: fixed(baseUrl),
      allowInsecureHttp: fixed(allowInsecureHttp)
    }
    // The other settings are checked as they are used.
    return fromConfigs(configs as Configs)
  })
