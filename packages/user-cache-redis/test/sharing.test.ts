/** Several processes on one fake store, on the test's clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as FakeInvalidationStore from "../src/FakeInvalidationStore.js"
import { InvalidationStore, type Service } from "../src/InvalidationStore.js"
import * as SharedUserCache from "../src/SharedUserCache.js"
import { ambiguous, Failed, isAmbiguous, makeOrigin, makeProcess } from "./helpers.js"

const setUp = (options: Partial<SharedUserCache.Options> = {}) =>
  Effect.gen(function* () {
    const fake = yield* FakeInvalidationStore.make
    const one = yield* makeProcess(fake.store, options)
    const two = yield* makeProcess(fake.store, options)
    return { fake, one, two, origin: makeOrigin() }
  })

/** Runs to its end, however long that takes. */
const run = <A, E>(effect: Effect.Effect<A, E>, millis: number) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust(millis)
    return yield* Fiber.join(fiber)
  })

const isRunning = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => fiber.unsafePoll() === null

const operations = (fake: FakeInvalidationStore.Fake) => fake.calls.map(({ operation }) => operation)

describe("reads", () => {
  it.scoped("are answered from memory after one question each, and not after a change elsewhere", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp()
      assert.strictEqual(yield* origin.read(one), 0)
      assert.strictEqual(yield* origin.read(one), 0)
      assert.strictEqual(origin.lookups, 1)
      yield* origin.changeThrough(two)
      assert.strictEqual(yield* origin.read(one), 1)
      assert.deepStrictEqual(operations(fake), ["validate", "validate", "begin", "finish", "validate"])
    })
  )

  it.scoped("share one question while another is in flight, for all users together", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp()
      yield* fake.behave(() => ({ requestDelay: 10 }))
      const first = yield* Effect.fork(origin.read(one))
      yield* TestClock.adjust(5)
      const others = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 100 }, (_, index) => origin.read(one, `user-${index % 50}`)),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust(100)
      yield* Fiber.join(first)
      yield* Fiber.join(others)
      assert.deepStrictEqual(
        fake.calls.map(({ userIds }) => userIds.length),
        [1, 50]
      )
    })
  )

  it.scoped("are never answered by a question from before they began", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp()
      yield* origin.read(one)
      // The answer to the first read is old when the second begins.
      yield* fake.behave(({ operation }) => (operation === "validate" ? { answerDelay: 50 } : {}))
      const before = yield* Effect.fork(origin.read(one))
      yield* TestClock.adjust(10)
      yield* origin.changeThrough(two)
      assert.strictEqual(yield* run(origin.read(one), 200), 1)
      assert.strictEqual(yield* Fiber.join(before), 0)
    })
  )

  it.scoped("never get, nor store, a lookup that started before a change elsewhere", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      const answer = yield* Deferred.make<number>()
      const late = yield* Effect.fork(one.get("ada", "balance", Deferred.await(answer)))
      yield* TestClock.adjust(1)
      yield* origin.changeThrough(two)
      assert.strictEqual(yield* origin.read(one), 1)
      yield* Deferred.succeed(answer, 0)
      assert.strictEqual(yield* Fiber.join(late), 0)
      assert.strictEqual(yield* origin.read(one), 1)
    })
  )

  it.scoped("during a change elsewhere are neither served nor stored, and share at most two lookups", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      yield* origin.read(one)
      const applied = yield* Deferred.make<void>()
      const change = yield* Effect.fork(two.invalidateAfter("ada", Deferred.await(applied), () => false))
      yield* TestClock.adjust(1)
      const gate = yield* Deferred.make<number>()
      let lookups = 0
      const lookup = Effect.suspend(() => {
        lookups += 1
        return Deferred.await(gate)
      })
      const readers = []
      for (let index = 0; index < 20; index++) {
        readers.push(yield* Effect.fork(one.get("ada", "balance", lookup)))
        yield* TestClock.adjust(1)
      }
      assert.strictEqual(lookups, 1)
      yield* Deferred.succeed(gate, 7)
      for (const reader of readers) assert.strictEqual(yield* Fiber.join(reader), 7)
      assert.strictEqual(lookups, 2)
      yield* Deferred.succeed(applied, undefined)
      yield* Fiber.join(change)
      const stats = yield* one.stats
      assert.strictEqual(stats.changingBypasses, 20)
      assert.strictEqual(stats.bypasses, 20)
      const before = origin.lookups
      yield* origin.read(one)
      assert.strictEqual(origin.lookups, before + 1)
    })
  )

  it.scoped("that leave do not disturb those who share their lookup, and the last one interrupts it", () =>
    Effect.gen(function* () {
      const { fake, one } = yield* setUp()
      yield* fake.behave(() => ({ fault: "error" }))
      const gate = yield* Deferred.make<number>()
      const interrupted = yield* Deferred.make<void>()
      const lookup = Effect.onInterrupt(Deferred.await(gate), () => Deferred.succeed(interrupted, undefined))
      const [first, second, third] = yield* Effect.all([
        Effect.fork(one.get("ada", "balance", lookup)),
        Effect.fork(one.get("ada", "balance", lookup)),
        Effect.fork(one.get("ada", "balance", Effect.succeed(9)))
      ])
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(second)
      assert.isTrue(isRunning(first))
      assert.isTrue(isRunning(third))
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(third)
      yield* Deferred.await(interrupted)
      yield* Deferred.succeed(gate, 3)
      assert.strictEqual(yield* one.get("ada", "balance", Effect.succeed(4)), 4)
    })
  )
})

