import type { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type { UserReference } from "../../User.js"
import { bind, toClientRequest } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { revokeAll } from "../endpoints/steps.js"
import { checkReference } from "../schemas/input.js"
import { resolveUserId } from "../tokens/findUser.js"

export const make =
  ({ access, http, userTokens }: Dependencies) =>
  (user: UserReference): Effect.Effect<void, TinkError> =>
    Effect.gen(function* () {
      yield* checkReference(revokeAll.name, user)
      const userId = yield* resolveUserId(http, revokeAll.name, user)
      const call = yield* bind(revokeAll, [{ userId }])
      yield* access
        .invalidateAfter(userId, revokeAll.name, http.request(toClientRequest(call)))
        .pipe(Effect.ensuring(Effect.sync(() => userTokens.forget(userId))))
    })
