/**
 * Visits to Tink Link: how one is opened by a link, and what its end changes.
 *
 * Opening a link redeems its code, and one form ends the visit. A link that is opened again before that (a reloaded page) is
 * the same visit, and a form that is sent again leads to the same URL. Each function is one synchronous step on the state.
 */
import * as Exit from "effect/Exit"
import * as providers from "../credentials/providers.js"
import { defaultAppUri } from "../credentials/storedCredentials.js"
import * as Timeline from "../credentials/timeline.js"
import * as apiErrors from "../http/apiErrors.js"
import type { Settings } from "../settings.js"
import { addTemporaryUser, type LinkSession, type State, type StoredCredentials, type User } from "../state/state.js"
import { marketDefaults } from "../users/markets.js"
import { initialPreferences } from "../users/profile.js"

export const connectPath = "/1.0/transactions/connect-accounts"
export const renewPath = "/1.0/transactions/update-consent"

type Result<A> = Exit.Exit<A, apiErrors.ApiError>

// tink-api.md 2.
const tinkLinkClientId = "df05e4b379934cd09963197cc855bfe9"

// Tink Link needs all of them: tink-api.md 2.
const requiredScopes = [
  "authorization:read",
  "authorization:grant",
  "credentials:refresh",
  "credentials:read",
  "credentials:write",
  "providers:read",
  "user:read"
]

/** The scopes of one-time access to which the link adds none: those for reading. */
export const oneTimeScopes: ReadonlySet<string> = new Set([
  "accounts:read",
  "balances:read",
  "credentials:read",
  "credentials:refresh",
  "provider-consents:read",
  "transactions:read",
  "user:read"
])

// An hour until a visit expires.
const visitLifetime = 60 * 60_000

/** What the query of both links has. */
export interface Link {
  readonly redirectUri: string
  readonly market: string | null
  readonly locale: string | null
  readonly state: string | null
  readonly scopes: ReadonlySet<string>
  /** The whole query. */
  readonly query: string
}

const invalid = (message: string) => Exit.fail(apiErrors.invalid(message))

const usedOrUnknown = invalid("authorization_code is not valid, or was used before")

interface Redeemable {
  readonly user: User
  readonly idHint: string
}

const findCode = (state: State, text: string, now: number): Result<Redeemable> => {
  const code = state.codes.get(text)
  const user = code === undefined || now >= code.expiresAt ? undefined : state.users.get(code.userId)
  if (code === undefined || user === undefined) return usedOrUnknown
  if (code.clientId !== tinkLinkClientId) return invalid("authorization_code was not delegated to Tink Link")
  const missing = requiredScopes.filter((scope) => !code.scopes.has(scope))
  return missing.length > 0
    ? invalid(`authorization_code lacks ${missing.join(", ")}`)
    : Exit.succeed({ user, idHint: code.idHint })
}

/** The credentials whose consent can be renewed, if they are the user's. */
export const findRenewable = (
  state: State,
  userId: string | undefined,
  credentialsId: string,
  now: number
): Result<StoredCredentials> => {
  const credentials = state.credentials.get(credentialsId)
  if (credentials === undefined || credentials.userId !== userId) {
    return invalid("credentials_id is not one of the user's")
  }
  return Timeline.stepAt(credentials.timeline, now).status === "PERMANENT_ERROR"
    ? invalid("The bank can no longer be used")
    : Exit.succeed(credentials)
}

export interface Opening {
  readonly path: string
  readonly link: Link
  readonly code: string
  readonly credentialsId: string | undefined
  readonly id: string
  readonly now: number
}

const addSession = (state: State, opening: Opening, { idHint, user }: Redeemable): LinkSession => {
  const { code, credentialsId, id, link, now, path } = opening
  const session: LinkSession = {
    path,
    id,
    code,
    userId: user.id,
    credentialsId,
    idHint,
    link: { ...link, market: link.market ?? user.market },
    expiresAt: now + visitLifetime,
    endUrl: undefined
  }
  state.codes.delete(code)
  state.linkSessions.set(id, session)
  return session
}

/** Opens a visit by a code. A code has one visit, which a reloaded page finds again. */
export const open = (state: State, opening: Opening): Result<LinkSession> => {
  const { code, credentialsId, link, now, path } = opening
  const known = Array.from(state.linkSessions.values()).find((session) => session.code === code)
  if (known !== undefined) {
    const isReload = known.endUrl === undefined && known.path === path && known.link.query === link.query
    return isReload ? Exit.succeed(known) : usedOrUnknown
  }
  return Exit.flatMap(findCode(state, code, now), (redeemable) => {
    const renewable =
      credentialsId === undefined
        ? Exit.void
        : Exit.asVoid(findRenewable(state, redeemable.user.id, credentialsId, now))
    return Exit.map(renewable, () => addSession(state, opening, redeemable))
  })
}

/** Opens a visit of one-time access, whose user is created when it ends. */
export const openOneTime = (state: State, link: Link, id: string, now: number): Result<LinkSession> => {
  const { market } = link
  if (market === null) return invalid("market has to be given when authorization_code is not")
  const session: LinkSession = {
    path: connectPath,
    id,
    code: undefined,
    userId: undefined,
    credentialsId: undefined,
    idHint: "",
    link: { ...link, market },
    expiresAt: now + visitLifetime,
    endUrl: undefined
  }
  state.linkSessions.set(id, session)
  return Exit.succeed(session)
}

