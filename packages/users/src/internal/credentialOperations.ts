import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Credential } from "../Credential.js"
import type { CredentialOperations } from "../CredentialOperations.js"
import type { UserSession } from "../UserSession.js"
import type { Read } from "./access.js"
import * as Requests from "./credentialRequests.js"
import type { ConnectionTimeToLive } from "./freshness.js"
import * as Input from "./input.js"
import { now } from "./monotonic.js"
import type { Parts } from "./operations.js"
import { checkId, checkOwner } from "./ownership.js"

const isSurelyUnchanged = (exit: Exit.Exit<unknown, TinkError>): boolean =>
  Exit.isFailure(exit) && Option.exists(Cause.failureOption(exit.cause), (error) => !error.isAmbiguous)

/** The read of one credential. */
export const getCredential =
  (timeToLive: ConnectionTimeToLive | undefined) =>
  (id: CredentialsId): Read<Credential> => ({
    operation: "getCredential",
    scope: "credentials:read",
    key: id,
    request: (tokens) => Requests.getCredential(tokens, id),
    check: (credential, userId) =>
      Effect.zipRight(checkId("getCredential", id)(credential), checkOwner("getCredential")([credential], userId)),
    timeToLive: timeToLive && ((credential, startedAt) => timeToLive([credential], startedAt))
  })

export const make = (
  { access, http, latestChanges }: Parts,
  timeToLive: ConnectionTimeToLive | undefined
): CredentialOperations => {
  const list: Read<ReadonlyArray<Credential>> = {
    operation: "listCredentials",
    scope: "credentials:read",
    request: Requests.listCredentials,
    check: checkOwner("listCredentials"),
    timeToLive
  }

  const get = getCredential(timeToLive)

  /** Changes one credential of the session's user. */
  const change = <A>(
    session: UserSession<never>,
    scope: UserScope,
    id: CredentialsId,
    operation: string,
    request: (tokens: TokenSource) => TinkRequest<A>
  ): Effect.Effect<A, TinkError> =>
    Effect.gen(function* () {
      const opened = yield* access.open(operation, session, scope)
      yield* Input.checkCredentialsId(operation, id)
      const sent = Effect.suspend(() => http.request(request(opened.tokens())))
      const remember = Effect.map(now, (at) => latestChanges.add(opened.userId, id, at))
      return yield* access.mutate(
        opened.userId,
        operation,
        Effect.onExit(sent, (exit) => (isSurelyUnchanged(exit) ? Effect.void : remember))
      )
    })

  return {
    listCredentials: (session, options) => access.read(session, list, options),

    getCredential: (session, id, options) =>
      Effect.zipRight(Input.checkCredentialsId("getCredential", id), access.read(session, get(id), options)),

    refreshCredential: (session, id) =>
      change(session, "credentials:refresh", id, "refreshCredential", (tokens) =>
        Requests.refreshCredential(tokens, id)
      ),

    deleteCredential: (session, id) =>
      change(session, "credentials:write", id, "deleteCredential", (tokens) => Requests.deleteCredential(tokens, id))
  }
}
