/** The Tink user of a session. */
import type { Ids } from "@effect-tink/http"
import { Users, type UserSession } from "@effect-tink/users"
import { Effect, Option, PubSub, Ref } from "effect"
import { connectionNotFound } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"

const scopes = ["credentials:read", "credentials:refresh", "credentials:write"] as const

export type TinkUserSession = UserSession.UserSession<(typeof scopes)[number]>

/**
 * A session of `Users` for the user, if they have a Tink user. Made for each web request: that sends nothing, since the library
 * keeps the tokens of a user.
 */
export const authorize = ({ tinkUserId }: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const known = yield* Ref.get(tinkUserId)
    return yield* Effect.transposeMapOption(known, (userId) => users.authorize({ userId, scopes }))
  })

/** As `authorize`, for one connection: without a Tink user there is none. */
export const authorizeKnown = (session: Session) =>
  Effect.flatMap(
    authorize(session),
    Option.match({ onNone: () => Effect.fail(connectionNotFound), onSome: Effect.succeed<TinkUserSession> })
  )

/** The id of the Tink user. It is created when the user connects their first bank, not when they open the page. */
export const ensureTinkUser = (session: Session) =>
  Effect.gen(function* () {
    const known = yield* Ref.get(session.tinkUserId)
    if (Option.isSome(known)) return known.value
    const users = yield* Users.Users
    const { market } = yield* Settings
    // Concurrent requests end with one user.
    const { userId } = yield* users.ensureUser({ externalUserId: session.externalUserId, market })
    yield* Ref.set(session.tinkUserId, Option.some(userId))
    return userId
  })

/** Tink deletes the users of an app without continuous access. */
export const forgetTinkUser = ({ tinkUserId }: Session) => Ref.set(tinkUserId, Option.none())

/** Tells the user's open pages. */
export const publishChange = ({ changes }: Session, id?: Ids.CredentialsId) =>
  PubSub.publish(changes, { id: Option.fromNullable(id) })
