/** How long an answer about connections to banks may be cached, by what it says. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Status } from "../Credential.js"

/** What `Credential` and `ProviderConsent` have in common. */
export interface Connection {
  readonly status?: Status | undefined
  readonly sessionExpiryDate?: DateTime.Utc | undefined
}

const atRest: ReadonlySet<string> = new Set<Status>([
  "UPDATED",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "PERMANENT_ERROR",
  "SESSION_EXPIRED",
  "DELETED"
])

/** Whether a status stays until somebody does something. Of one that is not known nobody can tell. */
export const isAtRest = (status: Status | undefined): boolean => status !== undefined && atRest.has(status)

const untilExpiry = (startedAt: DateTime.Utc) => (connection: Connection) => {
  const { sessionExpiryDate } = connection
  const hasExpiry = sessionExpiryDate !== undefined && DateTime.greaterThan(sessionExpiryDate, startedAt)
  return hasExpiry ? DateTime.distanceDuration(startedAt, sessionExpiryDate) : Duration.infinity
}

export type ConnectionTimeToLive = (
  connections: ReadonlyArray<Connection>,
  startedAt: DateTime.Utc
) => Duration.Duration

/**
 * Briefly while one of them is on its way, and never past the moment when a session expires, which makes `UPDATED` the
 * past. Otherwise as long as the cache keeps anything.
 */
export const timeToLive =
  (inProgress: Duration.Duration): ConnectionTimeToLive =>
  (connections, startedAt) =>
    connections.reduce<Duration.Duration>(
      (shortest, connection) =>
        Duration.min(
          Duration.min(shortest, untilExpiry(startedAt)(connection)),
          isAtRest(connection.status) ? Duration.infinity : inProgress
        ),
      Duration.infinity
    )
