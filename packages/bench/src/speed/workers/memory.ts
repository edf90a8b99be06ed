/** How much a cache holds besides the answers: what is freed when it goes, while somebody else still holds them. */
import type { Answer, Cache, Setup } from "../contestant.js"
import { caches, find } from "../contestants.js"
import { effectTinkStatic } from "../clients/effectTink.js"
import { makeOrigin } from "../inProcess.js"
import { work } from "../ownProcess.js"
import { userIdOf } from "../tink.js"
import { withVirtualTime } from "../virtualTime.js"

export interface Task {
  readonly contestants: ReadonlyArray<string>
  readonly users: number
  readonly hours: number
  /** How often garbage is collected before memory is looked at. */
  readonly collections: number
}

/** Bytes a user, of each contestant. */
export type Found = Readonly<Record<string, { readonly filled: number; readonly afterDay: number }>>

const hour = 3_600_000
const warmUps = 3

const heap = async (collections: number): Promise<number> => {
  // What was dropped may wait for a turn, and for a finalizer, to be free.
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

/** One after the other, so that everything of an hour is gone in the next. */
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

    // The only one who holds the cache, as an `async` function holds its arguments to its end.
    const holder: { cache?: Cache; answers?: ReadonlyArray<Answer> | undefined } = {}
    const make = async () => void (holder.cache = await contestant.make(setup))
    const live = async (hours: number) => holder.cache && liveThrough(holder.cache, userIds, hours, time.advance)
    const drop = async () => {
      await holder.cache?.close()
      delete holder.cache
      // A timer of theirs may hold them.
      time.advance(2 * hour)
    }

    // For the compiler, so that it is done with what it keeps.
    await make()
    await live(Math.min(warmUps, hours))
    await drop()

    /** What goes with the cache when the application still holds the answers. */
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

work(async (task: Task): Promise<Found> => {
  const found: Record<string, Awaited<ReturnType<typeof measure>>> = {}
  for (const name of task.contestants) found[name] = await measure(name, task)
  return found
})
