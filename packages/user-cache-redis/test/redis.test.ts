/** What only a real server shows: scripts, restarts, replicas, a cluster, permissions, and a server that is full or slow. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Cluster as IoredisCluster, Redis as Ioredis } from "ioredis"
import { Redis as Ioredis6 } from "ioredis6"
import { once } from "node:events"
import { rmSync } from "node:fs"
import { createCluster, createSentinel } from "redis"
import { createClient as createClient5 } from "redis5"
import { InvalidationStore } from "../src/InvalidationStore.js"
import * as RedisInvalidationStore from "../src/RedisInvalidationStore.js"
import { ambiguous, isAmbiguous, makeOrigin, makeProcess, nodeRedis, redisServer, storeOn } from "./helpers.js"
import { eventually, scenarios } from "./scenarios.js"

const options = { namespace: "test" }

/** Waits until the store answers again. */
const untilUp = (store: { readonly validate: (userIds: ReadonlyArray<string>) => Effect.Effect<unknown, unknown> }) =>
  eventually(Effect.option(store.validate(["probe"])), Option.isSome)

/** What does not depend on a busy machine. */
const patient = { commandTimeout: "5 seconds" } as const

/** Two processes, each with a connection of its own. */
const twoProcesses = (server: { readonly url: string }, settings: Parameters<typeof makeProcess>[1] = patient) =>
  Effect.gen(function* () {
    const stores = yield* Effect.all([storeOn(server), storeOn(server)])
    const [one, two] = yield* Effect.all([makeProcess(stores[0], settings), makeProcess(stores[1], settings)])
    return { one, two, stores, origin: makeOrigin() }
  })

describe("two processes on a Redis", () => {
  it.scopedLive("are right after each other's changes, at one round trip a hit", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin, two } = yield* twoProcesses(server)
      for (let round = 1; round <= 20; round++) {
        yield* origin.changeThrough(round % 2 === 0 ? one : two)
        for (const cache of [one, two, one, two]) assert.strictEqual(yield* origin.read(cache), round)
      }
      assert.strictEqual(origin.lookups, 40)
      const { hits, roundTrips } = yield* one.stats
      assert.deepStrictEqual([hits, roundTrips], [20, 60])
    })
  )

  it.scopedLive("hear of each other's changes, on every client", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const clients = {
        "node-redis 6": yield* storeOn(server),
        "node-redis 5": yield* Effect.acquireRelease(
          Effect.promise(() => createClient5({ url: server.url }).connect()),
          (client) => Effect.sync(() => client.destroy())
        ).pipe(Effect.flatMap((client) => RedisInvalidationStore.makeNodeRedis(client, options))),
        "ioredis 5": yield* Effect.acquireRelease(
          Effect.sync(() => new Ioredis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 })),
          (client) => Effect.sync(() => client.disconnect())
        ).pipe(
          Effect.tap((client) => Effect.promise(() => once(client, "ready"))),
          Effect.flatMap((client) => RedisInvalidationStore.makeIoredis(client, options))
        ),
        "ioredis 6": yield* Effect.acquireRelease(
          Effect.sync(() => new Ioredis6(server.url)),
          (client) => Effect.sync(() => client.disconnect())
        ).pipe(Effect.flatMap((client) => RedisInvalidationStore.makeIoredis(client, options)))
      }
      const mutator = yield* makeProcess(yield* storeOn(server))
      for (const [name, store] of Object.entries(clients)) {
        const origin = makeOrigin()
        const cache = yield* makeProcess(store)
        const woken = yield* Effect.fork(Stream.runHead(cache.changes))
        yield* origin.read(cache)
        // The subscription takes a moment, and a hint before it is lost.
        const changing = yield* Effect.fork(Effect.repeat(origin.changeThrough(mutator), Schedule.spaced("30 millis")))
        assert.deepStrictEqual(yield* Fiber.join(woken), Option.some("ada"), name)
        yield* Fiber.interrupt(changing)
        const version = yield* origin.read(mutator)
        assert.strictEqual(yield* origin.read(cache), version, name)
        assert.isAbove(version, 0, name)
      }
    })
  )

  it.scopedLive("share a quarantine", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin, two } = yield* twoProcesses(server, { ...patient, quarantine: "400 millis" })
      yield* Effect.exit(one.invalidateAfter("ada", ambiguous, isAmbiguous))
      for (let read = 0; read < 3; read++) yield* origin.read(two)
      assert.strictEqual(origin.lookups, 3)
      yield* Effect.sleep("500 millis")
      for (let read = 0; read < 3; read++) yield* origin.read(two)
      assert.strictEqual(origin.lookups, 4)
    })
  )

  it.scopedLive("never get a lookup that started before a change", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin, two } = yield* twoProcesses(server)
      const started = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<number>()
      const lookup = Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(answer))
      const late = yield* Effect.fork(one.get("ada", "balance", lookup))
      yield* Deferred.await(started)
      yield* origin.changeThrough(two)
      assert.strictEqual(yield* origin.read(one), 1)
      yield* Deferred.succeed(answer, 0)
      assert.strictEqual(yield* Fiber.join(late), 0)
      assert.strictEqual(yield* origin.read(one), 1)
    })
  )

  it.scopedLive("keep users with odd ids apart", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin, two } = yield* twoProcesses(server)
      const ids = ["", "}", "{", "a b", "é", "x".repeat(500), "~", "a}{b"]
      for (const id of ids) yield* origin.read(one, id)
      for (const [index, id] of ids.entries()) {
        yield* origin.changeThrough(two, id)
        assert.strictEqual(yield* origin.read(one, id), 1)
        assert.strictEqual(origin.lookups, ids.length + index + 1)
      }
    })
  )
})

