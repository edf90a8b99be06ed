import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Credential } from "../../Credential.js"
import * as Refresh from "../../Refresh.js"
import type * as TinkLink from "../../TinkLink.js"
import type { UserSession } from "../../UserSession.js"
import type { ChangeCall, OpenSession, ReadCall } from "../requests/access.js"
import { makeCacheKey } from "../requests/cacheKey.js"
import { bind } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { delegateAuthorization } from "../endpoints/authorization.js"
import { getCredential, refreshCredential } from "../endpoints/credentials.js"
import { withFlags } from "../errors.js"
import type { Follow, Followed, Following } from "../following/follow.js"
import { hasMoved, needsUser, type Observation } from "../following/observer.js"
import { untilEnd } from "../following/schedules.js"
import { makeStartedRefreshes, type Started } from "../following/startedRefreshes.js"
import { isAtRest } from "../requests/freshness.js"
import { withOperationSpan } from "../requests/operationSpan.js"
import { checkFollowOptions } from "./followCredential.js"
import { makeLink } from "../tinkLink/makeLink.js"

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

const conclude = ({ credential: before, failure }: Started, latest: Observation | undefined) =>
  Effect.gen(function* () {
    if (failure !== undefined && latest?.isPastChange !== true) return yield* failure
    if (latest === undefined) return Refresh.StillRunning({ credential: before })
    const { credential, isFinal, isPastChange } = latest
    if (!isFinal) return Refresh.StillRunning({ credential })
    return isPastChange || hasMoved(before, credential)
      ? toOutcome(credential)
      : outcomeWithoutChange(credential, yield* DateTime.now)
  })

// ---------------------------------------------------------------------------------------------------------------------
// The operation
// ---------------------------------------------------------------------------------------------------------------------

const known = ({ change, credential, how }: Started): Followed["known"] =>
  how === "accepted" ? { before: credential, change } : { before: credential, change, isPastChange: true }

/** The refresh may be running, and repeating the call would refresh twice. */
const withoutRepetition = ({ how }: Started, error: TinkError): TinkError =>
  how === "accepted" ? withFlags(error, { isRetryable: false, isAmbiguous: true }) : error

type OnProgress = NonNullable<Refresh.RefreshAndWaitOptions["onProgress"]>

const ignore: OnProgress = () => Effect.void

/** Runs `onProgress` with each status, and returns what the last response showed. A slow `onProgress` misses no status. */
const report = ({ latest, take }: Following, onProgress: OnProgress) =>
  take.pipe(
    Effect.tap((credentials) => Effect.forEach(credentials, (credential) => onProgress(credential), { discard: true })),
    Effect.repeat({ until: (credentials) => credentials.length === 0 }),
    Effect.map(() => latest())
  )

interface Calls {
  readonly get: ReadCall<Credential>
  readonly refresh: ChangeCall<void>
}

/** Tink says `429` or `409` while another refresh runs (`tink-api.md` 6 and 6.4). */
const isRefusal = ({ reason }: TinkError): boolean => reason === "RateLimited" || reason === "Conflict"

type LinkOptions = NonNullable<Refresh.RefreshAndWaitOptions["tinkLink"]>

/** A copy: what was checked must be what is used later. */
const readLinkOptions = (
  options: Refresh.RefreshAndWaitOptions | undefined
): Effect.Effect<LinkOptions | undefined, TinkError> =>
  Effect.try({
    try: () => (options?.tinkLink === undefined ? undefined : { ...options.tinkLink }),
    catch: () => invalidInput(operation, "tinkLink could not be read")
  })

