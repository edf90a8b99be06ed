/**
 * Two processes over one Redis: one changes a balance, the other reads it. The reader never sees an older balance after
 * a change has ended. Starts a Redis of its own, if there is a redis-server.
 */
import { UserCache } from "@effect-tink/user-cache"
import { RedisInvalidationStore, SharedUserCache } from "@effect-tink/user-cache-redis"
import { Config, Console, Effect, Layer, Redacted } from "effect"
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { runProgram } from "./lib/runProgram.js"

const port = 20_000 + (process.pid % 20_000)

const layerCache = SharedUserCache.layer({ capacity: 100 }).pipe(
  Layer.provide(
    RedisInvalidationStore.layerConfig({
      namespace: "example",
      url: Config.succeed(Redacted.make(`redis://127.0.0.1:${process.env["REDIS_PORT"] ?? port}`))
    })
  )
)

/** The bank is in the first process. The second asks it by a message. */
let balance = 100
const question = Effect.promise(async () => {
  process.send?.("balance?")
  const [answer] = await once(process, "message")
  return Number(answer)
})

/** The second process reads whenever the first says so. */
const reader = Effect.gen(function* () {
  const cache = yield* UserCache.UserCache
  process.send?.("ready")
  while (true) {
    yield* Effect.promise(() => once(process, "message"))
    const before = yield* cache.stats
    const value = yield* cache.get("ada", "balance", question)
    const { hits } = yield* cache.stats
    process.send?.(`reads ${value}, ${hits > before.hits ? "from its memory" : "looked up"}`)
  }
})

const answerOf = (other: ChildProcess, request: string) =>
  Effect.promise(async () => {
    other.send(request)
    while (true) {
      const [message] = await once(other, "message")
      if (message !== "balance?") return String(message)
      other.send(String(balance))
    }
  })

const withProcess = (start: () => ChildProcess) =>
  Effect.acquireRelease(Effect.sync(start), (child) =>
    Effect.promise(async () => {
      const gone = once(child, "exit")
      if (child.kill()) await gone
    })
  )

const program = Effect.gen(function* () {
  const redis = yield* withProcess(() =>
    spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
  )
  yield* Effect.promise(async () => {
    for await (const text of redis.stdout ?? []) if (String(text).includes("Ready to accept")) return
  })
  const other = yield* withProcess(() =>
    fork(fileURLToPath(import.meta.url), {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, REDIS_PORT: String(port) }
    })
  )
  yield* Effect.promise(() => once(other, "message"))

  yield* Console.log("process 1                 process 2")
  const read = Effect.flatMap(answerOf(other, "read"), (line) => Console.log(`${"".padEnd(26)}${line}`))
  yield* Effect.gen(function* () {
    const cache = yield* UserCache.UserCache
    const pay = Effect.sync(() => void (balance -= 30))
    for (let round = 0; round < 3; round++) {
      yield* read
      yield* read
      yield* cache.invalidateAfter("ada", pay, () => true)
      yield* Console.log(`pays 30, ${balance} are left`)
    }
    yield* read
  }).pipe(Effect.provide(layerCache))
})

const main =
  process.send !== undefined
    ? Effect.provide(reader, layerCache)
    : spawnSync("redis-server", ["--version"]).status === 0
      ? Effect.scoped(program)
      : Console.log("There is no redis-server here: install Debian's package redis-server to see two processes.")

// Its finalizers end the other processes.
runProgram(Effect.tapErrorCause(main, Effect.logError))
