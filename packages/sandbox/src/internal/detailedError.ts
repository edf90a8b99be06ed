import type { CredentialsStatus } from "../TinkSandbox.js"
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

// What a status alone says.
const usual: Partial<Record<CredentialsStatus, DetailedError>> = {
  AUTHENTICATION_ERROR: make("USER_LOGIN_ERROR", "STATIC_CREDENTIALS_INCORRECT", "The login details are not correct."),
  TEMPORARY_ERROR: make("PROVIDER_ERROR", "PROVIDER_UNAVAILABLE", "The bank cannot be reached at the moment.", true),
  SESSION_EXPIRED: make("AUTHORIZATION_ERROR", "SESSION_EXPIRED", "The consent is over."),
  // The provider was disabled by Tink (tink-api 6.2), for which 7.1 has no reason of its own.
  PERMANENT_ERROR: make("TINK_SIDE_ERROR", "UNKNOWN_ERROR", "The bank can no longer be used.")
}

const particular: Readonly<Record<NonNullable<Step["reason"]>, DetailedError>> = {
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

/** Why credentials have failed, if they have: type and reason of tink-api 7.1. */
export const detailedError = ({ reason, status }: Step): DetailedError | undefined =>
  reason === undefined ? usual[status] : particular[reason]
