/** The Tink user of a customer. */
import type { Ids } from "@effect-tink/http"
import { Users, type UserSession } from "@effect-tink/users"
import { Effect, Option } from "effect"
import * as Changes from "./changes.js"
import { type CustomerId, Customers } from "./customers.js"
import { connectionNotFound } from "./errors.js"
import { Settings } from "./settings.js"

const scopes = ["credentials:read", "credentials:refresh", "credentials:write"] as const

export type TinkUserSession = UserSession.UserSession<(typeof scopes)[number]>

/**
 * A session of `Users` for the customer, if they have a Tink user. Made for each web request: that sends nothing, since the library
 * keeps the tokens of a user.
 */
export const authorize = (customerId: CustomerId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const customers = yield* Customers
    const known = yield* customers.getTinkUser(customerId)
    return yield* Effect.transposeMapOption(known, (userId) => users.authorize({ userId, scopes }))
  })

/** Like `authorize`, and fails if the customer has no Tink user. */
export const requireAuthorized = (customerId: CustomerId) =>
  Effect.flatMap(
    authorize(customerId),
    Option.match({ onNone: () => Effect.fail(connectionNotFound), onSome: Effect.succeed<TinkUserSession> })
  )

/** The id of the Tink user. It is created when the customer connects their first bank, not when they open the page. */
export const ensureTinkUser = (customerId: CustomerId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const customers = yield* Customers
    const { market } = yield* Settings
    const known = yield* customers.getTinkUser(customerId)
    if (Option.isSome(known)) return known.value
    // Concurrent requests end with one user. If the program ends before the id is stored, this finds the user the next time.
    const { userId } = yield* users.ensureUser({ externalUserId: customerId, market })
    yield* customers.setTinkUser(customerId, Option.some(userId))
    return userId
  })

/** Tink deletes the users of an app without continuous access. */
export const forgetTinkUser = (customerId: CustomerId) =>
  Effect.flatMap(Customers, (customers) => customers.setTinkUser(customerId, Option.none()))

/** Tells the pages of the customer whose Tink user has changed elsewhere: by a webhook, or by another process. */
export const publishTinkUser = (userId: Ids.UserId, change = Changes.list) =>
  Effect.gen(function* () {
    const customers = yield* Customers
    const changes = yield* Changes.Changes
    yield* Effect.transposeMapOption(yield* customers.findByTinkUser(userId), (id) => changes.publish(id, change))
  })
