import type { UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Effect from "effect/Effect"
import type { Changes } from "../following/changes.js"
import type { Pollers } from "../following/pollers.js"
import { checkUser } from "../schemas/input.js"

interface Dependencies {
  readonly cache: UserCache.Service
  readonly changes: Changes
  readonly pollers: Pollers
}

export const make =
  ({ cache, changes, pollers }: Dependencies) =>
  (user: { readonly userId: UserId }): Effect.Effect<void, TinkError> =>
    Effect.gen(function* () {
      yield* checkUser("changed", user)
      yield* cache.invalidate(user.userId)
      // Afterwards, so that those who are woken read nothing older.
      pollers.changed(user.userId, changes.addElsewhere(user.userId).number)
    })
