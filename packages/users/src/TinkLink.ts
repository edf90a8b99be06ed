/**
 * Links to Tink Link, the pages of Tink on which a user connects a bank, and the redirects from it (`tink-api.md` 11).
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
 * The client id of Tink Link, to which `Users.delegateAuthorization` delegates. It is the same for all applications.
 *
 * @since 0.1.0
 * @category constants
 */
export const actorClientId = "df05e4b379934cd09963197cc855bfe9"

/**
 * The scopes that Tink Link needs to connect banks for a user (`tink-api.md` 2).
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
 * The options of all links.
 *
 * @since 0.1.0
 * @category models
 */
export interface LinkOptions {
  /** The client id of the Tink app: the `clientId` of `TinkHttp`. */
  readonly clientId: string
  /** Where the user returns to: a redirect URI that the Tink app has in Tink Console. */
  readonly redirectUri: string
  /**
   * An unguessable value that the application stores with the user's session. `parseRedirect` compares it with the `state` of
   * the redirect. Without it, an attacker can send the user to the redirect URI with a bank of the attacker's.
   */
  readonly state?: string | Redacted.Redacted | undefined
  /** Whether to show test banks. */
  readonly test?: boolean | undefined
  /** Further parameters by the names that Tink documents, such as `theme` or `app_uri`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The URL of Tink Link, by default `https://link.tink.com`. Must be https, or http on a loopback address. */
  readonly baseUrl?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConnectAccountsOptions extends LinkOptions {
  /**
   * The code of `Users.delegateAuthorization` for the user who connects the bank. Without one the link is for one-time access:
   * Tink creates a user, and `parseRedirect` returns a code for that user.
   */
  readonly authorizationCode?: Redacted.Redacted | undefined
  /** The country whose banks are shown: two capital letters, ISO 3166-1. By default `SE`. */
  readonly market?: string | undefined
  /** The language of the pages, like `sv_SE`. By default `en_US`. */
  readonly locale?: string | undefined
  /** The `providerName` of a bank, so that the user does not have to choose one. */
  readonly inputProvider?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface UpdateConsentOptions extends LinkOptions {
  /** The code of `Users.delegateAuthorization` for the user who owns the credential. */
  readonly authorizationCode: Redacted.Redacted
  /** The credential whose consent is renewed. */
  readonly credentialsId: CredentialsId
}

const defaultBaseUrl = "https://link.tink.com"

const isPrintableSecret = (value: unknown): boolean => Input.printableSecret(value) !== undefined

const isState = (value: unknown): boolean => Input.isText(Input.plainText(value))

/** Parameters that have an option of their own. It is not documented which of two values Tink takes. */
const namesOfOptions: ReadonlySet<string> = new Set([
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
      !namesOfOptions.has(name) &&
      Input.isText(text) &&
      (name !== "app_uri" || Input.isUri(text))
  )

const codeRequirement = `authorizationCode ${Input.printableSecretRequirement}`
const stateRequirement = `state ${Input.textRequirement}`

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

/** Not `URLSearchParams`, which writes a space as `+`: not every parser reads that as a space. */
const formatQuery = (parameters: Parameters): string =>
  parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`])).join("&")

const makeLink = (
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
      [Input.isOptional(options?.state, isState), stateRequirement],
      [Input.isOptional(options?.test, Predicate.isBoolean), "test must be true or false"],
      [
        Input.isOptional(options?.parameters, areParameters),
        "parameters must be an object of texts, by names in snake_case that have no option of their own"
      ],
      [Input.isOptional(options?.baseUrl, isBaseUrl), `baseUrl must be ${baseUrlRequirement(defaultBaseUrl)}`]
    )
    return Effect.map(checked, () => {
      const baseUrl = (options.baseUrl ?? defaultBaseUrl).replace(/\/+$/, "")
      const query = formatQuery([
        ["client_id", options.clientId],
        ["redirect_uri", options.redirectUri],
        ...parameters(),
        ["state", Input.plainText(options.state)],
        ["test", options.test === true ? "true" : undefined],
        ...Object.entries(options.parameters ?? {})
      ])
      return Redacted.make(`${baseUrl}/1.0/transactions/${flow}?${query}`)
    })
  })

/**
 * Makes a link on which a user connects a bank (`tink-api.md` 11).
 *
 * With an `authorizationCode` it is for continuous access, without one for one-time access. Sends nothing. The code in the link
 * works once and expires soon: make the link when the user is about to visit it. Fails with `Invalid` if an option is not valid.
 *
 * @example
 * ```ts
 * import { TinkLink } from "@effect-tink/users"
 * import { Effect, Redacted } from "effect"
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
  makeLink(
    "connectAccounts",
    "connect-accounts",
    options,
    [
      [Input.isOptional(options?.authorizationCode, isPrintableSecret), codeRequirement],
      [Input.isOptional(options?.market, Schema.is(Input.Market)), `market ${Input.marketRequirement}`],
      [Input.isOptional(options?.locale, Schema.is(Input.Locale)), `locale ${Input.localeRequirement}`],
      [Input.isOptional(options?.inputProvider, Input.isText), "inputProvider must be the name of a provider"]
    ],
    () => [
      ["authorization_code", Input.printableSecret(options.authorizationCode)],
      ["market", options.market],
      ["locale", options.locale],
      ["input_provider", options.inputProvider]
    ]
  )

/**
 * Makes a link on which a user renews their consent for a credential (`tink-api.md` 11).
 *
 * Sends nothing. The code in the link works once and expires soon: make the link when the user is about to visit it. Fails with
 * `Invalid` if an option is not valid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const updateConsent = (options: UpdateConsentOptions): Effect.Effect<Redacted.Redacted, TinkError> =>
  makeLink(
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
// Redirects
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The errors of a redirect that Tink documents (`tink-api.md` 11).
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
 * A documented error, or an unknown one as Tink sends it.
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
 * What a redirect says about a visit that did not succeed. It passed through the user's browser, so it may be forged: use it for
 * display and support only.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedirectDetails {
  /** Tink's code for what went wrong, such as `INVALID_PARAMETER_CLIENT_ID`. */
  readonly reason?: string
  /** What to tell the user, in their language. */
  readonly message?: string
  /** Identifies the visit to Tink's support. */
  readonly trackingId?: string
  /** The kind of an `AUTHENTICATION_ERROR`. */
  readonly errorType?: ErrorType
  /** The credential that was created before the failure. It stays with the user until it is deleted (`tink-api.md` 7.1). */
  readonly credentialsId?: CredentialsId
  /** The bank that the user chose. */
  readonly providerName?: string
  readonly state?: string
}

/**
 * The user connected a bank, or renewed a consent, with continuous access.
 *
 * @since 0.1.0
 * @category models
 */
export class Connected extends Data.TaggedClass("Connected")<{
  readonly credentialsId: CredentialsId
  readonly state?: string
}> {}

/**
 * The user connected a bank with one-time access. `Users.authorizeWithCode` takes the code.
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
 * The user cancelled.
 *
 * @since 0.1.0
 * @category models
 */
export class Cancelled extends Data.TaggedClass("Cancelled")<RedirectDetails> {}

/**
 * The visit failed.
 *
 * @since 0.1.0
 * @category models
 */
export class Failed extends Data.TaggedClass("Failed")<
  RedirectDetails & { readonly error: Exclude<RedirectError, "USER_CANCELLED"> }
> {}

/**
 * A redirect from Tink Link.
 *
 * @since 0.1.0
 * @category models
 */
export type Redirect = Connected | ConnectedOnce | Cancelled | Failed

/**
 * The `state` of the link, or an explicit opt-out when no state was sent.
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

/** Accepts a path and query too: a request to an application has no more. */
const toParameters = (url: unknown): URLSearchParams | undefined => {
  if (!(url instanceof URL) && typeof url !== "string") return undefined
  const base = "https://redirect.invalid"
  return URL.canParse(String(url), base) ? new URL(String(url), base).searchParams : undefined
}

type Name = (typeof redirectParameters)[number]

/** They decide which redirect it is, and whose. */
const decisive: ReadonlySet<Name> = new Set(["code", "error", "state"])

/** Rejects repeated decisive parameters, since two parsers may take different ones. Others are left out, as empty ones are. */
const toTexts = (parameters: URLSearchParams) => {
  const texts: { [name in Name]?: string | undefined } = {}
  for (const name of redirectParameters) {
    const [first, ...others] = parameters.getAll(name)
    if (others.length > 0 && decisive.has(name)) return undefined
    if (first && others.length === 0) texts[name] = first
  }
  return texts
}

type Texts = NonNullable<ReturnType<typeof toTexts>>

/** Control characters, those that change the direction of a text or cannot be seen, and line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu

/** Makes a text fit to be shown and logged: it passed through the user's browser. */
const toPrintable = (text: string | undefined): string | undefined =>
  text?.replace(unprintable, " ").trim() || undefined

const optionalField = <Name extends string, A>(name: Name, value: A | undefined): { readonly [name in Name]?: A } =>
  // A computed name loses its literal type.
  value === undefined ? {} : ({ [name]: value } as { readonly [name in Name]: A })

const decodeWith =
  <A>(decode: (text: string) => A) =>
  (text: string | undefined): A | undefined => {
    const printable = toPrintable(text)
    return printable === undefined ? undefined : decode(printable)
  }

const toError = decodeWith(decodeError)

const toErrorType = decodeWith(decodeErrorType)

/** A malformed detail is left out: the failure is true without it. */
const toDetails = (texts: Texts): RedirectDetails => ({
  ...optionalField("reason", toPrintable(texts.error_reason)),
  ...optionalField("message", toPrintable(texts.message)),
  ...optionalField("trackingId", toPrintable(texts.tracking_id)),
  ...optionalField("errorType", toErrorType(texts.error_type)),
  ...optionalField("credentialsId", isCredentialsId(texts.credentials) ? texts.credentials : undefined),
  ...optionalField("providerName", toPrintable(texts.provider_name)),
  ...optionalField("state", texts.state)
})

const toFailure = (texts: Texts): Redirect | undefined => {
  const error = toError(texts.error)
  if (error === undefined) return undefined
  const details = toDetails(texts)
  return error === "USER_CANCELLED" ? new Cancelled(details) : new Failed({ error, ...details })
}

/** Two spellings with different values are not Tink Link's. */
const toConnectedId = ({ credentialsId, credentials_id = credentialsId }: Texts): CredentialsId | undefined =>
  isCredentialsId(credentials_id) && (credentialsId ?? credentials_id) === credentials_id ? credentials_id : undefined

const toRedirect = (texts: Texts): Redirect | undefined => {
  if (texts.error !== undefined) return toFailure(texts)
  const credentialsId = toConnectedId(texts)
  if (credentialsId === undefined) return undefined
  const state = optionalField("state", texts.state)
  if (texts.code === undefined) return new Connected({ credentialsId, ...state })
  const code = Redacted.make(texts.code)
  return isPrintableSecret(code) ? new ConnectedOnce({ credentialsId, code, ...state }) : undefined
}

const invalid = (detail: string) => Effect.fail(invalidInput("parseRedirect", detail))

/**
 * Parses the URL with which Tink Link sends a user back, whole or from its path on (`tink-api.md` 11).
 *
 * Fails with `Invalid` if the URL is not a Tink Link redirect URL, or its `state` is not the expected one. Expect the state that
 * the application stored with the user's session, not one from the request: otherwise an attacker can send the user with a bank of
 * the attacker's, or with another user's code. Nothing else is verified: read the `credentialsId` with a session of the user to see
 * whether it belongs to them. If the expected state is `Redacted`, the result does not repeat it.
 *
 * @example
 * ```ts
 * import { TinkLink } from "@effect-tink/users"
 * import { Effect } from "effect"
 *
 * export const onCallback = (url: string, state: string) =>
 *   Effect.gen(function* () {
 *     const redirect = yield* TinkLink.parseRedirect(url, { state })
 *     switch (redirect._tag) {
 *       case "Connected":
 *       case "ConnectedOnce":
 *         return `connected: ${redirect.credentialsId}`
 *       case "Cancelled":
 *         return "cancelled"
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
    // A missing expected state must not disable the check.
    if (expected?.ignoreState !== true && !Input.isText(state)) return invalid(stateRequirement)
    if (expected?.ignoreState === true && expected.state !== undefined) return invalid("give state or ignoreState")
    const parameters = toParameters(url)
    const texts = parameters && toTexts(parameters)
    if (texts === undefined) return invalid("not a Tink Link redirect URL")
    if (expected.ignoreState !== true && texts.state !== state) return invalid("the state is not the expected one")
    // A secret state must not be printed with the result.
    const redirect = toRedirect(Redacted.isRedacted(expected.state) ? { ...texts, state: undefined } : texts)
    return redirect === undefined ? invalid("not a Tink Link redirect URL") : Effect.succeed(redirect)
  })
