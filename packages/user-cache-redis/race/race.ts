/** A race: two processes over one cache and one Redis, with faults. The origin is here. */
import { type ChildProcess, fork } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { createClient } from "redis"
import type { CacheName } from "./caches.js"
import type { Fault } from "./faults.js"
import { type FromWorker, monotonicMillis, type ToWorker, type WorkerOptions } from "./messages.js"
import { startProxy } from "./proxy.js"
import { startRedisServer } from "./redisServer.js"
import { makeStaleReads } from "./staleReads.js"

export interface RaceOptions {
  readonly cache: CacheName
  readonly seconds: number
  readonly faults: ReadonlyArray<Fault>
  readonly onProgress?: (result: RaceResult) => void
}

export interface RaceResult {
  readonly reads: number
  readonly stale: number
  readonly changes: number
  readonly worstMillis: number
  readonly lookups: number
  /** How often each fault struck. */
  readonly struck: Readonly<Record<string, number>>
  readonly troubles: number
}

const users = 20
const between = (min: number, max: number) => min + Math.random() * (max - min)

const pick = <A>(one: A, other: A): A => (Math.random() < 0.5 ? one : other)

const tell = (worker: ChildProcess, message: ToWorker): void => {
  if (worker.connected) worker.send(message, () => {})
}

/** A command on a connection of its own, past the proxy. */
const command = async (url: string, ...words: ReadonlyArray<string>): Promise<void> => {
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } })
  client.on("error", () => {})
  try {
    await client.connect()
    await client.sendCommand([...words])
  } catch {
    // Another fault has struck.
  } finally {
    if (client.isOpen) client.destroy()
  }
}

