/** Who and what the numbers of a schedule stand for by now, and the operations that are done with them. */
import { CredentialsId, type UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserSession from "@effect-tink/users/UserSession"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { SessionInfo } from "./history.js"
import { type Operation, type ScopeSet, scopeSets } from "./schedule.js"
import * as Stamp from "./stamp.js"
import type { World } from "./world.js"

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

export type Cast = Map<number, User>

/** What an operation returned. */
export interface Value {
  /** The number of the request that it came with, where it says so. */
  readonly serial: number | undefined
  /** The user who is there now. */
  readonly userId: string | undefined
}

const nothing: Value = { serial: undefined, userId: undefined }

const from = (serial: number): Value => ({ serial, userId: undefined })

/** An operation that can be done now. */
export interface Prepared {
  readonly effect: Effect.Effect<Value, TinkError>
  readonly userId: string | undefined
  readonly session: SessionInfo | undefined
}

const createUser = ({ users }: World, cast: Cast, operation: OfNobody): Prepared => {
  const externalUserId = `cust-${operation.user}`
  const effect = Effect.map(users[operation._tag]({ market: "SE", externalUserId }), ({ userId }) => {
    if (cast.get(operation.user)?.userId !== userId) {
      cast.set(operation.user, { userId, externalUserId, credentials: [], sessions: new Map(), codes: new Map() })
    }
    return { serial: undefined, userId }
  })
  return { effect, userId: undefined, session: undefined }
}

type OfNobody = Extract<Operation, { readonly _tag: "createUser" | "ensureUser" }>
type OfUser = Exclude<Operation, OfNobody>
type OfSession = Exclude<
  OfUser,
  { readonly _tag: "authorize" | "createAuthorization" | "getUserAccessToken" | "deleteUserBy" }
>

const authorize = (world: World, user: User, operation: OfUser & { readonly _tag: "authorize" }) => {
  const scopes: ReadonlyArray<UserScope> = scopeSets[operation.scopes]
  const { externalUserId, userId } = user
  const authorized = world.users.authorize(operation.by === "userId" ? { userId, scopes } : { externalUserId, scopes })
  return Effect.map(authorized, (session) => {
    user.sessions.set(operation.session, { session, info: { userId: session.userId, scopes, bareToken: undefined } })
    return nothing
  })
}

const createAuthorization = (world: World, user: User, operation: OfUser & { readonly _tag: "createAuthorization" }) =>
  Effect.map(
    world.users.createAuthorization({ userId: user.userId, scopes: scopeSets[operation.scopes] }),
    ({ code }) => {
      user.codes.set(operation.session, { code, scopes: operation.scopes })
      return nothing
    }
  )

const getUserAccessToken = (world: World, user: User, slot: number, { code, scopes }: HeldCode) =>
  Effect.map(world.users.getUserAccessToken({ code }), ({ accessToken }) => {
    const { userId } = user
    const info = { userId, scopes: scopeSets[scopes], bareToken: Redacted.value(accessToken) }
    // It is said to be able to do everything: what it cannot do, the origin must refuse.
    const session = UserSession.make<UserScope>({ userId, accessToken, scopes: scopeSets.all })
    user.sessions.set(slot, { session, info })
    return nothing
  })

const ofSession = (
  { users }: World,
  { session }: HeldSession,
  id: CredentialsId | undefined,
  operation: OfSession
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

const withSession = (world: World, user: User, operation: OfSession): Prepared | undefined => {
  const held = user.sessions.get(operation.session)
  if (held === undefined) return undefined
  const id = "credential" in operation ? user.credentials[operation.credential] : undefined
  const effect = ofSession(world, held, id, operation)
  return effect === undefined ? undefined : { effect, userId: user.userId, session: held.info }
}

/** An operation with what its numbers stand for; nothing when one of them stands for nothing. */
export const prepare = (world: World, cast: Cast, operation: Operation): Prepared | undefined => {
  if (operation._tag === "createUser" || operation._tag === "ensureUser") return createUser(world, cast, operation)
  const user = cast.get(operation.user)
  if (user === undefined) return undefined
  const { userId } = user
  switch (operation._tag) {
    case "authorize":
      return { effect: authorize(world, user, operation), userId, session: undefined }
    case "createAuthorization":
      return { effect: createAuthorization(world, user, operation), userId, session: undefined }
    case "getUserAccessToken": {
      const code = user.codes.get(operation.session)
      if (code === undefined) return undefined
      return { effect: getUserAccessToken(world, user, operation.session, code), userId, session: undefined }
    }
    case "deleteUserBy": {
      const reference = operation.by === "userId" ? { userId } : { externalUserId: user.externalUserId }
      return { effect: Effect.as(world.users.deleteUser(reference), nothing), userId, session: undefined }
    }
    default:
      return withSession(world, user, operation)
  }
}

/** What a customer does in Tink Link. */
export const connectBank = (world: World, user: User): Effect.Effect<void> =>
  world.sandbox.connectBank(user.userId).pipe(
    Effect.map(({ id }) => void user.credentials.push(CredentialsId.make(id))),
    // The user may be deleted by now.
    Effect.ignore
  )

const identityOf = ({ info: { bareToken, scopes } }: HeldSession): string => bareToken ?? scopes.join()

/** Every read that can be done now, once for all sessions that share what they read. */
export const reads = (cast: Cast): ReadonlyArray<Operation> =>
  [...cast].flatMap(([user, { credentials, sessions }]) => {
    const slots = new Map([...sessions].map(([slot, held]) => [identityOf(held), slot]))
    return [...slots.values()].flatMap((session): ReadonlyArray<Operation> => [
      { _tag: "listCredentials", user, session, bypass: false },
      ...credentials.map(
        (_, credential) => ({ _tag: "getCredential", user, session, credential, bypass: false }) as const
      )
    ])
  })
