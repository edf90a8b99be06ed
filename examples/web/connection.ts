/** Converts Tink's credentials to the connections that the page shows. */
import type { Credential } from "@effect-tink/users"
import { DateTime, Effect, Option } from "effect"
import { Connection, type State } from "./api.js"
import { Banks } from "./banks.js"

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

export const fromCredential = (credential: Credential.Credential) =>
  Effect.gen(function* () {
    const banks = yield* Banks
    const { id, providerName, sessionExpiryDate, statusPayload, updated } = credential
    const { logo, name } = yield* banks.find(providerName ?? "a-bank")
    const state = toState(credential, yield* DateTime.now)
    return new Connection({
      id,
      bank: name,
      ...(Option.isSome(logo) ? { logo: logo.value } : {}),
      state,
      // After a success the message adds nothing, and after the consent ended it is outdated.
      ...(statusPayload && state !== "up-to-date" && state !== "consent-expired" ? { message: statusPayload } : {}),
      ...(updated === undefined ? {} : { updatedAt: updated }),
      ...(sessionExpiryDate === undefined ? {} : { consentEndsAt: sessionExpiryDate })
    })
  })
