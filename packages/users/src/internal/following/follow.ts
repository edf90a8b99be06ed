/** Follows a credential: what the polls show, until it is final. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Credential } from "../../Credential.js"
import * as Refresh from "../../Refresh.js"
import type { Access, OpenSession, ReadCall } from "../access.js"
import { type Changes, later } from "./changes.js"
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
  /** Runs at once when an observation is final, however slow the reader of `changes` is. */
  readonly onFinal?: () => void
}

export interface Following {
  /** Each change of the status. Ends with a final one, or with the schedule. */
  readonly changes: Mailbox.ReadonlyMailbox<Credential, TinkError>
  /** What the latest answer showed, however many of the changes were read. */
  readonly latest: () => Observer.Observation | undefined
}

/** Retryable failures are ignored, unless one is the last answer. */
export type Follow = (followed: Followed) => Effect.Effect<Following, never, Scope.Scope>

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

  const start = (followed: Followed, mailbox: Mailbox.Mailbox<Credential, TinkError>) => {
    const { call, id, known, onFinal = constVoid, operation, options, session } = followed
    const { patience = "30 seconds", schedule = Refresh.schedule } = options ?? {}
    const patienceMillis = Duration.toMillis(patience)
    const latestChange = () => later(known?.change, changes.of(session.userId, id))

    let state = Observer.start({ ...known, change: latestChange() })
    let latest: Observer.Observation | undefined
    let failure: Cause.Cause<TinkError> | undefined

    const end = (exit: Exit.Exit<void, TinkError>): false => {
      mailbox.unsafeDone(exit)
      return false
    }

    const observe = (reading: Observer.Reading): boolean => {
      const [next, observation] = Observer.observe(state, reading, latestChange(), patienceMillis)
      state = next
      latest = observation
      failure = undefined
      if (observation.isChange) mailbox.unsafeOffer(observation.credential)
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
    return { following: { changes: mailbox, latest: () => latest }, leave }
  }

  return (followed) =>
    Effect.acquireRelease(
      Effect.map(Mailbox.make<Credential, TinkError>({ capacity, strategy: "sliding" }), (mailbox) =>
        start(followed, mailbox)
      ),
      ({ leave }) => Effect.sync(leave)
    ).pipe(Effect.map(({ following }) => following))
}
