/** A refresh always runs, feeds the cache, and drops everything older. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { type GetOptions, layer, type Service, UserCache } from "../src/UserCache.js"
import { certain, failAmbiguously, type Failed, makeClocks, makeOrigin, untilStats, withCache } from "./helpers.js"

/** Starts a read or a refresh, and waits until its lookup has begun. */
const begin = (method: "get" | "refresh", userId: string, key: string, options?: GetOptions<string>) =>
  Effect.gen(function* () {
    const cache = yield* UserCache
    const origin = yield* makeOrigin
    const fiber = yield* Effect.fork(cache[method](userId, key, origin.lookup, options))
    const { interrupted, result } = yield* origin.next
    return {
      fiber,
      leave: Fiber.interrupt(fiber),
      isInterrupted: Deferred.isDone(interrupted),
      end: (value: string) => Effect.andThen(Deferred.succeed(result, value), Fiber.join(fiber)),
      fail: Effect.andThen(Deferred.fail(result, certain), Effect.flip(Fiber.join(fiber)))
    }
  })

/** What a read finds stored, if anything. */
const stored = (cache: Service, userId: string, key: string): Effect.Effect<string | undefined> =>
  cache.get(userId, key, Effect.fail(certain)).pipe(Effect.orElseSucceed(() => undefined))

/** Another reader of a key with a running lookup. */
const join = (cache: Service, userId: string, key: string) =>
  Effect.gen(function* () {
    const { joins } = yield* cache.stats
    const fiber = yield* Effect.fork(cache.get(userId, key, Effect.dieMessage("looked up again")))
    yield* untilStats(cache, (stats) => stats.joins === joins + 1)
    return fiber
  })

describe("a refresh", () => {
  it.effect("runs its lookup though a value is stored, and stores what it finds", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      assert.strictEqual(yield* cache.refresh("u", "k", Effect.succeed("new")), "new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
      const { hits, lateResults, misses, refreshes, size } = yield* cache.stats
      assert.deepStrictEqual(
        { hits, lateResults, misses, refreshes, size },
        { hits: 1, lateResults: 0, misses: 1, refreshes: 1, size: 1 }
      )
    }).pipe(withCache())
  )

  it.effect("stores what it finds though nothing was stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.refresh("u", "k", Effect.succeed("new"))
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
    }).pipe(withCache())
  )

  it.effect("leaves reads to the stored values while it runs", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      yield* cache.get("u", "other", Effect.succeed("old other"))
      const refresh = yield* begin("refresh", "u", "k")
      assert.strictEqual(yield* stored(cache, "u", "k"), "old")
      assert.strictEqual(yield* stored(cache, "u", "other"), "old other")
      assert.strictEqual(yield* refresh.end("new"), "new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
    }).pipe(withCache())
  )

  it.effect("is joined by a read that finds nothing", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      const joiner = yield* join(cache, "u", "k")
      yield* refresh.end("new")
      assert.strictEqual(yield* Fiber.join(joiner), "new")
      const { joins, misses, refreshes } = yield* cache.stats
      assert.deepStrictEqual({ joins, misses, refreshes }, { joins: 1, misses: 0, refreshes: 1 })
    }).pipe(withCache())
  )

  it.effect("is joined also when the value that was stored had expired", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"), { timeToLive: () => 1_000 })
      yield* TestClock.adjust(1_000)
      const refresh = yield* begin("refresh", "u", "k")
      const joiner = yield* join(cache, "u", "k")
      yield* refresh.end("new")
      assert.strictEqual(yield* Fiber.join(joiner), "new")
    }).pipe(withCache())
  )

  it.effect("runs under the span of its caller", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const lookup = Effect.map(Effect.currentSpan, (span) => span.name)
      assert.strictEqual(yield* Effect.withSpan(cache.refresh("u", "k", lookup), "caller"), "caller")
    }).pipe(withCache())
  )

  it.effect("of many callers at once has a lookup for each", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const values = yield* Effect.all(
        ["1", "2", "3"].map((value) => cache.refresh("u", "k", Effect.succeed(value))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(values, ["1", "2", "3"])
      assert.strictEqual(yield* stored(cache, "u", "k"), "3")
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache())
  )
})