export const make = ({ access, changes, gate, http, usersId }: Dependencies, follow: Follow) => {
  const startedRefreshes = makeStartedRefreshes()
  // This only compares inputs, without the cache: equal inputs have equal keys, and a key holds no secret.
  const inputKey = makeCacheKey(usersId)

  const updateConsent = (credentialsId: CredentialsId, authorizationCode: Redacted.Redacted, options: LinkOptions) => {
    const linkOptions: TinkLink.Options<"updateConsent"> = {
      ...options,
      clientId: http.clientId,
      authorizationCode,
      credentialsId
    }
    return Effect.mapError(makeLink("updateConsent", linkOptions), (error) => new TinkError({ ...error, operation }))
  }

  /** Checks the options of the link before the refresh. Only its code is not known yet. */
  const checkLink = (userId: UserId, id: CredentialsId, options: LinkOptions | undefined) =>
    options === undefined
      ? Effect.void
      : Effect.andThen(
          bind(delegateAuthorization, [{ userId, idHint: options.idHint }], operation),
          updateConsent(id, Redacted.make("code"), options)
        )

  const withLink = (userId: UserId, outcome: Refresh.Outcome, options: LinkOptions | undefined): Refresh.Outcome => {
    if (outcome._tag !== "NeedsUser" || options === undefined) return outcome
    const delegated = access.requestAsClient(delegateAuthorization, [{ userId, idHint: options.idHint }])
    const tinkLinkUrl = Effect.flatMap(delegated, ({ code }) => updateConsent(outcome.credential.id, code, options))
    return Refresh.NeedsUser({ ...outcome, tinkLinkUrl: Option.some(tinkLinkUrl) })
  }

  /** Tink refuses a second refresh of a credential. Then the first one is followed, if the credential shows it. */
  const findRunning = (session: OpenSession, getCall: ReadCall<Credential>, since: Credential, refusal: TinkError) =>
    Effect.gen(function* () {
      const credential = yield* Effect.orElseFail(access.read(session, getCall), () => refusal)
      if (isAtRest(credential.status) && !hasMoved(since, credential)) return yield* refusal
      return { credential, how: "already running", change: undefined, failure: undefined } satisfies Started
    })

  const startRefresh = (session: OpenSession, id: CredentialsId, calls: Calls): Effect.Effect<Started, TinkError> =>
    Effect.gen(function* () {
      const credential = yield* access.read(session, calls.get)
      const failure = yield* access.change(session, calls.refresh).pipe(
        Effect.as(undefined),
        Effect.catchAll((error) => Effect.succeed(error))
      )
      if (failure !== undefined && !failure.isAmbiguous) {
        return isRefusal(failure) ? yield* findRunning(session, calls.get, credential, failure) : yield* failure
      }
      return { credential, how: "accepted", change: changes.of(session.userId, id), failure }
    })

  /** Follows a refresh until it, the schedule or the deadline ends. Returns what the last response showed. */
  const wait = (followed: Followed, onProgress: OnProgress, deadline: Effect.Effect<void> | undefined) =>
    Effect.acquireUseRelease(
      Effect.sync(() => follow(followed)),
      (following) => {
        const reported = report(following, onProgress)
        return deadline === undefined
          ? reported
          : Effect.raceFirst(
              reported,
              Effect.map(deadline, () => following.latest())
            )
      },
      ({ leave }) => Effect.sync(leave)
    )

  /** A running refresh with other input ends first. From then on, the schedule has a deadline. */
  const refresh = (
    session: OpenSession,
    id: CredentialsId,
    calls: Calls,
    options: Refresh.RefreshAndWaitOptions = {},
    deadline?: Effect.Effect<void>
  ): Effect.Effect<Refresh.Outcome, TinkError, Scope.Scope> =>
    Effect.gen(function* () {
      const start = startRefresh(session, id, calls)
      const { end, hasSameInput, started } = yield* startedRefreshes.join(
        session,
        id,
        inputKey(calls.refresh, ""),
        start
      )
      const running = { operation, session, id, call: calls.get, options, known: known(started), onFinal: end }
      if (hasSameInput) {
        const latest = yield* wait(running, options.onProgress ?? ignore, deadline).pipe(
          Effect.mapError((error) => withoutRepetition(started, error))
        )
        return yield* conclude(started, latest)
      }
      const timer = Effect.forkScoped(untilEnd(options.schedule ?? Refresh.schedule))
      const untilDeadline = deadline ?? Fiber.join(yield* timer)
      const latest = yield* wait(running, ignore, untilDeadline)
      return latest?.isFinal === true
        ? yield* refresh(session, id, calls, options, untilDeadline)
        : Refresh.StillRunning({ credential: latest?.credential ?? started.credential })
    })

  return (
    session: UserSession<"credentials:read" | "credentials:refresh">,
    id: CredentialsId,
    options?: Refresh.RefreshAndWaitOptions
  ): Effect.Effect<Refresh.Outcome, TinkError> =>
    Effect.gen(function* () {
      yield* access.open(operation, session, refreshCredential.scope)
      const opened = yield* access.open(operation, session, getCredential.scope)
      const calls = {
        get: yield* bind(getCredential, [id, { bypassCache: true }], operation),
        refresh: yield* bind(refreshCredential, [id, options], operation)
      }
      yield* checkFollowOptions(operation, options)
      const tinkLink = yield* readLinkOptions(options)
      yield* checkLink(opened.userId, id, tinkLink)

      yield* gate
      const outcome = yield* refresh(opened, id, calls, options).pipe(
        Effect.scoped,
        withOperationSpan(operation, opened.userId)
      )
      return withLink(opened.userId, outcome, tinkLink)
    })
}
