/**
 * The quarantined users, each with the end of the quarantine in milliseconds on the monotonic clock: setting the wall
 * clock forward ends no quarantine early.
 *
 * All quarantines last equally long, so the map's insertion order is the order in which they end. The map holds at most
 * `capacity` users. When one more is added, the quarantine that ends first is removed, and until its end *every* user
 * counts as quarantined. That costs hits, never correctness.
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
