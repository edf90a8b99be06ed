import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type { AuthenticationOutcome, CredentialsStatus, RefreshOutcome } from "../TinkSandbox.js"
import type { Settings } from "./settings.js"

/** Why credentials failed, when it is not what their status alone says: tink-api 7.1. */
export type FailureReason =
  "DYNAMIC_CREDENTIALS_INCORRECT" | "DYNAMIC_CREDENTIALS_FLOW_CANCELLED" | "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT"

/** How credentials look from a moment on. All times are epoch milliseconds. */
export interface Step {
  /** The moment. */
  readonly at: number
  readonly status: CredentialsStatus
  readonly statusUpdated: number
  /** When `UPDATED` was last reached. */
  readonly updated: number | undefined
  /** Whether the bank is one with sessions: one without a date yet gets it when the customer lets Tink in. */
  readonly hasSession: boolean
  readonly sessionExpiryDate: number | undefined
  readonly reason?: FailureReason | undefined
}

/**
 * The states of a set of credentials, in the order of their moments: where they stand, and what a running refresh will take
 * them through. Nothing runs in the background; whoever looks picks the step that the clock has reached.
 */
export type Timeline = Arr.NonEmptyReadonlyArray<Step>

export const stepAt = (timeline: Timeline, now: number): Step =>
  Option.getOrElse(
    Arr.findLast(timeline, (step) => step.at <= now),
    () => Arr.headNonEmpty(timeline)
  )

/** Whether a refresh is under way, which includes waiting for the customer. */
export const isRunning = (timeline: Timeline, now: number): boolean =>
  stepAt(timeline, now) !== Arr.lastNonEmpty(timeline)

interface Planned {
  /** Milliseconds after now. */
  readonly after: number
  readonly status: CredentialsStatus
  readonly reason?: FailureReason
  /** The customer has let Tink in: the bank session, if there is one, begins anew. */
  readonly isLetIn?: boolean
  /** `UPDATED` without data from the bank, so that `updated` stays. */
  readonly isWithoutData?: boolean
}

const minutes = (n: number) => n * 60_000

// How long the customer has, before the refresh ends in AUTHENTICATION_ERROR: tink-api 6.2. Its two numbers for BankID are
// nine minutes (the credentials guide) and three (the error catalogue): the guide is about this state machine.
const patience = {
  AWAITING_SUPPLEMENTAL_INFORMATION: minutes(2),
  AWAITING_THIRD_PARTY_APP_AUTHENTICATION: minutes(9),
  AWAITING_MOBILE_BANKID_AUTHENTICATION: minutes(9)
} as const

/** A state that waits for the customer. */
export type AwaitingStatus = keyof typeof patience

export const isAwaiting = (status: CredentialsStatus): status is AwaitingStatus => status in patience

const awaiting = (status: AwaitingStatus, after: number): ReadonlyArray<Planned> => [
  { after, status },
  { after: after + patience[status], status: "AUTHENTICATION_ERROR", reason: "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT" }
]

/** What a refresh does, unless it does nothing at all. */
export type Started = Exclude<RefreshOutcome, "IGNORED">

/** The way to an outcome that tink-api 6.2 allows. */
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
  // Clients tell a new state from an old one by `statusUpdated` (tink-api 6.4), so it moves even within a millisecond.
  const statusUpdated = Math.max(at, from.statusUpdated + 1)
  const reachedUpdated = planned.status === "UPDATED"
  // Credentials whose session is over become UPDATED only if the customer has let them in again: that is a new session.
  const isOver = (from.sessionExpiryDate ?? 0) <= at
  const isRenewed = from.hasSession && (planned.isLetIn === true || (reachedUpdated && isOver))
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

/** Leads from where credentials stand, through the states of a refresh, to its outcome. */
export const refresh = (from: Step, outcome: Started, now: number, settings: Settings): Timeline =>
  follow(from, plan(outcome, settings.acceptingTime, settings), now, settings)

// tink-api 6.2 lets only UPDATING follow. Without data to fetch it takes no time, and nobody sees it.
const letIn = (isWithoutData: boolean, end: "UPDATED" | "TEMPORARY_ERROR", settings: Settings) => [
  { after: 0, status: "UPDATING", isLetIn: true } as const,
  { after: isWithoutData ? 0 : settings.updatingTime, status: end, isWithoutData } as const
]

/** Sends credentials back to CREATED: tink-api 6.2, "via PUT". */
export const modified = (from: Step, now: number, settings: Settings): Step =>
  next(from, { after: 0, status: "CREATED" }, now, settings)

/** Leads from UPDATING to UPDATED. */
export const fetching = (from: Step, now: number, settings: Settings): Timeline =>
  follow(from, [{ after: settings.updatingTime, status: "UPDATED" }], now, settings)

/** Fails at once. */
export const failed = (
  from: Step,
  status: "TEMPORARY_ERROR" | "AUTHENTICATION_ERROR",
  now: number,
  settings: Settings
): Timeline => follow(from, [{ after: 0, status }], now, settings)

/** Asks for the same once more: tink-api 6.2, AWAITING_* to AWAITING_*. */
export const askAgain = (from: Step, status: AwaitingStatus, now: number, settings: Settings): Timeline =>
  follow(from, awaiting(status, 0), now, settings)

/** Leads on from an `AWAITING_…` status, once the customer has come. */
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
      return follow(from, letIn(isWithoutData, outcome, settings), now, settings)
    case "AUTHENTICATION_ERROR":
      return follow(from, [{ after: 0, status: outcome, reason: "DYNAMIC_CREDENTIALS_INCORRECT" }], now, settings)
    case "CANCELLED": {
      const reason = "DYNAMIC_CREDENTIALS_FLOW_CANCELLED"
      return follow(from, [{ after: 0, status: "AUTHENTICATION_ERROR", reason }], now, settings)
    }
  }
}

/** The same states, with another end of the bank session from now on. */
export const withSessionExpiry = (timeline: Timeline, sessionExpiryDate: number): Timeline =>
  Arr.map(timeline, (step) => ({ ...step, hasSession: true, sessionExpiryDate }))