/** How the user ends a visit. */
export type Choice = "approve" | "cancel" | "error" | "login"

/** The end of a visit, with the time and the ids that it needs. */
export interface Ending {
  readonly session: LinkSession
  readonly choice: Choice
  readonly providerName: string | undefined
  readonly now: number
  readonly ids: {
    readonly user: string
    readonly credentials: string
    readonly code: string
    readonly tracking: string
  }
}

/** What is added to the query of `redirect_uri`. */
type Parameters = Readonly<Record<string, string>>

// `error_type` is sent with AUTHENTICATION_ERROR only. Tink Link's own types and reasons are not known: these are those of
// tink-api.md 7.1.
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

const failedStatus = { error: "TEMPORARY_ERROR", login: "AUTHENTICATION_ERROR" } as const

const failed = ({ choice, ids }: Ending, credentialsId: string | undefined, providerName: string): Parameters =>
  choice === "approve"
    ? {}
    : {
        ...failures[choice],
        tracking_id: ids.tracking,
        ...(credentialsId === undefined ? {} : { credentials: credentialsId }),
        provider_name: providerName
      }

const newCredentials = (
  { choice, ids, now }: Ending,
  userId: string,
  provider: providers.Provider,
  settings: Settings
): StoredCredentials => {
  const isApproved = choice !== "error" && choice !== "login"
  const hasSession = providers.hasSession(provider.name)
  const step: Timeline.Step = {
    at: now,
    status: isApproved ? "UPDATING" : failedStatus[choice],
    statusUpdated: now,
    updated: undefined,
    hasSession,
    sessionExpiryDate: isApproved && hasSession ? now + settings.sessionLifetime : undefined
  }
  return {
    id: ids.credentials,
    userId,
    providerName: provider.name,
    type: provider.type,
    timeline: isApproved ? Timeline.fetching(step, now, settings) : [step],
    nextRefresh: undefined,
    isAuthenticationOnly: false,
    fields: {},
    appUri: defaultAppUri
  }
}

const addOneTimeUser = (state: State, settings: Settings, { ids, now, session }: Ending): string => {
  const { locale, market, scopes } = session.link
  const preferences = initialPreferences(market, locale ?? marketDefaults(market).locale)
  const user = { id: ids.user, externalUserId: undefined, username: undefined, market, preferences, created: now }
  addTemporaryUser(state, user)
  const expiresAt = now + settings.codeLifetime
  state.codes.set(ids.code, { clientId: settings.clientId, userId: user.id, idHint: "", scopes, expiresAt })
  return user.id
}

// One-time access also answers with a `code`: tink-api.md 10.1, step 6.
const connectBank = (state: State, settings: Settings, ending: Ending, provider: providers.Provider): Parameters => {
  const { choice, ids, session } = ending
  // A user of one-time access is created on approval only, so a failed login has no credentials.
  const isWithoutCredentials = choice === "cancel" || (choice !== "approve" && session.userId === undefined)
  if (isWithoutCredentials) return failed(ending, undefined, provider.name)
  const userId = session.userId ?? addOneTimeUser(state, settings, ending)
  state.credentials.set(ids.credentials, newCredentials(ending, userId, provider, settings))
  if (choice !== "approve") return failed(ending, ids.credentials, provider.name)
  return { ...(session.userId === undefined ? { code: ids.code } : {}), credentials_id: ids.credentials }
}

// A cancelled renewal changes nothing: the old consent keeps its expiry date.
const renewConsent = (state: State, settings: Settings, ending: Ending, credentials: StoredCredentials): Parameters => {
  const { choice, now } = ending
  const step = Timeline.stepAt(credentials.timeline, now)
  if (choice === "approve") {
    const timeline = Timeline.authenticated(step, "UPDATED", false, now, settings)
    state.credentials.set(credentials.id, { ...credentials, isAuthenticationOnly: false, timeline })
    return { credentials_id: credentials.id }
  }
  if (choice !== "cancel") {
    const timeline = Timeline.failed(step, failedStatus[choice], now, settings)
    state.credentials.set(credentials.id, { ...credentials, timeline })
  }
  return failed(ending, credentials.id, credentials.providerName)
}

const applyChoice = (state: State, settings: Settings, ending: Ending): Result<Parameters> => {
  const { credentialsId, link, userId } = ending.session
  if (credentialsId !== undefined) {
    return Exit.map(findRenewable(state, userId, credentialsId, ending.now), (credentials) =>
      renewConsent(state, settings, ending, credentials)
    )
  }
  const provider = providers.ofMarket(link.market).find(({ name }) => name === ending.providerName)
  return provider === undefined
    ? invalid("No bank was chosen")
    : Exit.succeed(connectBank(state, settings, ending, provider))
}

// The query of redirect_uri is kept.
const toUrl = ({ redirectUri, state }: LinkSession["link"], parameters: Parameters): string => {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  if (state !== null) url.searchParams.append("state", state)
  return url.toString()
}

/** Ends a visit, and returns the URL that the user is sent to. A visit that has ended keeps its URL. */
export const end = (state: State, settings: Settings, ending: Ending): Result<string> => {
  const { session } = ending
  if (session.endUrl !== undefined) return Exit.succeed(session.endUrl)
  return Exit.map(applyChoice(state, settings, ending), (parameters) => {
    const endUrl = toUrl(session.link, parameters)
    state.linkSessions.set(session.id, { ...session, endUrl })
    return endUrl
  })
}