describe("a refresh that succeeds", () => {
  it.effect("drops every older value of its user, and none of another", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const user of ["u", "other"]) {
        for (const key of ["a", "b", "c"]) yield* cache.get(user, key, Effect.succeed("old"))
      }
      yield* cache.refresh("u", "a", Effect.succeed("new"))
      assert.strictEqual((yield* cache.stats).size, 4)
      assert.strictEqual(yield* stored(cache, "u", "a"), "new")
      assert.strictEqual(yield* stored(cache, "u", "b"), undefined)
      for (const key of ["a", "b", "c"]) assert.strictEqual(yield* stored(cache, "other", key), "old")
      assert.strictEqual((yield* cache.stats).evictions, 0)
    }).pipe(withCache())
  )

  it.effect("drops a lookup of any key that was running: it answers its waiters and no other reader", () =>
    everyRow(
      ["k", "another key"],
      (key) => key,
      (key) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          const early = yield* begin("get", "u", key)
          const refresh = yield* begin("refresh", "u", "k")
          // Until it has ended the older lookup is as good as any.
          const joiner = yield* join(cache, "u", key)
          yield* refresh.end("new")
          const late = yield* Effect.fork(cache.get("u", key, Effect.succeed("new")))
          assert.strictEqual(yield* Fiber.join(late), "new")
          assert.strictEqual(yield* early.end("old"), "old")
          assert.strictEqual(yield* Fiber.join(joiner), "old")
          assert.strictEqual(yield* stored(cache, "u", key), "new")
          assert.strictEqual((yield* cache.stats).lateResults, 1)
        }).pipe(withCache())
    )
  )

  it.effect("interrupts an older lookup only when its waiters leave", () =>
    Effect.gen(function* () {
      const early = yield* begin("get", "u", "k")
      const refresh = yield* begin("refresh", "u", "k")
      yield* refresh.end("new")
      assert.isFalse(yield* early.isInterrupted)
      yield* early.leave
      assert.isTrue(yield* early.isInterrupted)
      assert.strictEqual(yield* stored(yield* UserCache, "u", "k"), "new")
    }).pipe(withCache())
  )

  it.effect("leaves alone what started after it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      yield* cache.get("u", "stored", Effect.succeed("newer"))
      const running = yield* begin("get", "u", "running")
      yield* refresh.end("new")
      assert.strictEqual(yield* stored(cache, "u", "stored"), "newer")
      const joiner = yield* join(cache, "u", "running")
      yield* running.end("newer")
      assert.strictEqual(yield* Fiber.join(joiner), "newer")
      assert.strictEqual(yield* stored(cache, "u", "running"), "newer")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
    }).pipe(withCache())
  )

  it.effect("is not stored over a value that started after it, not even an expired one", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"), { timeToLive: () => 1_000 })
      yield* cache.get("u", "other", Effect.succeed("old"))
      const refresh = yield* begin("refresh", "u", "k")
      yield* TestClock.adjust(1_000)
      yield* cache.get("u", "k", Effect.succeed("newer"), { timeToLive: () => 1_000 })
      assert.strictEqual(yield* refresh.end("new"), "new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "newer")
      assert.strictEqual(yield* stored(cache, "u", "other"), undefined)
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 1 })

      const again = yield* begin("refresh", "u", "k")
      yield* TestClock.adjust(1_000)
      yield* cache.get("u", "k", Effect.succeed("newest"), { timeToLive: () => 1_000 })
      yield* TestClock.adjust(1_000)
      yield* again.end("late")
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
    }).pipe(withCache())
  )

  it.effect("does not take the key from a lookup that started after it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"), { timeToLive: () => 1_000 })
      const refresh = yield* begin("refresh", "u", "k")
      yield* TestClock.adjust(1_000)
      const later = yield* begin("get", "u", "k")
      yield* refresh.end("new")
      const joiner = yield* join(cache, "u", "k")
      yield* later.end("newer")
      assert.strictEqual(yield* Fiber.join(joiner), "newer")
      assert.strictEqual(yield* stored(cache, "u", "k"), "newer")
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 1 })
    }).pipe(withCache())
  )

  it.effect("is stored when the older lookup of its key ended before it, however", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const [user, how] of [
        ["u", "end"],
        ["v", "fail"],
        ["w", "leave"]
      ] as const) {
        const early = yield* begin("get", user, "k")
        const refresh = yield* begin("refresh", user, "k")
        yield* how === "end" ? early.end("old") : early[how]
        yield* refresh.end("new")
        assert.strictEqual(yield* stored(cache, user, "k"), "new")
      }
      const { lateResults, size } = yield* cache.stats
      assert.deepStrictEqual({ lateResults, size }, { lateResults: 0, size: 3 })
    }).pipe(withCache())
  )
})

