import * as Arr from "effect/Array"
import { detailedError } from "../credentials/detailedError.js"
import type { Step } from "../credentials/timeline.js"
import type { CredentialsStatus } from "../models.js"
import type { State, StoredCredentials } from "../state/state.js"

export const name = "refresh:finished"

// tink-api.md 9.3: PERMANENT_ERROR is not among them.
const reported: ReadonlySet<CredentialsStatus> = new Set([
  "UPDATED",
  "TEMPORARY_ERROR",
  "AUTHENTICATION_ERROR",
  "SESSION_EXPIRED"
])

/** The end of the refresh of some credentials, which may be to come. An authentication alone is not a refresh. */
export const endOf = ({ isAuthenticationOnly, timeline }: StoredCredentials): Step | undefined => {
  const last = Arr.lastNonEmpty(timeline)
  return timeline.length > 1 && !isAuthenticationOnly && reported.has(last.status) ? last : undefined
}

/** The envelope of tink-api.md 9.2 with the content of 9.3. */
export const toBody = (state: State, { id, userId }: StoredCredentials, end: Step): string => {
  const { isBackground = false, sessionExpiryDate, status, statusUpdated } = end
  return JSON.stringify({
    context: { userId, externalUserId: state.users.get(userId)?.externalUserId },
    content: {
      credentialsId: id,
      credentialsStatus: status,
      status,
      finished: statusUpdated,
      source: isBackground ? "OPERATION_SOURCE_BACKGROUND" : "OPERATION_SOURCE_API",
      sessionExpiryDate,
      detailedError: detailedError(end)
    },
    event: name
  })
}
