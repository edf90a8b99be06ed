import { maxElapsed, type Moment } from "./elapsed.js"

/** What the store has said about a user. Changed in place: a new object for each question would be collected late. */
export interface Known {
  generation: string
  /** When the question was sent. */
  validatedAt: Moment
  /** The position of the question among those of this process. */
  order: number
}

/** What is known of each user, for at most `capacity` users: the least recently learned is forgotten first. */
export const makeKnown = (capacity: number) => {
  const users = new Map<string, Known>()
  return {
    get: (userId: string): Known | undefined => users.get(userId),
    /** Makes a user the most recently learned. */
    touch(userId: string, known: Known): void {
      // Until someone has to be forgotten, the order does not matter.
      if (users.size < capacity) return
      users.delete(userId)
      users.set(userId, known)
    },
    set(userId: string, known: Known): void {
      users.delete(userId)
      users.set(userId, known)
      for (const oldest of users.keys()) {
        if (users.size <= capacity) return
        users.delete(oldest)
      }
    },
    forget: (userId: string): void => void users.delete(userId)
  }
}

export const isLeased = (known: Known | undefined, at: Moment, leaseMillis: number): known is Known =>
  known !== undefined && maxElapsed(known.validatedAt, at) < leaseMillis
