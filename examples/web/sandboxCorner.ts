/** What can be tried on a sandbox only. */
import { Users } from "@effect-tink/users"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Api } from "./api.js"
import { authorizeKnown, publishChange } from "./customer.js"
import { connectionNotFound, refuse } from "./errors.js"
import { CurrentSession } from "./security.js"
import { Settings } from "./settings.js"

export const layer = HttpApiBuilder.group(Api, "sandbox", (handlers) =>
  handlers.handle("expire", ({ path }) =>
    Effect.gen(function* () {
      const { sandbox } = yield* Settings
      if (Option.isNone(sandbox)) return yield* Effect.fail(connectionNotFound)
      const session = yield* CurrentSession
      const users = yield* Users.Users
      const customer = yield* authorizeKnown(session)
      // The sandbox does as it is told, whosever connection it is.
      yield* users.getCredential(customer, path.id)
      yield* Effect.mapError(sandbox.value.expireSession(path.id), () => connectionNotFound)
      yield* users.changed({ userId: customer.userId })
      yield* publishChange(session)
    }).pipe(Effect.catchTag("TinkError", refuse))
  )
)
