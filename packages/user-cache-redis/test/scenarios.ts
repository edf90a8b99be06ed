/** What a real Redis may do to what it has been told. Each answers whether the promise held. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Service } from "../src/InvalidationStore.js"
import { makeOrigin, makeProcess, nodeRedis, redisServer, storeOn } from "./helpers.js"

type Client = Effect.Effect.Success<ReturnType<typeof nodeRedis>>

export const eventually = <A, E>(effect: Effect.Effect<A, E>, isDone: (value: A) => boolean) =>
  Effect.repeat(effect, { until: isDone, schedule: Schedule.spaced("20 millis") }).pipe(Effect.timeout("10 seconds"))

/** A store that can be moved to another server, as a client is by a failover. */
const makeMovable = (first: Service) => {
  let current = first
  const store: Service = {
    serverOf: (userId) => current.serverOf(userId),
    validate: (userIds) => current.validate(userIds),
    begin: (userId, changeId) => current.begin(userId, changeId),
    finish: (end) => current.finish(end),
    advance: (userId) => current.advance(userId),
    hints: first.hints
  }
  return { store, moveTo: (next: Service) => Effect.sync(() => void (current = next)) }
}

const command = (client: Client, ...words: ReadonlyArray<string>) =>
  Effect.promise(() => client.sendCommand([...words]))

const untilReplicated = (replica: Client) =>
  Effect.andThen(
    eventually(
      Effect.promise(() => replica.info("replication")),
      (info) => info.includes("master_link_status:up")
    ),
    eventually(
      Effect.promise(() => replica.exists("tink:test:{ada}s")),
      (count) => count === 1
    )
  )

/** A primary that has answered a reader, and a replica that has its record. */
const replicated = Effect.gen(function* () {
  const primary = yield* redisServer()
  const replica = yield* redisServer({ args: ["--replicaof", "127.0.0.1", String(primary.port)] })
  const clients = yield* Effect.all([nodeRedis(primary.url), nodeRedis(replica.url)])
  const stores = yield* Effect.all([storeOn(primary), storeOn(replica)])
  const { moveTo, store } = makeMovable(stores[0])
  const reader = yield* makeProcess(store, { commandTimeout: "5 seconds" })
  const mutators = yield* Effect.all([makeProcess(stores[0]), makeProcess(stores[1])])
  const origin = makeOrigin()
  yield* origin.read(reader)
  yield* untilReplicated(clients[1])
  return { clients, moveTo, mutators, origin, primary, reader, replica, stores }
})

const promotion = Effect.gen(function* () {
  const { clients, moveTo, mutators, origin, reader, stores } = yield* replicated
  yield* command(clients[1], "REPLICAOF", "NO", "ONE")
  yield* origin.changeThrough(mutators[0])
  yield* moveTo(stores[1])
  return (yield* origin.read(reader)) === 1
})

const failBack = Effect.gen(function* () {
  const { clients, mutators, origin, reader, replica } = yield* replicated
  yield* command(clients[1], "REPLICAOF", "NO", "ONE")
  yield* command(clients[0], "REPLICAOF", "127.0.0.1", String(replica.port))
  yield* untilReplicated(clients[0])
  yield* command(clients[0], "REPLICAOF", "NO", "ONE")
  yield* origin.changeThrough(mutators[1])
  return (yield* origin.read(reader)) === 1
})

const restartFromFile = Effect.gen(function* () {
  const server = yield* redisServer()
  const admin = yield* nodeRedis(server.url)
  const store = yield* storeOn(server)
  const { token } = yield* store.begin("ada", "change-1")
  yield* command(admin, "SAVE")
  yield* command(admin, "FLUSHALL")
  const [whileLost] = yield* store.validate(["ada"])
  const storeAfter = yield* Effect.flatMap(redisServer({ file: `${server.directory}/dump.rdb` }), storeOn)
  const [restored] = yield* storeAfter.validate(["ada"])
  const { wasMarked } = yield* storeAfter.finish({ userId: "ada", changeId: "change-1", token, quarantineMillis: 0 })
  return whileLost?.isChanging === false && restored?.isChanging === true && !wasMarked
})

export const scenarios = {
  "a replica that missed a change is promoted": promotion,
  "a primary that was demoted misses a change and is promoted again": failBack,
  "a mark is lost and comes back with a file": restartFromFile
}
