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
}

/** A user's visit to Tink Link. */
export interface LinkSession {
  readonly id: string
  /** The path of the page. */
  readonly path: string
  /** The delegated code that opened it; `undefined` for one-time access. */
  readonly code: string | undefined
  /** `undefined` until one-time access has made a user. */
  readonly userId: string | undefined
  readonly idHint: string
  /** The credentials whose consent is renewed; `undefined` when a bank is connected. */
  readonly credentialsId: string | undefined
  readonly link: {
    readonly query: string
    readonly redirectUri: string
    readonly state: string | null
    readonly market: string
    readonly locale: string | null
    readonly scopes: ReadonlySet<string>
  }
  readonly expiresAt: number
  /** Where the user was sent when the visit ended. */
  readonly endUrl: string | undefined
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
  readonly webhookEndpoints: Map<string, WebhookEndpoint>
  /** When temporary users are deleted, by user id. */
  readonly deletions: Map<string, number>
}

export const make = (): State => ({
  users: new Map(),
  tokens: new Map(),
  codes: new Map(),
  credentials: new Map(),
  linkSessions: new Map(),
  webhookEndpoints: new Map(),
  deletions: new Map()
})

export const clear = (state: State): void => {
  for (const map of Object.values(state)) map.clear()
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
  deleteWhere(state.linkSessions, (session) => session.userId === userId)
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

/** Deletes what has expired. Nothing runs in the background, so every request and test control does this first. */
export const sweep = (state: State, now: number): void => {
  for (const [userId, at] of state.deletions) {
    if (at <= now) deleteUser(state, userId)
  }
  deleteWhere(state.linkSessions, (session) => session.expiresAt <= now)
}
