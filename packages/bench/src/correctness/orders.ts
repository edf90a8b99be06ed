/**
 * All orders of two lookups, a write, its invalidation and a read. Left out are impossible orders (a lookup that ends before
 * it starts) and those without a promise (an invalidation before its write, a read before the invalidation).
 */

export type Event = "start A" | "start B" | "write" | "invalidate" | "end A" | "end B" | "read"

const after: ReadonlyArray<readonly [Event, Event]> = [
  ["start A", "end A"],
  ["start B", "end B"],
  // The other half of the orders is the same with the names changed.
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

/** Shortest first, so the first failure is the shortest trace. */
export const orders: ReadonlyArray<ReadonlyArray<Event>> = [
  ...ordersOf(["write", "invalidate", "read"]),
  ...ordersOf(["start A", "write", "invalidate", "end A", "read"]),
  ...ordersOf(["start A", "start B", "write", "invalidate", "end A", "end B", "read"])
]
