/** The users, sessions and credentials behind the numbers of a schedule, and the operations on them. */
import { CredentialsId, type UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserSession from "@effect-tink/users/UserSession"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Environment } from "./environment.js"
import type { SessionInfo } from "./history.js"
import { type Operation, type ScopeSet, scopeSets } from "./schedule.js"
import * as Stamp from "./stamp.js"

interface HeldSession {
  readonly session: UserSession.UserSession<UserScope>
  readonly info: SessionInfo
}

interface HeldCode {
  readonly code: Redacted.Redacted
  readonly scopes: ScopeSet
}

export interface User {
  readonly userId: UserId
  readonly externalUserId: string
  readonly credentials: Array<CredentialsId>
  readonly sessions: Map<number, HeldSession>
  readonly codes: Map<number, HeldCode>
}

export type Actors = Map<number, User>

/** The result of an operation. */
export interface Value {
  /** The request that a value came with, where the value says so. */
  readonly serial: number | undefined
  /** The user that was created or found. */
  readonly userId: string | undefined
}

const nothing: Value = { serial: undefined, userId: undefined }

const from = (serial: number): Value => ({ serial, userId: undefined })

/** An operation whose numbers have a meaning. */
export interface Prepared {
  readonly effect: Effect.Effect<Value, TinkError>
  readonly userId: string | undefined
  readonly session: SessionInfo | undefined
}

const createUser = ({ users }: Environment, actors: Actors, operation: WithoutUser): Prepared => {
  const externalUserId = `cust-${operation.user}`
  const effect = Effect.map(users[operation._tag]({ market: "SE", externalUserId }), ({ userId }) => {
    if (actors.get(operation.user)?.userId !== userId) {
      actors.set(operation.user, { userId, externalUserId, credentials: [], sessions: new Map(), codes: new Map() })
    }
    return { serial: undefined, userId }
  })
  return { effect, userId: undefined, session: undefined }
}

type WithoutUser = Extract<Operation, { readonly _tag: "createUser" | "ensureUser" }>
type WithUser = Exclude<Operation, WithoutUser>
type WithSession = Exclude<
  WithUser,
  { readonly _tag: "authorize" | "createAuthorization" | "getUserAccessToken" | "deleteUserBy" }
>

const authorize = (environment: Environment, user: User, operation: WithUser & { readonly _tag: "authorize" }) => {
  const scopes: ReadonlyArray<UserScope> = scopeSets[operation.scopes]
  const { externalUserId, userId } = user
  const authorized = environment.users.authorize(
    operation.by === "userId" ? { userId, scopes } : { externalUserId, scopes }
  )
  return Effect.map(authorized, (session) => {
    user.sessions.set(operation.session, { session, info: { userId: session.userId, scopes, staticToken: undefined } })
    return nothing
  })
}

const createAuthorization = (
  environment: Environment,
  user: User,
  operation: WithUser & { readonly _tag: "createAuthorization" }
) =>
  Effect.map(
    environment.users.createAuthorization({ userId: user.userId, scopes: scopeSets[operation.scopes] }),
    ({ code }) => {
      user.codes.set(operation.session, { code, scopes: operation.scopes })
      return nothing
    }
  )

const getUserAccessToken = (environment: Environment, user: User, slot: number, { code, scopes }: HeldCode) =>
  Effect.map(environment.users.getUserAccessToken({ code }), ({ accessToken }) => {
    const { userId } = user
    const info = { userId, scopes: scopeSets[scopes], staticToken: Redacted.value(accessToken) }
    // It claims all scopes: the origin must refuse what the token does not allow.
    const session = UserSession.make<UserScope>({ userId, accessToken, scopes: scopeSets.all })
    user.sessions.set(slot, { session, info })
    return nothing
  })

const callWithSession = (
  { users }: Environment,
  { session }: HeldSession,
  id: CredentialsId | undefined,
  operation: WithSession
): Prepared["effect"] | undefined => {
  switch (operation._tag) {
    case "deleteUser":
      return Effect.as(users.deleteUser(session), nothing)
    case "listCredentials":
      return Effect.map(users.listCredentials(session, { bypassCache: operation.bypass }), (list) =>
        from(Stamp.ofList(list))
      )
    case "getCredential":
      return id === undefined
        ? undefined
        : Effect.map(users.getCredential(session, id, { bypassCache: operation.bypass }), (credential) =>
            from(Stamp.ofCredential(credential))
          )
    case "refreshCredential":
      return id === undefined ? undefined : Effect.as(users.refreshCredential(session, id), nothing)
    case "deleteCredential":
      return id === undefined ? undefined : Effect.as(users.deleteCredential(session, id), nothing)
  }
}

const withSession = (environment: Environment, user: User, operation: WithSession): Prepared | undefined => {
  const held = user.sessions.get(operation.session)
  if (held === undefined) return undefined
  const id = "credential" in operation ? user.credentials[operation.credential] : undefined
  const effect = callWithSession(environment, held, id, operation)
  return effect === undefined ? undefined : { effect, userId: user.userId, session: held.info }
}

/** An operation on what its numbers mean; `undefined` when one of them means nothing yet. */
export const prepare = (environment: Environment, actors: Actors, operation: Operation): Prepared | undefined => {
  if (operation._tag === "createUser" || operation._tag === "ensureUser")
    return createUser(environment, actors, operation)
  const user = actors.get(operation.user)
  if (user === undefined) return undefined
  const { userId } = user
  switch (operation._tag) {
    case "authorize":
      return { effect: authorize(environment, user, operation), userId, session: undefined }
    case "createAuthorization":
      return { effect: createAuthorization(environment, user, operation), userId, session: undefined }
    case "getUserAccessToken": {
      const code = user.codes.get(operation.session)
      if (code === undefined) return undefined
      return { effect: getUserAccessToken(environment, user, operation.session, code), userId, session: undefined }
    }
    case "deleteUserBy": {
      const reference = operation.by === "userId" ? { userId } : { externalUserId: user.externalUserId }
      return { effect: Effect.as(environment.users.deleteUser(reference), nothing), userId, session: undefined }
    }
    default:
      return withSession(environment, user, operation)
  }
}

/** What a user does in Tink Link. */
export const connectBank = (environment: Environment, user: User): Effect.Effect<void> =>
  environment.sandbox.connectBank(user.userId).pipe(
    Effect.map(({ id }) => void user.credentials.push(CredentialsId.make(id))),
    // The user may have been deleted.
    Effect.ignore
  )

const sharingKey = ({ info: { staticToken, scopes } }: HeldSession): string => staticToken ?? scopes.join()

/** Every possible read, once for all sessions that share its value. */
export const reads = (actors: Actors): ReadonlyArray<Operation> =>
  [...actors].flatMap(([user, { credentials, sessions }]) => {
    const slots = new Map([...sessions].map(([slot, held]) => [sharingKey(held), slot]))
    return [...slots.values()].flatMap((session): ReadonlyArray<Operation> => [
      { _tag: "listCredentials", user, session, bypass: false },
      ...credentials.map(
        (_, credential) => ({ _tag: "getCredential", user, session, credential, bypass: false }) as const
      )
    ])
  })
