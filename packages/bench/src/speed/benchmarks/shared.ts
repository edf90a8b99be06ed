import { createClient } from "redis"
import { hasRedisServer, startRedisServer } from "../../../../user-cache-redis/race/redisServer.js"
import { type Benchmark, byEffort, type Context } from "../benchmark.js"
import {
  bareScript,
  bentocache,
  effectTink,
  effectTinkLease,
  inProcess,
  type SharedClient,
  type SharedContestant
} from "../clients/sharedCaches.js"
import { atMost, compare, type Comparison, exactly } from "../comparison.js"
import { interleave, measureCost } from "../rounds.js"
import { userIdOf } from "../tink.js"

type Ready = SharedContestant & { readonly client: SharedClient }

const users = Array.from({ length: 100 }, (_, number) => userIdOf(number))
const oneUser = users.slice(0, 1)

/** Redis on a free port, with all contestants connected and warm. */
const withContestants = async <A>(
  contestants: ReadonlyArray<SharedContestant>,
  run: (ready: ReadonlyArray<Ready>, redisUrl: string) => Promise<A>
): Promise<A> => {
  const server = await startRedisServer()
  const ready: Array<Ready> = []
  try {
    for (const contestant of contestants) {
      const client = await contestant.make(server.url)
      ready.push({ ...contestant, client })
      await client.read(users, 20)()
    }
    return await run(ready, server.url)
  } finally {
    for (const { client } of ready) await client.close()
    await server.kill()
  }
}

const only = (ready: ReadonlyArray<Ready>, ...contestants: ReadonlyArray<SharedContestant>) =>
  ready.filter(({ name }) => contestants.some((contestant) => contestant.name === name))

/** Nanoseconds for each read. */
const timeReads = (
  context: Context,
  what: string,
  ready: ReadonlyArray<Ready>,
  userIds: ReadonlyArray<string>,
  times: number
) =>
  interleave(ready, byEffort(context, 20, 6, 1), async ({ client, name }, round) => {
    context.progress(`${what}, round ${round + 1}, ${name}`)
    globalThis.gc?.()
    const { wall } = await measureCost(client.read(userIds, times))
    const reads = times * userIds.length
    return { time: wall / reads, rate: reads / (wall / 1e9) }
  })

interface TimedRead {
  readonly what: string
  readonly ours: SharedContestant
  readonly reference: SharedContestant
  readonly others: ReadonlyArray<SharedContestant>
  readonly times: number
  /** How many times the time of the reference, which the goal calls `against`, is allowed. */
  readonly most: number
  readonly against: string
}

/** Reads of one user. */
const compareTimes = async (
  context: Context,
  ready: ReadonlyArray<Ready>,
  { against, most, others, ours, reference, times, what }: TimedRead
): Promise<Comparison> => {
  const samplesOf = await timeReads(context, what, only(ready, ours, reference, ...others), oneUser, times)
  return compare({
    what,
    unit: "time",
    reference: reference.name,
    samples: samplesOf("time"),
    goals: (ratioOf) => [atMost(most, against, ratioOf(ours.name))]
  })
}

const compareOneRead = (context: Context, ready: ReadonlyArray<Ready>) =>
  compareTimes(context, ready, {
    what: "one read, validated",
    ours: effectTink,
    reference: bareScript,
    others: [],
    times: byEffort(context, 2_000, 1_000, 10),
    most: 1.3,
    against: "a bare EVALSHA"
  })

const compareUnvalidated = (context: Context, ready: ReadonlyArray<Ready>) =>
  compareTimes(context, ready, {
    what: "one read, without a round trip",
    ours: effectTinkLease,
    reference: inProcess,
    others: [bentocache],
    times: byEffort(context, 20_000, 10_000, 10),
    most: 2,
    against: "a hit of one process"
  })

