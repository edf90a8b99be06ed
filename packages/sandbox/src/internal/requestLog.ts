import type { Fault, ReceivedRequest, RequestedRefresh } from "../TinkSandbox.js"
import { isApplied } from "./faults.js"
import type { Incoming } from "./wire.js"

// The oldest give way, so that a sandbox that is left running does not grow for ever.
const capacity = 10_000

/** The requests received, oldest first. */
export interface RequestLog {
  /** Enters a request on arrival, and returns how to complete the entry: with the status sent, `null` for a dropped one. */
  readonly begin: (
    arrival: Arrival
  ) => (status: number | null, now: number, refresh?: RequestedRefresh) => ReceivedRequest
  readonly entries: () => ReadonlyArray<ReceivedRequest>
  readonly clear: () => void
}

export interface Arrival {
  readonly incoming: Incoming
  readonly requestId: string
  readonly now: number
  readonly fault: Fault | undefined
}

// No headers, no bodies, and of the query only the names: the log has to be fit to be shown. What a refresh asked for is
// noted by those who have understood it, in words that Tink's documentation has.
const entryOf = ({ fault, incoming, now, requestId }: Arrival): ReceivedRequest => ({
  method: incoming.method,
  path: incoming.path,
  query: Array.from(new Set(incoming.query.keys())),
  time: now,
  duration: null,
  status: null,
  requestId,
  traceId: incoming.headers["x-client-trace-id"] ?? null,
  refresh: null,
  fault: fault?.kind ?? null,
  applied: fault === undefined || isApplied(fault)
})

export const make = (): RequestLog => {
  let entries: Array<ReceivedRequest> = []
  return {
    begin: (arrival) => {
      const entry = entryOf(arrival)
      entries.push(entry)
      if (entries.length > capacity) entries.shift()
      return (status, now, refresh) => {
        const completed = { ...entry, refresh: refresh ?? null, status, duration: now - entry.time }
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
