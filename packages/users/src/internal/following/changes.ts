/**
 * Orders answers and changes: numbers, given out here only, say which answers came after which changes.
 *
 * A `Users` has one sequence. A change takes the next number when it ends. A poll notes, when it is sent, the number of the
 * latest change. An answer with a lower number than a change was asked for before the change had ended, so it may show the
 * credential as it was. An answer with that number or a higher one was asked for afterwards, when Tink had answered the
 * change. No clock takes part: two events within one millisecond have an order, too.
 *
 * The numbers cannot tell how long Tink shows the old status after it has accepted a change (`tink-api.md` 6.4). That is what
 * `patience` is for, and the only reason why a change has a time.
 */
import type { UserId } from "@effect-tink/http/Ids"

export interface Change {
  readonly number: number
  /** When it ended: milliseconds on the monotonic clock. */
  readonly at: number
  /**
   * Whether it was made to the credential itself, through a `Users` over this cache. Tink accepts such a change only when nothing
   * else is in progress. A change elsewhere may also be the end of what was in progress.
   */
  readonly isOwn: boolean
}

/** Whether an answer was asked for before a change had ended. */
export const isBefore = (answer: { readonly number: number }, change: Change | undefined): boolean =>
  change !== undefined && answer.number < change.number

export const later = (one: Change | undefined, other: Change | undefined): Change | undefined =>
  one !== undefined && (other === undefined || one.number > other.number) ? one : other

export interface Changes {
  /** The number of the latest change. */
  readonly latest: () => number
  /** A change that has just ended, and is kept by its caller alone. */
  readonly next: () => Change
  /** A change of one credential has just ended. */
  readonly addCredential: (userId: UserId, credentialsId: string) => Change
  /** Any of the user's credentials may have changed elsewhere. */
  readonly addElsewhere: (userId: UserId) => Change
  /** The latest change of a credential. */
  readonly of: (userId: UserId, credentialsId: string) => Change | undefined
}

const keyOf = (userId: UserId, credentialsId: string) => `${userId} ${credentialsId}`

/** Bounded: a change matters only to those who follow its credential soon after. */
export const makeChanges = (now: () => number, capacity = 10_000): Changes => {
  let latest = 0
  /** By credential, and by user for changes elsewhere. A map keeps the order of insertion: the oldest change is the first. */
  const changes = new Map<string, Change>()

  const next = (isOwn: boolean): Change => ({ number: ++latest, at: now(), isOwn })

  const add = (key: string, change: Change): Change => {
    changes.delete(key)
    changes.set(key, change)
    for (const oldest of changes.keys()) {
      if (changes.size <= capacity) break
      changes.delete(oldest)
    }
    return change
  }

  return {
    latest: () => latest,
    next: () => next(false),
    addCredential: (userId, credentialsId) => add(keyOf(userId, credentialsId), next(true)),
    addElsewhere: (userId) => add(userId, next(false)),
    of: (userId, credentialsId) => later(changes.get(keyOf(userId, credentialsId)), changes.get(userId))
  }
}
