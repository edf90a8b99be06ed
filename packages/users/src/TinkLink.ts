/**
 * Links to Tink Link, the pages of Tink on which a user connects a bank, and the redirects from it (`tink-api.md` 11).
 *
 * @since 0.1.0
 */
import { CredentialsId } from "@effect-tink/http/Ids"
import { readOr } from "@effect-tink/http/InputRules"
import type { DelegableScope, UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import type * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Input from "./internal/schemas/input.js"
import { lazily } from "./internal/lazy.js"
import { orUnknown } from "./internal/schemas/schema.js"
import * as delegation from "./internal/tinkLink/delegation.js"
import type { Flows } from "./internal/tinkLink/flows.js"
import { makeLink } from "./internal/tinkLink/makeLink.js"
import { redirectParameters } from "./internal/tinkLink/redirectParameters.js"
import { redirectReasons } from "./internal/tinkLink/redirectReasons.js"
import type * as Rules from "./internal/tinkLink/rules.js"
import { ErrorType, KnownErrorReason } from "./ProviderConsent.js"

/**
 * The client id of Tink Link, to which `Users.delegateAuthorization` delegates. It is the same for all applications.
 *
 * @since 0.1.0
 * @category constants
 */
export const actorClientId = delegation.actorClientId

/**
 * The scopes that Tink Link needs to connect banks for a user (`tink-api.md` 2).
 *
 * @since 0.1.0
 * @category constants
 */
export const scopes: ReadonlyArray<DelegableScope> = delegation.scopes

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
  /**
   * Where the user returns to: a redirect URI that the Tink app has in Tink Console. It may have an app's own scheme, like
   * `example://callback`.
   */
  readonly redirectUri: string
  /**
   * An unguessable value that the application stores with the user's session. `parseRedirect` compares it with the `state` of
   * the redirect. Without it, an attacker can send the user to the redirect URI with a bank of the attacker's.
   */
  readonly state?: string | Redacted.Redacted | undefined
  /** The URI with which the bank's app returns to a mobile app: a whole one, like `example://open`. */
  readonly appUri?: string | undefined
  /** Whether to go to the bank's app at once, on a mobile device. */
  readonly autoRedirectMobile?: boolean | undefined
  /** The colours of the pages. */
  readonly theme?: "LIGHT" | "DARK" | undefined
  /** Whether to show test banks. */
  readonly test?: boolean | undefined
  /** Further parameters, by the names that Tink documents. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The URL of Tink Link, by default `https://link.tink.com`. Must be https, or http on a loopback address. */
  readonly baseUrl?: string | undefined
}

/**
 * What `connectProducts` connects. Tink's references have the first four, an official sample the others.
 *
 * @since 0.1.0
 * @category models
 */
export type Product = typeof Rules.Product.Type

/**
 * The data that Tink Link can fetch (`tink-api.md` 11.2).
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshableItem = typeof Rules.LinkItem.Type

/**
 * The options that only some links have. `Options` says which of them a link needs and takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface FlowOptions {
  /**
   * The code of `Users.delegateAuthorization` for the user who visits the link. It works once and expires soon: make the link when
   * the user is about to visit it. A link that connects accounts without one is for one-time access.
   */
  readonly authorizationCode: Redacted.Redacted
  /** The credential that the link is about. */
  readonly credentialsId: CredentialsId
  /** The country whose banks are shown: two capital letters, ISO 3166-1. By default `SE`, also for users of other countries. */
  readonly market: string
  /** The language of the pages, like `sv_SE`. By default `en_US`. */
  readonly locale: string
  /** The `providerName` of a bank, so that the user does not have to choose one. */
  readonly inputProvider: string
  /** The user's name at the bank, so that they do not have to enter it. At most 50 characters. */
  readonly inputUsername: string
  /** The `financialInstitutionId` of the banks that are chosen at first. */
  readonly financialInstitutionId: string
  /** The kinds of banking that are shown. By default `PERSONAL`; for business both. */
  readonly financialServicesSegments: Arr.NonEmptyReadonlyArray<typeof Rules.Segment.Type>
  /** The data to fetch. By default all. */
  readonly refreshableItems: Arr.NonEmptyReadonlyArray<RefreshableItem>
  /** The session of `Users.createLinkSession`. */
  readonly sessionId: Redacted.Redacted
  readonly products: Arr.NonEmptyReadonlyArray<Product>
  /** The scopes of the code that comes back, or of the credential. */
  readonly scopes: Arr.NonEmptyReadonlyArray<UserScope>
  /** Whether the user logs in to the bank first. By default only if that is necessary. */
  readonly authenticate: boolean
}

type Needed<Flow extends keyof Flows> = Flows[Flow]["needs"][number]

type Taken<Flow extends keyof Flows> = Exclude<Flows[Flow]["takes"][number], Needed<Flow>>

type OrUndefined<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined }

/**
 * The options of a link, by the name of the function that makes it.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<Flow extends keyof Flows> = LinkOptions &
  Pick<FlowOptions, Needed<Flow>> &
  OrUndefined<Pick<FlowOptions, Taken<Flow>>>

/** A URL. It is secret, as its code can be used by anyone who has it. */
type Link = Effect.Effect<Redacted.Redacted, TinkError>

const linkTo =
  <Flow extends keyof Flows>(flow: Flow) =>
  (options: Options<Flow>): Link =>
    makeLink(flow, options)

