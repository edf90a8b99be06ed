/**
 * Tink Link: where the customer is sent to connect a bank, or to renew their consent (tink-api 10.1, steps 5, 6 and 10).
 *
 * Opening a link redeems its code; what comes of the visit is decided by one form. A link that is opened again before that
 * (a page that is reloaded) is the same visit, and a form that is sent again leads where it led the first time.
 */
import * as Clock from "effect/Clock"
import * as Either from "effect/Either"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as body from "../body.js"
import { defaultAppUri } from "../credentials.js"
import * as errors from "../errors.js"
import * as ids from "../ids.js"
import { customsOf, isLocale, isMarket } from "../markets.js"
import * as profile from "../profile.js"
import * as providers from "../providers.js"
import * as Scopes from "../scopes.js"
import type { Settings } from "../settings.js"
import { addTemporaryUser, type LinkSession, type State, type StoredCredentials } from "../state.js"
import * as Timeline from "../timeline.js"
import type { ApiError, Handler, Reply, RoutedRequest, Route } from "../wire.js"
import * as pages from "./pages.js"

const connectPath = "/1.0/transactions/connect-accounts"
const renewPath = "/1.0/transactions/update-consent"

// tink-api 2.
const tinkLink = "df05e4b379934cd09963197cc855bfe9"

// tink-api 2: without one of them Tink Link does not get far.
const neededScopes = [
  "authorization:read",
  "authorization:grant",
  "credentials:refresh",
  "credentials:read",
  "credentials:write",
  "providers:read",
  "user:read"
]

// For one-time access the app names no scopes when it asks for a code, since it does not ask: these are for reading.
const oneTimeScopes: ReadonlySet<string> = new Set([
  "accounts:read",
  "balances:read",
  "credentials:read",
  "credentials:refresh",
  "provider-consents:read",
  "transactions:read",
  "user:read"
])

// An hour to come to an end.
const sessionLifetime = 60 * 60_000

const isWebAddress = (text: string): boolean =>
  /^https?:\/\//i.test(text) && URL.canParse(text) && new URL(text).hostname !== ""

/** What both links have. Nobody is sent to an address of which this was not checked. */
const readLink = Effect.fnUntraced(function* ({ query }: RoutedRequest, settings: Settings) {
  if (query.get("client_id") !== settings.clientId) return yield* errors.invalid("client_id is not that of an app")
  const redirectUri = query.get("redirect_uri") ?? ""
  if (!isWebAddress(redirectUri)) return yield* errors.invalid("redirect_uri is not an absolute web address")
  const [market, locale] = [query.get("market"), query.get("locale")]
  if (market !== null && !isMarket(market)) return yield* errors.invalid("market is not a country")
  if (locale !== null && !isLocale(locale)) return yield* errors.invalid("locale is not valid")
  const scopes = Scopes.parse(query.get("scope") ?? "")
  if (Scopes.firstDisallowed(scopes) !== undefined) return yield* errors.invalid("scope has one that no app may use")
  return {
    redirectUri,
    market,
    locale,
    state: query.get("state"),
    scopes: scopes.size === 0 ? oneTimeScopes : scopes,
    address: query.toString()
  }
})

type Link = Effect.Effect.Success<ReturnType<typeof readLink>>

const usedOrUnknown = errors.invalid("authorization_code is not valid, or was used before")

const findCode = (state: State, text: string, now: number) => {
  const code = state.codes.get(text)
  const user = code === undefined || now >= code.expiresAt ? undefined : state.users.get(code.userId)
  if (code === undefined || user === undefined) return Either.left(usedOrUnknown)
  if (code.clientId !== tinkLink)
    return Either.left(errors.invalid("authorization_code was not delegated to Tink Link"))
  const missing = neededScopes.filter((scope) => !code.scopes.has(scope))
  return missing.length > 0
    ? Either.left(errors.invalid(`authorization_code lacks ${missing.join(", ")}`))
    : Either.right({ user, idHint: code.idHint })
}

const findRenewable = (state: State, userId: string, credentialsId: string, now: number) => {
  const credentials = state.credentials.get(credentialsId)
  if (credentials === undefined || credentials.userId !== userId) {
    return Either.left(errors.invalid("credentials_id is not one of the user's"))
  }
  return Timeline.stepAt(credentials.timeline, now).status === "PERMANENT_ERROR"
    ? Either.left(errors.invalid("The bank can no longer be used"))
    : Either.right(credentials)
}

interface Opening {
  readonly path: string
  readonly link: Link
  readonly code: string
  readonly credentialsId: string | undefined
  readonly id: string
  readonly now: number
}

