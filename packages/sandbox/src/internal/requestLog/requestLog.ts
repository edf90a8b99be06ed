import { isApplied } from "../faults/faults.js"
import type { Incoming } from "../http/incoming.js"
import type { Fault, ReceivedRequest } from "../models.js"

// The oldest are dropped, so that a sandbox that is left running does not grow forever.
const capacity = 10_000

/** The received requests, oldest first. */
export interface RequestLog {
  /** Adds a request on arrival, and returns how to complete its entry: with the status sent, `null` for a dropped one. */
  readonly begin: (arrival: Arrival) => (status: number | null, now: number) => ReceivedRequest
  readonly entries: () => ReadonlyArray<ReceivedRequest>
  readonly clear: () => void
}

export interface Arrival {
  readonly incoming: Incoming
  readonly now: number
  readonly fault: Fault | undefined
}

// The log may be shown, so it has no headers, no bodies and only the names of the query.
const toEntry = ({ fault, incoming, now }: Arrival): ReceivedRequest => ({
  method: incoming.method,
  path: incoming.path,
  query: Array.from(new Set(incoming.query.keys())),
  time: now,
  duration: null,
  status: null,
  requestId: incoming.requestId,
  traceId: incoming.headers["x-client-trace-id"] ?? null,
  refresh: null,
  fault: fault?.kind ?? null,
  applied: fault === undefined || isApplied(fault)
})

export const make = (): RequestLog => {
  let entries: Array<ReceivedRequest> = []
  return {
    begin: (arrival) => {
      const entry = toEntry(arrival)
      entries.push(entry)
      if (entries.length > capacity) entries.shift()
      return (status, now) => {
        const { refresh } = arrival.incoming.notes
        const completed = { ...entry, refresh, status, duration: now - entry.time }
        const index = entries.lastIndexOf(entry)
        if (index !== -1) entries[index] = completed
        return completed
      }
    },
    entries: () => [...entries],
    clear: () => {
      entries = []
    }
  }
}