/**
 * Makes a link on which a user connects a bank (`tink-api.md` 11.1).
 *
 * With an `authorizationCode` it is for continuous access, without one for one-time access. Sends nothing. The code in the link
 * works once and expires soon: make the link when the user is about to visit it. Fails with `Invalid` if an option is not valid,
 * as all functions here do.
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
export const connectAccounts: (options: Options<"connectAccounts">) => Link = linkTo("connectAccounts")

/**
 * Makes a link on which a user renews their consent for a credential, at the bank (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const updateConsent: (options: Options<"updateConsent">) => Link = linkTo("updateConsent")

/**
 * Makes a link on which a user extends their consent for a credential without the bank (`tink-api.md` 7.2).
 *
 * For consents that are `sessionExtendable`, in the United Kingdom. An app with a licence of its own can use
 * `Users.extendProviderConsent` instead.
 *
 * @since 0.1.0
 * @category constructors
 */
export const extendConsent: (options: Options<"extendConsent">) => Link = linkTo("extendConsent")

/**
 * Makes a link on which a user connects a bank for Business Transactions (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const connectBusinessAccounts: (options: Options<"connectBusinessAccounts">) => Link =
  linkTo("connectBusinessAccounts")

/**
 * Makes a link on which a user renews their consent for a credential of Business Transactions (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const updateBusinessConsent: (options: Options<"updateBusinessConsent">) => Link =
  linkTo("updateBusinessConsent")

/**
 * Makes a link on which a user connects a bank for several products (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const connectProducts: (options: Options<"connectProducts">) => Link = linkTo("connectProducts")

/**
 * Makes a link on which a user renews their consent for a credential of several products (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const updateProductsConsent: (options: Options<"updateProductsConsent">) => Link =
  linkTo("updateProductsConsent")

/**
 * Makes a link on which a user extends their consent for a credential of several products, without the bank
 * (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const extendProductsConsent: (options: Options<"extendProductsConsent">) => Link =
  linkTo("extendProductsConsent")

/**
 * Makes a link on which a user adds a credential, for Account Aggregation (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const addCredential: (options: Options<"addCredential">) => Link = linkTo("addCredential")

/**
 * Makes a link on which a user refreshes a credential, with a login at the bank where that is necessary (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const refreshCredential: (options: Options<"refreshCredential">) => Link = linkTo("refreshCredential")

/**
 * Makes a link on which a user logs in to the bank of a credential, without fetching data (`tink-api.md` 11.1).
 *
 * Only for banks with open banking.
 *
 * @since 0.1.0
 * @category constructors
 */
export const authenticateCredential: (options: Options<"authenticateCredential">) => Link =
  linkTo("authenticateCredential")

/**
 * Makes a link on which a user extends their consent for a credential of Account Aggregation, without the bank
 * (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const extendCredentialConsent: (options: Options<"extendCredentialConsent">) => Link =
  linkTo("extendCredentialConsent")

/**
 * Makes a link on which a user connects a bank for one-time access, for Account Aggregation (`tink-api.md` 11.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const authorize: (options: Options<"authorize">) => Link = linkTo("authorize")

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
export const RedirectError = orUnknown(KnownRedirectError)

/**
 * @since 0.1.0
 * @category models
 */
export type RedirectError = typeof RedirectError.Type

/**
 * The reasons of a redirect that Tink documents (`tink-api.md` 11.4). Those of an `AUTHENTICATION_ERROR` are the ones of a consent.
 * Two are in no official list, but have been met: `INVALID_STATE_DUPLICATE_CREDENTIALS`, as the user has that login already, and
 * `REQUEST_FAILED_CREATE_AUTHORIZATION_CODE`, which a code with too many scopes can cause.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownRedirectReason = Schema.Literal(...redirectReasons, ...KnownErrorReason.literals)

/**
 * A documented reason, or an unknown one as Tink sends it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RedirectReason = orUnknown(KnownRedirectReason)

/**
 * @since 0.1.0
 * @category models
 */
export type RedirectReason = typeof RedirectReason.Type

/**
 * What a redirect says about a visit that did not succeed. It passed through the user's browser, so it may be forged: use it for
 * display and support only.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedirectDetails {
  /** Tink's code for what went wrong, such as `INVALID_PARAMETER_CLIENT_ID`. */
  readonly reason?: RedirectReason
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
 * The user cancelled: `USER_CANCELLED`, or `USER_DECLINED_CONSENT`.
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

const isPrintableSecret = (value: unknown): boolean => Input.printableSecret(value) !== undefined

const decodeError = lazily(() => Schema.decodeSync(RedirectError))

const decodeErrorType = lazily(() => Schema.decodeSync(ErrorType))

const decodeReason = lazily(() => Schema.decodeSync(RedirectReason))

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

const toReason = decodeWith(decodeReason)

/** A malformed detail is left out: the failure is true without it. */
const toDetails = (texts: Texts): RedirectDetails => ({
  ...optionalField("reason", toReason(texts.error_reason)),
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

/** Tink Link never sends two spellings with different values. */
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
  Effect.suspend(() => readOr(() => parse(url, expected), invalid("the URL or the expected state could not be read")))

const parse = (url: string | URL, expected: ExpectedState): Effect.Effect<Redirect, TinkError> => {
  const state = Input.plainText(expected?.state)
  // A missing expected state must not disable the check.
  if (expected?.ignoreState !== true && !Input.isText(state)) return invalid(`state ${Input.textRequirement}`)
  if (expected?.ignoreState === true && expected.state !== undefined) return invalid("give state or ignoreState")
  const parameters = toParameters(url)
  const texts = parameters && toTexts(parameters)
  if (texts === undefined) return invalid("not a Tink Link redirect URL")
  if (expected.ignoreState !== true && texts.state !== state) return invalid("the state is not the expected one")
  // A secret state must not be printed with the result.
  const redirect = toRedirect(Redacted.isRedacted(expected.state) ? { ...texts, state: undefined } : texts)
  return redirect === undefined ? invalid("not a Tink Link redirect URL") : Effect.succeed(redirect)
}
