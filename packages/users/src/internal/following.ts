/** Following a credential on its way, and telling where it has come to. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Cause from "effect/Cause"
import * as Stream from "effect/Stream"
import type { Credential, Status } from "../Credential.js"
import * as Polling from "../Polling.js"
import type { Access, Opened, Read } from "./access.js"
import { isAtRest } from "./freshness.js"
import type { LatestChanges } from "./latestChanges.js"
import { now } from "./monotonic.js"
import { type Pollers, Target } from "./pollers.js"

/** What a poll has shown. */
export interface Sighting {
  readonly credential: Credential
  /** Whether it is not what the poll before has shown. */
  readonly isNews: boolean
  /** Whether it is known to be from after the change that is followed. */
  readonly hasMoved: boolean
  /** Whether nothing more will happen, unless somebody does something. */
  readonly isFinal: boolean
}

/** A status may come twice in a row, with nothing but its time to tell. */
const isSame = (one: Credential, other: Credential): boolean =>
  one.status === other.status && Equal.equals(one.statusUpdated, other.statusUpdated)

const needsUser = (status: Status): boolean => status.startsWith("AWAITING_")

export interface Followed {
  readonly opened: Opened
  readonly id: CredentialsId
  readonly read: Read<Credential>
  readonly options: Polling.FollowOptions | undefined
}

/** What one follower makes of the answers. */
const makeObserver = (since: Credential | undefined, patientUntil: number) => {
  let last: Credential | undefined
  let hasMoved = false
  return (credential: Credential, at: number): Sighting => {
    const reference = since ?? last
    hasMoved ||= reference !== undefined && !isSame(reference, credential)
    const isNews = last === undefined || !isSame(last, credential)
    last = credential
    const mayBeFinal = isAtRest(credential.status) || needsUser(credential.status)
    return { credential, isNews, hasMoved, isFinal: mayBeFinal && (hasMoved || at >= patientUntil) }
  }
}

/** Ends with the first final sighting, or with the schedule. Passing failures are waited out, unless one is the last answer. */
export type Follow = (followed: Followed) => Stream.Stream<Sighting, TinkError>

export const make = (parts: {
  readonly access: Access
  readonly pollers: Pollers
  readonly latestChanges: LatestChanges
}): Follow => {
  const { access, latestChanges, pollers } = parts

  /** Until when an answer may be from before the latest change of the credential. */
  const patientUntil = ({ id, opened, options }: Followed, at: number): number => {
    const patience = Duration.toMillis(options?.patience ?? "30 seconds")
    const changedAt = options?.since === undefined ? latestChanges.of(opened.userId, id) : at
    return changedAt === undefined ? Number.NEGATIVE_INFINITY : changedAt + patience
  }

  return (followed) =>
    Stream.unwrap(
      Effect.map(now, (startedAt) => {
        const { id, opened, options, read } = followed
        const schedule = options?.schedule ?? Polling.schedule
        const observe = makeObserver(options?.since, patientUntil(followed, startedAt))
        let failure: Cause.Cause<TinkError> | undefined

        const see = (exit: Exit.Exit<Credential, TinkError>) => {
          if (Exit.isSuccess(exit)) {
            failure = undefined
            return Effect.asSome(Effect.map(now, (at) => observe(exit.value, at)))
          }
          failure = exit.cause
          const isPassing = Option.exists(Cause.failureOption(exit.cause), (error) => error.isRetryable)
          return isPassing ? Effect.succeedNone : Effect.failCause(exit.cause)
        }

        return pollers.answers(new Target(opened, id, schedule, access.poll(opened, read))).pipe(
          // Where the schedule of this follower ends: the one of the poller may have begun anew.
          Stream.interruptWhen(Effect.repeat(Effect.void, schedule)),
          Stream.mapEffect(see),
          Stream.filterMap((sighting) => sighting),
          Stream.takeUntil(({ isFinal }) => isFinal),
          Stream.concat(Stream.suspend(() => (failure === undefined ? Stream.empty : Stream.failCause(failure))))
        )
      })
    )
}