describe("a store that does not answer", () => {
  it.scoped("costs a read 200 ms, and nothing is served or stored", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp()
      yield* origin.read(one)
      yield* fake.behave(() => ({ fault: "lost request" }))
      const reader = yield* Effect.fork(origin.read(one))
      yield* TestClock.adjust(199)
      assert.isTrue(isRunning(reader))
      yield* TestClock.adjust(1)
      yield* Fiber.join(reader)
      assert.strictEqual(origin.lookups, 2)
      const stats = yield* one.stats
      assert.deepStrictEqual([stats.storeFailures, stats.unvalidatedBypasses], [1, 1])
    })
  )

  it.scoped("and cannot be interrupted is given up too, and asked again", () =>
    Effect.gen(function* () {
      const { fake, origin } = yield* setUp()
      let isStuck = false
      const store: Service = {
        ...fake.store,
        validate: (userIds) => (isStuck ? Effect.uninterruptible(Effect.never) : fake.store.validate(userIds))
      }
      const cache = yield* makeProcess(store)
      yield* origin.read(cache)
      isStuck = true
      yield* run(origin.read(cache), 200)
      isStuck = false
      yield* origin.read(cache)
      assert.strictEqual((yield* cache.stats).hits, 1)
      assert.strictEqual(origin.lookups, 2)
    })
  )

  it.scoped("is asked once a second after three failures, until it answers", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp()
      yield* fake.behave(() => ({ fault: "error" }))
      for (let read = 0; read < 10; read++) yield* origin.read(one)
      assert.strictEqual(fake.calls.length, 3)
      yield* TestClock.adjust("1 second")
      for (let read = 0; read < 10; read++) yield* origin.read(one)
      assert.strictEqual(fake.calls.length, 4)
      yield* fake.behave(() => ({}))
      yield* TestClock.adjust("1 second")
      for (let read = 0; read < 10; read++) yield* origin.read(one)
      assert.strictEqual(fake.calls.length, 14)
      assert.strictEqual((yield* one.stats).hits, 9)
    })
  )

  it.scoped("holds back the end of a change until the store knows it, and warns at once, once for all that wait", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp()
      yield* origin.read(two)
      yield* fake.behave(({ operation }) => (operation === "finish" ? { fault: "error" } : {}))
      const messages: Array<string> = []
      const logger = Logger.make(({ message }) => void messages.push(String(message)))
      const change = yield* Effect.fork(
        Effect.all([origin.changeThrough(one), origin.changeThrough(one, "bob")], { concurrency: "unbounded" }).pipe(
          Effect.provide(Logger.replace(Logger.defaultLogger, logger))
        )
      )
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* one.stats).heldBack, 2)
      assert.deepStrictEqual(
        messages.map((message) => message.includes("Its caller waits")),
        [true]
      )
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(isRunning(change))
      yield* fake.behave(() => ({}))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(change)
      assert.strictEqual(yield* origin.read(two), 1)
      const { heldBack, heldBackMillis } = yield* one.stats
      assert.strictEqual(heldBack, 0)
      assert.isAtLeast(heldBackMillis, 10_000)
      assert.isAtMost(heldBackMillis, 14_000)
    })
  )

  it.scoped("holds back no longer than values live, and nothing from before the change is left then", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp({ timeToLive: "5 seconds" })
      yield* fake.behave(({ operation }) => (operation === "validate" ? {} : { fault: "error" }))
      const change = yield* Effect.fork(origin.changeThrough(one))
      yield* TestClock.adjust(1)
      yield* TestClock.adjust("4900 millis")
      assert.isTrue(isRunning(change))
      yield* TestClock.adjust("300 millis")
      yield* Fiber.join(change)
      assert.strictEqual(yield* origin.read(two), 1)
    })
  )

  it.scoped("does not hold back with holdBack 0, but tells the end in the background", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp({ holdBack: 0 })
      yield* origin.read(two)
      yield* fake.behave(({ operation }) => (operation === "validate" ? {} : { fault: "error" }))
      yield* origin.changeThrough(one)
      assert.strictEqual((yield* one.stats).heldBackMillis, 0)
      yield* fake.behave(() => ({}))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* origin.read(two), 1)
    })
  )

  it.scoped("answers no reader of the question that failed, nor those who waited for the next one", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp()
      for (const userId of ["ada", "bob"]) yield* origin.read(one, userId)
      const before = fake.calls.length
      yield* fake.behave(() => ({ requestDelay: 10, fault: "error" }))
      const first = yield* Effect.fork(origin.read(one))
      yield* TestClock.adjust(5)
      const second = yield* Effect.fork(origin.read(one, "bob"))
      yield* TestClock.adjust(5)
      yield* Fiber.join(Fiber.zip(first, second))
      assert.strictEqual(fake.calls.length, before + 1)
      assert.strictEqual(origin.lookups, 4)
      assert.strictEqual((yield* one.stats).unvalidatedBypasses, 2)
    })
  )

  it.scoped("because one server of several is down, answers the users of the others", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp()
      const isDown = (userId: string) => userId === "bob"
      yield* fake.divide((userId) => (isDown(userId) ? "down" : "up"))
      for (const userId of ["ada", "bob"]) yield* origin.read(one, userId)
      yield* fake.behave(({ userIds }) => (userIds.some(isDown) ? { fault: "error" } : {}))
      for (let read = 0; read < 5; read++) for (const userId of ["ada", "bob"]) yield* origin.read(one, userId)
      assert.strictEqual(origin.lookups, 7)
      yield* origin.changeThrough(two, "ada")
      const change = yield* Effect.fork(origin.changeThrough(two, "bob"))
      assert.strictEqual(yield* origin.read(one, "ada"), 1)
      yield* TestClock.adjust("1 second")
      assert.isTrue(isRunning(change))
    })
  )

  it.scoped("ends no caller in a hang when the cache is closed meanwhile", () =>
    Effect.gen(function* () {
      const fake = yield* FakeInvalidationStore.make
      yield* fake.behave(() => ({ fault: "lost request" }))
      const origin = makeOrigin()
      const [reader, change] = yield* Effect.scoped(
        Effect.gen(function* () {
          const cache = yield* Effect.uninterruptible(makeProcess(fake.store))
          const fibers = yield* Effect.all([
            Effect.forkDaemon(origin.read(cache)),
            Effect.forkDaemon(origin.changeThrough(cache))
          ])
          yield* TestClock.adjust("1 second")
          return fibers
        })
      )
      yield* Fiber.await(reader)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(change)))
    })
  )
})

