/** Never stale past a change, and never older than the time to live. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { UserCache } from "../src/UserCache.js"
import { certain, failAmbiguously, makeClocks, makeOrigin, makeVersions, untilStats, withCache } from "./helpers.js"

describe("invalidation", () => {
  it.effect("makes the next read ask again", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* cache.invalidate("u")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("reaches every key of its user and none of another", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "a", lookup)
      yield* cache.get("u", "b", lookup)
      yield* cache.get("other", "a", lookup)
      yield* cache.invalidate("u")
      assert.strictEqual((yield* cache.stats).size, 1)
      assert.strictEqual(yield* cache.get("other", "a", lookup), "v3")
      assert.strictEqual(yield* cache.get("u", "a", lookup), "v4")
      assert.strictEqual(yield* cache.get("u", "b", lookup), "v5")
    }).pipe(withCache())
  )

  it.effect("of an unknown user does nothing", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* cache.invalidate("unknown")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
    }).pipe(withCache())
  )

  it.effect("users and keys with odd names are kept apart", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      const names = ["", " ", "__proto__", "constructor", "a:b", "a", ":b", "b"]
      const slots = names.flatMap((user) => names.map((key) => [user, key] as const))
      const read = Effect.forEach(slots, ([user, key]) => cache.get(user, key, lookup))
      const values = yield* read
      assert.strictEqual(new Set(values).size, slots.length)
      assert.deepStrictEqual(yield* read, values)
    }).pipe(withCache())
  )

  it.effect("a lookup that was running answers its waiters, and is not stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* cache.invalidate("u")
      yield* Deferred.succeed(call.result, "before")
      assert.strictEqual(yield* Fiber.join(first), "before")
      assert.strictEqual(yield* Fiber.join(joiner), "before")
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 0 })
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("after")), "after")
    }).pipe(withCache())
  )

  it.effect("a reader who comes after it does not join the lookup that began before", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const early = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const oldCall = yield* origin.next
      yield* cache.invalidate("u")
      const late = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const newCall = yield* origin.next
      // The old one ends first: the reader who came later must not get it.
      yield* Deferred.succeed(oldCall.result, "before")
      assert.strictEqual(yield* Fiber.join(early), "before")
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Deferred.succeed(newCall.result, "after")
      assert.strictEqual(yield* Fiber.join(late), "after")
      assert.strictEqual(yield* Fiber.join(joiner), "after")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "after")
      assert.strictEqual(yield* origin.count, 2)
    }).pipe(withCache())
  )

  it.effect("a late result does not overwrite the newer one", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const early = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* cache.invalidate("u")
      yield* cache.get("u", "k", Effect.succeed("after"))
      yield* Deferred.succeed(call.result, "before")
      assert.strictEqual(yield* Fiber.join(early), "before")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "after")
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 1 })
    }).pipe(withCache())
  )

  it.effect("neither a late failure nor the interruption of an old reader removes the newer value", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const failing = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* cache.invalidate("u")
      const leaving = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const abandoned = yield* origin.next
      yield* cache.invalidate("u")
      yield* cache.get("u", "k", Effect.succeed("after"))
      yield* Deferred.fail(call.result, certain)
      assert.strictEqual(yield* Effect.flip(Fiber.join(failing)), certain)
      yield* Fiber.interrupt(leaving)
      yield* Deferred.await(abandoned.interrupted)
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "after")
    }).pipe(withCache())
  )

  it.effect("the interruption of an old reader leaves the newer lookup alone", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const old = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* origin.next
      yield* cache.invalidate("u")
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* Fiber.interrupt(old)
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Deferred.succeed(call.result, "after")
      assert.strictEqual(yield* Fiber.join(reader), "after")
      assert.strictEqual(yield* Fiber.join(joiner), "after")
    }).pipe(withCache())
  )
})

describe("time to live", () => {
  it.effect("a value is served up to the last millisecond and not in the next", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* TestClock.adjust(9_999)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("is 30 seconds by default", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("a use does not prolong it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("an expired value is removed when it is read", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("v1"))
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* cache.stats).size, 1)
      assert.strictEqual(yield* Effect.flip(cache.get("u", "k", Effect.fail(certain))), certain)
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache())
  )

  it.effect("the age counts from the start of the lookup, however slow it is", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* TestClock.adjust("8 seconds")
      yield* Deferred.succeed(call.result, "v1")
      yield* Fiber.join(reader)
      yield* TestClock.adjust(1_999)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v1")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("a lookup slower than the time to live answers its waiters, and is not stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* TestClock.adjust("10 seconds")
      yield* Deferred.succeed(call.result, "slow")
      assert.strictEqual(yield* Fiber.join(reader), "slow")
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 0 })
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("a reader does not join a lookup that began longer ago, and those who wait for it are still answered", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const oldCall = yield* origin.next
      yield* TestClock.adjust(9_999)
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* TestClock.adjust(1)
      const second = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const newCall = yield* origin.next
      yield* Deferred.succeed(newCall.result, "new")
      assert.strictEqual(yield* Fiber.join(second), "new")
      yield* Deferred.succeed(oldCall.result, "old")
      assert.strictEqual(yield* Fiber.join(first), "old")
      assert.strictEqual(yield* Fiber.join(joiner), "old")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "new")
      assert.strictEqual(yield* origin.count, 2)
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("of zero stores and joins nothing, even in the same millisecond", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { count, lookup } = yield* makeVersions
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      const both = yield* Effect.all([cache.get("u", "k", lookup), cache.get("u", "k", lookup)], { concurrency: 2 })
      assert.deepStrictEqual(both, ["v3", "v4"])
      assert.strictEqual(yield* count, 4)
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache({ timeToLive: 0 }))
  )

  it.effect("may be infinite", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* TestClock.adjust("3650 days")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
    }).pipe(withCache({ timeToLive: Duration.infinity }))
  )
})

describe("the time to live of one value", () => {
  it.effect("counts from the start of its lookup, up to the last millisecond", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const options = { timeToLive: () => "1 second" as const }
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup, options))
      const call = yield* origin.next
      yield* TestClock.adjust(600)
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(reader), "v1")
      yield* TestClock.adjust(399)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v1")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
      // That of another value of the same key is its own.
      yield* TestClock.adjust(29_999)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v3"), options), "v2")
    }).pipe(withCache())
  )

  it.effect("is asked once for each lookup, with its value and when it started", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const asked: Array<readonly [string, number]> = []
      const read = cache.get("u", "k", origin.lookup, {
        timeToLive: (value, startedAt) => {
          asked.push([value, DateTime.toEpochMillis(startedAt)])
          return "5 seconds"
        }
      })
      yield* TestClock.setTime(1_800_000_000_000)
      const first = yield* Effect.fork(read)
      const call = yield* origin.next
      const joiner = yield* Effect.fork(read)
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* TestClock.adjust("1 second")
      yield* Deferred.succeed(call.result, "v1")
      yield* Fiber.join(first)
      yield* Fiber.join(joiner)
      assert.strictEqual(yield* read, "v1")
      const failing = yield* Effect.fork(cache.get("u", "failing", Effect.fail(certain), { timeToLive: () => 0 }))
      yield* Fiber.await(failing)
      assert.deepStrictEqual(asked, [["v1", 1_800_000_000_000]])
    }).pipe(withCache())
  )

  it.effect("is never longer than that of the cache", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup, { timeToLive: () => Duration.infinity })
      yield* TestClock.adjust(9_999)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("that is over when the lookup ends stores nothing, and evicts nothing", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "kept", Effect.succeed("kept"))
      for (const none of [0, -1, Number.NaN, Duration.zero, Number.NEGATIVE_INFINITY]) {
        const before = (yield* cache.stats).lateResults
        assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v"), { timeToLive: () => none }), "v")
        const { evictions, lateResults, size } = yield* cache.stats
        assert.deepStrictEqual({ evictions, lateResults, size }, { evictions: 0, lateResults: before + 1, size: 1 })
      }
      assert.strictEqual(yield* cache.get("u", "kept", Effect.succeed("again")), "kept")
    }).pipe(withCache({ capacity: 1 }))
  )

  it.effect("that is over when the value arrives stores nothing", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const slow = Effect.as(TestClock.adjust(1_000), "slow")
      assert.strictEqual(yield* cache.get("u", "k", slow, { timeToLive: () => 1_000 }), "slow")
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 0 })
    }).pipe(withCache())
  )

  it.effect("does not shorten how long a running lookup is joined", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const options = { timeToLive: () => 1_000 }
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup, options))
      const call = yield* origin.next
      yield* TestClock.adjust(29_999)
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup, options))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(first), "v1")
      assert.strictEqual(yield* Fiber.join(joiner), "v1")
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache())
  )

  const thrown = new Error("thrown")
  const broken: ReadonlyArray<readonly [string, () => Duration.DurationInput, (defect: unknown) => boolean]> = [
    [
      "that throws",
      () => {
        throw thrown
      },
      (defect) => defect === thrown
    ],
    // JavaScript can return this.
    ["that is no duration", () => JSON.parse("{}"), (defect) => defect instanceof Error]
  ]
  it.effect("that cannot be computed is a defect of all who wait, and the next read tries again", () =>
    everyRow(
      broken,
      ([name]) => name,
      ([, timeToLive, isExpected]) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          const origin = yield* makeOrigin
          const first = yield* Effect.fork(cache.get("u", "k", origin.lookup, { timeToLive }))
          const call = yield* origin.next
          const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
          yield* untilStats(cache, (stats) => stats.joins === 1)
          yield* Deferred.succeed(call.result, "v1")
          for (const fiber of [first, joiner]) {
            const exit = yield* Fiber.await(fiber)
            assert.isTrue(Exit.isFailure(exit) && [...Cause.defects(exit.cause)].every(isExpected))
            assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
          }
          const { lateResults, size } = yield* cache.stats
          assert.deepStrictEqual({ lateResults, size }, { lateResults: 0, size: 0 })
          assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
        }).pipe(withCache())
    )
  )

  it.effect("is not asked for in a quarantine", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* failAmbiguously("u")
      const read = cache.get("u", "k", Effect.succeed("v1"), {
        timeToLive: () => {
          throw thrown
        }
      })
      assert.strictEqual(yield* read, "v1")
    }).pipe(withCache())
  )

  it.effect("until a time of the wall clock: nothing answers from then on, however the clock is set", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      const until = DateTime.unsafeMake(clock.unsafeCurrentTimeMillis() + 10_000)
      const read = cache.get("u", "k", lookup, { timeToLive: (_, startedAt) => DateTime.distance(startedAt, until) })
      yield* read
      yield* pass(9_999)
      assert.strictEqual(yield* read, "v1")
      // The wall clock is there before that much time has passed.
      yield* set(1)
      assert.strictEqual(yield* read, "v2")
      assert.strictEqual(yield* read, "v3")
      // Now there are two seconds again: of these, one is slept through.
      yield* set(-2_000)
      assert.strictEqual(yield* read, "v4")
      yield* pass(1_000)
      assert.strictEqual(yield* read, "v4")
      yield* pass(1_000, true)
      assert.strictEqual(yield* read, "v5")
      // Set back, so that its age is unknown, and forward again: the old value does not come back.
      yield* set(-5_000)
      assert.strictEqual(yield* read, "v6")
      yield* set(-5_000)
      yield* set(9_999)
      assert.strictEqual(yield* read, "v6")
      yield* set(1)
      assert.strictEqual(yield* read, "v7")
    }).pipe(withCache(), Effect.withClock(clock))
  })
})

describe("when the machine's clock is", () => {
  it.effect("set back: a value is not used, as its age is unknown", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* pass(5_000)
      yield* set(-10_000)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache(), Effect.withClock(clock))
  })

  it.effect("set back: a value does not live longer by it, even without a read meanwhile", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* set(-20_000)
      yield* pass(30_000)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache(), Effect.withClock(clock))
  })

  it.effect("set back during a lookup: its result is not stored", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const lookup = Effect.andThen(Effect.andThen(set(-20_000), pass(30_000)), Effect.succeed("slow"))
      assert.strictEqual(yield* cache.get("u", "k", lookup), "slow")
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache(), Effect.withClock(clock))
  })

  it.effect("set forward: a value is not used", () => {
    const { clock, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* set(30_000)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache(), Effect.withClock(clock))
  })

  it.effect("asleep with the machine: a value ages all the same", () => {
    const { clock, pass } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* pass(30_000, true)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache(), Effect.withClock(clock))
  })

  it.effect("set forward or back: a quarantine lasts as long as it should", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("u")
      yield* set(3_600_000)
      yield* pass(29_999)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* set(-7_200_000)
      yield* pass(1)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache(), Effect.withClock(clock))
  })
})
