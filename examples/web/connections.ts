/** Lists, connects, renews, refreshes and disconnects a customer's banks. */
import { Users } from "@effect-tink/users"
import { HttpApiBuilder } from "@effect/platform"
import { Effect, Option } from "effect"
import { Api } from "./api.js"
import { beginSession } from "./beginSession.js"
import * as Changes from "./changes.js"
import { refusals } from "./errors.js"
import * as Events from "./events.js"
import { getOverview } from "./overview.js"
import { CurrentSession, KnownSession } from "./security.js"
import * as TinkLinkVisits from "./tinkLinkVisits.js"
import { requireAuthorized } from "./tinkUser.js"

export const layer = HttpApiBuilder.group(Api, "connections", (handlers) =>
  handlers
    .handle("list", () =>
      KnownSession.pipe(
        Effect.flatMap((session) => getOverview(Option.map(session, ({ customerId }) => customerId))),
        Effect.catchTags(refusals)
      )
    )
    .handle("connect", () =>
      KnownSession.pipe(
        Effect.flatMap(Option.match({ onNone: () => beginSession, onSome: Effect.succeed })),
        Effect.flatMap(TinkLinkVisits.connect),
        Effect.catchTags(refusals)
      )
    )
    .handle("events", () => Effect.flatMap(CurrentSession, Events.respond))
    .handle("renew", ({ path }) =>
      CurrentSession.pipe(
        Effect.flatMap((session) => TinkLinkVisits.renew(session, path.id)),
        Effect.catchTags(refusals)
      )
    )
    .handle("refresh", ({ path }) =>
      Effect.gen(function* () {
        const { customerId } = yield* CurrentSession
        const users = yield* Users.Users
        const changes = yield* Changes.Changes
        const refresh = users.refreshCredential(yield* requireAuthorized(customerId), path.id)
        // Also after a failure: Tink may have accepted it.
        yield* Effect.ensuring(refresh, changes.publish(customerId, Changes.started(path.id)))
      }).pipe(Effect.catchTags(refusals))
    )
    .handle("disconnect", ({ path }) =>
      Effect.gen(function* () {
        const { customerId } = yield* CurrentSession
        const users = yield* Users.Users
        const changes = yield* Changes.Changes
        const disconnect = users.deleteCredential(yield* requireAuthorized(customerId), path.id)
        yield* Effect.ensuring(disconnect, changes.publish(customerId, Changes.list))
      }).pipe(Effect.catchTags(refusals))
    )
)
