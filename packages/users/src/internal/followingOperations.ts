import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { AuthorizationOperations } from "../AuthorizationOperations.js"
import type { Credential } from "../Credential.js"
import type { CredentialOperations } from "../CredentialOperations.js"
import type { FollowingOperations, RefreshAndWaitOptions } from "../FollowingOperations.js"
import * as RefreshOutcome from "../RefreshOutcome.js"
import * as TinkLink from "../TinkLink.js"
import type { UserSession } from "../UserSession.js"
import type { Read } from "./access.js"
import type { Follow, Sighting } from "./following.js"
import * as Input from "./input.js"
import type { Parts } from "./operations.js"

const isWhy = Schema.is(RefreshOutcome.Why)

/** What a status that has come to rest means for whoever waits for a refresh. */
const outcomeOf = (credential: Credential): RefreshOutcome.RefreshOutcome => {
  const { status } = credential
  if (isWhy(status)) return RefreshOutcome.NeedsUser({ credential, why: status, tinkLinkUrl: Option.none() })
  switch (status) {
    case "UPDATED":
      return RefreshOutcome.Updated({ credential })
    case "TEMPORARY_ERROR":
      return RefreshOutcome.Temporary({ credential })
    case "PERMANENT_ERROR":
    case "DELETED":
      return RefreshOutcome.Permanent({ credential })
    default:
      return RefreshOutcome.StillRunning({ credential })
  }
}

/** The refresh was accepted, and nothing has moved: either the credential says why, or nobody does. */
const outcomeOfNothing = (credential: Credential, now: DateTime.Utc): RefreshOutcome.RefreshOutcome => {
  if (credential.isExpired(now)) {
    return RefreshOutcome.NeedsUser({ credential, why: "SESSION_EXPIRED", tinkLinkUrl: Option.none() })
  }
  const outcome = outcomeOf(credential)
  const explains =
    outcome._tag === "Permanent" || (outcome._tag === "NeedsUser" && outcome.why !== "AUTHENTICATION_ERROR")
  return explains ? outcome : RefreshOutcome.Refused({ credential })
}

/** `failure` is that of a refresh of which nobody knows whether it was accepted. */
const conclude = (before: Credential, failure: TinkError | undefined, last: Option.Option<Sighting>) =>
  Effect.gen(function* () {
    const hasMoved = Option.exists(last, (sighting) => sighting.hasMoved)
    if (failure !== undefined && !hasMoved) return yield* failure
    if (Option.isNone(last)) return RefreshOutcome.StillRunning({ credential: before })
    const { credential, isFinal } = last.value
    if (!isFinal) return RefreshOutcome.StillRunning({ credential })
    return hasMoved ? outcomeOf(credential) : outcomeOfNothing(credential, yield* DateTime.now)
  })

export const make = (
  { access, http }: Parts,
  parts: {
    readonly follow: Follow
    readonly delegateAuthorization: AuthorizationOperations["delegateAuthorization"]
    readonly getCredential: (id: CredentialsId) => Read<Credential>
    readonly refreshCredential: CredentialOperations["refreshCredential"]
  }
): FollowingOperations => {
  const { delegateAuthorization, follow, getCredential, refreshCredential } = parts

  const sightings = (
    operation: string,
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options: Parameters<FollowingOperations["followCredential"]>[2]
  ): Stream.Stream<Sighting, TinkError> =>
    Stream.unwrap(
      Effect.gen(function* () {
        const opened = yield* access.open(operation, session, "credentials:read")
        yield* Input.checkCredentialsId(operation, id)
        return follow({ opened, id, read: getCredential(id), options })
      })
    )

  const linkOf = (
    credentialsId: CredentialsId,
    authorizationCode: Redacted.Redacted,
    options: NonNullable<RefreshAndWaitOptions["tinkLink"]>
  ) => TinkLink.updateConsent({ ...options, clientId: http.clientId, authorizationCode, credentialsId })

  /** Before anything is sent: the code is the only part of the link that is not known yet. */
  const checkLink = (id: CredentialsId, options: RefreshAndWaitOptions["tinkLink"]) =>
    options === undefined
      ? Effect.void
      : Effect.zipRight(Input.checkDelegation("refreshAndWait", options), linkOf(id, Redacted.make("code"), options))

  const withLink = (
    userId: UserId,
    options: RefreshAndWaitOptions["tinkLink"]
  ): ((outcome: RefreshOutcome.RefreshOutcome) => Effect.Effect<RefreshOutcome.RefreshOutcome, TinkError>) =>
    Effect.fnUntraced(function* (outcome) {
      if (outcome._tag !== "NeedsUser" || options === undefined) return outcome
      const { code } = yield* delegateAuthorization({ userId, idHint: options.idHint })
      const url = yield* linkOf(outcome.credential.id, code, options)
      return RefreshOutcome.NeedsUser({ ...outcome, tinkLinkUrl: Option.some(url) })
    })

  return {
    followCredential: (session, id, options) =>
      sightings("followCredential", session, id, options).pipe(
        Stream.filter(({ isNews }) => isNews),
        Stream.map(({ credential }) => credential)
      ),

    refreshAndWait: (session, id, options) =>
      Effect.gen(function* () {
        yield* Input.checkCredentialsId("refreshAndWait", id)
        yield* access.open("refreshAndWait", session, "credentials:refresh")
        yield* checkLink(id, options?.tinkLink)
        const since = yield* access.read(session, getCredential(id), { bypassCache: true })
        const refreshed = yield* Effect.either(refreshCredential(session, id, options))
        const failure = Either.getOrUndefined(Either.flip(refreshed))
        if (failure !== undefined && !failure.isAmbiguous) return yield* failure
        const onProgress = options?.onProgress ?? (() => Effect.void)
        const last = yield* sightings("refreshAndWait", session, id, { ...options, since }).pipe(
          Stream.tap(({ credential, isNews }) => (isNews ? onProgress(credential) : Effect.void)),
          Stream.runLast
        )
        const outcome = yield* conclude(since, failure, last)
        return yield* withLink(session.userId, options?.tinkLink)(outcome)
      })
  }
}
