import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type { AuthenticationOutcome, AwaitingStatus, CredentialsStatus, RefreshOutcome } from "../models.js"
import type { Settings } from "../settings.js"

/** Why credentials failed, if the status alone does not say it: tink-api.md 7.1. */
export type FailureReason =
  "DYNAMIC_CREDENTIALS_INCORRECT" | "DYNAMIC_CREDENTIALS_FLOW_CANCELLED" | "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT"

/** The state of credentials from a moment on. Times are epoch milliseconds. */
export interface Step {
  /** The moment. */
  readonly at: number
  readonly status: CredentialsStatus
  readonly statusUpdated: number
  /** When `UPDATED` was last reached. */
  readonly updated: number | undefined
  /** Whether the bank has sessions. The first approval sets a missing expiry date. */
  readonly hasSession: boolean
  readonly sessionExpiryDate: number | undefined
  readonly reason?: FailureReason | undefined
  /** Whether Tink started the operation by itself. */
  readonly isBackground?: boolean | undefined
}

/**
 * The states of a set of credentials in the order of time: the current one, and those of a running refresh. Nothing runs in
 * the background: a reader picks the step that the clock has reached.
 */
export type Timeline = Arr.NonEmptyReadonlyArray<Step>

export const stepAt = (timeline: Timeline, now: number): Step =>
  Option.getOrElse(
    Arr.findLast(timeline, (step) => step.at <= now),
    () => Arr.headNonEmpty(timeline)
  )

/** Whether a refresh is running, which includes waiting for the user. */
export const isRunning = (timeline: Timeline, now: number): boolean =>
  stepAt(timeline, now) !== Arr.lastNonEmpty(timeline)

interface Planned {
  /** Milliseconds after now. */
  readonly after: number
  readonly status: CredentialsStatus
  readonly reason?: FailureReason
  /** The user has approved: the bank session, if there is one, starts again. */
  readonly isApproved?: boolean
  /** `UPDATED` without data from the bank: `updated` stays. */
  readonly isWithoutData?: boolean
}

const minutes = (n: number) => n * 60_000

// How long the user has before the refresh ends in AUTHENTICATION_ERROR: tink-api.md 6.2. For BankID it has nine minutes (the
// credentials guide) and three (the error catalogue): the guide describes this state machine.
const timeLimits: Readonly<Record<AwaitingStatus, number>> = {
  AWAITING_SUPPLEMENTAL_INFORMATION: minutes(2),
  AWAITING_THIRD_PARTY_APP_AUTHENTICATION: minutes(9),
  AWAITING_MOBILE_BANKID_AUTHENTICATION: minutes(9)
}

export const isAwaiting = (status: CredentialsStatus): status is AwaitingStatus => status in timeLimits

const awaiting = (status: AwaitingStatus, after: number): ReadonlyArray<Planned> => [
  { after, status },
  { after: after + timeLimits[status], status: "AUTHENTICATION_ERROR", reason: "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT" }
]

/** The outcome of a refresh that is not ignored. */
export type Started = Exclude<RefreshOutcome, "IGNORED">

/** The steps to an outcome that tink-api.md 6.2 allows. */
const plan = (outcome: Started, start: number, settings: Settings): ReadonlyArray<Planned> => {
  const authenticating: Planned = { after: start, status: "AUTHENTICATING" }
  const authenticated = start + settings.authenticatingTime
  switch (outcome) {
    case "UPDATED":
    case "TEMPORARY_ERROR":
      return [
        authenticating,
        { after: authenticated, status: "UPDATING" },
        { after: authenticated + settings.updatingTime, status: outcome }
      ]
    case "AUTHENTICATION_ERROR":
      return [authenticating, { after: authenticated, status: outcome }]
    case "AWAITING_SUPPLEMENTAL_INFORMATION":
    case "AWAITING_THIRD_PARTY_APP_AUTHENTICATION":
    case "AWAITING_MOBILE_BANKID_AUTHENTICATION":
      return [authenticating, ...awaiting(outcome, authenticated)]
    case "SESSION_EXPIRED":
    case "PERMANENT_ERROR":
      return [{ after: start, status: outcome }]
  }
}