describe("a read without the store that is in flight when the cache closes", () => {
  it.effect("fails with the error that its caller has named, and so does a later one", () =>
    Effect.gen(function* () {
      const fake = yield* FakeInvalidationStore.make
      yield* fake.behave(() => ({ fault: "error" }))
      const scope = yield* Scope.make()
      const cache = yield* Scope.extend(makeProcess(fake.store), scope)
      const closed = new Failed({ isAmbiguous: false })
      const read = cache.get<never, Failed, never>("ada", "balance", Effect.never, { interrupted: () => closed })
      const reader = yield* Effect.fork(Effect.flip(read))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Fiber.join(reader), closed)
      const later = yield* Effect.fork(Effect.flip(read))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(later), closed)
    })
  )
})

describe("a change", () => {
  it.scoped("that ends ambiguously quarantines its user in every process", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      yield* Effect.exit(one.invalidateAfter("ada", ambiguous, isAmbiguous))
      for (let read = 0; read < 3; read++) yield* origin.read(two)
      assert.strictEqual(origin.lookups, 3)
      yield* TestClock.adjust("30 seconds")
      for (let read = 0; read < 3; read++) yield* origin.read(two)
      assert.strictEqual(origin.lookups, 4)
    })
  )

  it.scoped("that fails with certainty does not", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      yield* Effect.exit(one.invalidateAfter("ada", new Failed({ isAmbiguous: false }), isAmbiguous))
      for (let read = 0; read < 3; read++) yield* origin.read(two)
      assert.strictEqual(origin.lookups, 1)
    })
  )

  it.scoped("is two round trips, and an invalidation is one", () =>
    Effect.gen(function* () {
      const { one, origin } = yield* setUp()
      yield* origin.changeThrough(one)
      assert.strictEqual((yield* one.stats).roundTrips, 2)
      yield* one.invalidate("ada")
      assert.strictEqual((yield* one.stats).roundTrips, 3)
    })
  )

  it.scoped("whose process dies in the middle makes everyone bypass for a minute", () =>
    Effect.gen(function* () {
      const { fake, origin, two } = yield* setUp()
      yield* origin.read(two)
      yield* fake.store.begin("ada", "a process that died")
      yield* origin.change("ada")
      assert.strictEqual(yield* origin.read(two), 1)
      yield* TestClock.adjust("59 seconds")
      yield* origin.read(two)
      assert.strictEqual((yield* two.stats).changingBypasses, 2)
      yield* TestClock.adjust("1 second")
      yield* origin.read(two)
      assert.strictEqual(yield* origin.read(two), 1)
      assert.strictEqual((yield* two.stats).hits, 1)
    })
  )

  it.scoped("wakes those who follow its user in other processes only", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      const seenByTwo = yield* Effect.fork(Stream.runHead(two.changes))
      const seenByOne = yield* Effect.fork(Stream.runHead(one.changes))
      yield* TestClock.adjust(1)
      yield* origin.changeThrough(one)
      assert.deepStrictEqual(yield* Fiber.join(seenByTwo), Option.some("ada"))
      assert.isTrue(isRunning(seenByOne))
    })
  )
})

