/** Memory of a cache besides the answers: what is freed with the cache while the answers are still held. */
import { effectTinkStatic } from "../clients/effectTink.js"
import type { Answer, Cache, Setup } from "../contestant.js"
import { caches, find } from "../contestants.js"
import { makeOrigin } from "../inProcess.js"
import { userIdOf } from "../tink.js"
import { withVirtualTime } from "../virtualTime.js"
import { serveTask } from "../worker.js"

export interface Task {
  readonly contestants: ReadonlyArray<string>
  readonly users: number
  readonly hours: number
  /** How often garbage is collected before memory is measured. */
  readonly collections: number
}

/** Bytes per user, of each contestant. */
export type Found = Readonly<Record<string, { readonly filled: number; readonly afterDay: number }>>

const hour = 3_600_000
const warmUps = 3

const heap = async (collections: number): Promise<number> => {
  // Memory may be freed only after a turn of the event loop and a finalizer.
  for (let i = 0; i < collections; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

const answersOf = async (cache: Cache, userIds: ReadonlyArray<string>): Promise<ReadonlyArray<Answer>> => {
  const answers: Array<Answer> = []
  for (const userId of userIds) answers.push(await cache.one(userId))
  return answers
}

/** Hours of reads and invalidations. Everything stored in an hour has expired in the next. */
const liveThrough = async (
  cache: Cache,
  userIds: ReadonlyArray<string>,
  hours: number,
  advance: (millis: number) => void
) => {
  const tenth = userIds.filter((_, index) => index % 10 === 0)
  for (let passed = 0; passed < hours; passed++) {
    advance(2 * hour)
    await cache.many(userIds, 1)()
    await cache.invalidate(tenth)()
    await cache.many(tenth, 1)()
  }
}

const measure = (name: string, { collections, hours, users }: Task) =>
  withVirtualTime("virtual timers", async (time) => {
    const contestant = find([effectTinkStatic, ...caches], name)
    const userIds = Array.from({ length: users }, (_, user) => userIdOf(user))
    const setup: Setup = { origin: makeOrigin(), capacity: users, timeToLive: hour, time }

    // The only reference to the cache: an `async` function would hold an argument until it ends.
    const holder: { cache?: Cache; answers?: ReadonlyArray<Answer> | undefined } = {}
    const make = async () => void (holder.cache = await contestant.make(setup))
    const live = async (hours: number) => holder.cache && liveThrough(holder.cache, userIds, hours, time.advance)
    const drop = async () => {
      await holder.cache?.close()
      delete holder.cache
      // A timer may hold the cache.
      time.advance(2 * hour)
    }

    // Warms up the compiler, which allocates memory of its own.
    await make()
    await live(Math.min(warmUps, hours))
    await drop()

    /** The memory that is freed with the cache while the application holds the answers. */
    const bytes = async () => {
      holder.answers = holder.cache && (await answersOf(holder.cache, userIds))
      const withCache = await heap(collections)
      await drop()
      return (withCache - (await heap(collections))) / users
    }
    await make()
    const filled = await bytes()
    await make()
    await live(hours)
    return { filled, afterDay: await bytes() }
  })

serveTask(async (task: Task): Promise<Found> => {
  const found: Record<string, Awaited<ReturnType<typeof measure>>> = {}
  for (const name of task.contestants) found[name] = await measure(name, task)
  return found
})
