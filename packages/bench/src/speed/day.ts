/** A day of reads and changes in virtual time, in which every request takes a while. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Cache, Contestant } from "./contestant.js"
import { askOf, baseUrl } from "./inProcess.js"
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
  /** Reads answered with something from before a change that had ended when they began. */
  readonly stale: number
}

interface Happening {
  readonly at: number
  readonly what: "read" | "change"
  readonly userId: string
}

const dayMillis = 24 * 3_600_000
const timeToLive = 2 * 3_600_000
const changesPerRead = 0.01

/** Who changes something looks at it just before and just after, in milliseconds: a page, and those it calls. */
const looks: ReadonlyArray<readonly [from: number, to: number]> = [
  [-1_000, 0],
  [0, 1_000],
  [1_000, 3_000]
]

/** Those who read much are also those who change much. */
const plan = ({ reads, users }: Size, random: Random.Random): ReadonlyArray<Happening> => {
  const pick = Random.zipf(users, random)
  const between = (from: number, to: number) => Math.floor(from + random() * (to - from))
  const happenings: Array<Happening> = []
  for (let change = 0; change < reads * changesPerRead; change++) {
    const at = between(0, dayMillis)
    const userId = userIdOf(pick())
    happenings.push({ at, what: "change", userId })
    for (const [from, to] of looks) happenings.push({ at: at + between(from, to), what: "read", userId })
  }
  while (happenings.length < reads * (1 + changesPerRead)) {
    happenings.push({ at: between(0, dayMillis), what: "read", userId: userIdOf(pick()) })
  }
  return Arr.sortWith(happenings, ({ at }) => at, Order.number)
}

/** An origin that sees a request halfway, and a world in which what is under way arrives when its time has come. */
const makeWorld = (time: VirtualTime, random: Random.Random) => {
  const tink = makeTink()
  const underWay: Array<{ readonly at: number; readonly userId: string; readonly arrive: () => void }> = []
  const waiting = new Map<string, number>()
  const startedAt = time.now()

  const later = (userId: string, millis: number, arrive: () => void) => {
    const at = time.now() - startedAt + millis
    const index = underWay.findIndex((other) => other.at > at)
    underWay.splice(index === -1 ? underWay.length : index, 0, { at, userId, arrive })
    waiting.set(userId, (waiting.get(userId) ?? 0) + 1)
  }

  const send = (...args: Parameters<typeof fetch>) =>
    new Promise<Response>((resolve) => {
      const ask = askOf(...args)
      const userId = ask.authorization?.slice("Bearer token-".length) ?? ""
      const half = Math.round(50 + 450 * random())
      later(userId, half, () => {
        const { body, status } = tink.answer(ask)
        later(userId, half, () => resolve(new Response(body === "" ? null : body, { status })))
      })
    })

  /** Moves on to a time of the day, by way of all that arrives until then. */
  const advanceTo = async (at: number, settle: (userId: string) => Promise<void>) => {
    for (let next = underWay[0]; next !== undefined && next.at <= at; next = underWay[0]) {
      underWay.shift()
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
    const happenings = plan(size, Random.make(seed))
    const world = makeWorld(time, Random.make(seed + 1))
    const origin = { baseUrl, fetch: world.send as typeof fetch }
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
      changed.set(userId, world.tink.versionOf(userId))
    }

    // Whoever is busy with a user, and waits for nothing that is under way, has not come to rest.
    const settle = async (userId: string) => {
      do await turn()
      while ((busy.get(userId) ?? 0) > 0 && !world.isWaiting(userId))
    }

    const ends: Array<Promise<void>> = []
    for (const { at, userId, what } of happenings) {
      await world.advanceTo(at, settle)
      busy.set(userId, (busy.get(userId) ?? 0) + 1)
      const end = (what === "read" ? read(userId) : change(userId)).finally(() =>
        busy.set(userId, (busy.get(userId) ?? 1) - 1)
      )
      // Fails at the end, if it fails.
      end.catch(() => {})
      ends.push(end)
      await settle(userId)
    }
    await world.advanceTo(Number.POSITIVE_INFINITY, settle)
    await Promise.all(ends)
    await cache.close()
    return { reads: size.reads, requests: world.tink.counts().lists, stale }
  })