export const race = async (options: RaceOptions): Promise<RaceResult> => {
  let redis = await startRedisServer()
  const proxy = await startProxy(() => redis.port)
  const versions = Array.from({ length: users }, () => 0)
  const staleReads = makeStaleReads(users)
  const struck: Record<string, number> = {}
  let lookups = 0
  let troubles = 0
  let isOver = false
  /** What happens to the next process that is in the middle of a change. */
  let next: "stop-process" | "kill-process" | undefined

  const count = (fault: Fault) => (struck[fault] = (struck[fault] ?? 0) + 1)

  const strike = (worker: ChildProcess): void => {
    if (next === undefined) return
    count(next)
    if (next === "kill-process") worker.kill("SIGKILL")
    else {
      worker.kill("SIGSTOP")
      void sleep(between(100, 1_000)).then(() => worker.kill("SIGCONT"))
    }
    next = undefined
  }

  const answer = async (worker: ChildProcess, message: FromWorker & { _tag: "Lookup" | "Change" }) => {
    const { id, user } = message
    await sleep(between(0, 6))
    if (message._tag === "Change") {
      // Half of the time, the change is applied after the fault.
      const isBefore = Math.random() < 0.5
      if (isBefore) strike(worker)
      versions[user] = (versions[user] ?? 0) + 1
      if (!isBefore) strike(worker)
    } else lookups += 1
    const version = versions[user] ?? 0
    await sleep(between(0, 6))
    tell(worker, { _tag: "Answer", id, version })
  }

  const workers = new Set<ChildProcess>()
  const startWorker = (): void => {
    const workerOptions: WorkerOptions = { cache: options.cache, redisUrl: proxy.url, users, readers: 40, mutators: 2 }
    const worker = fork(new URL("./worker.ts", import.meta.url), [JSON.stringify(workerOptions)], {
      execArgv: ["--import", "tsx"],
      stdio: "ignore"
    })
    workers.add(worker)
    worker.on("message", (message: FromWorker) => {
      if (message._tag === "Report") staleReads.add(message)
      else if (message._tag === "Trouble") troubles += 1
      else void answer(worker, message)
    })
    worker.on("error", () => {})
    worker.on("exit", () => {
      workers.delete(worker)
      if (!isOver) startWorker()
    })
  }

  const flusher = createClient({ url: proxy.url, disableOfflineQueue: true })
  flusher.on("error", () => {})
  await flusher.connect()

  const ending = new AbortController()
  const every = async (min: number, max: number, run: () => Promise<unknown>): Promise<void> => {
    await sleep(between(min, max), undefined, { signal: ending.signal }).catch(() => {})
    if (isOver) return
    await run()
    return every(min, max, run)
  }

  /** Replaces the server, one replacement at a time. */
  let replacing: Promise<unknown> = Promise.resolve()
  const replace = (run: () => Promise<unknown>) => (replacing = replacing.then(run))

  const loops: Record<Fault, () => Promise<void>> = {
    flush: () =>
      every(60, 60, () => {
        count("flush")
        return flusher.flushAll().catch(() => {})
      }),
    "stop-redis": () =>
      every(1_500, 4_000, async () => {
        count("stop-redis")
        const stopped = redis
        stopped.signal("SIGSTOP")
        await sleep(between(50, 1_000))
        stopped.signal("SIGCONT")
      }),
    "kill-redis": () =>
      every(2_000, 6_000, () =>
        replace(async () => {
          count("kill-redis")
          await redis.kill()
          await sleep(between(0, 500))
          redis = await startRedisServer()
        })
      ),
    "old-file": () =>
      every(2_000, 6_000, () =>
        replace(async () => {
          count("old-file")
          await command(redis.url, "SAVE")
          await sleep(between(0, 200))
          const old = redis
          old.signal("SIGSTOP")
          redis = await startRedisServer({ file: `${old.directory}/dump.rdb` }).catch(() => startRedisServer())
          proxy.cut("now")
          await old.kill()
        })
      ),
    promote: () =>
      every(2_000, 6_000, () =>
        replace(async () => {
          count("promote")
          const old = redis
          const replica = await startRedisServer({ args: ["--replicaof", "127.0.0.1", String(old.port)] })
          await sleep(300)
          await command(replica.url, "REPLICAOF", "NO", "ONE")
          // The changes of this time are lost.
          await sleep(between(20, 200))
          redis = replica
          proxy.cut("now")
          await old.kill()
        })
      ),
    "fill-redis": () =>
      every(1_500, 4_000, async () => {
        count("fill-redis")
        const { url } = redis
        await command(url, "CONFIG", "SET", "maxmemory-policy", pick("noeviction", "allkeys-random"), "maxmemory", "1")
        await sleep(between(50, 500))
        await command(url, "CONFIG", "SET", "maxmemory", "0")
      }),
    "forget-scripts": () =>
      every(200, 1_000, () => {
        count("forget-scripts")
        return command(redis.url, "SCRIPT", "FLUSH")
      }),
    "slow-redis": () =>
      every(2_000, 5_000, async () => {
        count("slow-redis")
        proxy.setDelay(between(1, 200))
        await sleep(between(200, 1_000))
        proxy.setDelay(0)
      }),
    "cut-connections": () =>
      every(500, 2_000, async () => {
        count("cut-connections")
        proxy.cut(pick("now", "in a reply"))
      }),
    "set-clock": () =>
      every(200, 1_000, async () => {
        count("set-clock")
        for (const worker of workers) tell(worker, { _tag: "SetClock", byMillis: Math.round(between(-3_000, 3_000)) })
      }),
    "stop-process": () => every(1_000, 3_000, async () => void (next = "stop-process")),
    "kill-process": () => every(4_000, 8_000, async () => void (next = "kill-process"))
  }

  const result = (): RaceResult => ({ ...staleReads.result, lookups, struck, troubles })

  startWorker()
  startWorker()
  // The time counts from the first change: loading takes long on a busy machine.
  const giveUp = monotonicMillis() + 60_000
  while (staleReads.result.changes === 0 && monotonicMillis() < giveUp) await sleep(20)
  const running = options.faults.map((fault) => loops[fault]())
  const end = monotonicMillis() + options.seconds * 1_000
  while (monotonicMillis() < end) {
    await sleep(Math.min(1_000, Math.max(1, end - monotonicMillis())))
    staleReads.check(monotonicMillis())
    options.onProgress?.(result())
  }

  isOver = true
  ending.abort()
  await Promise.all(running)
  await sleep(1_000)
  staleReads.check(Number.POSITIVE_INFINITY)
  flusher.destroy()
  for (const worker of workers) worker.kill("SIGKILL")
  proxy.close()
  await redis.kill()
  return result()
}