// Of one code comes one session; that of a page which is reloaded is still there.
const openSession = (state: State, opening: Opening): Either.Either<LinkSession, ApiError> =>
  Either.gen(function* () {
    const { code, credentialsId, id, link, now, path } = opening
    const known = Array.from(state.linkSessions.values()).find((session) => session.code === code)
    if (known !== undefined) {
      const isReloaded = known.end === undefined && known.path === path && known.link.address === link.address
      return isReloaded ? known : yield* Either.left(usedOrUnknown)
    }
    const { idHint, user } = yield* findCode(state, code, now)
    if (credentialsId !== undefined) yield* findRenewable(state, user.id, credentialsId, now)
    const session: LinkSession = {
      path,
      id,
      code,
      userId: user.id,
      credentialsId,
      idHint,
      link: { ...link, market: link.market ?? user.market },
      expiresAt: now + sessionLifetime,
      end: undefined
    }
    state.codes.delete(code)
    state.linkSessions.set(id, session)
    return session
  })

const openOneTimeSession = (
  state: State,
  link: Link,
  id: string,
  now: number
): Either.Either<LinkSession, ApiError> => {
  const { market } = link
  if (market === null) return Either.left(errors.invalid("market has to be given when authorization_code is not"))
  const session: LinkSession = {
    path: connectPath,
    id,
    code: undefined,
    userId: undefined,
    credentialsId: undefined,
    idHint: "",
    link: { ...link, market },
    expiresAt: now + sessionLifetime,
    end: undefined
  }
  state.linkSessions.set(id, session)
  return Either.right(session)
}

const askerOf = (settings: Settings, { idHint }: LinkSession) => ({ clientId: settings.clientId, idHint })

const formOf = ({ id, path }: LinkSession) => ({ action: path, session: id })

/** `GET /1.0/transactions/connect-accounts`. Without a code it is one-time access, for a user who is made then. */
const openConnect = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const link = yield* readLink(request, settings)
    const code = request.query.get("authorization_code")
    const id = yield* ids.id
    const now = yield* Clock.currentTimeMillis
    const session = yield* code === null
      ? openOneTimeSession(state, link, id, now)
      : openSession(state, { path: connectPath, link, code, credentialsId: undefined, id, now })
    return pages.connect(askerOf(settings, session), formOf(session), providers.ofMarket(session.link.market))
  })

/** `GET /1.0/transactions/update-consent`. */
const openRenew = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const link = yield* readLink(request, settings)
    const credentialsId = request.query.get("credentials_id") ?? ""
    const code = request.query.get("authorization_code") ?? ""
    const id = yield* ids.id
    const now = yield* Clock.currentTimeMillis
    const session = yield* openSession(state, { path: renewPath, link, code, credentialsId, id, now })
    const { providerName } = yield* findRenewable(state, session.userId ?? "", credentialsId, now)
    const bankName = providers.find(providerName)?.displayName ?? providerName
    return pages.renew(askerOf(settings, session), formOf(session), bankName)
  })

const Choice = Schema.Literal("approve", "cancel", "error", "login")
type Choice = typeof Choice.Type

const decodeForm = body.form(
  Schema.Struct({ session: Schema.String, choice: Choice, provider: Schema.optional(Schema.String) })
)

/** What a visit is told to end with, with all that chance and time have a part in. */
interface Ending {
  readonly session: LinkSession
  readonly choice: Choice
  readonly now: number
  readonly ids: {
    readonly user: string
    readonly credentials: string
    readonly code: string
    readonly tracking: string
  }
}

type Parameters = Readonly<Record<string, string>>

// `error_type` comes with AUTHENTICATION_ERROR only. Type and reasons are those of tink-api 7.1: Tink Link's own are not known.
const failures: Readonly<Record<Exclude<Choice, "approve">, Parameters>> = {
  cancel: { error: "USER_CANCELLED", error_reason: "USER_CANCELLED", message: "The user has cancelled." },
  error: {
    error: "TEMPORARY_ERROR",
    error_reason: "PROVIDER_UNAVAILABLE",
    message: "The bank cannot be reached at the moment."
  },
  login: {
    error: "AUTHENTICATION_ERROR",
    error_reason: "STATIC_CREDENTIALS_INCORRECT",
    message: "The login details are not correct.",
    error_type: "USER_LOGIN_ERROR"
  }
}

const statusOf = { error: "TEMPORARY_ERROR", login: "AUTHENTICATION_ERROR" } as const

const failed = ({ choice, ids }: Ending, credentialsId: string | undefined, providerName: string | undefined) =>
  choice === "approve"
    ? {}
    : {
        ...failures[choice],
        tracking_id: ids.tracking,
        ...(credentialsId === undefined ? {} : { credentials: credentialsId }),
        ...(providerName === undefined ? {} : { provider_name: providerName })
      }

const newCredentials = (
  { choice, ids, now }: Ending,
  userId: string,
  provider: providers.Provider,
  settings: Settings
): StoredCredentials => {
  const isLetIn = choice !== "error" && choice !== "login"
  const hasSession = providers.hasSession(provider.name)
  const step: Timeline.Step = {
    at: now,
    status: isLetIn ? "UPDATING" : statusOf[choice],
    statusUpdated: now,
    updated: undefined,
    hasSession,
    sessionExpiryDate: isLetIn && hasSession ? now + settings.sessionLifetime : undefined
  }
  return {
    id: ids.credentials,
    userId,
    providerName: provider.name,
    type: provider.type,
    timeline: isLetIn ? Timeline.fetching(step, now, settings) : [step],
    nextRefresh: undefined,
    isAuthenticationOnly: false,
    fields: {},
    appUri: defaultAppUri
  }
}

