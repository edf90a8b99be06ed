/** The checks that are about what a cache does; none of them measures time. */
import type { Adapter } from "./adapter.js"
import { inWords, makeOrigin, makeReader, type Reader, type Request, settle, withClock } from "./lab.js"
import { type Event, orders } from "./orders.js"

/** What happened, in order; the last line says what is wrong. */
export type Trace = ReadonlyArray<string>

export interface Found {
  /** In how many of the orders, or cases, that were tried. */
  readonly count: number
  readonly of: number
  /** The shortest. */
  readonly trace: Trace | undefined
}

interface Invalidation {
  /** Reads from after an awaited invalidation that return a value from before the write that it followed. */
  readonly stale: Found
  /** Readers who fail, though the origin does not. */
  readonly failedReaders: Found
}

/** What becomes of a reader when another, who waits for the same lookup, gives up. */
export type Waiter = Trace | "fine" | "no such thing"

export interface Failure {
  /** Whether the next read is answered with it: not even in the same millisecond, in that only, or also later. */
  readonly isKept: "no" | "same ms" | "yes"
  readonly trace: Trace
}

export interface Findings extends Invalidation {
  /** For a hundred readers of one key who come at once. */
  readonly requests: number
  readonly waiter: Waiter
  readonly failure: Failure
}

const user = "ada"
const key = "accounts"
const capacity = 1_000

interface Reading {
  readonly reader: Reader
  /** The one that it sent. */
  readonly request: Request | undefined
  /** What it must not be older than: what had been written before the last invalidation that was done when it began. */
  readonly atLeast: string
}

const tryOrder = (order: ReadonlyArray<Event>, adapter: Adapter) =>
  withClock(async (tick) => {
    const { current, origin, requests, write } = makeOrigin()
    const cache = await adapter.make(origin, capacity)
    const trace: Array<string> = []
    const readings: Array<Reading> = []
    const told = new Set<Reader>()
    let atLeast = current()

    /** Who has come to an end since this was asked last. */
    const news = () => {
      const ended = readings.map(({ reader }) => reader).filter((reader) => !told.has(reader) && hasEnded(reader))
      for (const reader of ended) told.add(reader)
      return ended.map((reader) => `; ${reader.name} gets ${inWords(reader.outcome())}`).join("")
    }
    const read = async (name: string) => {
      const sent = requests.length
      const promised = atLeast
      const reader = makeReader(name, () => cache.get(user, key))
      await settle()
      const request = requests[sent]
      readings.push({ reader, request, atLeast: promised })
      const how = hasEnded(reader) ? "" : ", and waits for a request that was sent before"
      trace.push(
        `${name} reads${request === undefined ? how : `: a request is sent, and reads ${request.value}`}${news()}`
      )
    }
    const end = async (name: string) => {
      const request = readings.find(({ reader }) => reader.name === name)?.request
      if (request === undefined || !request.isOpen()) return
      request.answer()
      await settle()
      trace.push(`the request of ${name} is answered: ${request.value}${news()}`)
    }
    const happen: Record<Event, () => Promise<unknown>> = {
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
        trace.push(`the user is invalidated${isDone ? "" : ", which is not done yet"}${news()}`)
      }
    }
    for (const event of order) {
      await happen[event]()
      tick()
    }
    // Requests that nobody is known to have sent, e.g. of a reader who had to wait for another's.
    await answerAll(requests)
    const late = news()
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
    const verdict = (reading: Reading | undefined, should: (reading: Reading) => string): Trace | undefined =>
      reading && [
        ...trace,
        `${reading.reader.name} got ${inWords(reading.reader.outcome())}, and should have got ${should(reading)}`
      ]
    return {
      stale: verdict(readings.find(isStale), ({ atLeast }) => atLeast),
      failedReaders: verdict(
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
const invalidation = async (adapter: Adapter): Promise<Invalidation> => {
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

/** How many requests it takes to answer a hundred readers of one key who come at once. */
const requestsFor = async (adapter: Adapter, count: number) => {
  const { origin, requests } = makeOrigin()
  const cache = await adapter.make(origin, capacity)
  const readers = Array.from({ length: count }, (_, i) => makeReader(`${i}`, () => cache.get(user, key)))
  await settle()
  await answerAll(requests)
  await cache.close?.()
  return readers.every(hasEnded) ? requests.length : Infinity
}

/** Two readers wait for one lookup, and the first gives up: what becomes of the second? */
const waiterOfAnother = async (adapter: Adapter): Promise<Waiter> => {
  // On a busy machine the first may give up before the second has come: once more, then, with more patience.
  for (let millis = 50; ; millis *= 4) {
    const { origin, requests } = makeOrigin()
    const cache = await adapter.make(origin, capacity)
    if (cache.getWithin === undefined) {
      await cache.close?.()
      return "no such thing"
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
    if (outcome.is === "answered" && outcome.value === "v1") return "fine"
    return [
      "A reads, and gives up after a while: a request is sent",
      "B reads, without a limit, and waits for the same request",
      `A gives up, and gets ${inWords(first.outcome())}`,
      `B got ${inWords(outcome)}, and should have got v1`
    ]
  }
}

/** A lookup fails: does the next read try again, in the same millisecond and in the next? */
const keptFailure = (adapter: Adapter): Promise<Failure> =>
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
      return { triedAgain: request !== undefined, outcome: inWords(reader.outcome()) }
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
  ...(await invalidation(adapter)),
  requests: await requestsFor(adapter, 100),
  waiter: await waiterOfAnother(adapter),
  failure: await keptFailure(adapter)
})
