/** Invalidates users among few and among many, in the same rounds. */
import type { Cache, Origin } from "../contestant.js"
import { find, groupings, userCache } from "../contestants.js"
import { make as makeRandom } from "../random.js"
import { interleave, measureCost } from "../rounds.js"
import { userIdOf } from "../tink.js"
import { serveTask } from "../worker.js"

export interface Task {
  readonly contestants: ReadonlyArray<string>
  readonly sizes: ReadonlyArray<number>
  readonly rounds: number
  readonly seed: number
}

/** Nanoseconds per user, for each contestant, size and round. */
export type Found = Readonly<
  Record<string, ReadonlyArray<{ readonly size: number; readonly nanos: ReadonlyArray<number> }>>
>

/** One small answer for all users, with only what the hand-written client reads of a `Response`. */
const answer = { ok: true, json: async () => ({ credentials: [] }) } as unknown as Response
const origin: Origin = { baseUrl: "http://127.0.0.1:1", fetch: async () => answer }

const usersARound = 100
/** From this duration on, in nanoseconds, one user per round is enough. */
const slowFrom = 2e6

interface Filled {
  readonly name: string
  readonly packages: ReadonlyArray<string>
  readonly size: number
  readonly cache: Cache
}

const fill = async (name: string, size: number): Promise<Filled> => {
  const contestant = find([userCache, ...groupings], name)
  // Some caches keep invalidated entries, which need room.
  const cache = await contestant.make({ origin, capacity: 2 * size + 1_000, timeToLive: 24 * 3_600_000 })
  await cache.many(
    Array.from({ length: size }, (_, user) => userIdOf(user)),
    1
  )()
  return { name: `${size}`, packages: contestant.packages, size, cache }
}

const measure = async (name: string, { rounds, seed, sizes }: Task) => {
  const random = makeRandom(seed)
  const filled: Array<Filled> = []
  for (const size of sizes) filled.push(await fill(name, size))
  const round = async ({ cache, size }: Filled, users: number) => {
    const userIds = new Set<string>()
    while (userIds.size < users) userIds.add(userIdOf(Math.floor(random() * size)))
    const run = cache.invalidate([...userIds])
    const { wall } = await measureCost(run)
    await cache.many([...userIds], 1)()
    return wall / users
  }
  globalThis.gc?.()
  const usersOf = new Map<Filled, number>()
  for (const one of filled) usersOf.set(one, (await round(one, 1)) > slowFrom ? 1 : usersARound)
  // Warms up the compiler. One round of a slow contestant is long enough.
  const warmUps = [...usersOf.values()].includes(1) ? 1 : rounds
  for (let i = 0; i < warmUps; i++) for (const one of filled) await round(one, usersOf.get(one) ?? 1)
  const samplesOf = await interleave(filled, rounds, async (one) => ({
    nanos: await round(one, usersOf.get(one) ?? 1)
  }))
  for (const { cache } of filled) await cache.close()
  return samplesOf("nanos").map(({ values }, index) => ({ size: sizes[index] ?? 0, nanos: values }))
}

serveTask(async (task: Task): Promise<Found> => {
  const found: Record<string, Awaited<ReturnType<typeof measure>>> = {}
  for (const name of task.contestants) found[name] = await measure(name, task)
  return found
})
