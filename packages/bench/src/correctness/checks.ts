/** The checks of correctness. They measure no time. */
import type { Adapter } from "./adapter.js"
import { formatOutcome, makeOrigin, makeReader, type Reader, type Request, settle, withClock } from "./laboratory.js"
import { type Event, orders } from "./orders.js"

/** What happened, in order. The last line is the mistake. */
export type Trace = ReadonlyArray<string>

export interface Found {
  /** In how many of the orders that were tried. */
  readonly count: number
  readonly of: number
  /** The shortest. */
  readonly trace: Trace | undefined
}

interface Invalidation {
  /** Reads that begin after an awaited invalidation, and return a value from before the write that it followed. */
  readonly stale: Found
  /** Readers that fail although the origin answers. */
  readonly failedReaders: Found
}

/** What happens to a reader when another waiter of the same lookup gives up. A trace is a mistake. */
export type Waiter = Trace | "undisturbed" | "cannot give up"

export interface Failure {
  /** Whether the next read gets the same failure: never, only within the same millisecond, or also later. */
  readonly isKept: "no" | "same ms" | "yes"
  readonly trace: Trace
}

export interface Findings extends Invalidation {
  /** How many requests it takes to answer a hundred concurrent readers of one key. */
  readonly requests: number
  readonly waiter: Waiter
  readonly failure: Failure
}

const user = "ada"
const key = "accounts"
const capacity = 1_000

interface Reading {
  readonly reader: Reader
  /** The request that this reader sent. */
  readonly request: Request | undefined
  /** The oldest correct value: written before the last invalidation that had completed when the read began. */
  readonly atLeast: string
}

const tryOrder = (order: ReadonlyArray<Event>, adapter: Adapter) =>
  withClock(async (tick) => {
    const { current, origin, requests, write } = makeOrigin()
    const cache = await adapter.make(origin, capacity)
    const trace: Array<string> = []
    const readings: Array<Reading> = []
    const reported = new Set<Reader>()
    let atLeast = current()

    /** The readers that have ended since the last call. */
    const formatEnded = () => {
      const ended = readings.map(({ reader }) => reader).filter((reader) => !reported.has(reader) && hasEnded(reader))
      for (const reader of ended) reported.add(reader)
      return ended.map((reader) => `; ${reader.name} gets ${formatOutcome(reader.outcome())}`).join("")
    }
    const read = async (name: string) => {
      const sent = requests.length
      const promised = atLeast
      const reader = makeReader(name, () => cache.get(user, key))
      await settle()
      const request = requests[sent]
      readings.push({ reader, request, atLeast: promised })
      const joined = hasEnded(reader) ? "" : ", and waits for a request that was sent before"
      trace.push(
        `${name} reads${request === undefined ? joined : `: a request is sent, and reads ${request.value}`}${formatEnded()}`
      )
    }
    const end = async (name: string) => {
      const request = readings.find(({ reader }) => reader.name === name)?.request
      if (request === undefined || !request.isOpen()) return
      request.answer()
      await settle()
      trace.push(`the request of ${name} is answered: ${request.value}${formatEnded()}`)
    }
    const perform: Record<Event, () => Promise<unknown>> = {
      "start A": () => read("A"),
      "start B": () => read("B"),
      "end A": () => end("A"),
      "end B": () => end("B"),
      read: async () => {
        await read("C")
        await end("C")
      },
      write: async () => trace.push(`the user is changed: ${write()}`),
      invalidate: async () => {
        const written = current()
        let isDone = false
        void cache.invalidateUser(user).then(() => {
          isDone = true
          atLeast = written
        })
        await settle()
        trace.push(`the user is invalidated${isDone ? "" : ", which is not done yet"}${formatEnded()}`)
      }
    }
    for (const event of order) {
      await perform[event]()
      tick()
    }
    // Requests of no known reader, such as a second one after waiting for another reader's.
    await answerAll(requests)
    const late = formatEnded()
    if (late !== "") trace.push(`everything else is answered${late}`)
    await cache.close?.()
    const isStale = ({ atLeast, reader }: Reading) => {
      const outcome = reader.outcome()
      return outcome.is === "answered" && outcome.value !== undefined && outcome.value < atLeast
    }
    const hasFailed = ({ reader }: Reading) => {
      const outcome = reader.outcome()
      return outcome.is !== "answered" || outcome.value === undefined
    }
    const toTrace = (reading: Reading | undefined, expected: (reading: Reading) => string): Trace | undefined =>
      reading && [
        ...trace,
        `${reading.reader.name} got ${formatOutcome(reading.reader.outcome())}, and should have got ${expected(reading)}`
      ]
    return {
      stale: toTrace(readings.find(isStale), ({ atLeast }) => atLeast),
      failedReaders: toTrace(
        readings.find(hasFailed),
        ({ atLeast, request }) => request?.value ?? `${atLeast} or newer`
      )
    }
  })