/** A refresh is another thing beside a value, which it replaces, than of a key without one. */
const besideOf = (isStored: boolean) => (isStored ? "beside a stored value" : "of a key without a value")

describe("of two refreshes", () => {
  it.effect("the second ends first: the first is not stored, nor joined", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const first = yield* begin("refresh", "u", "k")
          const second = yield* begin("refresh", "u", "k")
          yield* second.end("2")
          assert.strictEqual(yield* stored(cache, "u", "k"), "2")
          assert.strictEqual(yield* first.end("1"), "1")
          assert.strictEqual(yield* stored(cache, "u", "k"), "2")
          const { lateResults, size } = yield* cache.stats
          assert.deepStrictEqual({ lateResults, size }, { lateResults: 1, size: 1 })
        }).pipe(withCache())
    )
  )

  it.effect("the first ends first: the second takes its place", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const first = yield* begin("refresh", "u", "k")
          const second = yield* begin("refresh", "u", "k")
          yield* first.end("1")
          assert.strictEqual(yield* stored(cache, "u", "k"), "1")
          yield* second.end("2")
          assert.strictEqual(yield* stored(cache, "u", "k"), "2")
          const { lateResults, size } = yield* cache.stats
          assert.deepStrictEqual({ lateResults, size }, { lateResults: 0, size: 1 })
        }).pipe(withCache())
    )
  )

  it.effect("the second fails: the first is stored", () =>
    Effect.gen(function* () {
      const first = yield* begin("refresh", "u", "k")
      const second = yield* begin("refresh", "u", "k")
      yield* second.fail
      yield* first.end("1")
      assert.strictEqual(yield* stored(yield* UserCache, "u", "k"), "1")
    }).pipe(withCache())
  )

  it.effect("of two keys, the second ends first: the first, which may be older, is not stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const first = yield* begin("refresh", "u", "a")
      const second = yield* begin("refresh", "u", "b")
      yield* second.end("2")
      yield* first.end("1")
      assert.strictEqual(yield* stored(cache, "u", "a"), undefined)
      assert.strictEqual(yield* stored(cache, "u", "b"), "2")
    }).pipe(withCache())
  )
})

describe("a refresh that fails", () => {
  it.effect("changes nothing", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      yield* cache.get("u", "other", Effect.succeed("old"))
      const running = yield* begin("get", "u", "running")
      assert.strictEqual(yield* Effect.flip(cache.refresh("u", "k", Effect.fail(certain))), certain)
      assert.deepStrictEqual(yield* Effect.exit(cache.refresh("u", "k", Effect.die("boom"))), Exit.die("boom"))
      assert.strictEqual(yield* stored(cache, "u", "k"), "old")
      assert.strictEqual(yield* stored(cache, "u", "other"), "old")
      yield* running.end("old")
      assert.strictEqual(yield* stored(cache, "u", "running"), "old")
      assert.strictEqual((yield* cache.stats).lateResults, 0)
    }).pipe(withCache())
  )

  it.effect("fails those who joined it, and the next read tries again", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      const joiner = yield* Effect.fork(cache.get<string, Failed, never>("u", "k", Effect.dieMessage("not joined")))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      assert.strictEqual(yield* refresh.fail, certain)
      assert.strictEqual(yield* Effect.flip(Fiber.join(joiner)), certain)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("next")), "next")
    }).pipe(withCache())
  )

  it.effect("because its time to live cannot be computed changes nothing either", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      const refresh = cache.refresh("u", "k", Effect.succeed("new"), {
        timeToLive: () => {
          throw certain
        }
      })
      assert.deepStrictEqual(yield* Effect.exit(refresh), Exit.die(certain))
      assert.strictEqual(yield* stored(cache, "u", "k"), "old")
    }).pipe(withCache())
  )
})

