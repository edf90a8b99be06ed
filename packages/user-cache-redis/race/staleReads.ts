/** Finds the reads that began after a change had ended, and returned an older version. */
import type { End, Read } from "./messages.js"

/** Later than any report arrives, also of a process that was stopped. */
const lagMillis = 5_000

export const makeStaleReads = (users: number) => {
  /** Of each user, the ends of changes, by time. */
  const ends = Array.from({ length: users }, (): Array<End> => [])
  let pending: Array<Read> = []
  const result = { reads: 0, stale: 0, changes: 0, worstMillis: 0 }

  const check = ({ at, user, version }: Read) => {
    result.reads += 1
    const missed = ends[user]?.filter((end) => end.at < at && end.version > version) ?? []
    if (missed.length === 0) return
    result.stale += 1
    result.worstMillis = Math.max(result.worstMillis, ...missed.map((end) => at - end.at))
  }

  return {
    result,
    add(report: { readonly reads: ReadonlyArray<Read>; readonly ends: ReadonlyArray<End> }): void {
      for (const read of report.reads) pending.push(read)
      for (const end of report.ends) ends[end.user]?.push(end)
      result.changes += report.ends.length
    },
    /** Checks what is older than the lag, and forgets ends that no longer matter. */
    check(now: number): void {
      const isDue = ({ at }: Read) => at < now - lagMillis
      pending.filter(isDue).forEach(check)
      pending = pending.filter((read) => !isDue(read))
      for (const [user, known] of ends.entries()) {
        const old = known.filter(({ at }) => at < now - 2 * lagMillis)
        const newest = old.reduce<End | undefined>(
          (a, b) => (a === undefined || b.version > a.version ? b : a),
          undefined
        )
        const recent = known.filter(({ at }) => at >= now - 2 * lagMillis)
        ends[user] = newest === undefined ? recent : [newest, ...recent]
      }
    }
  }
}
