/** How long a response about credentials or consents may be reused, by what it says. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

/** What `Credential` and `ProviderConsent` have in common. */
export interface Connection {
  readonly status?: string | undefined
  readonly sessionExpiryDate?: DateTime.Utc | undefined
}

const atRest: ReadonlySet<string> = new Set([
  "UPDATED",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "PERMANENT_ERROR",
  "SESSION_EXPIRED",
  "DELETED"
])

/** Whether a status is final until something is done. An unknown status is not. */
export const isAtRest = (status: string | undefined): boolean => status !== undefined && atRest.has(status)

/** Whether the user's consent has expired. The status does not say so (`tink-api.md` 6.2). */
export const isExpiredAt = ({ sessionExpiryDate }: Connection, now: DateTime.Utc): boolean =>
  sessionExpiryDate !== undefined && DateTime.lessThanOrEqualTo(sessionExpiryDate, now)

const untilExpiry = (connection: Connection, startedAt: DateTime.Utc): Duration.Duration =>
  connection.sessionExpiryDate === undefined || isExpiredAt(connection, startedAt)
    ? Duration.infinity
    : DateTime.distanceDuration(startedAt, connection.sessionExpiryDate)

export type ConnectionTimeToLive = (
  connections: ReadonlyArray<Connection>,
  startedAt: DateTime.Utc
) => Duration.Duration

/**
 * Briefly while one of them is in progress, and never past the moment when a consent expires. Otherwise as long as the
 * cache reuses any response.
 */
export const timeToLive =
  (inProgress: Duration.Duration): ConnectionTimeToLive =>
  (connections, startedAt) =>
    connections.reduce<Duration.Duration>(
      (shortest, connection) =>
        Duration.min(
          Duration.min(shortest, untilExpiry(connection, startedAt)),
          isAtRest(connection.status) ? Duration.infinity : inProgress
        ),
      Duration.infinity
    )
