import type { CredentialsId, UserId } from "@effect-tink/http/Ids"

/** When each credential was last changed: milliseconds on the monotonic clock. */
export interface LatestChanges {
  readonly of: (userId: UserId, id: CredentialsId) => number | undefined
  readonly add: (userId: UserId, id: CredentialsId, at: number) => void
}

const keyOf = (userId: UserId, id: CredentialsId) => `${userId} ${id}`

/** Holds the latest changes of credentials, as many as are ever followed soon after. */
export const makeLatestChanges = (capacity = 10_000): LatestChanges => {
  /** A map keeps the order of insertion: the change longest ago is the first. */
  const changes = new Map<string, number>()
  return {
    of: (userId, id) => changes.get(keyOf(userId, id)),
    add: (userId, id, at) => {
      changes.delete(keyOf(userId, id))
      changes.set(keyOf(userId, id), at)
      for (const oldest of changes.keys()) {
        if (changes.size <= capacity) return
        changes.delete(oldest)
      }
    }
  }
}
