/**
 * Tink Link, Tink's own pages on which a user connects their bank: links to it, and what it comes back with
 * (`tink-api.md` 10.1).
 *
 * @since 0.1.0
 */
import { CredentialsId } from "@effect-tink/http/Ids"
import {
  baseUrlRequirement,
  idRequirement,
  isBaseUrl,
  isPrintableAscii,
  printableAsciiRequirement
} from "@effect-tink/http/InputRules"
import type { DelegableScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Input from "./internal/input.js"
import { ErrorType } from "./ProviderConsent.js"

/**
 * The client id of Tink Link itself: to whom `Users.delegateAuthorization` delegates. The same for all applications.
 *
 * @since 0.1.0
 * @category constants
 */
export const actorClientId = "df05e4b379934cd09963197cc855bfe9"

/**
 * What Tink Link needs to be allowed, to connect banks for a user (`tink-api.md` 2).
 *
 * @since 0.1.0
 * @category constants
 */
export const scopes: ReadonlyArray<DelegableScope> = Object.freeze([
  "authorization:read",
  "authorization:grant",
  "credentials:refresh",
  "credentials:read",
  "credentials:write",
  "providers:read",
  "user:read"
] as const)

// ---------------------------------------------------------------------------------------------------------------------
// Links
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What all links have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface LinkOptions {
  /** The client id of the Tink app: `TinkHttp` has it as `clientId`. */
  readonly clientId: string
  /** Where the user comes back to: one of those that the Tink app has in Tink Console. */
  readonly redirectUri: string
  /**
   * Something that nobody can guess, and that the application remembers of the user whom it sends to Tink Link:
   * `parseRedirect` compares it with what comes back. Without it, anyone can send a user back with a bank of their own.
   */
  readonly state?: string | Redacted.Redacted | undefined
  /** Whether to show test banks. */
  readonly test?: boolean | undefined
  /** Further parameters by the names that Tink documents, such as `theme` or `app_uri`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Where Tink Link is: `https://link.tink.com` by default. Must be https, or http on a loopback address. */
  readonly baseUrl?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConnectAccountsOptions extends LinkOptions {
  /**
   * From `Users.delegateAuthorization`, for the user to whom the bank is to belong. Without one, Tink makes a user for this
   * one time, whose code `parseRedirect` gives.
   */
  readonly authorizationCode?: Redacted.Redacted | undefined
  /** The country whose banks to show: two capital letters, ISO 3166-1. `SE` by default. */
  readonly market?: string | undefined
  /** The language of the pages, like `sv_SE`. `en_US` by default. */
  readonly locale?: string | undefined
  /** The bank, where the user need not choose: its `providerName`. */
  readonly inputProvider?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface UpdateConsentOptions extends LinkOptions {
  /** From `Users.delegateAuthorization`, for the user whose bank it is. */
  readonly authorizationCode: Redacted.Redacted
  /** The connection whose consent is to be renewed. */
  readonly credentialsId: CredentialsId
}

const defaultBaseUrl = "https://link.tink.com"

const isPrintableSecret = (value: unknown): boolean => Input.printableSecret(value) !== undefined

const isState = (value: unknown): boolean => Input.isText(Input.plainText(value))

const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

/** Names that the typed options have: a second one would leave it to Tink which to take. */
const typedNames: ReadonlySet<string> = new Set([
  "authorization_code",
  "client_id",
  "credentials_id",
  "input_provider",
  "locale",
  "market",
  "redirect_uri",
  "state",
  "test"
])

/** What Tink Link comes back with. A name with a second spelling has both (`tink-api.md` 12.16). */
const redirectParameters = [
  "code",
  "credentials",
  "credentialsId",
  "credentials_id",
  "error",
  "error_reason",
  "error_type",
  "message",
  "provider_name",
  "state",
  "tracking_id"
] as const

const areParameters = (value: unknown): boolean =>
  Input.isPlainObject(value) &&
  Object.entries(value).every(
    ([name, text]) =>
      /^[a-z][a-z0-9_]*$/.test(name) &&
      !typedNames.has(name) &&
      Input.isText(text) &&
      (name !== "app_uri" || Input.isUri(text))
  )

const codeRequirement = `authorizationCode ${Input.printableSecretRequirement}`
const stateRequirement = "state must be at least one character, and no control characters"

/** What `redirectUri` has itself would be taken for what Tink Link adds to it, or would make it ambiguous. */
const reservedParameterChecks = (redirectUri: unknown): ReadonlyArray<Input.Check> => {
  if (typeof redirectUri !== "string") return []
  const [, query = ""] = /^[^?#]*\?([^#]*)/.exec(redirectUri) ?? []
  const used = new URLSearchParams(query)
  return redirectParameters.map((name) => [
    !used.has(name),
    `redirectUri must not use the query parameter \`${name}\`: Tink Link uses it`
  ])
}

type Parameters = ReadonlyArray<readonly [name: string, value: string | undefined]>

/** Not `URLSearchParams`, which writes a space as `+`: not all that read it take it for one. */
const query = (parameters: Parameters): string =>
  parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`])).join("&")

const link = (
  operation: string,
  flow: string,
  options: LinkOptions,
  checks: ReadonlyArray<Input.Check>,
  parameters: () => Parameters
): Effect.Effect<Redacted.Redacted, TinkError> =>
  Effect.suspend(() => {
    const checked = Input.check(
      operation,
      [isPrintableAscii(options?.clientId), `clientId must be ${printableAsciiRequirement}`],
      [Input.isUri(options?.redirectUri), `redirectUri ${Input.uriRequirement}`],
      ...reservedParameterChecks(options?.redirectUri),
      ...checks,
      [isOptional(options?.state, isState), stateRequirement],
      [isOptional(options?.test, Predicate.isBoolean), "test must be true or false"],
      [isOptional(options?.parameters, areParameters), "parameters must be texts by further names of Tink Link"],
      [isOptional(options?.baseUrl, isBaseUrl), `baseUrl must be ${baseUrlRequirement(defaultBaseUrl)}`]
    )
    return Effect.map(checked, () => {
      const baseUrl = (options.baseUrl ?? defaultBaseUrl).replace(/\/+$/, "")
      const all = query([
        ["client_id", options.clientId],
        ["redirect_uri", options.redirectUri],
        ...parameters(),
        ["state", Input.plainText(options.state)],
        ["test", options.test === true ? "true" : undefined],
        ...Object.entries(options.parameters ?? {})
      ])
      return Redacted.make(`${baseUrl}/1.0/transactions/${flow}?${all}`)
    })
  })

/**
 * A link on which a user connects a bank: for a user of the application with an `authorizationCode`, which is continuous
 * access, and for one time without. Nothing is sent. It holds a code that works once, and soon: send the user there at once.
 * Fails with `Invalid` alone.
 *
 * @example
 * ```ts
 * import * as TinkLink from "@effect-tink/users/TinkLink"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * export const oneTime = (state: string) =>
 *   TinkLink.connectAccounts({
 *     clientId: "my-client",
 *     redirectUri: "https://app.example/callback",
 *     market: "SE",
 *     locale: "sv_SE",
 *     state
 *   }).pipe(Effect.map((url) => ({ status: 302, location: Redacted.value(url) })))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const connectAccounts = (options: ConnectAccountsOptions): Effect.Effect<Redacted.Redacted, TinkError> =>
  link(
    "connectAccounts",
    "connect-accounts",
    options,
    [
      [isOptional(options?.authorizationCode, isPrintableSecret), codeRequirement],
      [isOptional(options?.market, Schema.is(Input.Market)), `market ${Input.marketRequirement}`],
      [isOptional(options?.locale, Schema.is(Input.Locale)), `locale ${Input.localeRequirement}`],
      [isOptional(options?.inputProvider, Input.isText), "inputProvider must be the name of a provider"]
    ],
    () => [
      ["authorization_code", Input.printableSecret(options.authorizationCode)],
      ["market", options.market],
      ["locale", options.locale],
      ["input_provider", options.inputProvider]
    ]
  )

/**
 * A link on which a user renews their consent for a bank that they have connected. Nothing is sent. It holds a code that
 * works once, and soon: make one for each time that the user goes there. Fails with `Invalid` alone.
 *
 * @example
 * ```ts
 * import type * as Ids from "@effect-tink/http/Ids"
 * import { TinkHttp } from "@effect-tink/http/TinkHttp"
 * import * as TinkLink from "@effect-tink/users/TinkLink"
 * import * as Users from "@effect-tink/users/Users"
 * import * as Effect from "effect/Effect"
 *
 * export const renew = (userId: Ids.UserId, credentialsId: Ids.CredentialsId, name: string, state: string) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     const { clientId } = yield* TinkHttp
 *     const { code } = yield* users.delegateAuthorization({ userId, idHint: name })
 *     return yield* TinkLink.updateConsent({
 *       clientId,
 *       redirectUri: "https://app.example/callback",
 *       authorizationCode: code,
 *       credentialsId,
 *       state
 *     })
 *   })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const updateConsent = (options: UpdateConsentOptions): Effect.Effect<Redacted.Redacted, TinkError> =>
  link(
    "updateConsent",
    "update-consent",
    options,
    [
      [isPrintableSecret(options?.authorizationCode), codeRequirement],
      [isCredentialsId(options?.credentialsId), `credentialsId must be ${idRequirement}`]
    ],
    () => [
      ["credentials_id", options.credentialsId],
      ["authorization_code", Input.printableSecret(options.authorizationCode)]
    ]
  )

// ---------------------------------------------------------------------------------------------------------------------
// What comes back
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The errors that Tink documents.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownRedirectError = Schema.Literal(
  "USER_CANCELLED",
  "BAD_REQUEST",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "INTERNAL_ERROR"
)

/**
 * A documented error, or any other that Tink comes to send, as it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RedirectError = Schema.Union(
  KnownRedirectError,
  Schema.String.pipe(Schema.brand("@effect-tink/UnknownRedirectError"))
)

/**
 * @since 0.1.0
 * @category models
 */
export type RedirectError = typeof RedirectError.Type

/**
 * What there is to know when no bank was connected. It came by way of the user's browser: show it, and look it up, but
 * believe none of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Circumstances {
  /** Tink's code for what went wrong, such as `INVALID_PARAMETER_CLIENT_ID`. */
  readonly reason?: string
  /** What to tell the user, in their language. */
  readonly message?: string
  /** What Tink's support asks for. */
  readonly trackingId?: string
  /** The kind of an `AUTHENTICATION_ERROR`. */
  readonly errorType?: ErrorType
  /** What was connected before it went wrong, which stays with the user until it is deleted (`tink-api.md` 7.1). */
  readonly credentialsId?: CredentialsId
  /** The bank that the user chose. */
  readonly providerName?: string
  readonly state?: string
}

/**
 * A bank was connected, or its consent renewed, for a user of the application.
 *
 * @since 0.1.0
 * @category models
 */
export class Connected extends Data.TaggedClass("Connected")<{
  readonly credentialsId: CredentialsId
  readonly state?: string
}> {}

/**
 * A bank was connected for one time: `Users.authorizeWithCode` takes the code.
 *
 * @since 0.1.0
 * @category models
 */
export class ConnectedOnce extends Data.TaggedClass("ConnectedOnce")<{
  readonly credentialsId: CredentialsId
  readonly code: Redacted.Redacted
  readonly state?: string
}> {}

/**
 * The user has changed their mind.
 *
 * @since 0.1.0
 * @category models
 */
export class Cancelled extends Data.TaggedClass("Cancelled")<Circumstances> {}

/**
 * Something went wrong.
 *
 * @since 0.1.0
 * @category models
 */
export class Failed extends Data.TaggedClass("Failed")<
  Circumstances & { readonly error: Exclude<RedirectError, "USER_CANCELLED"> }
> {}

/**
 * What Tink Link can come back with.
 *
 * @since 0.1.0
 * @category models
 */
export type Redirect = Connected | ConnectedOnce | Cancelled | Failed

/**
 * The `state` that the link had, or to be said in so many words: that it had none, and any will do.
 *
 * @since 0.1.0
 * @category models
 */
export type ExpectedState =
  | { readonly state: string | Redacted.Redacted; readonly ignoreState?: undefined }
  | { readonly ignoreState: true; readonly state?: undefined }

const isCredentialsId = Schema.is(CredentialsId)

const decodeError = Schema.decodeSync(RedirectError)

const decodeErrorType = Schema.decodeSync(ErrorType)

/** A request to an application has its path and query alone, which is a part of a URL here. */
const parametersOf = (url: unknown): URLSearchParams | undefined => {
  if (!(url instanceof URL) && typeof url !== "string") return undefined
  const base = "https://redirect.invalid"
  return URL.canParse(String(url), base) ? new URL(String(url), base).searchParams : undefined
}

type Name = (typeof redirectParameters)[number]

/** What decides which redirect it is, and whose. */
const decisive: ReadonlySet<Name> = new Set(["code", "error", "state"])

/**
 * Each once: with a second one, two readers could see different values. An empty one says nothing. Only a decisive one spoils
 * the rest.
 */
const textsOf = (parameters: URLSearchParams) => {
  const texts: { [name in Name]?: string | undefined } = {}
  for (const name of redirectParameters) {
    const [first, ...others] = parameters.getAll(name)
    if (others.length > 0 && decisive.has(name)) return undefined
    if (first && others.length === 0) texts[name] = first
  }
  return texts
}

type Texts = NonNullable<ReturnType<typeof textsOf>>

/** Control characters, those that change the direction of the text or cannot be seen, and line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu

/** Fit to be shown and logged: it came by way of the user's browser. */
const printable = (text: string | undefined): string | undefined => text?.replace(unprintable, " ").trim() || undefined

const given = <Name extends string, A>(name: Name, value: A | undefined): { readonly [name in Name]?: A } =>
  // A computed name loses its literal type.
  value === undefined ? {} : ({ [name]: value } as { readonly [name in Name]: A })

const decodeWith =
  <A>(decode: (text: string) => A) =>
  (text: string | undefined): A | undefined => {
    const clean = printable(text)
    return clean === undefined ? undefined : decode(clean)
  }

const errorOf = decodeWith(decodeError)

const errorTypeOf = decodeWith(decodeErrorType)

/** A detail that is malformed is left out: that something failed is no less true. */
const circumstancesOf = (texts: Texts): Circumstances => ({
  ...given("reason", printable(texts.error_reason)),
  ...given("message", printable(texts.message)),
  ...given("trackingId", printable(texts.tracking_id)),
  ...given("errorType", errorTypeOf(texts.error_type)),
  ...given("credentialsId", isCredentialsId(texts.credentials) ? texts.credentials : undefined),
  ...given("providerName", printable(texts.provider_name)),
  ...given("state", texts.state)
})

const failureOf = (texts: Texts): Redirect | undefined => {
  const error = errorOf(texts.error)
  if (error === undefined) return undefined
  const circumstances = circumstancesOf(texts)
  return error === "USER_CANCELLED" ? new Cancelled(circumstances) : new Failed({ error, ...circumstances })
}

/** The two spellings say the same, or it is not Tink Link that says it. */
const connectedIdOf = ({ credentialsId, credentials_id = credentialsId }: Texts): CredentialsId | undefined =>
  isCredentialsId(credentials_id) && (credentialsId ?? credentials_id) === credentials_id ? credentials_id : undefined

const redirectOf = (texts: Texts): Redirect | undefined => {
  if (texts.error !== undefined) return failureOf(texts)
  const credentialsId = connectedIdOf(texts)
  if (credentialsId === undefined) return undefined
  const state = given("state", texts.state)
  if (texts.code === undefined) return new Connected({ credentialsId, ...state })
  const code = Redacted.make(texts.code)
  return isPrintableSecret(code) ? new ConnectedOnce({ credentialsId, code, ...state }) : undefined
}

const invalid = (detail: string) => Effect.fail(invalidInput("parseRedirect", detail))

/**
 * What Tink Link came back with, of the URL of the user's request, whole or from its path on.
 *
 * The `state` must be the one that the link had: that the application remembers of this user, not one that comes with the
 * request. Otherwise anyone can have a user come with a bank of their own, or with the code of another. What else comes with
 * the request is not checked: whose the `credentialsId` is shows when it is read with a session of the user.
 *
 * Fails with `Invalid` when the state is another, or when it is no such URL. A `state` that is expected as a `Redacted` is left
 * out of what this gives.
 *
 * @example
 * ```ts
 * import * as TinkLink from "@effect-tink/users/TinkLink"
 * import * as Effect from "effect/Effect"
 *
 * export const onCallback = (url: string, state: string) =>
 *   Effect.gen(function* () {
 *     const redirect = yield* TinkLink.parseRedirect(url, { state })
 *     switch (redirect._tag) {
 *       case "Connected":
 *       case "ConnectedOnce":
 *         return `connected: ${redirect.credentialsId}`
 *       case "Cancelled":
 *         return "another time, then"
 *       case "Failed":
 *         return redirect.message ?? "that did not work"
 *     }
 *   })
 * ```
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseRedirect = (url: string | URL, expected: ExpectedState): Effect.Effect<Redirect, TinkError> =>
  Effect.suspend(() => {
    const state = Input.plainText(expected?.state)
    // Nothing remembered is no reason to let anything pass.
    if (expected?.ignoreState !== true && !Input.isText(state)) return invalid(stateRequirement)
    if (expected?.ignoreState === true && expected.state !== undefined) return invalid("give state or ignoreState")
    const parameters = parametersOf(url)
    const texts = parameters && textsOf(parameters)
    if (texts === undefined) return invalid("the URL is none that Tink Link comes back to")
    if (expected.ignoreState !== true && texts.state !== state) return invalid("the state is not the expected one")
    // Whoever keeps their state secret has it, and does not want it shown with what came back.
    const redirect = redirectOf(Redacted.isRedacted(expected.state) ? { ...texts, state: undefined } : texts)
    return redirect === undefined ? invalid("the URL is none that Tink Link comes back to") : Effect.succeed(redirect)
  })
