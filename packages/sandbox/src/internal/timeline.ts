import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import type { CredentialsStatus, RefreshOutcome } from "../TinkSandbox.js"
import type { Settings } from "./settings.js"

/** How credentials look from a moment on. All times are epoch milliseconds. */
export interface Step {
  /** The moment. */
  readonly at: number
  readonly status: CredentialsStatus
  readonly statusUpdated: number
  /** When `UPDATED` was last reached. */
  readonly updated: number | undefined
  readonly sessionExpiryDate: number | undefined
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
  /** Milliseconds after the refresh was asked for. */
  readonly after: number
  readonly status: CredentialsStatus
}

const minutes = (n: number) => n * 60_000

// How long the customer has, before the refresh ends in AUTHENTICATION_ERROR: tink-api 6.2. Its two numbers for BankID are
// nine minutes (the credentials guide) and three (the error catalogue): the guide is about this state machine.
const patience = {
  AWAITING_SUPPLEMENTAL_INFORMATION: minutes(2),
  AWAITING_THIRD_PARTY_APP_AUTHENTICATION: minutes(9),
  AWAITING_MOBILE_BANKID_AUTHENTICATION: minutes(9)
} as const

/** The way to an outcome that tink-api 6.2 allows. */
const plan = (outcome: RefreshOutcome, settings: Settings): ReadonlyArray<Planned> => {
  const authenticating: Planned = { after: 0, status: "AUTHENTICATING" }
  const authenticated = settings.authenticatingTime
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
      return [
        authenticating,
        { after: authenticated, status: outcome },
        { after: authenticated + patience[outcome], status: "AUTHENTICATION_ERROR" }
      ]
    case "SESSION_EXPIRED":
    case "PERMANENT_ERROR":
      return [{ after: 0, status: outcome }]
  }
}

const next = (from: Step, planned: Planned, askedAt: number, settings: Settings): Step => {
  const at = askedAt + planned.after
  // Clients tell a new state from an old one by `statusUpdated` (tink-api 6.4), so it moves even within a millisecond.
  const statusUpdated = Math.max(at, from.statusUpdated + 1)
  const reachedUpdated = planned.status === "UPDATED"
  // Credentials whose session is over become UPDATED only if the customer has let them in again: that is a new session.
  const isRenewed = reachedUpdated && from.sessionExpiryDate !== undefined && from.sessionExpiryDate <= at
  return {
    at,
    status: planned.status,
    statusUpdated,
    updated: reachedUpdated ? statusUpdated : from.updated,
    sessionExpiryDate: isRenewed ? at + settings.sessionLifetime : from.sessionExpiryDate
  }
}

/** Leads from where credentials stand, through the states of a refresh, to its outcome. */
export const refresh = (from: Step, outcome: RefreshOutcome, now: number, settings: Settings): Timeline =>
  plan(outcome, settings).reduce<Timeline>(
    (timeline, planned) => Arr.append(timeline, next(Arr.lastNonEmpty(timeline), planned, now, settings)),
    [from]
  )