describe("a Redis that forgets", () => {
  it.scopedLive("because it is flushed, or loses single keys, revives nothing, and a lost mark is reported", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const admin = yield* nodeRedis(server.url)
      const { one, origin, stores, two } = yield* twoProcesses(server)
      yield* origin.read(one)
      yield* origin.changeThrough(two)
      yield* Effect.promise(() => admin.flushAll())
      assert.strictEqual(yield* origin.read(one), 1)
      const evict = Effect.promise(() => admin.del("tink:test:{ada}s"))
      yield* origin.changeThrough(two)
      yield* evict
      assert.strictEqual(yield* origin.read(one), 2)

      const finish = (changeId: string, { token }: { readonly token: string }) =>
        Effect.map(stores[0].finish({ userId: "ada", changeId, token, quarantineMillis: 0 }), (end) => end.wasMarked)
      const first = yield* stores[0].begin("ada", "change-1")
      yield* Effect.promise(() => admin.del("tink:test:{ada}p"))
      assert.isFalse(yield* finish("change-1", first))
      const second = yield* stores[0].begin("ada", "change-2")
      yield* Effect.promise(() => admin.del("tink:test:{ada}s"))
      assert.isFalse(yield* finish("change-2", second))
      const third = yield* stores[0].begin("ada", "change-3")
      assert.isTrue(yield* finish("change-3", third))
    })
  )

  it.scopedLive("because it is killed and starts empty holds a change back, and revives nothing", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin, stores, two } = yield* twoProcesses(server, {})
      yield* origin.read(one)
      yield* Effect.promise(() => server.kill())
      const change = yield* Effect.fork(origin.changeThrough(two))
      yield* Effect.sleep("300 millis")
      assert.isNull(change.unsafePoll())
      assert.strictEqual(yield* origin.read(one), 1)
      yield* redisServer({ port: server.port })
      yield* Effect.forEach(stores, untilUp)
      yield* Fiber.join(change)
      assert.strictEqual(yield* origin.read(one), 1)
      assert.isAbove((yield* two.stats).heldBackMillis, 0)
    })
  )

  for (const [name, scenario] of Object.entries(scenarios)) {
    it.scopedLive(`keeps the promise when ${name}`, () =>
      Effect.gen(function* () {
        assert.isTrue(yield* scenario)
      })
    )
  }
})

