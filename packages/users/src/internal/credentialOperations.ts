import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Credential } from "../Credential.js"
import type { CredentialOperations } from "../CredentialOperations.js"
import type { UserSession } from "../UserSession.js"
import type { Read } from "./access.js"
import * as Requests from "./credentialRequests.js"
import type { ConnectionTimeToLive } from "./freshness.js"
import * as Input from "./input.js"
import { now } from "./monotonic.js"
import type { Parts } from "./operations.js"
import { afterChange, checkId, checkOwner } from "./ownership.js"

interface Change<A> {
  readonly operation: string
  readonly scope: UserScope
  /** The credential that it is of, where there is one yet. An id that was given but is none must not pass for that. */
  readonly id?: { readonly is: CredentialsId }
  readonly input?: (operation: string) => Effect.Effect<void, TinkError>
  readonly request: (tokens: TokenSource) => TinkRequest<A>
  /** Whether the answer is of this user, and what was asked for. */
  readonly check?: (answer: A, userId: UserId) => Effect.Effect<void, TinkError>
}

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

const readQr = (id: CredentialsId): Read<Redacted.Redacted> => ({
  operation: "getCredentialQr",
  scope: "credentials:read",
  request: (tokens) => Requests.getCredentialQr(tokens, id),
  // A picture does not say whose it is.
  check: () => Effect.void
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

  /** Changes a credential of the session's user, or adds one. */
  const change = <A>(session: UserSession<never>, change: Change<A>): Effect.Effect<A, TinkError> =>
    Effect.gen(function* () {
      const { check, id, input, operation, request, scope } = change
      const opened = yield* access.open(operation, session, scope)
      if (id !== undefined) yield* Input.checkCredentialsId(operation, id.is)
      if (input !== undefined) yield* input(operation)
      const sent = Effect.suspend(() => http.request(request(opened.tokens())))
      const checked = check && Effect.tap(sent, (answer) => afterChange(check(answer, opened.userId)))
      const remember = Effect.map(now, (at) => id && latestChanges.add(opened.userId, id.is, at))
      return yield* access.mutate(
        opened.userId,
        operation,
        Effect.onExit(checked ?? sent, (exit) => (isSurelyUnchanged(exit) ? Effect.void : remember))
      )
    })

  return {
    listCredentials: (session, options) => access.read(session, list, options),

    getCredential: (session, id, options) =>
      Effect.zipRight(Input.checkCredentialsId("getCredential", id), access.read(session, get(id), options)),

    createCredential: (session, input) =>
      change(session, {
        operation: "createCredential",
        scope: "credentials:write",
        input: (operation) => Input.checkCreateCredential(operation, input),
        request: (tokens) => Requests.createCredential(tokens, input),
        check: (credential, userId) => checkOwner("createCredential")([credential], userId)
      }),

    updateCredential: (session, id, input) =>
      change(session, {
        operation: "updateCredential",
        scope: "credentials:write",
        id: { is: id },
        input: (operation) => Input.checkUpdateCredential(operation, input),
        request: (tokens) => Requests.updateCredential(tokens, id, input),
        check: (credential, userId) =>
          Effect.zipRight(
            checkId("updateCredential", id)(credential),
            checkOwner("updateCredential")([credential], userId)
          )
      }),

    refreshCredential: (session, id, options) =>
      change(session, {
        operation: "refreshCredential",
        scope: "credentials:refresh",
        id: { is: id },
        input: (operation) => Input.checkRefresh(operation, options),
        request: (tokens) => Requests.refreshCredential(tokens, id, options)
      }),

    authenticateCredential: (session, id, options) =>
      change(session, {
        operation: "authenticateCredential",
        scope: "credentials:refresh",
        id: { is: id },
        input: (operation) => Input.checkAuthenticate(operation, options),
        request: (tokens) => Requests.authenticateCredential(tokens, id, options)
      }),

    submitSupplementalInformation: (session, id, information) =>
      change(session, {
        operation: "submitSupplementalInformation",
        scope: "credentials:refresh",
        id: { is: id },
        input: (operation) => Input.checkInformation(operation, information),
        request: (tokens) => Requests.submitSupplementalInformation(tokens, id, information)
      }),

    getCredentialQr: (session, id) =>
      Effect.zipRight(
        Input.checkCredentialsId("getCredentialQr", id),
        // A challenge that is good once: never cached.
        access.read(session, readQr(id), { bypassCache: true })
      ),

    deleteCredential: (session, id) =>
      change(session, {
        operation: "deleteCredential",
        scope: "credentials:write",
        id: { is: id },
        request: (tokens) => Requests.deleteCredential(tokens, id)
      })
  }
}