describe("when the caller of a refresh leaves", () => {
  it.effect("alone: the lookup is interrupted, nothing changes", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const refresh = yield* begin("refresh", "u", "k")
          yield* refresh.leave
          assert.isTrue(yield* refresh.isInterrupted)
          assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("new")), isStored ? "old" : "new")
          assert.strictEqual((yield* cache.stats).lateResults, 0)
        }).pipe(withCache())
    )
  )

  it.effect("and others joined: they are answered, and it is stored as a refresh is", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "other", Effect.succeed("old"))
      const refresh = yield* begin("refresh", "u", "k")
      const joiner = yield* join(cache, "u", "k")
      yield* refresh.leave
      assert.isFalse(yield* refresh.isInterrupted)
      const late = yield* join(cache, "u", "k")
      yield* Effect.exit(refresh.end("new"))
      assert.strictEqual(yield* Fiber.join(joiner), "new")
      assert.strictEqual(yield* Fiber.join(late), "new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
      assert.strictEqual(yield* stored(cache, "u", "other"), undefined)
    }).pipe(withCache())
  )

  it.effect("a reader who joined leaves first: the caller is answered", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      yield* Fiber.interrupt(yield* join(cache, "u", "k"))
      assert.strictEqual(yield* refresh.end("new"), "new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
    }).pipe(withCache())
  )

  it.effect("before the lookup has begun: nothing is left behind", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (let steps = 0; steps < 12; steps++) {
        for (const isStored of [false, true]) {
          const key = `${steps} ${isStored}`
          if (isStored) yield* cache.get("u", key, Effect.succeed("value"))
          const caller = yield* Effect.fork(cache.refresh("u", key, Effect.never))
          for (let step = 0; step < steps; step++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(caller)
          assert.strictEqual(yield* cache.get("u", key, Effect.succeed("value")), "value")
        }
      }
    }).pipe(withCache())
  )
})

describe("when the user is invalidated during a refresh", () => {
  it.effect("it answers, and is not stored", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const refresh = yield* begin("refresh", "u", "k")
          yield* cache.invalidate("u")
          const after = yield* begin("get", "u", "k")
          assert.strictEqual(yield* refresh.end("before"), "before")
          const joiner = yield* join(cache, "u", "k")
          yield* after.end("after")
          assert.strictEqual(yield* Fiber.join(joiner), "after")
          assert.strictEqual(yield* stored(cache, "u", "k"), "after")
          assert.strictEqual((yield* cache.stats).lateResults, 1)
        }).pipe(withCache())
    )
  )

  it.effect("and nothing came after it: the next read asks again", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const refresh = yield* begin("refresh", "u", "k")
          yield* cache.invalidate("u")
          yield* refresh.end("before")
          assert.strictEqual((yield* cache.stats).size, 0)
          assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
        }).pipe(withCache())
    )
  )

  it.effect("ambiguously: it answers, is not stored, and is not joined in the quarantine", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      yield* failAmbiguously("u")
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("own")), "own")
      yield* refresh.end("before")
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache())
  )
})

describe("in a quarantine, a refresh", () => {
  it.effect("runs its lookup and stores nothing, also when it ends after it", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* failAmbiguously("u")
      const refresh = yield* begin("refresh", "u", "k")
      const reader = yield* begin("get", "u", "k")
      yield* TestClock.adjust("30 seconds")
      yield* cache.get("u", "k", Effect.succeed("after"))
      assert.strictEqual(yield* refresh.end("within"), "within")
      yield* reader.end("within")
      assert.strictEqual(yield* stored(cache, "u", "k"), "after")
      const { bypasses, lateResults, misses, refreshes } = yield* cache.stats
      assert.deepStrictEqual(
        { bypasses, lateResults, misses, refreshes },
        { bypasses: 1, lateResults: 0, misses: 1, refreshes: 1 }
      )
    }).pipe(withCache())
  )

  it.effect("is interrupted with its caller", () =>
    Effect.gen(function* () {
      yield* failAmbiguously("u")
      const refresh = yield* begin("refresh", "u", "k")
      yield* refresh.leave
      assert.isTrue(yield* refresh.isInterrupted)
    }).pipe(withCache())
  )

  it.effect("drops older values of its user also when all users are in quarantine", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const user of ["u", "other"]) yield* cache.get(user, "k", Effect.succeed("old"))
      const running = yield* begin("get", "u", "running")
      // More users than fit, so that everyone counts as quarantined.
      for (const user of ["a", "b", "c"]) yield* failAmbiguously(user)
      yield* Effect.exit(cache.refresh("u", "k", Effect.fail(certain)))
      assert.strictEqual(yield* stored(cache, "u", "k"), "old")
      yield* cache.refresh("u", "k", Effect.succeed("new"))
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
      assert.strictEqual(yield* stored(cache, "other", "k"), "old")
      yield* running.end("old")
      assert.strictEqual(yield* stored(cache, "u", "running"), undefined)
    }).pipe(withCache({ capacity: 2 }))
  )
})

