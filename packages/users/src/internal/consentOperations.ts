import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type { ConsentOperations } from "../ConsentOperations.js"
import type { ProviderConsent } from "../ProviderConsent.js"
import type { Read } from "./access.js"
import * as Requests from "./consentRequests.js"
import type { ConnectionTimeToLive } from "./freshness.js"
import * as Input from "./input.js"
import type { Parts } from "./operations.js"
import { afterChange, checkConnection } from "./ownership.js"

export const make = ({ access, http }: Parts, timeToLive: ConnectionTimeToLive | undefined): ConsentOperations => {
  const list = (credentialsId: CredentialsId | undefined): Read<ReadonlyArray<ProviderConsent>> => ({
    operation: "listProviderConsents",
    scope: "provider-consents:read",
    key: credentialsId ?? "",
    request: (tokens) => Requests.listProviderConsents(tokens, credentialsId),
    check: (consents) =>
      credentialsId === undefined ? Effect.void : checkConnection("listProviderConsents", credentialsId)(consents),
    timeToLive
  })

  return {
    listProviderConsents: (session, options) =>
      Effect.suspend((): Effect.Effect<ReadonlyArray<ProviderConsent>, TinkError> => {
        const credentialsId = options?.credentialsId
        const read = access.read(session, list(credentialsId), options)
        return credentialsId === undefined
          ? read
          : Effect.zipRight(Input.checkCredentialsId("listProviderConsents", credentialsId), read)
      }),

    extendProviderConsent: (session, credentialsId) =>
      Effect.gen(function* () {
        const operation = "extendProviderConsent"
        const { tokens, userId } = yield* access.open(operation, session, "provider-consents:write")
        yield* Input.checkCredentialsId(operation, credentialsId)
        const extend = Effect.suspend(() => http.request(Requests.extendProviderConsent(tokens(), credentialsId))).pipe(
          Effect.tap((consent) => afterChange(checkConnection(operation, credentialsId)([consent])))
        )
        return yield* access.mutate(userId, operation, extend)
      })
  }
}