const isOpen = (request: Request) => request.isOpen()
const answerAll = async (requests: ReadonlyArray<Request>) => {
  for (let request = requests.find(isOpen); request !== undefined; request = requests.find(isOpen)) {
    request.answer()
    await settle()
  }
}
const hasEnded = (reader: Reader) => reader.outcome().is !== "waiting"

/** Tries every order of lookups, a write, its awaited invalidation and a read. */
const checkInvalidation = async (adapter: Adapter): Promise<Invalidation> => {
  const stale: Array<Trace> = []
  const failedReaders: Array<Trace> = []
  for (const order of orders) {
    const wrong = await tryOrder(order, adapter)
    if (wrong.stale !== undefined) stale.push(wrong.stale)
    if (wrong.failedReaders !== undefined) failedReaders.push(wrong.failedReaders)
  }
  const found = (traces: ReadonlyArray<Trace>): Found => ({
    count: traces.length,
    of: orders.length,
    trace: traces[0]
  })
  return { stale: found(stale), failedReaders: found(failedReaders) }
}

/** How many requests it takes to answer that many concurrent readers of one key. */
const countRequests = async (adapter: Adapter, count: number) => {
  const { origin, requests } = makeOrigin()
  const cache = await adapter.make(origin, capacity)
  const readers = Array.from({ length: count }, (_, i) => makeReader(`${i}`, () => cache.get(user, key)))
  await settle()
  await answerAll(requests)
  await cache.close?.()
  return readers.every(hasEnded) ? requests.length : Infinity
}

/** Two readers wait for one lookup, and the first gives up: is the second still answered? */
const checkWaiter = async (adapter: Adapter): Promise<Waiter> => {
  // On a busy machine the first may give up before the second arrives: then try again with more time.
  for (let millis = 50; ; millis *= 4) {
    const { origin, requests } = makeOrigin()
    const cache = await adapter.make(origin, capacity)
    if (cache.getWithin === undefined) {
      await cache.close?.()
      return "cannot give up"
    }
    const { getWithin } = cache
    const first = makeReader("A", () => getWithin(user, key, millis))
    await settle()
    const second = makeReader("B", () => cache.get(user, key))
    await settle()
    const isInTime = !hasEnded(first)
    for (let waits = 0; waits < 100 && !hasEnded(first); waits++) {
      await new Promise((resolve) => setTimeout(resolve, millis / 10))
    }
    await settle()
    await answerAll(requests)
    await cache.close?.()
    if (!isInTime) continue
    const outcome = second.outcome()
    if (outcome.is === "answered" && outcome.value === "v1") return "undisturbed"
    return [
      "A reads, and gives up after a while: a request is sent",
      "B reads, without a limit, and waits for the same request",
      `A gives up, and gets ${formatOutcome(first.outcome())}`,
      `B got ${formatOutcome(outcome)}, and should have got v1`
    ]
  }
}

/** A lookup fails: does the next read try again, in the same millisecond and in the next? */
const checkFailure = (adapter: Adapter): Promise<Failure> =>
  withClock(async (tick) => {
    const { origin, requests } = makeOrigin()
    const cache = await adapter.make(origin, capacity)
    const read = async (answer: (request: Request) => void) => {
      const sent = requests.length
      const reader = makeReader("", () => cache.get(user, key))
      await settle()
      const request = requests[sent]
      if (request !== undefined) answer(request)
      await settle()
      return { triedAgain: request !== undefined, outcome: formatOutcome(reader.outcome()) }
    }
    const trace: Array<string> = []
    const first = await read((request) => request.fail())
    trace.push(`A reads: its request fails; A gets ${first.outcome}`)
    const second = await read((request) => request.fail())
    trace.push(
      `B reads, in the same millisecond: ${second.triedAgain ? "a request is sent" : `B gets ${second.outcome}`}`
    )
    tick()
    const third = await read((request) => request.answer())
    trace.push(`C reads, a millisecond later: ${third.triedAgain ? "a request is sent" : `C gets ${third.outcome}`}`)
    await cache.close?.()
    const isKept = second.triedAgain ? "no" : third.triedAgain ? "same ms" : "yes"
    return { isKept, trace: [...trace, "every read should have sent a request of its own"] }
  })

export const check = async (adapter: Adapter): Promise<Findings> => ({
  ...(await checkInvalidation(adapter)),
  requests: await countRequests(adapter, 100),
  waiter: await checkWaiter(adapter),
  failure: await checkFailure(adapter)
})
