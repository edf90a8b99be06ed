import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Credential } from "../../Credential.js"
import * as Refresh from "../../Refresh.js"
import * as TinkLink from "../../TinkLink.js"
import type { UserSession } from "../../UserSession.js"
import type { ChangeCall, OpenSession } from "../access.js"
import { bind } from "../call.js"
import type { Dependencies } from "../dependencies.js"
import { delegateAuthorization } from "../endpoints/authorization.js"
import { getCredential, refreshCredential } from "../endpoints/credentials.js"
import { withFlags } from "../errors.js"
import type { Follow, Observation } from "../following/follow.js"
import { needsUser } from "../following/needsUser.js"
import { checkFollowOptions } from "./followCredential.js"

const operation = "refreshAndWait"

// ---------------------------------------------------------------------------------------------------------------------
// Outcomes
// ---------------------------------------------------------------------------------------------------------------------

/** The outcome that a final status means. */
const toOutcome = (credential: Credential): Refresh.Outcome => {
  const { status } = credential
  if (needsUser(status)) return Refresh.NeedsUser({ credential, why: status, tinkLinkUrl: Option.none() })
  switch (status) {
    case "UPDATED":
      return Refresh.Updated({ credential })
    case "TEMPORARY_ERROR":
      return Refresh.Temporary({ credential })
    case "PERMANENT_ERROR":
    case "DELETED":
      return Refresh.Permanent({ credential })
    default:
      return Refresh.StillRunning({ credential })
  }
}

/** Tink accepted the refresh, and nothing has changed: the credential says why, or Tink refused it silently. */
const outcomeWithoutChange = (credential: Credential, now: DateTime.Utc): Refresh.Outcome => {
  if (credential.isExpired(now)) {
    return Refresh.NeedsUser({ credential, why: "SESSION_EXPIRED", tinkLinkUrl: Option.none() })
  }
  const outcome = toOutcome(credential)
  const explains =
    outcome._tag === "Permanent" || (outcome._tag === "NeedsUser" && outcome.why !== "AUTHENTICATION_ERROR")
  return explains ? outcome : Refresh.Refused({ credential })
}

/** `failure` is the ambiguous failure of the refresh, if there was one: Tink may have accepted it. */
const conclude = (before: Credential, failure: TinkError | undefined, last: Option.Option<Observation>) =>
  Effect.gen(function* () {
    const isPastChange = Option.exists(last, (observation) => observation.isPastChange)
    if (failure !== undefined && !isPastChange) return yield* failure
    if (Option.isNone(last)) return Refresh.StillRunning({ credential: before })
    const { credential, isFinal } = last.value
    if (!isFinal) return Refresh.StillRunning({ credential })
    return isPastChange ? toOutcome(credential) : outcomeWithoutChange(credential, yield* DateTime.now)
  })

// ---------------------------------------------------------------------------------------------------------------------
// The operation
// ---------------------------------------------------------------------------------------------------------------------

type LinkOptions = NonNullable<Refresh.RefreshAndWaitOptions["tinkLink"]>

export const make = ({ access, http }: Dependencies, follow: Follow) => {
  const makeLink = (credentialsId: CredentialsId, authorizationCode: Redacted.Redacted, options: LinkOptions) =>
    TinkLink.updateConsent({ ...options, clientId: http.clientId, authorizationCode, credentialsId }).pipe(
      Effect.mapError((error) => new TinkError({ ...error, operation }))
    )

  /** The code is the only part of the link that is not known yet. */
  const checkLink = (userId: UserId, id: CredentialsId, options: LinkOptions | undefined) =>
    options === undefined
      ? Effect.void
      : Effect.andThen(
          bind(delegateAuthorization, [{ userId, idHint: options.idHint }], operation),
          makeLink(id, Redacted.make("code"), options)
        )

  const withLink = (userId: UserId, outcome: Refresh.Outcome, options: LinkOptions | undefined): Refresh.Outcome => {
    if (outcome._tag !== "NeedsUser" || options === undefined) return outcome
    const delegated = access.requestAsClient(delegateAuthorization, [{ userId, idHint: options.idHint }])
    const tinkLinkUrl = Effect.flatMap(delegated, ({ code }) => makeLink(outcome.credential.id, code, options))
    return Refresh.NeedsUser({ ...outcome, tinkLinkUrl: Option.some(tinkLinkUrl) })
  }

  /** Fails unless Tink accepted the refresh, or may have accepted it, which is the failure that it returns. */
  const refresh = (session: OpenSession, call: ChangeCall<void>) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(access.change(session, call))
      if (Exit.isSuccess(exit)) return undefined
      const failure = Cause.failureOption(exit.cause)
      return Option.exists(failure, (error) => error.isAmbiguous)
        ? Option.getOrUndefined(failure)
        : yield* Effect.failCause(exit.cause)
    })

  return (
    session: UserSession<"credentials:read" | "credentials:refresh">,
    id: CredentialsId,
    options?: Refresh.RefreshAndWaitOptions
  ): Effect.Effect<Refresh.Outcome, TinkError> =>
    Effect.gen(function* () {
      yield* access.open(operation, session, refreshCredential.scope)
      const opened = yield* access.open(operation, session, getCredential.scope)
      const getCall = yield* bind(getCredential, [id, { bypassCache: true }], operation)
      const refreshCall = yield* bind(refreshCredential, [id, options], operation)
      yield* checkFollowOptions(operation, options)
      yield* checkLink(opened.userId, id, options?.tinkLink)

      const since = yield* access.read(opened, getCall)
      const failure = yield* refresh(opened, refreshCall)
      const onProgress = options?.onProgress ?? (() => Effect.void)
      const last = yield* follow({ session: opened, id, call: getCall, options: { ...options, since } }).pipe(
        Stream.tap(({ credential, isChange }) => (isChange ? onProgress(credential) : Effect.void)),
        Stream.runLast,
        // The refresh may be running: repeating the call would refresh twice.
        Effect.mapError((error) => withFlags(error, { isRetryable: false, isAmbiguous: true }))
      )
      return withLink(opened.userId, yield* conclude(since, failure, last), options?.tinkLink)
    })
}
