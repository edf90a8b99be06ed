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

/**
 * Everything the sandbox remembers for Tink. Whoever changes it does so in one synchronous step, after the ids and the
 * time it needs have been drawn, so no other request ever sees half a change.
 */
export interface State {
  readonly users: Map<string, User>
  readonly tokens: Map<string, AccessToken>
  readonly codes: Map<string, AuthorizationCode>
  readonly credentials: Map<string, StoredCredentials>
}

export const make = (): State => ({ users: new Map(), tokens: new Map(), codes: new Map(), credentials: new Map() })

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

/** All that lets anybody act for a user: tokens, and codes that could become tokens (tink-api 2.1). */
export const revokeAccess = (state: State, userId: string): void => {
  revokeTokens(state, userId)
  deleteWhere(state.codes, (code) => code.userId === userId)
}

/**
 * tink-api 14.6 does not know what is left after `user/delete`. Here nothing is: the user's credentials, codes and tokens go
 * with the user (a token that is still held then answers 401), and the external user id is free to be used again.
 */
export const deleteUser = (state: State, userId: string): void => {
  const isTheirs = (value: { readonly userId: string | undefined }) => value.userId === userId
  state.users.delete(userId)
  deleteWhere(state.credentials, isTheirs)
  revokeAccess(state, userId)
}
