import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { AuthorizationOperations } from "../AuthorizationOperations.js"
import { Credential } from "../Credential.js"
import type { CredentialOperations } from "../CredentialOperations.js"
import type { FollowingOperations, RefreshAndWaitOptions } from "../FollowingOperations.js"
import type * as Polling from "../Polling.js"
import * as RefreshOutcome from "../RefreshOutcome.js"
import * as TinkLink from "../TinkLink.js"
import type { UserSession } from "../UserSession.js"
import type { Read } from "./access.js"
import type { Follow, Sighting } from "./following.js"
import * as Input from "./input.js"
import { needsUser } from "./needsUser.js"
import type { Parts } from "./operations.js"

/** What a status that has come to rest means for whoever waits for a refresh. */
const outcomeOf = (credential: Credential): RefreshOutcome.RefreshOutcome => {
  const { status } = credential
  if (needsUser(status)) return RefreshOutcome.NeedsUser({ credential, why: status, tinkLinkUrl: Option.none() })
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

/** The refresh is under way, or may be: to repeat all of it would be to refresh twice. */
const afterRefresh = (error: TinkError): TinkError => new TinkError({ ...error, isRetryable: false, isAmbiguous: true })

const isDuration = (value: unknown): boolean => Option.isSome(Duration.decodeUnknown(value))

const checkFollow = (
  operation: string,
  options: (Polling.FollowOptions & { readonly onProgress?: unknown }) | undefined
): Effect.Effect<void, TinkError> =>
  Input.check(
    operation,
    [Input.isOptional(options?.schedule, Schedule.isSchedule), "schedule must be a Schedule"],
    [Input.isOptional(options?.patience, isDuration), "patience must be a duration"],
    [Input.isOptional(options?.since, Schema.is(Credential)), "since must be a Credential"],
    [Input.isOptional(options?.onProgress, Predicate.isFunction), "onProgress must be a function"]
  )

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
        yield* checkFollow(operation, options)
        return follow({ opened, id, read: getCredential(id), options })
      })
    )

  const linkOf = (
    credentialsId: CredentialsId,
    authorizationCode: Redacted.Redacted,
    options: NonNullable<RefreshAndWaitOptions["tinkLink"]>
  ) =>
    TinkLink.updateConsent({ ...options, clientId: http.clientId, authorizationCode, credentialsId }).pipe(
      Effect.mapError((error) => new TinkError({ ...error, operation: "refreshAndWait" }))
    )

  /** The code is the only part of the link that is not known yet. */
  const checkLink = (id: CredentialsId, options: RefreshAndWaitOptions["tinkLink"]) =>
    options === undefined
      ? Effect.void
      : Effect.zipRight(Input.checkDelegation("refreshAndWait", options), linkOf(id, Redacted.make("code"), options))

  const checkRefreshAndWait = (id: CredentialsId, options: RefreshAndWaitOptions | undefined) =>
    Input.checkCredentialsId("refreshAndWait", id).pipe(
      Effect.zipRight(Input.checkRefresh("refreshAndWait", options)),
      Effect.zipRight(checkFollow("refreshAndWait", options)),
      Effect.zipRight(checkLink(id, options?.tinkLink))
    )

  const withLink = (
    userId: UserId,
    outcome: RefreshOutcome.RefreshOutcome,
    options: RefreshAndWaitOptions["tinkLink"]
  ): RefreshOutcome.RefreshOutcome => {
    if (outcome._tag !== "NeedsUser" || options === undefined) return outcome
    const tinkLinkUrl = Effect.flatMap(delegateAuthorization({ userId, idHint: options.idHint }), ({ code }) =>
      linkOf(outcome.credential.id, code, options)
    )
    return RefreshOutcome.NeedsUser({ ...outcome, tinkLinkUrl: Option.some(tinkLinkUrl) })
  }

  return {
    followCredential: (session, id, options) =>
      sightings("followCredential", session, id, options).pipe(
        Stream.filter(({ isNews }) => isNews),
        Stream.map(({ credential }) => credential)
      ),

    refreshAndWait: (session, id, options) =>
      Effect.gen(function* () {
        yield* access.open("refreshAndWait", session, "credentials:refresh")
        yield* checkRefreshAndWait(id, options)
        const since = yield* access.read(session, getCredential(id), { bypassCache: true })
        const refreshed = yield* Effect.either(refreshCredential(session, id, options))
        const failure = Either.getOrUndefined(Either.flip(refreshed))
        if (failure !== undefined && !failure.isAmbiguous) return yield* failure
        const onProgress = options?.onProgress ?? (() => Effect.void)
        const last = yield* sightings("refreshAndWait", session, id, { ...options, since }).pipe(
          Stream.tap(({ credential, isNews }) => (isNews ? onProgress(credential) : Effect.void)),
          Stream.runLast,
          Effect.mapError(afterRefresh)
        )
        return withLink(session.userId, yield* conclude(since, failure, last), options?.tinkLink)
      })
  }
}