describe("a lease", () => {
  const lease = 50

  it.scoped("answers without a question, and ends when it is over", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp({ lease })
      for (let read = 0; read < 10; read++) yield* origin.read(one)
      assert.strictEqual(fake.calls.length, 1)
      yield* TestClock.adjust(lease)
      yield* origin.read(one)
      assert.strictEqual(fake.calls.length, 2)
    })
  )

  it.scoped("counts from when the question was sent", () =>
    Effect.gen(function* () {
      const { fake, one, origin } = yield* setUp({ lease })
      yield* fake.behave(() => ({ requestDelay: 20, answerDelay: 25 }))
      yield* run(origin.read(one), 45)
      yield* TestClock.adjust(5)
      yield* run(origin.read(one), 45)
      assert.strictEqual(fake.calls.length, 2)
    })
  )

  const losses = {
    nothing: () => Effect.void,
    flush: (fake: FakeInvalidationStore.Fake) => fake.flush,
    forgetMarks: (fake: FakeInvalidationStore.Fake) => fake.forgetMarks,
    restartFromFile: (fake: FakeInvalidationStore.Fake) => Effect.flatMap(fake.snapshot, fake.failOver)
  }
  const rows = [
    ["its mark was there: until leases from before its begin are over", 0, "nothing", 51.5],
    ["its mark was lost: a full lease after it was told", 40, "forgetMarks", 91.5],
    ["the store was flushed: a full lease after it was told", 40, "flush", 91.5],
    ["its mark was lost and came back with a file: a full lease after it was told", 40, "restartFromFile", 91.5]
  ] as const

  for (const [name, duration, loss, expected] of rows) {
    it.scoped(`makes a change end late. ${name}`, () =>
      Effect.gen(function* () {
        const { fake, one } = yield* setUp({ lease })
        const mutation = Effect.andThen(
          Effect.suspend(() => losses[loss](fake)),
          Effect.sleep(duration)
        )
        const change = yield* Effect.fork(one.invalidateAfter("ada", mutation, () => false))
        yield* TestClock.adjust(0)
        yield* TestClock.adjust(expected - 1)
        assert.isTrue(isRunning(change), "too early")
        yield* TestClock.adjust(2)
        assert.isFalse(isRunning(change), "too late")
      })
    )
  }
})