const acl = (...rules: ReadonlyArray<string>) => ["--user", "cache", "on", ">secret", ...rules]
const commands = [
  "+eval",
  "+evalsha",
  "+hmget",
  "+hset",
  "+hget",
  "+hincrby",
  "+zadd",
  "+zrem",
  "+exists",
  "+zremrangebyscore",
  "+pexpire",
  "+pttl",
  "+time",
  "+info",
  "+publish",
  "+subscribe"
]
const keys = ["~tink:test:*", "&tink:test:*"]
const toUrl = ({ port }: { readonly port: number }) => `redis://cache:secret@127.0.0.1:${port}`

const build = (url: string) =>
  Layer.build(RedisInvalidationStore.layerConfig(options)).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(url === "" ? [] : [["REDIS_URL", url]])))
  )

describe("a Redis in trouble", () => {
  it.scopedLive("that is full still takes changes, and users whom it cannot remember are not cached", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const admin = yield* nodeRedis(server.url)
      const { one, origin, two } = yield* twoProcesses(server, { ...patient, quarantine: "10 seconds" })
      yield* origin.read(one)
      yield* Effect.promise(() => admin.configSet("maxmemory", "1"))
      yield* origin.changeThrough(two)
      assert.strictEqual(yield* origin.read(one), 1)
      assert.strictEqual(yield* origin.read(one), 1)
      assert.strictEqual((yield* one.stats).hits, 1)
      const before = origin.lookups
      yield* origin.read(one, "bob")
      yield* origin.read(one, "bob")
      assert.strictEqual(origin.lookups, before + 2)
      yield* Effect.exit(two.invalidateAfter("ada", ambiguous, isAmbiguous))
      yield* origin.read(one)
      yield* origin.read(one)
      assert.strictEqual(origin.lookups, before + 4)
      assert.strictEqual((yield* two.stats).heldBackMillis, 0)
    })
  )

  it.scopedLive("that cannot save takes no changes: they are held back, and new users are not cached", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const admin = yield* nodeRedis(server.url)
      const { one, origin, two } = yield* twoProcesses(server, {})
      yield* origin.read(one)
      yield* Effect.promise(async () => {
        await admin.configSet("save", "3600 1")
        rmSync(server.directory, { recursive: true })
        await admin.bgSave()
      })
      yield* eventually(
        Effect.promise(() => admin.info("persistence")),
        (info) => info.includes("rdb_last_bgsave_status:err")
      )
      for (let read = 0; read < 2; read++) yield* origin.read(one, "bob")
      assert.strictEqual(origin.lookups, 3)
      const change = yield* Effect.fork(origin.changeThrough(two))
      yield* Effect.sleep("300 millis")
      assert.isNull(change.unsafePoll())
      yield* Effect.promise(() => admin.configSet("stop-writes-on-bgsave-error", "no"))
      yield* Fiber.join(change)
      assert.strictEqual(yield* origin.read(one), 1)
    })
  )

  it.scopedLive("that stands still is given up after 200 ms, and then not asked by every read", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const { one, origin } = yield* twoProcesses(server, {})
      yield* origin.read(one)
      yield* Effect.acquireRelease(
        Effect.sync(() => server.signal("SIGSTOP")),
        () => Effect.sync(() => server.signal("SIGCONT"))
      )
      for (let read = 0; read < 8; read++) yield* origin.read(one)
      assert.strictEqual(origin.lookups, 9)
      assert.isAtMost((yield* one.stats).storeFailures, 4)
    })
  )

  it.scopedLive("is enough with the permissions that the README lists", () =>
    Effect.gen(function* () {
      const server = yield* redisServer({ args: acl(...keys, ...commands) })
      const { one, origin, two } = yield* twoProcesses({ url: toUrl(server) })
      yield* origin.read(one)
      yield* origin.changeThrough(two)
      yield* Effect.exit(two.invalidateAfter("ada", ambiguous, isAmbiguous))
      yield* two.refresh("bob", "balance", origin.lookup("bob"))
      assert.strictEqual(yield* origin.read(one), 1)
      assert.strictEqual((yield* two.stats).storeFailures, 0)
    })
  )

  it.scopedLive(
    "is refused at the start when it forbids anything that is used: the error names it, and no password",
    () =>
      Effect.gen(function* () {
        const server = yield* redisServer()
        const admin = yield* nodeRedis(server.url)
        const rows = [
          ...commands.map(
            (command) =>
              [command.slice(1).toUpperCase(), ["allkeys", "allchannels", "+@all", `-${command.slice(1)}`]] as const
          ),
          ["PUBLISH", ["allkeys", "resetchannels", "+@all"]] as const,
          ["keys", ["~other:*", "allchannels", "+@all"]] as const
        ]
        for (const [name, rules] of rows) {
          yield* Effect.promise(() =>
            admin.sendCommand(["ACL", "SETUSER", "cache", "reset", "on", ">secret", ...rules])
          )
          const error = yield* Effect.flip(storeOn({ url: toUrl(server) }))
          assert.strictEqual(error._tag, "StoreError")
          assert.match(String(error), new RegExp(`needs: .*\\b${name}\\b`, "i"))
          assert.notInclude(String(error), "secret")
        }
        assert.strictEqual(yield* Effect.promise(() => admin.dbSize()), 0)
      })
  )

  it.scopedLive("is checked at the start without a trace, and a warning says that it cannot be used now", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const admin = yield* nodeRedis(server.url)
      const cache = yield* makeProcess(yield* storeOn(server))
      const woken = yield* Effect.fork(Stream.runHead(cache.changes))
      yield* storeOn(server)
      assert.strictEqual(yield* Effect.promise(() => admin.dbSize()), 0)
      assert.isNull(woken.unsafePoll())
      yield* Effect.promise(() => admin.configSet("min-replicas-to-write", "1"))
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => void messages.push(String(message)))
      yield* Effect.provide(storeOn(server), Logger.replace(Logger.defaultLogger, logger))
      assert.strictEqual(messages.length, 1)
      assert.include(messages[0], "cannot be used now")
      assert.include(messages[0], "NOREPLICAS")
    })
  )

  it.scopedLive("is refused at the start when it has no INFO", () =>
    Effect.gen(function* () {
      const server = yield* redisServer({ args: ["--rename-command", "INFO", ""] })
      assert.include(String(yield* Effect.flip(storeOn(server))), "needs: INFO")
    })
  )

  it.scopedLive("that has lost the replicas which it needs validates nothing, as another may have been promoted", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const admin = yield* nodeRedis(server.url)
      const { one, origin } = yield* twoProcesses(server)
      yield* origin.read(one)
      yield* Effect.promise(() => admin.configSet("min-replicas-to-write", "1"))
      yield* origin.read(one)
      assert.strictEqual(origin.lookups, 2)
      assert.strictEqual((yield* one.stats).unvalidatedBypasses, 1)
    })
  )

  it.scopedLive("is warned of when it may evict", () =>
    Effect.gen(function* () {
      const server = yield* redisServer({ args: ["--maxmemory-policy", "allkeys-lru"] })
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => void messages.push(String(message)))
      yield* Effect.provide(storeOn(server), Logger.replace(Logger.defaultLogger, logger))
      assert.strictEqual(messages.length, 1)
      assert.include(messages[0], "noeviction")
    })
  )
})

