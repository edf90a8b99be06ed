/** From Tink's words for a connection to ours. */
import type { Credential } from "@effect-tink/users"
import type * as DateTime from "effect/DateTime"
import { Connection, type State } from "./api.js"

/** Tink sends `se-demobank-password`, a country and a bank, and keeps the proper names elsewhere. */
const bankName = (providerName: string): string =>
  providerName
    .replace(/^[a-z]{2}-/, "")
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ")

const states: Record<string, State> = {
  CREATED: "updating",
  AUTHENTICATING: "updating",
  UPDATING: "updating",
  AWAITING_MOBILE_BANKID_AUTHENTICATION: "waiting-for-you",
  AWAITING_SUPPLEMENTAL_INFORMATION: "waiting-for-you",
  AWAITING_THIRD_PARTY_APP_AUTHENTICATION: "waiting-for-you",
  UPDATED: "up-to-date",
  SESSION_EXPIRED: "consent-expired",
  AUTHENTICATION_ERROR: "login-failed",
  TEMPORARY_ERROR: "bank-problem",
  PERMANENT_ERROR: "discontinued"
} satisfies Partial<Record<Credential.Status, State>>

const stateOf = (credential: Credential.Credential, now: DateTime.Utc): State => {
  const state = states[credential.status] ?? "unknown"
  // Tink finds out at the next refresh only.
  return state === "up-to-date" && credential.isExpired(now) ? "consent-expired" : state
}

export const isOnItsWay = ({ state }: Connection): boolean => state === "updating" || state === "waiting-for-you"

export const fromCredential = (credential: Credential.Credential, now: DateTime.Utc): Connection => {
  const { id, providerName, sessionExpiryDate, statusPayload, updated } = credential
  const state = stateOf(credential, now)
  return new Connection({
    id,
    bank: bankName(providerName ?? "a bank"),
    state,
    // The words of a success say no more than the state, and those from before the consent ended no longer fit.
    ...(statusPayload && state !== "up-to-date" && state !== "consent-expired" ? { message: statusPayload } : {}),
    ...(updated === undefined ? {} : { updatedAt: updated }),
    ...(sessionExpiryDate === undefined ? {} : { consentEndsAt: sessionExpiryDate })
  })
}
