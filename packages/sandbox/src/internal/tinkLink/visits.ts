/**
 * Visits to Tink Link: how one is opened by a link, and what its end changes.
 *
 * Opening a link uses up its code and its link session, and one form ends the visit. A link that is opened again before that (a
 * reloaded page) is the same visit, and a form that is sent again leads to the same URL. Each function is one synchronous step
 * on the state.
 */
import * as Exit from "effect/Exit"
import { isEligible } from "../credentials/extension.js"
import * as providers from "../credentials/providers.js"
import { defaultAppUri } from "../credentials/storedCredentials.js"
import * as Timeline from "../credentials/timeline.js"
import * as apiErrors from "../http/apiErrors.js"
import type { Settings } from "../settings.js"
import {
  addTemporaryUser,
  type Link,
  type State,
  type StoredCredentials,
  type User,
  type Visit
} from "../state/state.js"
import { initialPreferences } from "../users/profile.js"
import { type Action, type Flow, hasReport } from "./flows.js"
import * as LinkError from "./linkError.js"

type Result<A> = Exit.Exit<A, LinkError.LinkError>

// tink-api.md 2.
const tinkLinkClientId = "df05e4b379934cd09963197cc855bfe9"

// Tink Link needs all of them; its guides also have `authorization:grant`, but one does without: tink-api.md 2.
const requiredScopes = [
  "authorization:read",
  "credentials:refresh",
  "credentials:read",
  "credentials:write",
  "providers:read",
  "user:read"
]

// An hour until a visit expires.
const visitLifetime = 60 * 60_000

interface Visitor {
  /** `undefined` for one-time access. */
  readonly user: User | undefined
  readonly idHint: string
}

const checkScopes = (scopes: ReadonlySet<string>, action: Action): Result<void> => {
  const missing = requiredScopes.filter((scope) => !scopes.has(scope))
  if (missing.length === 0) return Exit.void
  const isForWriting = action === "connect" && missing.includes("credentials:write")
  return Exit.fail(isForWriting ? LinkError.cannotCreateCredentials : LinkError.missingScopes(missing))
}

// Tink Link redeems the code. A plain one is the app's own, so that fails like a used one: tink-api.md 2, "Who may redeem".
const findCode = (state: State, text: string, action: Action, now: number): Result<Visitor> => {
  const code = state.codes.get(text)
  const user = code === undefined || now >= code.expiresAt ? undefined : state.users.get(code.userId)
  if (code === undefined || user === undefined || code.clientId !== tinkLinkClientId) return Exit.fail(LinkError.noUser)
  return Exit.as(checkScopes(code.scopes, action), { user, idHint: code.idHint })
}

// The app's hint names the user before the name of the link session does.
const findVisitor = (state: State, { code, flow, now, sessionId }: Opening): Result<Visitor> => {
  const session = sessionId === undefined ? undefined : state.linkSessions.get(sessionId)
  if (sessionId !== undefined && (session === undefined || now >= session.expiresAt)) {
    return Exit.fail(LinkError.noSession)
  }
  const name = session?.name ?? ""
  if (code === undefined) return Exit.succeed({ user: undefined, idHint: name })
  return Exit.map(findCode(state, code, flow.action, now), (visitor) => ({
    ...visitor,
    idHint: visitor.idHint === "" ? name : visitor.idHint
  }))
}

const checkRefresh = ({ timeline }: StoredCredentials, now: number): Result<void> => {
  if (!Timeline.isRunning(timeline, now)) return Exit.void
  const isAwaiting = Timeline.stepAt(timeline, now).status === "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"
  return Exit.fail(isAwaiting ? LinkError.awaitingThirdParty : LinkError.rateLimited)
}

const checkAction = (action: Action, credentials: StoredCredentials, now: number): Result<void> => {
  const { providerName, timeline } = credentials
  const step = Timeline.stepAt(timeline, now)
  if (step.status === "PERMANENT_ERROR") return Exit.fail(LinkError.disabledProvider)
  switch (action) {
    case "authenticate":
      return providers.hasSession(providerName) ? Exit.void : Exit.fail(LinkError.notOpenBanking)
    case "extend":
      return isEligible(providerName, step) ? Exit.void : Exit.fail(LinkError.disabledProvider)
    case "refresh":
      return checkRefresh(credentials, now)
    case "connect":
    case "renew":
      return Exit.void
  }
}

/** The credentials that a visit is about, if they are the user's and the action is possible. */
const findCredentials = (
  state: State,
  userId: string | undefined,
  credentialsId: string,
  action: Action,
  now: number
): Result<StoredCredentials> => {
  const credentials = state.credentials.get(credentialsId)
  return credentials === undefined || credentials.userId !== userId
    ? Exit.fail(LinkError.noCredentials)
    : Exit.as(checkAction(action, credentials, now), credentials)
}