const addOneTimeUser = (state: State, settings: Settings, { ids, now, session }: Ending): string => {
  const { locale, market, scopes } = session.link
  const preferences = profile.initial(market, locale ?? customsOf(market).locale)
  const user = { id: ids.user, externalUserId: undefined, username: undefined, market, preferences, created: now }
  addTemporaryUser(state, user)
  const expiresAt = now + settings.codeLifetime
  state.codes.set(ids.code, { clientId: settings.clientId, userId: user.id, idHint: "", scopes, expiresAt })
  return user.id
}

/** One-time access answers with a `code` as well: tink-api 10.1, step 6. */
const connectBank = (state: State, settings: Settings, ending: Ending, provider: providers.Provider): Parameters => {
  const { choice, ids, session } = ending
  if (choice === "cancel") return failed(ending, undefined, provider.name)
  // Nobody would ever get to see a failed login of a user who is not there yet.
  if (choice !== "approve" && session.userId === undefined) return failed(ending, undefined, provider.name)
  const userId = session.userId ?? addOneTimeUser(state, settings, ending)
  state.credentials.set(ids.credentials, newCredentials(ending, userId, provider, settings))
  if (choice !== "approve") return failed(ending, ids.credentials, provider.name)
  return { ...(session.userId === undefined ? { code: ids.code } : {}), credentials_id: ids.credentials }
}

/** Who cancels changes nothing: the old consent lasts as long as it lasted. */
const renewConsent = (state: State, settings: Settings, ending: Ending, credentials: StoredCredentials): Parameters => {
  const { choice, now } = ending
  const step = Timeline.stepAt(credentials.timeline, now)
  if (choice === "approve") {
    const timeline = Timeline.authenticated(step, "UPDATED", false, now, settings)
    state.credentials.set(credentials.id, { ...credentials, isAuthenticationOnly: false, timeline })
    return { credentials_id: credentials.id }
  }
  if (choice !== "cancel") {
    const timeline = Timeline.failed(step, statusOf[choice], now, settings)
    state.credentials.set(credentials.id, { ...credentials, timeline })
  }
  return failed(ending, credentials.id, credentials.providerName)
}

const parametersOf = (
  state: State,
  settings: Settings,
  ending: Ending,
  providerName: string | undefined
): Either.Either<Parameters, ApiError> => {
  const { credentialsId, link, userId } = ending.session
  if (credentialsId !== undefined) {
    const credentials = findRenewable(state, userId ?? "", credentialsId, ending.now)
    return Either.map(credentials, (found) => renewConsent(state, settings, ending, found))
  }
  const provider = providers.ofMarket(link.market).find(({ name }) => name === providerName)
  return provider === undefined
    ? Either.left(errors.invalid("No bank was chosen"))
    : Either.right(connectBank(state, settings, ending, provider))
}

// A redirect_uri may have a query of its own, which stays.
const locationOf = ({ redirectUri, state }: LinkSession["link"], parameters: Parameters): string => {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  if (state !== null) url.searchParams.append("state", state)
  return url.toString()
}

const conclude = (
  state: State,
  settings: Settings,
  ending: Ending,
  providerName: string | undefined
): Either.Either<string, ApiError> =>
  Either.map(parametersOf(state, settings, ending, providerName), (parameters) => {
    const { session } = ending
    const end = locationOf(session.link, parameters)
    state.linkSessions.set(session.id, { ...session, end })
    return end
  })

/** The form of either page: 303 to the app, the second time as the first. */
const submit = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { choice, provider, session: sessionId } = yield* decodeForm(request)
    const drawn = { user: yield* ids.id, credentials: yield* ids.id, code: yield* ids.id, tracking: yield* ids.id }
    const now = yield* Clock.currentTimeMillis
    const session = state.linkSessions.get(sessionId)
    if (session === undefined || session.path !== request.path) {
      return yield* errors.invalid("The page was left open for too long, or is not valid")
    }
    const end = session.end ?? (yield* conclude(state, settings, { session, choice, now, ids: drawn }, provider))
    return pages.redirect(end)
  })

// The customer reads pages, not JSON.
const asPage =
  (handler: Handler): Handler =>
  (request) =>
    Effect.catchTag(handler(request), "ApiError", ({ errorMessage, status }) =>
      Effect.succeed<Reply>(pages.problem(status, errorMessage))
    )

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: connectPath, handler: asPage(openConnect(state, settings)) },
  { method: "POST", path: connectPath, handler: asPage(submit(state, settings)) },
  { method: "GET", path: renewPath, handler: asPage(openRenew(state, settings)) },
  { method: "POST", path: renewPath, handler: asPage(submit(state, settings)) }
]
