/** One of the two processes: readers and mutators over one cache, with the origin in the parent process. */
import { setImmediate as nextTick, setTimeout as sleep } from "node:timers/promises"
import { type Cache, caches } from "./caches.js"
import { type End, type FromWorker, monotonicMillis, type Read, type ToWorker, type WorkerOptions } from "./messages.js"

const options: WorkerOptions = JSON.parse(process.argv[2] ?? "{}")

const send = (message: FromWorker): void => void process.send?.(message)

const waiting = new Map<number, (version: number) => void>()
let requests = 0

const request = (_tag: "Lookup" | "Change", user: number) => () =>
  new Promise<number>((resolve) => {
    const id = ++requests
    waiting.set(id, resolve)
    send({ _tag, id, user })
  })

/** The wall clock of this process. Timers and the monotonic clock are not affected. */
const machineNow = Date.now
let clockOffset = 0
Date.now = () => machineNow() + clockOffset

process.on("message", (message: ToWorker) => {
  if (message._tag === "SetClock") {
    clockOffset += message.byMillis
    return
  }
  waiting.get(message.id)?.(message.version)
  waiting.delete(message.id)
})
process.on("disconnect", () => process.exit())
process.on("unhandledRejection", (reason) => send({ _tag: "Trouble", message: String(reason) }))

let reads: Array<Read> = []
let ends: Array<End> = []
setInterval(() => {
  send({ _tag: "Report", reads, ends })
  reads = []
  ends = []
}, 50)

const pick = () => Math.floor(Math.random() * options.users)

/** A peer may fail while Redis is away: that is no stale read. */
const attempt = async (run: () => Promise<void>) => {
  try {
    await run()
  } catch (error) {
    send({ _tag: "Trouble", message: String(error) })
    await sleep(20)
  }
}

const reader = async (cache: Cache) => {
  while (true) {
    await attempt(async () => {
      const user = pick()
      const at = monotonicMillis()
      const version = await cache.read(`user-${user}`, request("Lookup", user))
      reads.push({ user, at, version })
    })
    await nextTick()
  }
}

const mutator = async (cache: Cache) => {
  while (true) {
    await sleep(Math.random() * 40)
    await attempt(async () => {
      const user = pick()
      const version = await cache.change(`user-${user}`, request("Change", user))
      ends.push({ user, at: monotonicMillis(), version })
    })
  }
}

const cache = caches[options.cache].make(options.redisUrl)
for (let index = 0; index < options.readers; index++) void reader(cache)
for (let index = 0; index < options.mutators; index++) void mutator(cache)