export interface Opening {
  readonly flow: Flow
  readonly link: Link
  readonly code: string | undefined
  readonly sessionId: string | undefined
  readonly credentialsId: string | undefined
  readonly id: string
  readonly now: number
}

const keysOf = ({ code, sessionId }: Opening) => [code, sessionId].filter((key) => key !== undefined)

const addVisit = (state: State, opening: Opening, { idHint, user }: Visitor): Visit => {
  const { credentialsId, flow, id, link, now } = opening
  const visit: Visit = {
    path: flow.path,
    id,
    keys: keysOf(opening),
    userId: user?.id,
    credentialsId,
    idHint,
    link,
    expiresAt: now + visitLifetime,
    endUrl: undefined
  }
  for (const key of visit.keys) {
    state.codes.delete(key)
    state.linkSessions.delete(key)
  }
  state.visits.set(id, visit)
  return visit
}

const findReloaded = (state: State, opening: Opening): Visit | undefined => {
  const keys = keysOf(opening)
  return Array.from(state.visits.values()).find(
    (visit) =>
      visit.keys.some((key) => keys.includes(key)) &&
      opening.now < visit.expiresAt &&
      visit.endUrl === undefined &&
      visit.path === opening.flow.path &&
      visit.link.query === opening.link.query
  )
}

/** Opens a visit. A code has one visit, which a reloaded page finds again. The user of one-time access is made at its end. */
export const open = (state: State, opening: Opening): Result<Visit> => {
  const reloaded = findReloaded(state, opening)
  if (reloaded !== undefined) return Exit.succeed(reloaded)
  return Exit.flatMap(findVisitor(state, opening), (visitor) => {
    const { credentialsId, flow, now } = opening
    const found =
      credentialsId === undefined
        ? Exit.void
        : Exit.asVoid(findCredentials(state, visitor.user?.id, credentialsId, flow.action, now))
    return Exit.map(found, () => addVisit(state, opening, visitor))
  })
}

export const choices = ["approve", "cancel", "decline", "error", "login"] as const

/** How the user ends a visit. */
export type Choice = (typeof choices)[number]

/** The end of a visit, with the time and the ids that it needs. */
export interface Ending {
  readonly visit: Visit
  readonly action: Action
  readonly choice: Choice
  readonly providerName: string | undefined
  readonly now: number
  readonly ids: {
    readonly user: string
    readonly credentials: string
    readonly code: string
    readonly report: string
    readonly tracking: string
  }
}

/** What is added to the query of `redirect_uri`. */
type Parameters = Readonly<Record<string, string>>

// `error_type` is sent with AUTHENTICATION_ERROR only, whose reasons are those of tink-api.md 7.1.
const failures: Readonly<Record<Exclude<Choice, "approve">, Parameters>> = {
  cancel: { error: "USER_CANCELLED", error_reason: "USER_CANCELLED", message: "The user has cancelled." },
  decline: {
    error: "USER_CANCELLED",
    error_reason: "USER_DECLINED_CONSENT",
    message: "The user has declined the consent."
  },
  error: {
    error: "TEMPORARY_ERROR",
    error_reason: "REQUEST_FAILED_FETCH_ACCOUNTS",
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

const isWithoutEffect = (choice: Choice): choice is "cancel" | "decline" => choice === "cancel" || choice === "decline"

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
    appUri: defaultAppUri,
    callbackUri: undefined
  }
}

const addOneTimeUser = (state: State, settings: Settings, { ids, now, visit }: Ending): string => {
  const { locale, market, scopes } = visit.link
  const preferences = initialPreferences(market, locale)
  const user = { id: ids.user, externalUserId: undefined, username: undefined, market, preferences, created: now }
  addTemporaryUser(state, user)
  const expiresAt = now + settings.codeLifetime
  state.codes.set(ids.code, { clientId: settings.clientId, userId: user.id, idHint: "", scopes, expiresAt })
  return user.id
}

// One-time access also answers with a `code`: tink-api.md 10.1, step 6.
const connectBank = (state: State, settings: Settings, ending: Ending, provider: providers.Provider): Parameters => {
  const { choice, ids, visit } = ending
  // A user of one-time access is created on approval only, so a failed login has no credentials.
  const isWithoutCredentials = isWithoutEffect(choice) || (choice !== "approve" && visit.userId === undefined)
  if (isWithoutCredentials) return failed(ending, undefined, provider.name)
  const userId = visit.userId ?? addOneTimeUser(state, settings, ending)
  state.credentials.set(ids.credentials, newCredentials(ending, userId, provider, settings))
  if (choice !== "approve") return failed(ending, ids.credentials, provider.name)
  return {
    ...(visit.userId === undefined ? { code: ids.code } : {}),
    ...(hasReport(visit.path) ? { client_id: settings.clientId, account_verification_report_id: ids.report } : {}),
    credentials_id: ids.credentials
  }
}