const next = (from: Step, planned: Planned, now: number, settings: Settings): Step => {
  const at = now + planned.after
  // Clients tell states apart by `statusUpdated` (tink-api.md 6.4), so it also changes within a millisecond.
  const statusUpdated = Math.max(at, from.statusUpdated + 1)
  const reachedUpdated = planned.status === "UPDATED"
  // Credentials with an expired session become UPDATED only by the user's approval, which starts a new session.
  const isOver = (from.sessionExpiryDate ?? 0) <= at
  const isRenewed = from.hasSession && (planned.isApproved === true || (reachedUpdated && isOver))
  return {
    at,
    status: planned.status,
    statusUpdated,
    hasSession: from.hasSession,
    updated: reachedUpdated && planned.isWithoutData !== true ? statusUpdated : from.updated,
    sessionExpiryDate: isRenewed ? at + settings.sessionLifetime : from.sessionExpiryDate,
    reason: planned.reason
  }
}

const follow = (from: Step, plan: ReadonlyArray<Planned>, now: number, settings: Settings): Timeline =>
  plan.reduce<Timeline>(
    (timeline, planned) => Arr.append(timeline, next(Arr.lastNonEmpty(timeline), planned, now, settings)),
    [from]
  )

/** A refresh: from the current state to the outcome. */
export const refresh = (from: Step, outcome: Started, now: number, settings: Settings): Timeline =>
  follow(from, plan(outcome, settings.acceptingTime, settings), now, settings)

/** The same states, for a refresh that Tink started by itself. */
export const asBackground = (timeline: Timeline): Timeline =>
  Arr.map(timeline, (step, index) => (index === 0 ? step : { ...step, isBackground: true }))

// tink-api.md 6.2 lets only UPDATING follow. Without data to fetch it takes no time and is not visible.
const approved = (isWithoutData: boolean, end: "UPDATED" | "TEMPORARY_ERROR", settings: Settings) => [
  { after: 0, status: "UPDATING", isApproved: true } as const,
  { after: isWithoutData ? 0 : settings.updatingTime, status: end, isWithoutData } as const
]

/** The return to CREATED "via PUT": tink-api.md 6.2. */
export const modified = (from: Step, now: number, settings: Settings): Step =>
  next(from, { after: 0, status: "CREATED" }, now, settings)

/** From UPDATING to UPDATED. */
export const fetching = (from: Step, now: number, settings: Settings): Timeline =>
  follow(from, [{ after: settings.updatingTime, status: "UPDATED" }], now, settings)

/** An immediate failure. */
export const failed = (
  from: Step,
  status: "TEMPORARY_ERROR" | "AUTHENTICATION_ERROR",
  now: number,
  settings: Settings
): Timeline => follow(from, [{ after: 0, status }], now, settings)

/** Another wait of the same kind: tink-api.md 6.2, AWAITING_* to AWAITING_*. */
export const askAgain = (from: Step, status: AwaitingStatus, now: number, settings: Settings): Timeline =>
  follow(from, awaiting(status, 0), now, settings)

/** From an `AWAITING_…` status to the outcome of the user's authentication. */
export const authenticated = (
  from: Step,
  outcome: AuthenticationOutcome,
  isWithoutData: boolean,
  now: number,
  settings: Settings
): Timeline => {
  switch (outcome) {
    case "UPDATED":
    case "TEMPORARY_ERROR":
      return follow(from, approved(isWithoutData, outcome, settings), now, settings)
    case "AUTHENTICATION_ERROR":
      return follow(from, [{ after: 0, status: outcome, reason: "DYNAMIC_CREDENTIALS_INCORRECT" }], now, settings)
    case "CANCELLED": {
      const reason = "DYNAMIC_CREDENTIALS_FLOW_CANCELLED"
      return follow(from, [{ after: 0, status: "AUTHENTICATION_ERROR", reason }], now, settings)
    }
  }
}

/** A new session without the bank and without new data (tink-api.md 7.2). A refresh that is fetching goes on. */
export const extended = (timeline: Timeline, now: number, settings: Settings): Timeline => {
  const from = stepAt(timeline, now)
  return isRunning(timeline, now) && !isAwaiting(from.status)
    ? withSessionExpiry(timeline, now + settings.sessionLifetime)
    : follow(from, [{ after: 0, status: "UPDATED", isApproved: true, isWithoutData: true }], now, settings)
}

/** The same states with another expiry date of the bank session. */
export const withSessionExpiry = (timeline: Timeline, sessionExpiryDate: number): Timeline =>
  Arr.map(timeline, (step) => ({ ...step, hasSession: true, sessionExpiryDate }))
