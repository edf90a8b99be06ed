import type { UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Effect from "effect/Effect"
import type { ChangeListener } from "../following/changeListeners.js"
import { checkUser } from "../schemas/input.js"

interface Dependencies {
  readonly cache: UserCache.Service
  readonly tellAll: ChangeListener
}

export const make =
  ({ cache, tellAll }: Dependencies) =>
  (user: { readonly userId: UserId }): Effect.Effect<void, TinkError> =>
    Effect.gen(function* () {
      yield* checkUser("changed", user)
      const tell = Effect.sync(() => tellAll(user.userId, (changes) => changes.addElsewhere(user.userId)))
      // Afterwards, so that those who are woken read nothing older. Also if the caller does not wait for a slow store.
      yield* Effect.ensuring(cache.invalidate(user.userId), tell)
    })