describe("a refresh", () => {
  it.scoped("ends what other processes have, and keeps its own", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      yield* origin.read(two)
      yield* origin.change("ada") // by the bank
      yield* one.refresh("ada", "balance", origin.lookup("ada"))
      const before = origin.lookups
      assert.strictEqual(yield* origin.read(one), 1)
      assert.strictEqual(origin.lookups, before)
      assert.strictEqual(yield* origin.read(two), 1)
    })
  )

  it.scoped("does not keep its own if the user has changed meanwhile", () =>
    Effect.gen(function* () {
      const { one, origin, two } = yield* setUp()
      const lookup = Effect.zipLeft(origin.lookup("ada"), origin.changeThrough(two))
      assert.strictEqual(yield* one.refresh("ada", "balance", lookup), 0)
      assert.strictEqual(yield* origin.read(one), 1)
    })
  )
})

describe("a store that forgets", () => {
  const rows: ReadonlyArray<readonly [string, (fake: FakeInvalidationStore.Fake) => Effect.Effect<void>]> = [
    ["is flushed", (fake) => fake.flush],
    ["restarts empty", (fake) => fake.failOver(new Map())]
  ]
  for (const [name, forget] of rows) {
    it.scoped(`because it ${name} never revives a value`, () =>
      Effect.gen(function* () {
        const { fake, one, origin, two } = yield* setUp()
        yield* origin.read(one)
        yield* origin.changeThrough(two)
        yield* forget(fake)
        assert.strictEqual(yield* origin.read(one), 1)
      })
    )
  }

  it.scoped("because it fails over to a replica that missed a change never revives a value", () =>
    Effect.gen(function* () {
      const { fake, one, origin, two } = yield* setUp()
      yield* origin.read(one)
      const replica = yield* fake.snapshot
      yield* origin.changeThrough(two)
      yield* fake.failOver(replica)
      assert.strictEqual(yield* origin.read(one), 1)
    })
  )
})

describe("bad options", () => {
  it.scoped("are all named in one error", () =>
    Effect.gen(function* () {
      const fake = yield* FakeInvalidationStore.make
      const error = yield* Effect.flip(
        SharedUserCache.make({ capacity: -1, lease: "1 minute", holdBack: Number.NaN, quarantine: -5 }).pipe(
          Effect.provideService(InvalidationStore, fake.store)
        )
      )
      for (const name of ["capacity", "lease", "holdBack", "quarantine"]) assert.include(String(error), name)
    })
  )
})
