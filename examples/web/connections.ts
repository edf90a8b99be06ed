/** Lists, connects, renews, refreshes and disconnects a user's banks. */
import { Users } from "@effect-tink/users"
import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Api } from "./api.js"
import { refuse } from "./errors.js"
import * as Events from "./events.js"
import { getOverview } from "./overview.js"
import { CurrentSession } from "./security.js"
import * as TinkLinkVisits from "./tinkLinkVisits.js"
import { authorizeKnown, publishChange } from "./tinkUser.js"

export const layer = HttpApiBuilder.group(Api, "connections", (handlers) =>
  handlers
    .handle("list", () => CurrentSession.pipe(Effect.flatMap(getOverview), Effect.catchTag("TinkError", refuse)))
    .handle("events", () => Effect.flatMap(CurrentSession, Events.respond))
    .handle("connect", () =>
      CurrentSession.pipe(Effect.flatMap(TinkLinkVisits.connect), Effect.catchTag("TinkError", refuse))
    )
    .handle("renew", ({ path }) =>
      CurrentSession.pipe(
        Effect.flatMap((session) => TinkLinkVisits.renew(session, path.id)),
        Effect.catchTag("TinkError", refuse)
      )
    )
    .handle("refresh", ({ path }) =>
      Effect.gen(function* () {
        const session = yield* CurrentSession
        const users = yield* Users.Users
        const refresh = users.refreshCredential(yield* authorizeKnown(session), path.id)
        // Also after a failure: Tink may have accepted it.
        yield* Effect.ensuring(refresh, publishChange(session, path.id))
      }).pipe(Effect.catchTag("TinkError", refuse))
    )
    .handle("disconnect", ({ path }) =>
      Effect.gen(function* () {
        const session = yield* CurrentSession
        const users = yield* Users.Users
        const disconnect = users.deleteCredential(yield* authorizeKnown(session), path.id)
        yield* Effect.ensuring(disconnect, publishChange(session))
      }).pipe(Effect.catchTag("TinkError", refuse))
    )
)
