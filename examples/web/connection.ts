/** Converts Tink's credentials to the connections that the page shows. */
import type { Credential } from "@effect-tink/users"
import type { DateTime } from "effect"
import { Connection, type State } from "./api.js"

/** `se-demobank-password` is a country and a bank: Tink has proper names in its list of providers. */
const toBankName = (providerName: string): string =>
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

const toState = (credential: Credential.Credential, now: DateTime.Utc): State => {
  const state = states[credential.status] ?? "unknown"
  // Tink notices at the next refresh only.
  return state === "up-to-date" && credential.isExpired(now) ? "consent-expired" : state
}

export const isInProgress = ({ state }: Connection): boolean => state === "updating" || state === "waiting-for-you"

export const fromCredential = (credential: Credential.Credential, now: DateTime.Utc): Connection => {
  const { id, providerName, sessionExpiryDate, statusPayload, updated } = credential
  const state = toState(credential, now)
  return new Connection({
    id,
    bank: toBankName(providerName),
    state,
    // After a success the message adds nothing, and after the consent ended it is outdated.
    ...(statusPayload && state !== "up-to-date" && state !== "consent-expired" ? { message: statusPayload } : {}),
    ...(updated === undefined ? {} : { updatedAt: updated }),
    ...(sessionExpiryDate === undefined ? {} : { consentEndsAt: sessionExpiryDate })
  })
}
