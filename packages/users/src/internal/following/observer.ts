/** What one follower makes of the answers: a pure state machine. */
import * as DateTime from "effect/DateTime"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import type { Credential, Status } from "../../Credential.js"
import { KnownWhy, type Why } from "../../Refresh.js"
import { isAtRest } from "../requests/freshness.js"
import { type Change, isBefore } from "./changes.js"

/** An answer to a poll. */
export interface Reading {
  readonly credential: Credential
  /** The number of the latest change when the poll was sent. */
  readonly number: number
  /** When it was sent, on the monotonic clock. */
  readonly sentAt: number
}

/** What a reading shows. */
export interface Observation {
  readonly credential: Credential
  /** Whether it differs from what the previous reading showed. */
  readonly isChange: boolean
  /** Whether it is known to show an effect of the latest change. */
  readonly isPastChange: boolean
  /** Whether nothing more will happen unless something is done. */
  readonly isFinal: boolean
}

export interface State {
  /** The latest change that was taken into account. */
  readonly change: Change | undefined
  /** The credential before that change, or the first one after it, as far as is known. */
  readonly before: Credential | undefined
  /** Whether an effect of that change was seen. */
  readonly isPastChange: boolean
  /** The newest reading. */
  readonly newest: Reading | undefined
}

/** What a follower knows before its first answer. */
export type Known = Partial<Omit<State, "newest">>

export const start = (known: Known): State => ({
  change: undefined,
  before: undefined,
  isPastChange: false,
  ...known,
  newest: undefined
})

/** The same status may come twice in a row, and then only its time differs. */
const isSame = (one: Credential, other: Credential): boolean =>
  one.status === other.status && Equal.equals(one.statusUpdated, other.statusUpdated)

const isOlder = (one: Credential, other: Credential): boolean =>
  one.statusUpdated !== undefined &&
  other.statusUpdated !== undefined &&
  DateTime.lessThan(one.statusUpdated, other.statusUpdated)

/** Whether the status of a credential is a later one than it was before. */
export const hasMoved = (before: Credential, credential: Credential): boolean =>
  !isSame(before, credential) && !isOlder(credential, before)

const isKnownWhy = Schema.is(KnownWhy)

/** Whether the credential waits for the user. An unknown `AWAITING_…` does. */
export const needsUser = (status: Status): status is Why => isKnownWhy(status) || status.startsWith("AWAITING_")

/** Whether Tink or the bank works on it. */
const isInProgress = ({ status }: Credential): boolean => !isAtRest(status) && !needsUser(status)

const noticeChange = (state: State, change: Change | undefined): State =>
  change === undefined || change.number === state.change?.number
    ? state
    : { ...state, change, before: state.newest?.credential ?? state.before, isPastChange: false }

/** A read that lags behind an earlier one shows nothing new, unless it lags for longer than `patience`. */
const isLagging = ({ newest }: State, { credential, sentAt }: Reading, patience: number): boolean =>
  newest !== undefined && isOlder(credential, newest.credential) && sentAt < newest.sentAt + patience

const isEndOfWork = ({ before }: State, credential: Credential): boolean =>
  before !== undefined && isInProgress(before) && !isInProgress(credential)

/** Compares an answer with the credential before the change. */
const compare = (state: State, reading: Reading): Pick<State, "before" | "isPastChange"> => {
  const { before, isPastChange } = state
  const { credential } = reading
  if (isPastChange) return { before, isPastChange }
  const moved = before === undefined || hasMoved(before, credential)
  if (!moved) return { before, isPastChange }
  const isEnd = isEndOfWork(state, credential)
  if (isBefore(reading, state.change)) {
    // A change elsewhere may tell of the end that a response under way already shows, as a webhook does.
    return isEnd && state.change?.isOwn === false
      ? { before, isPastChange: true }
      : { before: credential, isPastChange }
  }
  // An own change is not over with the end of what was in progress before it.
  if (isEnd && state.change?.isOwn === true) return { before: credential, isPastChange }
  // Without anything to compare with, a status at rest may be the old one.
  return before === undefined && !isInProgress(credential)
    ? { before: credential, isPastChange }
    : { before, isPastChange: true }
}

/** `change` is the latest one of the credential, and `patience` in milliseconds. */
export const observe = (
  previous: State,
  reading: Reading,
  change: Change | undefined,
  patience: number
): readonly [State, Observation] => {
  const noticed = noticeChange(previous, change)
  const { newest } = noticed
  if (newest !== undefined && isLagging(noticed, reading, patience)) {
    const { isPastChange } = noticed
    return [noticed, { credential: newest.credential, isChange: false, isPastChange, isFinal: false }]
  }
  const { credential, sentAt } = reading
  const state: State = { ...noticed, ...compare(noticed, reading), newest: reading }
  const isPatienceOver = state.change === undefined || sentAt >= state.change.at + patience
  return [
    state,
    {
      credential,
      isChange: newest === undefined || !isSame(newest.credential, credential),
      isPastChange: state.isPastChange,
      isFinal: !isInProgress(credential) && !isBefore(reading, state.change) && (state.isPastChange || isPatienceOver)
    }
  ]
}