const compareReaders = async (context: Context, ready: ReadonlyArray<Ready>): Promise<Comparison> => {
  const what = "100 readers, reads a second"
  const entrants = only(ready, effectTink, bareScript, bentocache)
  const samplesOf = await timeReads(context, what, entrants, users, byEffort(context, 200, 100, 2))
  return compare({
    what,
    unit: "rate",
    reference: bareScript.name,
    samples: samplesOf("rate"),
    goals: (ratioOf) => {
      const found = ratioOf(effectTink.name)
      return [
        { goal: "the bare script, batched: at least 0.7 ×", found: `${found.toFixed(2)} ×`, isReached: found >= 0.7 }
      ]
    }
  })
}

const compareChanges = async (context: Context, ready: ReadonlyArray<Ready>): Promise<Comparison> => {
  const changes = byEffort(context, 200, 100, 2)
  const entrants = only(ready, effectTink, bareScript, bentocache)
  const samplesOf = await interleave(entrants, byEffort(context, 20, 6, 1), async ({ client, name }, round) => {
    context.progress(`changes, round ${round + 1}, ${name}`)
    const { wall } = await measureCost(() => client.change(userIdOf(0), changes))
    return { time: wall / changes }
  })
  return compare({
    what: "a change with nothing else to do, beside two of them",
    unit: "time",
    reference: bareScript.name,
    samples: samplesOf("time")
  })
}

const countRoundTrips = async (ready: ReadonlyArray<Ready>): Promise<Comparison> => {
  const [entrant] = only(ready, effectTink)
  if (entrant?.client.roundTrips === undefined) throw new Error("the round trips are not counted")
  const { change, read, roundTrips } = entrant.client
  const during = async (run: () => Promise<unknown>) => {
    const before = await roundTrips()
    await run()
    return (await roundTrips()) - before
  }
  const counts = {
    "a hit": await during(read(oneUser, 1)),
    "100 hits at once": await during(read(users, 1)),
    "a change": await during(() => change(userIdOf(0), 1))
  }
  return compare({
    what: "round trips of effect-tink",
    unit: "count",
    reference: "a hit",
    samples: Object.entries(counts).map(([name, count]) => ({ entrant: { name, packages: [] }, values: [count] })),
    goals: (_, valueOf) => [
      exactly(1, "a hit", valueOf("a hit")),
      exactly(1, "100 hits at once", valueOf("100 hits at once")),
      exactly(2, "a change", valueOf("a change"))
    ]
  })
}

const measureMemory = async (context: Context, ready: ReadonlyArray<Ready>, redisUrl: string): Promise<Comparison> => {
  const count = byEffort(context, 10_000, 5_000, 500)
  const admin = createClient({ url: redisUrl })
  await admin.connect()
  const used = async () => Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1])
  const before = await used()
  const userIds = Array.from({ length: count }, (_, number) => userIdOf(1_000 + number))
  for (const { client } of only(ready, effectTink)) await client.read(userIds, 1)()
  const bytes = ((await used()) - before) / count
  admin.destroy()
  return compare({
    what: "memory of Redis for each user",
    unit: "bytes",
    reference: effectTink.name,
    samples: [{ entrant: effectTink, values: [bytes] }],
    goals: () => [
      { goal: "for each user: at most 300 bytes", found: `${bytes.toFixed(0)} bytes`, isReached: bytes <= 300 }
    ]
  })
}

/** The cache that several processes share over Redis. */
export const shared: Benchmark = {
  name: "shared",
  title: "a cache shared over Redis",
  run: async (context) => {
    if (!hasRedisServer()) {
      process.stderr.write("There is no redis-server here, so `shared` is left out: install Debian's redis-server.\n")
      return []
    }
    return withContestants(
      [effectTink, effectTinkLease, bareScript, inProcess, bentocache],
      async (ready, redisUrl) => [
        await countRoundTrips(ready),
        await compareOneRead(context, ready),
        await compareReaders(context, ready),
        await compareUnvalidated(context, ready),
        await compareChanges(context, ready),
        await measureMemory(context, ready, redisUrl)
      ]
    )
  }
}
