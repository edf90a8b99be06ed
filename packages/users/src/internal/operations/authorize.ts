import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import type { UserReference } from "../../User.js"
import type { UserSession } from "../../UserSession.js"
import type { Dependencies } from "../dependencies.js"
import { checkReference, checkScopes } from "../schemas/input.js"
import { withOperationSpan } from "../requests/operationSpan.js"
import { makeSession } from "../tokens/session.js"
import { resolveUserId } from "../tokens/findUser.js"

const operation = "authorize"

export const make =
  ({ http, usersId }: Dependencies) =>
  <const Scopes extends UserScope>(
    input: UserReference & { readonly scopes: ReadonlyArray<Scopes> }
  ): Effect.Effect<UserSession<Scopes>, TinkError> =>
    Effect.gen(function* () {
      yield* checkReference(operation, input)
      yield* checkScopes(operation, input)
      const userId = yield* resolveUserId(http, operation, input)
      const scopes = Arr.sort(new Set(input.scopes), Order.string)
      return makeSession<Scopes>(userId, scopes, {
        _tag: "Renewable",
        usersId,
        identity: scopes.join(",")
      })
    }).pipe(withOperationSpan(operation))
