import type { UserId } from "@effect-tink/http/Ids"

/** When each credential was last changed: milliseconds on the monotonic clock. */
export interface LatestChanges {
  readonly of: (userId: UserId, id: string) => number | undefined
  readonly add: (userId: UserId, id: string, at: number) => void
}

const toKey = (userId: UserId, id: string) => `${userId} ${id}`

/** Bounded: a change matters only to those who follow its credential soon after. */
export const makeLatestChanges = (capacity = 10_000): LatestChanges => {
  /** A map keeps the order of insertion: the oldest change is the first. */
  const changes = new Map<string, number>()
  return {
    of: (userId, id) => changes.get(toKey(userId, id)),
    add: (userId, id, at) => {
      changes.delete(toKey(userId, id))
      changes.set(toKey(userId, id), at)
      for (const oldest of changes.keys()) {
        if (changes.size <= capacity) return
        changes.delete(oldest)
      }
    }
  }
}
