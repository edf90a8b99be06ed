import type { CredentialsType, RefreshOutcome } from "../TinkSandbox.js"
import type { Timeline } from "./timeline.js"

/** What `PUT /api/v1/user/profile` may change: tink-api 5.2. */
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
  /** What the next refresh comes to, when a test has said so. */
  readonly nextRefresh: RefreshOutcome | undefined
  /** Whether what is under way ends with the customer's authentication, and fetches no data (tink-api 6.5). */
  readonly isAuthenticationOnly: boolean
  /** What was said about the customer on creation. */
  readonly fields: Readonly<Record<string, string>>
  /** Where the app wants the customer back. */
  readonly appUri: string
}

/** A customer's visit to Tink Link. */
export interface LinkSession {
  readonly id: string
  /** Which of the pages. */
  readonly path: string
  /** The delegated code that it was opened with; `undefined` for one-time access. */
  readonly code: string | undefined
  /** `undefined` until one-time access has made a user. */
  readonly userId: string | undefined
  readonly idHint: string
  /** Whose consent is renewed; `undefined` when a bank is connected. */
  readonly credentialsId: string | undefined
  readonly link: {
    /** All of the query. */
    readonly address: string
    readonly redirectUri: string
    readonly state: string | null
    readonly market: string
    readonly locale: string | null
    readonly scopes: ReadonlySet<string>
  }
  readonly expiresAt: number
  /** Where the customer was sent in the end. */
  readonly end: string | undefined
}

/**
 * Everything the sandbox remembers for Tink. Whoever changes it does so in one synchronous step, after the ids and the
 * time it needs have been drawn, so no other request ever sees half a change.
 */
export interface State {
  readonly users: Map<string, User>
  readonly tokens: Map<string, AccessToken>
  readonly codes: Map<string, AuthorizationCode>
  readonly credentials: Map<string, StoredCredentials>
  readonly linkSessions: Map<string, LinkSession>
  /** When users are deleted who are not permanent, by their ids. */
  readonly deletions: Map<string, number>
}

export const make = (): State => ({
  users: new Map(),
  tokens: new Map(),
  codes: new Map(),
  credentials: new Map(),
  linkSessions: new Map(),
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

/** The tokens of one user, or every token. */
export const revokeTokens = (state: State, userId: string | undefined): void =>
  deleteWhere(state.tokens, (token) => userId === undefined || token.userId === userId)

/** All that lets anybody act for a user: tokens, codes that could become some (tink-api 2.1), and what Tink Link made of its. */
export const revokeAccess = (state: State, userId: string): void => {
  revokeTokens(state, userId)
  deleteWhere(state.codes, (code) => code.userId === userId)
  deleteWhere(state.linkSessions, (session) => session.userId === userId)
}

/**
 * tink-api 14.6 does not know what is left after `user/delete`. Here nothing is: the user's credentials, codes and tokens go
 * with the user (a token that is still held then answers 401), and the external user id is free to be used again.
 */
export const deleteUser = (state: State, userId: string): void => {
  const isTheirs = (value: { readonly userId: string | undefined }) => value.userId === userId
  state.users.delete(userId)
  state.deletions.delete(userId)
  deleteWhere(state.credentials, isTheirs)
  revokeAccess(state, userId)
}

// tink-api 10.2.
const retention = 24 * 60 * 60_000

/** A user for whom nobody asked to be kept: tink-api 3 and 10.2. */
export const addTemporaryUser = (state: State, user: User): void => {
  state.users.set(user.id, user)
  state.deletions.set(user.id, user.created + retention)
}

/** Lets go of what is over. Nothing runs in the background: everybody who looks does this first. */
export const sweep = (state: State, now: number): void => {
  for (const [userId, at] of state.deletions) {
    if (at <= now) deleteUser(state, userId)
  }
  deleteWhere(state.linkSessions, (session) => session.expiresAt <= now)
}
