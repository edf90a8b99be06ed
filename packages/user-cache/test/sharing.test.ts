/** Many readers share one lookup, and no reader disturbs another. Failures are not kept. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { layer, UserCache } from "../src/UserCache.js"
import { certain, makeOrigin, makeVersions, untilStats, withCache } from "./helpers.js"

describe("concurrent readers", () => {
  it.effect(
    "10 000 of one key share one lookup",
    () =>
      Effect.gen(function* () {
        const cache = yield* UserCache
        const origin = yield* makeOrigin
        const readers = yield* Effect.fork(
          Effect.all(
            Array.from({ length: 10_000 }, () => cache.get("u", "k", origin.lookup)),
            { concurrency: "unbounded" }
          )
        )
        const call = yield* origin.next
        yield* untilStats(cache, (stats) => stats.joins === 9_999)
        yield* Deferred.succeed(call.result, "shared")
        const values = yield* Fiber.join(readers)
        assert.deepStrictEqual([...new Set(values)], ["shared"])
        assert.strictEqual(yield* origin.count, 1)
        const { bypasses, hits, joins, misses } = yield* cache.stats
        assert.deepStrictEqual({ bypasses, hits, joins, misses }, { bypasses: 0, hits: 0, joins: 9_999, misses: 1 })
      }).pipe(withCache()),
    60_000
  )

  it.effect("of different keys and users do not share", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      const values = yield* Effect.all(
        [cache.get("u", "a", lookup), cache.get("u", "b", lookup), cache.get("other", "a", lookup)],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(values, ["v1", "v2", "v3"])
    }).pipe(withCache())
  )

  it.effect("a lookup may read another key, also while its reader leaves", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const reader = yield* Effect.fork(cache.get("u", "outer", cache.get("u", "inner", origin.lookup)))
      const call = yield* origin.next
      yield* Fiber.interrupt(reader)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
    }).pipe(withCache())
  )

  it.effect("null, undefined and other empty values are stored like any other", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const value of [null, undefined, 0, "", false, Option.none(), Exit.fail("as a value")]) {
        const key = String(value)
        assert.strictEqual(yield* cache.get("u", key, Effect.succeed(value)), value)
        assert.strictEqual(yield* cache.get("u", key, Effect.dieMessage("looked up again")), value)
      }
    }).pipe(withCache())
  )
})

describe("a reader who leaves", () => {
  it.effect("first, by interruption: the others are answered, and the value is stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Fiber.interrupt(first)
      assert.isFalse(yield* Deferred.isDone(call.interrupted))
      const late = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 2)
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(joiner), "v1")
      assert.strictEqual(yield* Fiber.join(late), "v1")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "v1")
    }).pipe(withCache())
  )

  it.effect("first, by a timeout: the others are answered", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup).pipe(Effect.timeoutOption("1 second")))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(first), Option.none())
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(joiner), "v1")
    }).pipe(withCache())
  )

  it.effect("in the middle: the others are answered", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Fiber.interrupt(joiner)
      assert.isFalse(yield* Deferred.isDone(call.interrupted))
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(first), "v1")
    }).pipe(withCache())
  )

  it.effect("last: the lookup is interrupted, and the next reader starts one", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Fiber.interrupt(joiner)
      yield* Fiber.interrupt(first)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
      const next = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const nextCall = yield* origin.next
      yield* Deferred.succeed(nextCall.result, "v2")
      assert.strictEqual(yield* Fiber.join(next), "v2")
      assert.strictEqual((yield* cache.stats).lateResults, 0)
    }).pipe(withCache())
  )

  it.effect("after an invalidation and last: the lookup is interrupted too", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* cache.invalidate("u")
      yield* Fiber.interrupt(first)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
    }).pipe(withCache())
  )

  it.effect("last, of a lookup that is slow to stop: waits for it, and a new reader does not join it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const stopping = yield* Deferred.make<void>()
      const mayStop = yield* Deferred.make<void>()
      const started = yield* Deferred.make<void>()
      const slow = Deferred.succeed(started, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.andThen(Deferred.succeed(stopping, undefined), Deferred.await(mayStop)))
      )
      const first = yield* Effect.fork(cache.get("u", "k", slow))
      yield* Deferred.await(started)
      const leaving = yield* Effect.fork(Fiber.interrupt(first))
      yield* Deferred.await(stopping)

      const next = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      assert.deepStrictEqual(yield* Fiber.poll(leaving), Option.none())
      yield* Deferred.succeed(mayStop, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.join(leaving)))

      yield* Deferred.succeed(call.result, "v2")
      assert.strictEqual(yield* Fiber.join(next), "v2")
      assert.strictEqual(yield* Fiber.join(joiner), "v2")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("before the lookup has begun: nothing is left behind", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      // The interruption is clean after any number of steps of the reader.
      for (let steps = 0; steps < 12; steps++) {
        const reader = yield* Effect.fork(cache.get("u", `k${steps}`, Effect.never))
        for (let step = 0; step < steps; step++) yield* Effect.yieldNow()
        const joiner = yield* Effect.fork(cache.get("u", `k${steps}`, Effect.never))
        yield* Fiber.interrupt(reader)
        yield* Fiber.interrupt(joiner)
        assert.strictEqual(yield* cache.get("u", `k${steps}`, lookup), `v${steps + 1}`)
      }
    }).pipe(withCache())
  )

  it.effect(
    "all 10 000 together: the lookup is interrupted once, and the next reader starts one",
    () =>
      Effect.gen(function* () {
        const cache = yield* UserCache
        const origin = yield* makeOrigin
        const readers = yield* Effect.fork(
          Effect.all(
            Array.from({ length: 10_000 }, () => cache.get("u", "k", origin.lookup)),
            { concurrency: "unbounded" }
          )
        )
        const call = yield* origin.next
        yield* untilStats(cache, (stats) => stats.joins === 9_999)
        yield* Fiber.interrupt(readers)
        assert.isTrue(yield* Deferred.isDone(call.interrupted))
        assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
        assert.strictEqual(yield* origin.count, 1)
      }).pipe(withCache()),
    60_000
  )
})

describe("a reader who cannot be interrupted", () => {
  it.effect("goes on waiting, and keeps the lookup alive for it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      let seen = ""
      const read = cache.get("u", "k", origin.lookup).pipe(
        Effect.tap((value) => {
          seen = value
        })
      )
      const stubborn = yield* Effect.fork(Effect.uninterruptible(read))
      const call = yield* origin.next
      const other = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Fiber.interruptFork(stubborn)
      yield* Fiber.interrupt(other)
      assert.isFalse(yield* Deferred.isDone(call.interrupted))
      yield* Deferred.succeed(call.result, "v1")
      yield* Fiber.await(stubborn)
      assert.strictEqual(seen, "v1")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "v1")
    }).pipe(withCache())
  )

  it.effect("does not make the lookup that it started uninterruptible", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = Context.get(yield* Layer.buildWithScope(layer({ capacity: 10 }), scope), UserCache)
      const origin = yield* makeOrigin
      const stubborn = yield* Effect.fork(Effect.uninterruptible(cache.get("u", "k", origin.lookup)))
      const call = yield* origin.next
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(stubborn)))
    })
  )
})

describe("failures", () => {
  const causes: ReadonlyArray<readonly [string, Cause.Cause<typeof certain>]> = [
    ["a failure", Cause.fail(certain)],
    ["a defect", Cause.die("boom")],
    ["a failure and a defect", Cause.parallel(Cause.fail(certain), Cause.die("boom"))]
  ]
  it.effect("a failure goes to every waiter, and is not kept", () =>
    everyRow(
      causes,
      ([name]) => name,
      ([, cause]) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          const origin = yield* makeOrigin
          const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
          const call = yield* origin.next
          const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
          yield* untilStats(cache, (stats) => stats.joins === 1)
          yield* Deferred.failCause(call.result, cause)
          assert.deepStrictEqual(yield* Fiber.await(first), Exit.failCause(cause))
          assert.deepStrictEqual(yield* Fiber.await(joiner), Exit.failCause(cause))
          // In the same millisecond.
          assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
          const { lateResults, misses, size } = yield* cache.stats
          assert.deepStrictEqual({ lateResults, misses, size }, { lateResults: 0, misses: 2, size: 1 })
        }).pipe(withCache())
    )
  )

  it.effect("an exception in a lookup is a defect of its readers", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const thrown = new Error("thrown")
      const lookup = Effect.sync((): string => {
        throw thrown
      })
      assert.deepStrictEqual(yield* Effect.exit(cache.get("u", "k", lookup)), Exit.die(thrown))
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
    }).pipe(withCache())
  )

  it.effect("a lookup that interrupts itself answers its readers so, and the next one tries again", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const mayEnd = yield* Deferred.make<void>()
      const lookup = Effect.andThen(Deferred.await(mayEnd), Effect.interrupt)
      const first = yield* Effect.fork(cache.get("u", "k", lookup))
      yield* untilStats(cache, (stats) => stats.misses === 1)
      const joiner = yield* Effect.fork(cache.get("u", "k", lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Deferred.succeed(mayEnd, undefined)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(first)))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(joiner)))
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
    }).pipe(withCache())
  )
})

describe("a lookup", () => {
  class Tenant extends Context.Tag("test/Tenant")<Tenant, string>() {}

  it.effect("runs under the span of the reader who started it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const parentName = Effect.currentSpan.pipe(Effect.map((span) => span.name))
      const read = cache.get("u", "k", parentName)
      assert.strictEqual(yield* Effect.withSpan(read, "first reader"), "first reader")
      yield* cache.invalidate("u")
      assert.strictEqual(yield* Effect.withSpan(read, "second reader"), "second reader")
    }).pipe(withCache())
  )

  it.scoped("has the services and FiberRefs of the reader who started it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const ref = yield* FiberRef.make("outside")
      const read = cache.get("u", "k", Effect.all([Tenant, FiberRef.get(ref)]))
      const values = yield* read.pipe(Effect.provideService(Tenant, "tenant"), Effect.locally(ref, "inside"))
      assert.deepStrictEqual(values, ["tenant", "inside"])
    }).pipe(withCache())
  )

  it.effect("of a bypassing reader has them too", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.invalidateAfter("u", Effect.die("boom"), () => true).pipe(Effect.exit)
      const read = cache.get("u", "k", Effect.all([Tenant, Effect.map(Effect.currentSpan, (span) => span.name)]))
      const values = yield* read.pipe(Effect.provideService(Tenant, "tenant"), Effect.withSpan("reader"))
      assert.deepStrictEqual(values, ["tenant", "reader"])
    }).pipe(withCache())
  )
})

describe("when the cache's scope closes", () => {
  it.effect("running lookups are interrupted, and all waiters are answered", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = Context.get(yield* Layer.buildWithScope(layer({ capacity: 10 }), scope), UserCache)
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(first)))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(joiner)))
      assert.strictEqual((yield* cache.stats).size, 0)
    })
  )

  it.effect("reads and refreshes with an error for that fail with it, also those that come later", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = Context.get(yield* Layer.buildWithScope(layer({ capacity: 10 }), scope), UserCache)
      const origin = yield* makeOrigin
      const options = { interrupted: () => certain }
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup, options))
      yield* origin.next
      const refresher = yield* Effect.fork(cache.refresh("u", "k", origin.lookup, options))
      yield* origin.next
      yield* Scope.close(scope, Exit.void)
      const later = yield* Effect.fork(cache.get("u", "k", origin.lookup, options))
      for (const fiber of [reader, refresher, later]) {
        assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.fail(certain))
      }
    })
  )

  it.effect("a reader who comes later does not hang, and starts no lookup", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = Context.get(yield* Layer.buildWithScope(layer({ capacity: 10 }), scope), UserCache)
      yield* Scope.close(scope, Exit.void)
      const { count, lookup } = yield* makeVersions
      const reader = yield* Effect.fork(cache.get("u", "k", lookup))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(reader)))
      assert.strictEqual(yield* count, 0)
    })
  )
})
