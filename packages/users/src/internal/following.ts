/** Following a credential on its way, and telling where it has come to. */
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
import type { Credential } from "../Credential.js"
import * as Polling from "../Polling.js"
import type { Access, Opened, Read } from "./access.js"
import { isAtRest } from "./freshness.js"
import type { LatestChanges } from "./latestChanges.js"
import { now, onMonotonicClock } from "./monotonic.js"
import { type Answer, type Pollers, Target, withFloor } from "./pollers.js"
import { needsUser } from "./needsUser.js"

/** What a poll has shown. */
export interface Sighting {
  readonly credential: Credential
  /** Whether it is not what the poll before has shown. */
  readonly isNews: boolean
  /** Whether it is known to be from after the latest change. */
  readonly hasMoved: boolean
  /** Whether nothing more will happen, unless somebody does something. */
  readonly isFinal: boolean
}

export interface Followed {
  readonly opened: Opened
  readonly id: CredentialsId
  readonly read: Read<Credential>
  readonly options: Polling.FollowOptions | undefined
}

/** Ends with the first final sighting, or with the schedule. Passing failures are waited out, unless one is the last answer. */
export type Follow = (followed: Followed) => Stream.Stream<Sighting, TinkError>

/** A status may come twice in a row, with nothing but its time to tell. */
const isSame = (one: Credential, other: Credential): boolean =>
  one.status === other.status && Equal.equals(one.statusUpdated, other.statusUpdated)

const isOlder = (one: Credential, other: Credential): boolean =>
  one.statusUpdated !== undefined &&
  other.statusUpdated !== undefined &&
  DateTime.lessThan(one.statusUpdated, other.statusUpdated)

/** What one follower makes of the answers. All times are on the monotonic clock. */
const makeObserver = (options: {
  readonly since: Credential | undefined
  readonly patience: number
  /** When the credential was last changed, as far as is known. */
  readonly changedAt: () => number | undefined
}) => {
  /** The newest that was seen, and when it was asked for. */
  let newest: Credential | undefined
  let newestAskedAt = Number.NEGATIVE_INFINITY
  let knownChange = options.changedAt()
  /** What the credential was before the latest change, as far as is known. */
  let before = options.since
  let hasMoved = false

  const noticeChange = (): void => {
    const changedAt = options.changedAt()
    if (changedAt === knownChange) return
    knownChange = changedAt
    before = newest ?? before
    hasMoved = false
  }

  return (credential: Credential, askedAt: number): Sighting => {
    noticeChange()
    // A read that lags behind an earlier one shows nothing new, unless it goes on doing so.
    if (newest !== undefined && isOlder(credential, newest) && askedAt < newestAskedAt + options.patience) {
      return { credential: newest, isNews: false, hasMoved, isFinal: false }
    }
    const isNews = newest === undefined || !isSame(newest, credential)
    const isFromBefore = knownChange !== undefined && askedAt < knownChange
    hasMoved ||= !isFromBefore && before !== undefined && !isSame(before, credential) && !isOlder(credential, before)
    before ??= credential
    newest = credential
    newestAskedAt = askedAt
    const isPatienceOver = knownChange === undefined || askedAt >= knownChange + options.patience
    const mayBeFinal = isAtRest(credential.status) || needsUser(credential.status)
    return { credential, isNews, hasMoved, isFinal: mayBeFinal && !isFromBefore && (hasMoved || isPatienceOver) }
  }
}

export const make = (parts: {
  readonly access: Access
  readonly pollers: Pollers
  readonly latestChanges: LatestChanges
}): Follow => {
  const { access, latestChanges, pollers } = parts

  const observerOf = ({ id, opened, options }: Followed, startedAt: number) =>
    makeObserver({
      since: options?.since,
      patience: Duration.toMillis(options?.patience ?? "30 seconds"),
      changedAt: () => {
        const changedAt = latestChanges.of(opened.userId, id)
        // What is followed `since` then is a change, whoever made it.
        return options?.since === undefined ? changedAt : Math.max(changedAt ?? startedAt, startedAt)
      }
    })

  return (followed) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { id, opened, options, read } = followed
        const schedule = options?.schedule ?? Polling.schedule
        const observe = observerOf(followed, yield* now)
        const hasAnswer = yield* Deferred.make<void>()
        let failure: Cause.Cause<TinkError> | undefined

        const see = ({ askedAt, exit }: Answer) => {
          if (Exit.isSuccess(exit)) {
            failure = undefined
            return Effect.succeedSome(observe(exit.value, askedAt))
          }
          failure = exit.cause
          const isPassing = Option.exists(Cause.failureOption(exit.cause), (error) => error.isRetryable)
          return isPassing ? Effect.succeedNone : Effect.failCause(exit.cause)
        }

        // Where the schedule of this follower ends, after one answer at least: the one of the poller may have begun anew.
        const deadline = Effect.zipRight(
          Deferred.await(hasAnswer),
          onMonotonicClock(Effect.repeat(Effect.void, withFloor(schedule)))
        )

        return pollers.answers(new Target(opened, id, schedule, access.poll(opened, read))).pipe(
          Stream.interruptWhen(deadline),
          Stream.tap(() => Deferred.succeed(hasAnswer, undefined)),
          Stream.mapEffect(see),
          Stream.filterMap((sighting) => sighting),
          Stream.takeUntil(({ isFinal }) => isFinal),
          Stream.concat(Stream.suspend(() => (failure === undefined ? Stream.empty : Stream.failCause(failure))))
        )
      })
    )
}
