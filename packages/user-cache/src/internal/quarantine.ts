/**
 * The users for whom nothing may be stored for a while, and until when: milliseconds on the monotonic clock, so that
 * setting the wall clock forward ends no quarantine early.
 *
 * All quarantines last equally long, so the map's insertion order is the order in which they end. It holds at most
 * `capacity` users: when one more comes, the one that ends first is given up, and until it would have ended, *every*
 * user counts as quarantined. That costs hits, never correctness.
 */
export const makeQuarantine = (options: { readonly capacity: number; readonly millis: number }) => {
  const untilByUser = new Map<string, number>()
  let everyoneUntil = Number.NEGATIVE_INFINITY

  const makeRoom = (now: number): void => {
    for (const [userId, until] of untilByUser) {
      if (until > now && untilByUser.size <= options.capacity) return
      untilByUser.delete(userId)
      everyoneUntil = Math.max(everyoneUntil, until)
    }
  }

  return {
    add(userId: string, now: number): void {
      untilByUser.delete(userId)
      untilByUser.set(userId, now + options.millis)
      makeRoom(now)
    },
    includes(userId: string, now: number): boolean {
      return now < everyoneUntil || now < (untilByUser.get(userId) ?? Number.NEGATIVE_INFINITY)
    }
  }
}