const isOver = ({ sessionExpiryDate, status }: Timeline.Step, now: number) =>
  status === "SESSION_EXPIRED" || (sessionExpiryDate !== undefined && sessionExpiryDate <= now)

// The states after the user's approval.
const approvedTimeline = (settings: Settings, { action, now, visit }: Ending, { timeline }: StoredCredentials) => {
  const step = Timeline.stepAt(timeline, now)
  if (action === "extend") return Timeline.extended(timeline, now, settings)
  const isAtBank = action !== "refresh" || visit.link.authenticate || isOver(step, now)
  return isAtBank
    ? Timeline.authenticated(step, "UPDATED", action === "authenticate", now, settings)
    : Timeline.refresh(step, "UPDATED", now, settings)
}

// A visit that is cancelled changes nothing: the old consent keeps its expiry date. Nor does Tink ask the bank to extend one.
const changeCredentials = (
  state: State,
  settings: Settings,
  ending: Ending,
  credentials: StoredCredentials
): Parameters => {
  const { action, choice, now } = ending
  const { id, providerName } = credentials
  if (choice === "approve") {
    const timeline = approvedTimeline(settings, ending, credentials)
    state.credentials.set(id, { ...credentials, isAuthenticationOnly: action === "authenticate", timeline })
    // Both spellings: tink-api.md 12.16.
    return { ...(action === "extend" ? { credentialsId: id } : {}), credentials_id: id }
  }
  if (!isWithoutEffect(choice) && action !== "extend") {
    const timeline = Timeline.failed(Timeline.stepAt(credentials.timeline, now), failedStatus[choice], now, settings)
    state.credentials.set(id, { ...credentials, timeline })
  }
  return failed(ending, id, providerName)
}

/** The parameters of an error, as it comes back to the app. */
export const errorParameters = (
  { error, message, reason }: LinkError.LinkError,
  trackingId: string,
  credentialsId: string | undefined,
  providerName: string | undefined
): Parameters => ({
  error,
  error_reason: reason,
  message,
  tracking_id: trackingId,
  ...(credentialsId === undefined ? {} : { credentials: credentialsId }),
  ...(providerName === undefined ? {} : { provider_name: providerName })
})

// An error ends the visit as well: the user returns to the app with it.
const changeOwnCredentials = (state: State, settings: Settings, ending: Ending, credentialsId: string): Parameters =>
  Exit.match(findCredentials(state, ending.visit.userId, credentialsId, ending.action, ending.now), {
    onSuccess: (credentials) => changeCredentials(state, settings, ending, credentials),
    onFailure: (cause) => {
      const error = cause._tag === "Fail" ? cause.error : LinkError.noCredentials
      return errorParameters(error, ending.ids.tracking, credentialsId, undefined)
    }
  })

const applyChoice = (state: State, settings: Settings, ending: Ending): Exit.Exit<Parameters, apiErrors.ApiError> => {
  const { credentialsId, link } = ending.visit
  if (credentialsId !== undefined) return Exit.succeed(changeOwnCredentials(state, settings, ending, credentialsId))
  const provider = providers.ofMarket(link.market).find(({ name }) => name === ending.providerName)
  return provider === undefined
    ? Exit.fail(apiErrors.invalid("No bank was chosen"))
    : Exit.succeed(connectBank(state, settings, ending, provider))
}

/** Where the user returns to. The query of redirect_uri is kept. */
export const toUrl = (redirectUri: string, parameters: Parameters, state: string | null): string => {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  if (state !== null) url.searchParams.append("state", state)
  return url.toString()
}

/** Ends a visit, and returns the URL that the user is sent to. A visit that has ended keeps its URL. */
export const end = (state: State, settings: Settings, ending: Ending): Exit.Exit<string, apiErrors.ApiError> => {
  const { visit } = ending
  if (visit.endUrl !== undefined) return Exit.succeed(visit.endUrl)
  return Exit.map(applyChoice(state, settings, ending), (parameters) => {
    const endUrl = toUrl(visit.link.redirectUri, parameters, visit.link.state)
    state.visits.set(visit.id, { ...visit, endUrl })
    return endUrl
  })
}
