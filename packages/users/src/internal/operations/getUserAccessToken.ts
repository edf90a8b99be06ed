import type { AccessToken } from "@effect-tink/http/AccessToken"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Dependencies } from "../dependencies.js"
import { checkCode } from "../schemas/input.js"
import { withOperationSpan } from "../requests/operationSpan.js"

const operation = "getUserAccessToken"

export const make =
  ({ http }: Dependencies) =>
  (grant: { readonly code: Redacted.Redacted }): Effect.Effect<AccessToken, TinkError> =>
    Effect.suspend(() => Effect.andThen(checkCode(operation, grant), () => http.exchangeCode(grant.code))).pipe(
      withOperationSpan(operation)
    )
