import type { Timeline } from "../credentials/timeline.js"
import type { CredentialsType, RefreshOutcome } from "../models.js"
import type { WebhookEndpoint } from "../webhooks/endpoints.js"

/** The part of a profile that `PUT /api/v1/user/profile` changes: tink-api.md 5.2. */
export interface Preferences {
  readonly locale: string
  readonly timeZone: string
  readonly periodAdjustedDay: number
  readonly periodMode: "MONTHLY" | "MONTHLY_ADJUSTED"
  readonly notificationSettings: Readonly<Record<string, boolean>>
}

export interface User {
  readonly id: string
  readonly externalUserId: string | undefined
  readonly username: string | undefined
  readonly market: string
  readonly preferences: Preferences
  readonly created: number
}

export interface AccessToken {
  /** `undefined` for a client token. */
  readonly userId: string | undefined
  readonly scopes: ReadonlySet<string>
  readonly expiresAt: number
  /** The client certificate that it is bound to (tink-api.md 1.5), if it was issued over mutual TLS. */
  readonly certificate: string | undefined
}

export interface AuthorizationCode {
  readonly userId: string
  readonly scopes: ReadonlySet<string>
  readonly idHint: string
  /** The client that may redeem it. */
  readonly clientId: string
  readonly expiresAt: number
}

export interface StoredCredentials {
  readonly id: string
  readonly userId: string
  readonly providerName: string
  readonly type: CredentialsType
  readonly timeline: Timeline
  /** The outcome of the next refresh, if a test has set it. */
  readonly nextRefresh: RefreshOutcome | undefined
  /** Whether the running operation ends with the user's authentication and fetches no data: tink-api.md 6.5. */
  readonly isAuthenticationOnly: boolean
  /** The fields of the creation, the password included. */
  readonly fields: Readonly<Record<string, string>>
  /** Where the user returns to the app. */
  readonly appUri: string
  /** Where the bank sends the user, if the app relays the bank's callback: tink-api.md 6.3. */
  readonly callbackUri: string | undefined
}

/** What an app knows of a user before their visit to Tink Link: tink-api.md 11.3. */
export interface LinkSession {
  /** Empty if the app gave no name. */
  readonly name: string
  readonly expiresAt: number
}

/** A user's visit to Tink Link. */
export interface Visit {
  readonly id: string
  /** The path of the page. */
  readonly path: string
  /** The one-time values that opened it: a delegated code, a link session. */
  readonly keys: ReadonlyArray<string>
  /** `undefined` until one-time access has made a user. */
  readonly userId: string | undefined
  readonly idHint: string
  /** The credentials that it is about; `undefined` when a bank is connected. */
  readonly credentialsId: string | undefined
  readonly link: Link
  readonly expiresAt: number
  /** Where the user was sent when the visit ended. */
  readonly endUrl: string | undefined
}

/** What the query of a link to Tink Link says: tink-api.md 11.2. */
export interface Link {
  readonly redirectUri: string
  readonly market: string
  readonly locale: string
  readonly state: string | null
  readonly scopes: ReadonlySet<string>
  /** The bank, if the link chooses it. */
  readonly inputProvider: string | undefined
  /** The bank's company, to preselect one of its banks. */
  readonly financialInstitutionId: string | undefined
  /** Whether a refresh asks the user to authenticate. */
  readonly authenticate: boolean
  /** The whole query. */
  readonly query: string
}

/**
 * The state of Tink. A change is one synchronous step, made after its ids and its time have been drawn, so no other request
 * sees half of it.
 */
export interface State {
  readonly users: Map<string, User>
  readonly tokens: Map<string, AccessToken>
  readonly codes: Map<string, AuthorizationCode>
  readonly credentials: Map<string, StoredCredentials>
  readonly linkSessions: Map<string, LinkSession>
  readonly visits: Map<string, Visit>
  /** When the assertions that were used expire, by their `jti`: tink-api.md 1.5. */
  readonly assertions: Map<string, number>
  readonly webhookEndpoints: Map<string, WebhookEndpoint>
  /** When temporary users are deleted, by user id. */
  readonly deletions: Map<string, number>
  /** When all expired values were last deleted. */
  sweptAt: number
}

export const make = (): State => ({
  users: new Map(),
  tokens: new Map(),
  codes: new Map(),
  credentials: new Map(),
  linkSessions: new Map(),
  visits: new Map(),
  assertions: new Map(),
  webhookEndpoints: new Map(),
  deletions: new Map(),
  sweptAt: Number.NEGATIVE_INFINITY
})

export const clear = (state: State): void => {
  for (const value of Object.values(state)) {
    if (value instanceof Map) value.clear()
  }
}

export const findByExternalUserId = (state: State, externalUserId: string): User | undefined => {
  for (const user of state.users.values()) {
    if (user.externalUserId === externalUserId) return user
  }
  return undefined
}

export const credentialsOf = (state: State, userId: string): ReadonlyArray<StoredCredentials> =>
  Array.from(state.credentials.values()).filter((credentials) => credentials.userId === userId)

const deleteWhere = <A>(map: Map<string, A>, predicate: (value: A) => boolean): void => {
  for (const [key, value] of map) {
    if (predicate(value)) map.delete(key)
  }
}

/** Revokes the tokens of one user, or all tokens. */
export const revokeTokens = (state: State, userId: string | undefined): void =>
  deleteWhere(state.tokens, (token) => userId === undefined || token.userId === userId)

/** Revokes all access to a user: tokens, codes (tink-api.md 2.1) and visits to Tink Link. */
export const revokeAccess = (state: State, userId: string): void => {
  revokeTokens(state, userId)
  deleteWhere(state.codes, (code) => code.userId === userId)
  deleteWhere(state.visits, (visit) => visit.userId === userId)
}

/**
 * Deletes a user with their credentials, codes and tokens (which then answer 401), and frees the external user id. What Tink
 * keeps after `user/delete` is not known (tink-api.md 14.6).
 */
export const deleteUser = (state: State, userId: string): void => {
  const isOfUser = (value: { readonly userId: string | undefined }) => value.userId === userId
  state.users.delete(userId)
  state.deletions.delete(userId)
  deleteWhere(state.credentials, isOfUser)
  revokeAccess(state, userId)
}

// tink-api.md 10.2.
const retention = 24 * 60 * 60_000

/** Adds a user that is deleted after a day: tink-api.md 3 and 10.2. */
export const addTemporaryUser = (state: State, user: User): void => {
  state.users.set(user.id, user)
  state.deletions.set(user.id, user.created + retention)
}

// Every use checks the expiry date, so nothing but memory depends on how often all of them are looked at.
const sweepInterval = 60_000

/** Deletes what has expired. Nothing runs in the background, so every request and test control does this first. */
export const sweep = (state: State, now: number): void => {
  for (const [userId, at] of state.deletions) {
    if (at <= now) deleteUser(state, userId)
  }
  if (Math.abs(now - state.sweptAt) < sweepInterval) return
  state.sweptAt = now
  for (const map of [state.tokens, state.codes, state.linkSessions, state.visits]) {
    deleteWhere<{ readonly expiresAt: number }>(map, ({ expiresAt }) => expiresAt <= now)
  }
  deleteWhere(state.assertions, (expiresAt) => expiresAt <= now)
}
