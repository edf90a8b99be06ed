/** What the cache holds and counts. */
import type { Call } from "../history.js"
import { isRead } from "./calls.js"
import type { Check } from "./check.js"

/** There are never more entries than the capacity, counted by the cache or found by reading everything. */
export const bounded: Check = ({ audits, maxSize, settings: { capacity } }) => {
  if (maxSize > capacity) return { text: `${maxSize} entries with a capacity of ${capacity}`, calls: [] }
  const audit = audits.find(({ hits }) => hits > capacity)
  return audit === undefined
    ? undefined
    : { text: `${audit.hits} different values were stored at once with a capacity of ${capacity}`, calls: [] }
}

/** A renewable session without the scope is refused before any lookup. A static session claims all scopes. */
const mayRead = ({ session }: Call): boolean =>
  session?.staticToken !== undefined || session?.scopes.includes("credentials:read") === true

const isCached = (call: Call): boolean =>
  isRead(call) && mayRead(call) && !("bypass" in call.operation && call.operation.bypass)

/** Hits, joins, misses and bypasses add up to the reads. */
export const counters: Check = ({ calls, counters: { bypasses, hits, joins, misses } }) => {
  const reads = calls.filter(isCached)
  const stayed = reads.filter(({ left }) => left === undefined).length
  const counted = hits + joins + misses + bypasses
  return counted >= stayed && counted <= reads.length
    ? undefined
    : {
        text: `${hits} hits, ${joins} joins, ${misses} misses and ${bypasses} bypasses of ${reads.length} reads, ${reads.length - stayed} of them given up`,
        calls: []
      }
}

/** There are no more lookups than misses and bypasses. */
export const oneLookup: Check = (history) => {
  const cached = new Set(history.calls.filter(isCached).map(({ id }) => id))
  const lookups = new Set(
    history.requests
      .filter(({ call, method, path }) => method === "GET" && path.includes("/credentials/") && cached.has(call ?? -1))
      .map(({ traceId }) => traceId)
  ).size
  const { bypasses, misses } = history.counters
  return lookups <= misses + bypasses
    ? undefined
    : { text: `${lookups} lookups for ${misses} misses and ${bypasses} bypasses`, calls: [] }
}
