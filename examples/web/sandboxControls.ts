/** What the page can do on the sandbox only. */
import { Users } from "@effect-tink/users"
import { HttpApiBuilder } from "@effect/platform"
import { Effect, Option } from "effect"
import { Api } from "./api.js"
import * as Changes from "./changes.js"
import { connectionNotFound, refusals } from "./errors.js"
import { CurrentSession } from "./security.js"
import { Settings } from "./settings.js"
import { requireAuthorized } from "./tinkUser.js"

export const layer = HttpApiBuilder.group(Api, "sandbox", (handlers) =>
  handlers.handle("expire", ({ path }) =>
    Effect.gen(function* () {
      const { sandbox } = yield* Settings
      if (Option.isNone(sandbox)) return yield* connectionNotFound
      const { customerId } = yield* CurrentSession
      const users = yield* Users.Users
      const changes = yield* Changes.Changes
      const tinkUser = yield* requireAuthorized(customerId)
      // The sandbox does not check the owner.
      yield* users.getCredential(tinkUser, path.id)
      yield* Effect.mapError(sandbox.value.expireSession(path.id), () => connectionNotFound)
      yield* users.changed({ userId: tinkUser.userId })
      yield* changes.publish(customerId, Changes.list)
    }).pipe(Effect.catchTags(refusals))
  )
)
