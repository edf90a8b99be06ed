/**
 * All orders in which the lookups of two readers, a write, its invalidation and a read can come, but for what is no order
 * (a lookup ends after it starts) or promises nothing (an invalidation before its write, a read before the invalidation).
 */

export type Event = "start A" | "start B" | "write" | "invalidate" | "end A" | "end B" | "read"

const after: ReadonlyArray<readonly [Event, Event]> = [
  ["start A", "end A"],
  ["start B", "end B"],
  // The readers are alike: the other half of the orders is the same with the names changed.
  ["start A", "start B"],
  ["write", "invalidate"],
  ["invalidate", "read"]
]

const ordersOf = (events: ReadonlyArray<Event>): ReadonlyArray<ReadonlyArray<Event>> => {
  if (events.length === 0) return [[]]
  const isFirst = (event: Event) => !after.some(([a, b]) => b === event && events.includes(a))
  return events.filter(isFirst).flatMap((event) => {
    const rest = events.filter((other) => other !== event)
    return ordersOf(rest).map((order) => [event, ...order])
  })
}

/** Shortest first, so that the first that fails is the shortest that does. */
export const orders: ReadonlyArray<ReadonlyArray<Event>> = [
  ...ordersOf(["write", "invalidate", "read"]),
  ...ordersOf(["start A", "write", "invalidate", "end A", "read"]),
  ...ordersOf(["start A", "start B", "write", "invalidate", "end A", "end B", "read"])
]