describe("layerConfig", () => {
  it.scopedLive("opens a connection to REDIS_URL", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      const context = yield* build(server.url)
      const validations = yield* Effect.flatMap(InvalidationStore, (store) => store.validate(["ada"])).pipe(
        Effect.provide(context)
      )
      assert.strictEqual(validations.length, 1)
    })
  )

  it.scopedLive("starts without a Redis, with a warning, and uses it when it comes", () =>
    Effect.gen(function* () {
      const server = yield* redisServer()
      yield* Effect.promise(() => server.kill())
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => void messages.push(String(message)))
      const context = yield* Effect.provide(build(server.url), Logger.replace(Logger.defaultLogger, logger))
      assert.strictEqual(messages.length, 1)
      yield* redisServer({ port: server.port })
      yield* Effect.flatMap(InvalidationStore, untilUp).pipe(Effect.provide(context))
    })
  )

  it.scopedLive("names a variable that is missing or malformed, and not its value", () =>
    Effect.gen(function* () {
      for (const url of ["", "http://user:hidden@host", "hidden"]) {
        const error = yield* Effect.flip(build(url))
        assert.include(String(error), "REDIS_URL")
        assert.notInclude(String(error), "hidden")
      }
      assert.include(String(yield* Effect.flip(build(""))), "REDIS_URL is not set")
    })
  )
})

