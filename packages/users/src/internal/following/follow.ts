/** Follows a credential: what each poll shows, and whether it is final. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Credential } from "../../Credential.js"
import * as Refresh from "../../Refresh.js"
import type { Access, OpenSession, ReadCall } from "../access.js"
import { isAtRest } from "../freshness.js"
import { now, onMonotonicClock } from "../monotonic.js"
import type { LatestChanges } from "./latestChanges.js"
import { needsUser } from "./needsUser.js"
import { type Answer, type Pollers, Target, withFloor } from "./pollers.js"

/** What a poll shows. */
export interface Observation {
  readonly credential: Credential
  /** Whether it differs from what the previous poll showed. */
  readonly isChange: boolean
  /** Whether it is known to be from after the latest change. */
  readonly isPastChange: boolean
  /** Whether the status stays as it is until the user or the application acts. */
  readonly isFinal: boolean
}

export interface Followed {
  readonly session: OpenSession
  readonly id: CredentialsId
  readonly call: ReadCall<Credential>
  readonly options: Refresh.FollowOptions | undefined
}

/** Ends with the first final observation, or with the schedule. Retryable failures are ignored, unless one is the last answer. */
export type Follow = (followed: Followed) => Stream.Stream<Observation, TinkError>

/** The same status may come twice in a row, and then only its time differs. */
const isSame = (one: Credential, other: Credential): boolean =>
  one.status === other.status && Equal.equals(one.statusUpdated, other.statusUpdated)

const isOlder = (one: Credential, other: Credential): boolean =>
  one.statusUpdated !== undefined &&
  other.statusUpdated !== undefined &&
  DateTime.lessThan(one.statusUpdated, other.statusUpdated)

/** One follower's view of the answers. All times are on the monotonic clock. */
const makeObserver = (options: {
  readonly since: Credential | undefined
  readonly patience: number
  /** When the credential was last changed through this `Users`. */
  readonly changedAt: () => number | undefined
}) => {
  /** The newest answer, and when its poll was sent. */
  let newest: Credential | undefined
  let newestSentAt = Number.NEGATIVE_INFINITY
  let knownChange = options.changedAt()
  /** The credential before the latest change, as far as is known. */
  let before = options.since
  let isPastChange = false

  const noticeChange = (): void => {
    const changedAt = options.changedAt()
    if (changedAt === knownChange) return
    knownChange = changedAt
    before = newest ?? before
    isPastChange = false
  }

  return (credential: Credential, sentAt: number): Observation => {
    noticeChange()
    // A read that lags behind an earlier one shows nothing new, unless it lags for longer than `patience`.
    if (newest !== undefined && isOlder(credential, newest) && sentAt < newestSentAt + options.patience) {
      return { credential: newest, isChange: false, isPastChange, isFinal: false }
    }
    const isChange = newest === undefined || !isSame(newest, credential)
    const isFromBefore = knownChange !== undefined && sentAt < knownChange
    isPastChange ||=
      !isFromBefore && before !== undefined && !isSame(before, credential) && !isOlder(credential, before)
    before ??= credential
    newest = credential
    newestSentAt = sentAt
    const isPatienceOver = knownChange === undefined || sentAt >= knownChange + options.patience
    const mayBeFinal = isAtRest(credential.status) || needsUser(credential.status)
    return {
      credential,
      isChange,
      isPastChange,
      isFinal: mayBeFinal && !isFromBefore && (isPastChange || isPatienceOver)
    }
  }
}

export const make = (parts: {
  readonly access: Access
  readonly pollers: Pollers
  readonly latestChanges: LatestChanges
}): Follow => {
  const { access, latestChanges, pollers } = parts

  const observerFor = ({ id, options, session }: Followed, startedAt: number) =>
    makeObserver({
      since: options?.since,
      patience: Duration.toMillis(options?.patience ?? "30 seconds"),
      changedAt: () => {
        const changedAt = latestChanges.of(session.userId, id)
        // `since` says that there was a change, possibly by another process.
        return options?.since === undefined ? changedAt : Math.max(changedAt ?? startedAt, startedAt)
      }
    })

  return (followed) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { call, id, options, session } = followed
        const schedule = options?.schedule ?? Refresh.schedule
        const observe = observerFor(followed, yield* now)
        const hasAnswer = yield* Deferred.make<void>()
        let failure: Cause.Cause<TinkError> | undefined

        const observeAnswer = ({ sentAt, exit }: Answer) => {
          if (Exit.isSuccess(exit)) {
            failure = undefined
            return Effect.succeedSome(observe(exit.value, sentAt))
          }
          failure = exit.cause
          const isRetryable = Option.exists(Cause.failureOption(exit.cause), (error) => error.isRetryable)
          return isRetryable ? Effect.succeedNone : Effect.failCause(exit.cause)
        }

        // When this follower's schedule ends, after at least one answer. The poller's may have started again.
        const deadline = Effect.zipRight(
          Deferred.await(hasAnswer),
          onMonotonicClock(Effect.repeat(Effect.void, withFloor(schedule)))
        )

        return pollers.answers(new Target(session, id, schedule, access.poll(session, call))).pipe(
          Stream.interruptWhen(deadline),
          Stream.tap(() => Deferred.succeed(hasAnswer, undefined)),
          Stream.mapEffect(observeAnswer),
          Stream.filterMap((observation) => observation),
          Stream.takeUntil(({ isFinal }) => isFinal),
          Stream.concat(Stream.suspend(() => (failure === undefined ? Stream.empty : Stream.failCause(failure))))
        )
      })
    )
}
