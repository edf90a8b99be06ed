import type { UserId } from "@effect-tink/http/Ids"
import { readOr } from "@effect-tink/http/InputRules"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { UserReference } from "../../User.js"
import type { UserSession } from "../../UserSession.js"
import { bind, toUserRequest } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { deleteUser } from "../endpoints/steps.js"
import { checkReference } from "../schemas/input.js"
import { resolveUserId } from "../tokens/findUser.js"
import { isUserGone } from "./userGone.js"

// A session is not a reference: one without the scope must not be taken for the user that it names.
export type Target = UserSession<"user:delete"> | (UserReference & { readonly scopes?: undefined })

/** An object with scopes is meant as a session and is checked as one, so that a forged session is refused. */
const isReference = (target: Target): target is Exclude<Target, UserSession<"user:delete">> =>
  readOr(() => typeof target === "object" && target !== null && target.scopes === undefined, false)

export const make = ({ access, http, userTokens }: Dependencies) => {
  const remove = (userId: UserId, tokens: TokenSource): Effect.Effect<void, TinkError> => {
    const request = Effect.flatMap(bind(deleteUser, []), (call) => http.request(toUserRequest(call, userId, tokens)))
    return access
      .invalidateAfter(
        userId,
        deleteUser.name,
        Effect.catchIf(request, isUserGone, () => Effect.void)
      )
      .pipe(Effect.ensuring(Effect.sync(() => userTokens.forget(userId))))
  }

  return (target: Target): Effect.Effect<void, TinkError> =>
    Effect.gen(function* () {
      if (!isReference(target)) {
        const { tokens, userId } = yield* access.open(deleteUser.name, target, deleteUser.scope)
        return yield* remove(userId, tokens())
      }
      yield* checkReference(deleteUser.name, target)
      const userId = yield* Effect.asSome(resolveUserId(http, deleteUser.name, target)).pipe(
        Effect.catchIf(isUserGone, () => Effect.succeedNone)
      )
      if (Option.isNone(userId)) return
      yield* remove(userId.value, userTokens.of(userId.value, [deleteUser.scope]))
    })
}
