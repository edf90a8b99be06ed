/** What the checks ask of a cache. */

/** Where the values come from. A request reads its value when it is sent. */
export type Origin = (userId: string, key: string) => Promise<string>

/** A cache in front of one origin. */
export interface Contestant {
  readonly get: (userId: string, key: string) => Promise<string | undefined>
  /** Resolves when, by the documentation, what was read of the user before is not served any more. */
  readonly invalidateUser: (userId: string) => Promise<void>
  /**
   * A `get` whose reader gives up after so many milliseconds, by the library's own means. Left out where it has none: such
   * a reader can only stop listening (`Promise.race`), which harms nobody and stops nothing.
   */
  readonly getWithin?: (userId: string, key: string, millis: number) => Promise<string | undefined>
  readonly close?: () => Promise<void>
}

export interface Adapter {
  readonly name: string
  /** The package whose version is printed. */
  readonly package: string
  readonly make: (origin: Origin, capacity: number) => Contestant | Promise<Contestant>
  /** What a reader of the table should know, printed below it. */
  readonly notes?: ReadonlyArray<string>
}

/** Of a user and a key, one string, for caches whose keys are strings. */
export const keyOf = (userId: string, key: string) => `${userId}/${key}`

/**
 * The grouping that a cache without groups leaves to its user: what has been read of whom. To walk the keys of the cache
 * instead would miss the lookups under way, which most caches leave out, and takes as long as the cache is large.
 */
export const makeKeys = <K>() => {
  const users = new Map<string, Map<string, K>>()
  return {
    add: (userId: string, key: string, make: () => K): K => {
      const ofUser = users.get(userId) ?? new Map<string, K>()
      users.set(userId, ofUser)
      const known = ofUser.get(key) ?? make()
      ofUser.set(key, known)
      return known
    },
    of: (userId: string): ReadonlyArray<K> => [...(users.get(userId)?.values() ?? [])]
  }
}

export const byHand = "It has no groups: the example writes down the keys of each user, and forgets none of them."
