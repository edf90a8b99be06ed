/** A day of reads and changes in virtual time, in which every request takes a while. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Cache, Contestant } from "./contestant.js"
import { baseUrl, toPlainRequest } from "./inProcess.js"
import * as Random from "./random.js"
import { makeTink, userIdOf } from "./tink.js"
import { type VirtualTime, withVirtualTime } from "./virtualTime.js"

export interface Size {
  readonly users: number
  readonly reads: number
}

export interface Findings {
  readonly reads: number
  /** Requests for a list. */
  readonly requests: number
  /** Reads that returned a value from before a change that had ended when they began. */
  readonly stale: number
}

interface Event {
  readonly at: number
  readonly what: "read" | "change"
  readonly userId: string
}

const dayMillis = 24 * 3_600_000
const timeToLive = 2 * 3_600_000
const changesPerRead = 0.01

/** A change is surrounded by reads, in milliseconds before and after it: the pages that show the data. */
const readsAround: ReadonlyArray<readonly [from: number, to: number]> = [
  [-1_000, 0],
  [0, 1_000],
  [1_000, 3_000]
]

/** Users who are read often are changed often. */
const plan = ({ reads, users }: Size, random: Random.Random): ReadonlyArray<Event> => {
  const pick = Random.zipf(users, random)
  const between = (from: number, to: number) => Math.floor(from + random() * (to - from))
  const events: Array<Event> = []
  for (let change = 0; change < reads * changesPerRead; change++) {
    const at = between(0, dayMillis)
    const userId = userIdOf(pick())
    events.push({ at, what: "change", userId })
    for (const [from, to] of readsAround) events.push({ at: at + between(from, to), what: "read", userId })
  }
  while (events.length < reads * (1 + changesPerRead)) {
    events.push({ at: between(0, dayMillis), what: "read", userId: userIdOf(pick()) })
  }
  return Arr.sortWith(events, ({ at }) => at, Order.number)
}

/** A network with latency: the origin processes a request halfway, and both directions take virtual time. */
const makeNetwork = (time: VirtualTime, random: Random.Random) => {
  const tink = makeTink()
  const inFlight: Array<{ readonly at: number; readonly userId: string; readonly arrive: () => void }> = []
  const waiting = new Map<string, number>()
  const startedAt = time.now()

  const later = (userId: string, millis: number, arrive: () => void) => {
    const at = time.now() - startedAt + millis
    const index = inFlight.findIndex((other) => other.at > at)
    inFlight.splice(index === -1 ? inFlight.length : index, 0, { at, userId, arrive })
    waiting.set(userId, (waiting.get(userId) ?? 0) + 1)
  }

  const send = (...args: Parameters<typeof fetch>) =>
    new Promise<Response>((resolve) => {
      const request = toPlainRequest(...args)
      const userId = request.authorization?.slice("Bearer token-".length) ?? ""
      const half = Math.round(50 + 450 * random())
      later(userId, half, () => {
        const { body, status } = tink.answer(request)
        later(userId, half, () => resolve(new Response(body === "" ? null : body, { status })))
      })
    })

  /** Advances to a time of the day, and delivers everything that arrives until then. */
  const advanceTo = async (at: number, settle: (userId: string) => Promise<void>) => {
    for (let next = inFlight[0]; next !== undefined && next.at <= at; next = inFlight[0]) {
      inFlight.shift()
      time.advance(next.at - (time.now() - startedAt))
      waiting.set(next.userId, (waiting.get(next.userId) ?? 1) - 1)
      next.arrive()
      await settle(next.userId)
    }
    if (at !== Number.POSITIVE_INFINITY) time.advance(at - (time.now() - startedAt))
  }

  return { tink, send, advanceTo, isWaiting: (userId: string) => (waiting.get(userId) ?? 0) > 0 }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

export const play = (contestant: Contestant<Cache>, size: Size, seed: number): Promise<Findings> =>
  withVirtualTime("virtual timers", async (time) => {
    const events = plan(size, Random.make(seed))
    const network = makeNetwork(time, Random.make(seed + 1))
    const origin = { baseUrl, fetch: network.send as typeof fetch }
    const cache = await contestant.make({ origin, capacity: size.users / 5, timeToLive, time })
    const changed = new Map<string, number>()
    const busy = new Map<string, number>()
    let stale = 0

    const read = async (userId: string) => {
      const least = changed.get(userId) ?? 1
      const [first] = await cache.one(userId)
      if (Number(first?.statusPayload?.slice(1)) < least) stale += 1
    }
    const change = async (userId: string) => {
      await cache.change(userId)
      changed.set(userId, network.tink.versionOf(userId))
    }

    // A user is at rest when no operation on it is busy, or all of them wait for the network.
    const settle = async (userId: string) => {
      do await turn()
      while ((busy.get(userId) ?? 0) > 0 && !network.isWaiting(userId))
    }

    const ends: Array<Promise<void>> = []
    for (const { at, userId, what } of events) {
      await network.advanceTo(at, settle)
      busy.set(userId, (busy.get(userId) ?? 0) + 1)
      const end = (what === "read" ? read(userId) : change(userId)).finally(() =>
        busy.set(userId, (busy.get(userId) ?? 1) - 1)
      )
      // A failure is reported at the end.
      end.catch(() => {})
      ends.push(end)
      await settle(userId)
    }
    await network.advanceTo(Number.POSITIVE_INFINITY, settle)
    await Promise.all(ends)
    await cache.close()
    return { reads: size.reads, requests: network.tink.counts().lists, stale }
  })
