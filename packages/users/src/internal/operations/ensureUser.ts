import type { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import { CreatedUser, type EnsureUserInput } from "../../User.js"
import { bind, toClientRequest } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { createUser } from "../endpoints/users.js"
import { withFlags } from "../errors.js"
import { checkExternalUserId } from "../schemas/input.js"
import { withOperationSpan } from "../requests/operationSpan.js"
import { findUserId } from "../tokens/findUser.js"
import { isUserGone } from "./userGone.js"

const operation = "ensureUser"

/** How often the user is created and looked for before the last failure is returned. */
const maxRounds = 3

export const make = ({ http }: Dependencies) => {
  const find = (externalUserId: string) =>
    Effect.map(findUserId(http, operation, externalUserId), (userId) => new CreatedUser({ userId, externalUserId }))

  /**
   * A creation is never resent before the user was looked for. If another process creates the user meanwhile, this creation is
   * a `Conflict`, so there is never a second user. The failure is ambiguous if any of the creations may have been processed.
   */
  const ensure = (
    externalUserId: string,
    create: Effect.Effect<CreatedUser, TinkError>,
    round: number,
    mayHaveCreated: boolean
  ): Effect.Effect<CreatedUser, TinkError> =>
    Effect.catchAll(create, (error) => {
      const isAmbiguous = mayHaveCreated || error.isAmbiguous
      const fail = (last: TinkError) => Effect.fail(withFlags(last, { isAmbiguous }))
      if (error.reason !== "Conflict" && !error.isAmbiguous) return fail(error)
      return Effect.catchAll(find(externalUserId), (failure) => {
        if (!isUserGone(failure)) return fail(failure)
        // The next call looks for the user first, so it is safe to repeat although a creation is not.
        return round < maxRounds
          ? ensure(externalUserId, create, round + 1, isAmbiguous)
          : fail(withFlags(error, { isRetryable: true }))
      })
    })

  return (input: EnsureUserInput): Effect.Effect<CreatedUser, TinkError> =>
    Effect.gen(function* () {
      yield* checkExternalUserId(operation, input)
      const call = yield* bind(createUser, [input], operation)
      return yield* ensure(input.externalUserId, http.request({ ...toClientRequest(call), operation }), 1, false)
    }).pipe(withOperationSpan(operation))
}