describe("a cluster", () => {
  it.scopedLive(
    "takes the users of one question on all its nodes, and loses those of a node that is down",
    () =>
      Effect.gen(function* () {
        const nodes = yield* Effect.all(
          Array.from({ length: 3 }, () =>
            redisServer({
              args: [
                "--cluster-enabled",
                "yes",
                "--cluster-require-full-coverage",
                "no",
                "--cluster-node-timeout",
                "500"
              ]
            })
          ),
          { concurrency: "unbounded" }
        )
        const clients = yield* Effect.forEach(nodes, ({ url }) => nodeRedis(url))
        for (const [index, client] of clients.entries()) {
          const first = Math.floor((16_384 * index) / 3)
          const last = Math.floor((16_384 * (index + 1)) / 3) - 1
          yield* Effect.promise(() => client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", String(first), String(last)]))
          for (const { port } of nodes)
            yield* Effect.promise(() => client.sendCommand(["CLUSTER", "MEET", "127.0.0.1", String(port)]))
        }
        for (const client of clients) {
          yield* eventually(
            Effect.promise(() => client.sendCommand(["CLUSTER", "INFO"])),
            (info) => String(info).includes("cluster_state:ok")
          )
        }
        const connect = Effect.acquireRelease(
          Effect.promise(async () => {
            const cluster = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) })
            cluster.on("error", () => {})
            return cluster.connect()
          }),
          (cluster) => Effect.sync(() => cluster.destroy())
        ).pipe(Effect.flatMap((cluster) => RedisInvalidationStore.makeNodeRedis(cluster, options)))
        const connectIoredis = Effect.acquireRelease(
          Effect.sync(() => new IoredisCluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })))),
          (cluster) => Effect.sync(() => cluster.disconnect())
        ).pipe(Effect.flatMap((cluster) => RedisInvalidationStore.makeIoredis(cluster, options)))
        const [one, two] = yield* Effect.all([
          Effect.flatMap(connect, (store) => makeProcess(store, patient)),
          Effect.flatMap(connectIoredis, (store) => makeProcess(store, patient))
        ])
        const origin = makeOrigin()
        const ids = Array.from({ length: 60 }, (_, index) => `user-${index}`)
        const readAll = Effect.forEach(ids, (id) => origin.read(one, id), { concurrency: "unbounded" })
        yield* readAll
        yield* readAll
        assert.strictEqual(origin.lookups, 60)
        yield* Effect.forEach(ids, (id) => origin.changeThrough(two, id), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          yield* readAll,
          ids.map(() => 1)
        )
        assert.strictEqual((yield* one.stats).storeFailures, 0)

        // Without the node that has a third of the users, the others are answered from memory.
        const impatient = yield* Effect.flatMap(connect, (store) => makeProcess(store, { commandTimeout: "1 second" }))
        const read = Effect.forEach(ids, (id) => origin.read(impatient, id), { concurrency: "unbounded" })
        yield* read
        const before = origin.lookups
        yield* Effect.promise(async () => nodes[2]?.kill())
        yield* read
        const bypasses = origin.lookups - before
        assert.isAbove(bypasses, 0)
        assert.isBelow(bypasses, 40)
      }),
    30_000
  )
})

