/** Follows a credential: what the polls show, until it is final. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Option from "effect/Option"
import type { Credential } from "../../Credential.js"
import * as Refresh from "../../Refresh.js"
import type { Access, OpenSession, ReadCall } from "../requests/access.js"
import { type Changes, later } from "./changes.js"
import { makeInbox } from "./inbox.js"
import * as Observer from "./observer.js"
import type { Answer, Pollers } from "./pollers.js"

export interface Followed {
  readonly operation: string
  readonly session: OpenSession
  readonly id: CredentialsId
  readonly call: ReadCall<Credential>
  readonly options: Refresh.PollingOptions | undefined
  /** What is known before the first answer. */
  readonly known?: Observer.Known | undefined
  /** Runs at once when an observation is final, however slow its reader is. */
  readonly onFinal?: () => void
}

export interface Following {
  /** The changes of the status since the last time, as soon as there are some. None after a final one, or after the schedule. */
  readonly take: Effect.Effect<ReadonlyArray<Credential>, TinkError>
  /** What the latest answer showed, however many of the changes were taken. */
  readonly latest: () => Observer.Observation | undefined
  /** Must be called, and may be called more than once. */
  readonly leave: () => void
}

/** Begins to follow. Retryable failures are ignored, unless one is the last answer. */
export type Follow = (followed: Followed) => Following

/** How many changes are kept for a slow reader before the oldest is dropped. */
const capacity = 64

const isRetryable = (cause: Cause.Cause<TinkError>): boolean =>
  Option.exists(Cause.failureOption(cause), (error) => error.isRetryable)

export const make = (parts: {
  readonly access: Access
  readonly pollers: Pollers
  readonly changes: Changes
}): Follow => {
  const { access, changes, pollers } = parts

  return (followed) => {
    const { call, id, known, onFinal = constVoid, operation, options, session } = followed
    const { patience = "30 seconds", schedule = Refresh.schedule } = options ?? {}
    const patienceMillis = Duration.toMillis(patience)
    const latestChange = () => later(known?.change, changes.of(session.userId, id))

    const inbox = makeInbox<Credential, TinkError>(capacity)
    let state = Observer.start({ ...known, change: latestChange() })
    let latest: Observer.Observation | undefined
    let failure: Cause.Cause<TinkError> | undefined

    const end = (exit: Exit.Exit<void, TinkError>): false => {
      inbox.end(exit)
      return false
    }

    const observe = (reading: Observer.Reading): boolean => {
      const [next, observation] = Observer.observe(state, reading, latestChange(), patienceMillis)
      state = next
      latest = observation
      failure = undefined
      if (observation.isChange) inbox.offer(observation.credential)
      if (!observation.isFinal) return true
      onFinal()
      return end(Exit.void)
    }

    const onAnswer = ({ exit, number, sentAt }: Answer): boolean => {
      if (Exit.isSuccess(exit)) return observe({ credential: exit.value, number, sentAt })
      failure = exit.cause
      return isRetryable(exit.cause) || end(Exit.failCause(exit.cause))
    }

    const onEnd = (why: "schedule" | "closed"): void => {
      const cause =
        why === "closed" ? Cause.fail(invalidInput(operation, "the layer of this Users is closed")) : failure
      end(cause === undefined ? Exit.void : Exit.failCause(cause))
    }

    const leave = pollers.join(
      { session, id, schedule, poll: () => access.poll(session, call) },
      { from: known?.change?.number ?? 0, onAnswer, onEnd }
    )
    return { take: inbox.take, latest: () => latest, leave }
  }
}