describe("the time to live of a refreshed value", () => {
  it.effect("counts from the start of the refresh", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      yield* TestClock.adjust("8 seconds")
      yield* refresh.end("new")
      yield* TestClock.adjust(1_999)
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
    }).pipe(withCache({ timeToLive: "10 seconds" }))
  )

  it.effect("may be its own", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.refresh("u", "k", Effect.succeed("new"), { timeToLive: () => "1 second" })
      yield* TestClock.adjust(999)
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
    }).pipe(withCache())
  )

  it.effect("when nothing is left of it, nothing is stored, and what is older is dropped all the same", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const earlier = yield* begin("refresh", "u", "k")
      for (const key of ["k2", "other"]) yield* cache.get("u", key, Effect.succeed("old"))
      yield* cache.refresh("u", "k2", Effect.succeed("new"), { timeToLive: () => 0 })
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* earlier.end("old")
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
    }).pipe(withCache())
  )

  it.effect("a slow refresh is neither stored nor joined, also when the clocks disagree", () => {
    const { clock, pass, set } = makeClocks()
    return Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      yield* set(-20_000)
      yield* pass(30_000)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("newer")), "newer")
      yield* refresh.end("slow")
      assert.strictEqual(yield* stored(cache, "u", "k"), "newer")
      const alone = yield* begin("refresh", "v", "k")
      yield* pass(30_000, true)
      yield* alone.end("slow")
      assert.strictEqual(yield* stored(cache, "v", "k"), undefined)
    }).pipe(withCache(), Effect.withClock(clock))
  })
})

describe("the capacity", () => {
  it.effect("holds with refreshes, which evict as reads do", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const user of ["a", "b", "c"]) {
        yield* cache.refresh(user, "k", Effect.succeed(user))
        assert.isAtMost((yield* cache.stats).size, 2)
      }
      assert.strictEqual(yield* stored(cache, "a", "k"), undefined)
      assert.strictEqual(yield* stored(cache, "b", "k"), "b")
      assert.strictEqual(yield* stored(cache, "c", "k"), "c")
      // Refreshing what is stored makes no room and needs none, and is a use.
      yield* cache.refresh("b", "k", Effect.succeed("b2"))
      yield* cache.refresh("d", "k", Effect.succeed("d"))
      assert.strictEqual(yield* stored(cache, "b", "k"), "b2")
      const { evictions, size } = yield* cache.stats
      assert.deepStrictEqual({ evictions, size }, { evictions: 2, size: 2 })
    }).pipe(withCache({ capacity: 2 }))
  )

  it.effect("may drop the value beside which a refresh runs: it is stored all the same", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      const refresh = yield* begin("refresh", "u", "k")
      yield* cache.get("v", "k", Effect.succeed("v"))
      yield* refresh.end("new")
      assert.strictEqual(yield* stored(cache, "u", "k"), "new")
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache({ capacity: 1 }))
  )

  it.effect("of zero: a refresh is joined, and nothing is stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const refresh = yield* begin("refresh", "u", "k")
      const joiner = yield* join(cache, "u", "k")
      yield* refresh.end("new")
      assert.strictEqual(yield* Fiber.join(joiner), "new")
      assert.strictEqual((yield* cache.stats).size, 0)
      assert.strictEqual(yield* stored(cache, "u", "k"), undefined)
    }).pipe(withCache({ capacity: 0 }))
  )
})

describe("when the cache's scope closes, a refresh", () => {
  it.effect("that runs is interrupted, and one that comes later too", () =>
    everyRow(
      [false, true],
      (isStored) => besideOf(isStored),
      (isStored) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const context = yield* Layer.buildWithScope(layer({ capacity: 10 }), scope)
          const cache = Context.get(context, UserCache)
          if (isStored) yield* cache.get("u", "k", Effect.succeed("old"))
          const refresh = yield* Effect.provide(begin("refresh", "u", "k"), context)
          yield* Scope.close(scope, Exit.void)
          assert.isTrue(yield* refresh.isInterrupted)
          assert.isTrue(Exit.isInterrupted(yield* Fiber.await(refresh.fiber)))
          const later = yield* Effect.fork(cache.refresh("u", "k", Effect.succeed("later")))
          assert.isTrue(Exit.isInterrupted(yield* Fiber.await(later)))
          assert.strictEqual((yield* cache.stats).size, 0)
        })
    )
  )
})

describe("a refresh that times out", () => {
  it.effect("leaves the stored value", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      yield* cache.get("u", "k", Effect.succeed("old"))
      const caller = yield* Effect.fork(cache.refresh("u", "k", Effect.never).pipe(Effect.timeoutOption("1 second")))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(caller), Option.none())
      assert.strictEqual(yield* stored(cache, "u", "k"), "old")
    }).pipe(withCache())
  )
})
