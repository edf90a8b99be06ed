/** The connections of a customer: to see, connect, renew, refresh and end them. */
import { Users } from "@effect-tink/users"
import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { Api } from "./api.js"
import { authorizeKnown, publishChange } from "./customer.js"
import { refuse } from "./errors.js"
import * as Events from "./events.js"
import { overviewOf } from "./overview.js"
import { CurrentSession } from "./security.js"
import * as TinkLinkVisits from "./tinkLinkVisits.js"

export const layer = HttpApiBuilder.group(Api, "connections", (handlers) =>
  handlers
    .handle("list", () => CurrentSession.pipe(Effect.flatMap(overviewOf), Effect.catchTag("TinkError", refuse)))
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
        // Whatever comes of it: it may have been accepted although it failed.
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
