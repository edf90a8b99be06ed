/** From the customer of a request to what the library does for them. */
import type { Ids } from "@effect-tink/http"
import { Users, type UserSession } from "@effect-tink/users"
import { Effect, Option, PubSub, Ref } from "effect"
import { connectionNotFound } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"

const scopes = ["credentials:read", "credentials:refresh", "credentials:write"] as const

export type CustomerSession = UserSession.UserSession<(typeof scopes)[number]>

/**
 * The right to act for a customer, if Tink knows them. Made anew for each request: that sends nothing, as the library keeps
 * the tokens of a user, and fetches them when one is first needed.
 */
export const authorize = ({ tinkUserId }: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const known = yield* Ref.get(tinkUserId)
    return yield* Effect.transposeMapOption(known, (userId) => users.authorize({ userId, scopes }))
  })

/** As `authorize`, for what is done to one connection, which nobody has whom Tink does not know. */
export const authorizeKnown = (session: Session) =>
  Effect.flatMap(
    authorize(session),
    Option.match({ onNone: () => Effect.fail(connectionNotFound), onSome: Effect.succeed<CustomerSession> })
  )

/** Who the customer is to Tink; they are made known to it when they connect their first bank, not when they look around. */
export const ensureTinkUser = (session: Session) =>
  Effect.gen(function* () {
    const known = yield* Ref.get(session.tinkUserId)
    if (Option.isSome(known)) return known.value
    const users = yield* Users.Users
    const { market } = yield* Settings
    // However many requests do this at once, there is one user in the end.
    const { userId } = yield* users.ensureUser({ externalUserId: session.customerId, market })
    yield* Ref.set(session.tinkUserId, Option.some(userId))
    return userId
  })

/** Tink deletes users of its own accord, where an app has no continuous access. */
export const forgetTinkUser = ({ tinkUserId }: Session) => Ref.set(tinkUserId, Option.none())

/** Tells the pages that the customer has open. */
export const publishChange = ({ changes }: Session, id?: Ids.CredentialsId) =>
  PubSub.publish(changes, { id: Option.fromNullable(id) })
