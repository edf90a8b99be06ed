import type { CredentialsStatus } from "../models.js"
import type { Step } from "./timeline.js"

interface DetailedError {
  readonly type: string
  readonly displayMessage: string
  readonly details: { readonly reason: string; readonly retryable: boolean }
}

const make = (type: string, reason: string, displayMessage: string, retryable = false): DetailedError => ({
  type,
  displayMessage,
  details: { reason, retryable }
})

// Used unless a step has a reason of its own.
const byStatus: Partial<Record<CredentialsStatus, DetailedError>> = {
  AUTHENTICATION_ERROR: make("USER_LOGIN_ERROR", "STATIC_CREDENTIALS_INCORRECT", "The login details are not correct."),
  TEMPORARY_ERROR: make("PROVIDER_ERROR", "PROVIDER_UNAVAILABLE", "The bank cannot be reached at the moment.", true),
  SESSION_EXPIRED: make("AUTHORIZATION_ERROR", "SESSION_EXPIRED", "The consent is over."),
  // Tink disabled the provider (tink-api.md 6.2); 7.1 has no reason of its own for it.
  PERMANENT_ERROR: make("TINK_SIDE_ERROR", "UNKNOWN_ERROR", "The bank can no longer be used.")
}

const byReason: Readonly<Record<NonNullable<Step["reason"]>, DetailedError>> = {
  DYNAMIC_CREDENTIALS_INCORRECT: make("USER_LOGIN_ERROR", "DYNAMIC_CREDENTIALS_INCORRECT", "The code is not correct."),
  DYNAMIC_CREDENTIALS_FLOW_CANCELLED: make(
    "USER_LOGIN_ERROR",
    "DYNAMIC_CREDENTIALS_FLOW_CANCELLED",
    "The login was cancelled."
  ),
  DYNAMIC_CREDENTIALS_FLOW_TIMEOUT: make(
    "USER_LOGIN_ERROR",
    "DYNAMIC_CREDENTIALS_FLOW_TIMEOUT",
    "The login took too long."
  )
}

/** Why credentials failed, if they did: the type and reason of tink-api.md 7.1. */
export const detailedError = ({ reason, status }: Step): DetailedError | undefined =>
  reason === undefined ? byStatus[status] : byReason[reason]