describe("a slot of a cluster that moves to another node", () => {
  it.scopedLive(
    "holds back a change until it has moved, and revives nothing there nor when it comes back",
    () =>
      Effect.gen(function* () {
        const cluster = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]
        const nodes = yield* Effect.all([redisServer({ args: cluster }), redisServer({ args: cluster })])
        const clients = yield* Effect.all([nodeRedis(nodes[0].url), nodeRedis(nodes[1].url)])
        const ports = [nodes[0].port, nodes[1].port] as const
        const send = (node: 0 | 1, ...words: ReadonlyArray<string>) =>
          Effect.promise(() => clients[node].sendCommand([...words]))
        yield* send(0, "CLUSTER", "ADDSLOTSRANGE", "1", "16383")
        // A node that loses its last slot becomes a replica.
        yield* send(1, "CLUSTER", "ADDSLOTSRANGE", "0", "0")
        yield* send(0, "CLUSTER", "MEET", "127.0.0.1", String(ports[1]))
        const ids = yield* Effect.map(Effect.all([send(0, "CLUSTER", "MYID"), send(1, "CLUSTER", "MYID")]), (ids) =>
          ids.map(String)
        )
        for (const node of [0, 1] as const) {
          yield* eventually(send(node, "CLUSTER", "INFO"), (info) =>
            /cluster_state:ok[^]*cluster_known_nodes:2/.test(String(info))
          )
        }
        const connect = Effect.acquireRelease(
          Effect.promise(async () => {
            const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) })
            client.on("error", () => {})
            return client.connect()
          }),
          (client) => Effect.sync(() => client.destroy())
        ).pipe(Effect.flatMap((client) => RedisInvalidationStore.makeNodeRedis(client, options)))
        const [one, two] = yield* Effect.all([
          Effect.flatMap(connect, (store) => makeProcess(store, patient)),
          Effect.flatMap(connect, (store) => makeProcess(store, patient))
        ])
        const origin = makeOrigin()
        const slot = String(yield* send(0, "CLUSTER", "KEYSLOT", "ada"))
        const setSlot = (node: 0 | 1, state: string, of: 0 | 1) =>
          send(node, "CLUSTER", "SETSLOT", slot, state, ids[of] ?? "")
        for (const [from, to] of [[0, 1] as const, [1, 0] as const]) {
          const before = yield* origin.read(one)
          yield* setSlot(to, "IMPORTING", from)
          yield* setSlot(from, "MIGRATING", to)
          // One of the two keys is there: a script that uses both is refused.
          yield* send(from, "MIGRATE", "127.0.0.1", String(ports[to]), "tink:test:{ada}s", "0", "5000")
          const change = yield* Effect.fork(origin.changeThrough(two))
          yield* eventually(two.stats, ({ heldBack }) => heldBack === 1)
          assert.strictEqual(yield* origin.read(one), before + 1)
          yield* setSlot(to, "NODE", to)
          yield* setSlot(from, "NODE", to)
          yield* Fiber.join(change)
          assert.strictEqual(yield* origin.read(one), before + 1)
        }
      }),
    60_000
  )
})

describe("a sentinel", () => {
  it.scopedLive("leads clients of both kinds to the primary", () =>
    Effect.gen(function* () {
      const primary = yield* redisServer()
      const sentinel = yield* redisServer({
        config: `sentinel monitor tink 127.0.0.1 ${primary.port} 1\n`,
        args: ["--sentinel"]
      })
      const address = { host: "127.0.0.1", port: sentinel.port }
      const nodeRedisStore = Effect.acquireRelease(
        Effect.promise(() =>
          createSentinel({ name: "tink", sentinelRootNodes: [address] })
            .on("error", () => {})
            .connect()
        ),
        (client) => Effect.promise(() => client.destroy())
      ).pipe(Effect.flatMap((client) => RedisInvalidationStore.makeNodeRedis(client, options)))
      const ioredisStore = Effect.acquireRelease(
        Effect.sync(() => new Ioredis({ sentinels: [address], name: "tink" })),
        (client) => Effect.sync(() => client.disconnect())
      ).pipe(Effect.flatMap((client) => RedisInvalidationStore.makeIoredis(client, options)))
      const [one, two] = yield* Effect.all([
        Effect.flatMap(nodeRedisStore, (store) => makeProcess(store, patient)),
        Effect.flatMap(ioredisStore, (store) => makeProcess(store, patient))
      ])
      const origin = makeOrigin()
      for (let round = 1; round <= 4; round++) {
        yield* origin.changeThrough(round % 2 === 0 ? one : two)
        for (const cache of [one, two, one, two]) assert.strictEqual(yield* origin.read(cache), round)
      }
      assert.strictEqual(origin.lookups, 8)
    })
  )
})
