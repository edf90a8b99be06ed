/** Bounded by the capacity, and observable; and what the options and `layerNoop` do. */
import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import * as Order from "effect/Order"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { heapBytes } from "../../../test/support/memory.js"
import { everyRow } from "../../../test/support/rows.js"
import { layer, layerNoop, type Service, type Stats, UserCache } from "../src/UserCache.js"
import {
  ambiguous,
  certain,
  failAmbiguously,
  isAmbiguous,
  makeOrigin,
  makeVersions,
  untilStats,
  withCache
} from "./helpers.js"

/** Which of some slots ("user/key") are stored. Those are used by it, in the order given. */
const stored = (cache: Service, slots: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const found: Array<string> = []
    for (const slot of slots) {
      const [user = "", key = ""] = slot.split("/")
      if (yield* Effect.isSuccess(cache.get(user, key, Effect.fail(certain)))) found.push(slot)
    }
    return found
  })

const read = (cache: Service, slot: string) => {
  const [user = "", key = ""] = slot.split("/")
  return cache.get(user, key, Effect.succeed(slot))
}

describe("capacity", () => {
  it.effect("drops the least recently used value of all users", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const slot of ["a/1", "b/1", "a/2", "a/1", "c/1"]) yield* read(cache, slot)
      assert.deepStrictEqual(yield* stored(cache, ["a/1", "a/2", "b/1", "c/1"]), ["a/1", "a/2", "c/1"])
      // The line above used them in that order, so `a/1` and then `a/2` are next.
      yield* read(cache, "d/1")
      yield* read(cache, "d/2")
      assert.deepStrictEqual(yield* stored(cache, ["a/1", "a/2", "b/1", "c/1", "d/1", "d/2"]), ["c/1", "d/1", "d/2"])
      const { evictions, size } = yield* cache.stats
      assert.deepStrictEqual({ evictions, size }, { evictions: 3, size: 3 })
    }).pipe(withCache({ capacity: 3 }))
  )

  it.effect("a hot value survives any number of cold ones", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { count, lookup } = yield* makeVersions
      for (let i = 0; i < 200; i++) {
        assert.strictEqual(yield* cache.get("hot", "k", lookup), "v1")
        yield* read(cache, `cold/${i}`)
      }
      assert.strictEqual(yield* count, 1)
      assert.strictEqual((yield* cache.stats).evictions, 191)
    }).pipe(withCache({ capacity: 10 }))
  )

  it.effect("is counted over one user with many keys, and over many users with one key", () =>
    everyRow(
      [(i: number) => `u/${i}`, (i: number) => `${i}/k`],
      (toSlot) => toSlot(0),
      (toSlot) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          const slots = Array.from({ length: 50 }, (_, i) => toSlot(i))
          for (const slot of slots) {
            yield* read(cache, slot)
            assert.isAtMost((yield* cache.stats).size, 10)
          }
          assert.lengthOf(yield* stored(cache, slots), 10)
        }).pipe(withCache({ capacity: 10 }))
    )
  )

  it.effect("an invalidated or expired value makes room", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      for (const slot of ["a/1", "b/1", "c/1"]) yield* read(cache, slot)
      yield* cache.invalidate("b")
      yield* read(cache, "d/1")
      assert.deepStrictEqual(yield* stored(cache, ["a/1", "c/1", "d/1"]), ["a/1", "c/1", "d/1"])
      yield* TestClock.adjust("30 seconds")
      yield* read(cache, "a/1")
      const { evictions, size } = yield* cache.stats
      assert.deepStrictEqual({ evictions, size }, { evictions: 0, size: 3 })
    }).pipe(withCache({ capacity: 3 }))
  )

  it.effect("of zero stores nothing and still shares lookups", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const one = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const two = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* Deferred.succeed(call.result, "v1")
      assert.strictEqual(yield* Fiber.join(one), "v1")
      assert.strictEqual(yield* Fiber.join(two), "v1")
      assert.strictEqual((yield* cache.stats).size, 0)
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("v2")), "v2")
    }).pipe(withCache({ capacity: 0 }))
  )

  it.effect("running lookups do not count, nor drop what is stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      yield* read(cache, "a/1")
      const readers = yield* Effect.forEach(["b", "c", "d"], (user) =>
        Effect.fork(cache.get(user, "k", origin.lookup)).pipe(Effect.zip(origin.next))
      )
      assert.strictEqual((yield* cache.stats).size, 1)
      assert.deepStrictEqual(yield* stored(cache, ["a/1"]), ["a/1"])
      for (const [fiber, call] of readers) {
        yield* Deferred.succeed(call.result, "value")
        yield* Fiber.join(fiber)
      }
      assert.deepStrictEqual(yield* stored(cache, ["a/1", "b/k", "c/k", "d/k"]), ["d/k"])
    }).pipe(withCache({ capacity: 1 }))
  )
})

/** What a thousand users who are seen for the first time leave on the heap. */
const growthOf = (round: number, see: (user: string) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const users = Array.from({ length: 1000 }, (_, i) => `${round} ${i}`)
    const before = heapBytes()
    yield* Effect.forEach(users, (user) => Effect.exit(see(user)), { discard: true })
    return heapBytes() - before
  })

/** What a thousand stored values take at least, but for two rounds in which other garbage was collected. */
const storedBytes = Effect.gen(function* () {
  const cache = yield* UserCache
  const growths = yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], (round) =>
    growthOf(round, (user) => read(cache, `${user}/k`))
  )
  return Arr.sort(growths, Order.number)[2] ?? assert.fail("too few rounds")
}).pipe(withCache({ capacity: 1_000_000 }))

/** A refresh beside a stored value: one of them is dropped before the other. */
const leaveBehind = (cache: Service, user: string, meanwhile: Effect.Effect<void>) =>
  Effect.gen(function* () {
    yield* read(cache, `${user}/k`)
    const refresh = yield* Effect.fork(cache.refresh(user, "k", Effect.never))
    yield* Effect.yieldNow()
    yield* meanwhile
    yield* Fiber.interrupt(refresh)
  })

describe("memory", () => {
  const ways: ReadonlyArray<readonly [string, (cache: Service, user: string) => Effect.Effect<unknown, unknown>]> = [
    ["a value that is evicted", (cache, user) => read(cache, `${user}/k`)],
    ["a lookup that fails", (cache, user) => cache.get(user, "k", Effect.fail(certain))],
    ["a refresh that fails", (cache, user) => cache.refresh(user, "k", Effect.fail(certain))],
    ["a refresh that is evicted", (cache, user) => cache.refresh(user, "k", Effect.succeed("value"))],
    [
      "a refresh that is not kept",
      (cache, user) => cache.refresh(user, "k", Effect.succeed("value"), { timeToLive: () => 0 })
    ],
    ["a refresh that is interrupted", (cache, user) => leaveBehind(cache, user, Effect.void)],
    [
      "a refresh that is invalidated and interrupted",
      (cache, user) => leaveBehind(cache, user, cache.invalidate(user))
    ],
    ["a value that is invalidated", (cache, user) => Effect.andThen(read(cache, `${user}/k`), cache.invalidate(user))]
  ]

  it.effect("does not grow with the number of users seen, however they leave", () =>
    Effect.gen(function* () {
      // The smallest thing that could be left of a user, an empty map, takes more than half of a stored value.
      const bound = (yield* storedBytes) / 2
      yield* everyRow(
        ways,
        ([name]) => name,
        ([, leave]) =>
          Effect.gen(function* () {
            const cache = yield* UserCache
            // A leak grows in every round, and the rest of the process in some.
            const growths: Array<number> = []
            while (growths.filter((growth) => growth < bound).length < 2) {
              assert.isBelow(growths.length, 8, `each round grows by more than ${bound} bytes: ${growths.join(", ")}`)
              growths.push(yield* growthOf(growths.length, (user) => leave(cache, user)))
            }
          }).pipe(withCache({ capacity: 10 }))
      )
    })
  )
})

const metricNames: Readonly<Record<keyof Stats, string>> = {
  hits: "tink_user_cache_hits_total",
  joins: "tink_user_cache_joins_total",
  misses: "tink_user_cache_misses_total",
  bypasses: "tink_user_cache_bypasses_total",
  refreshes: "tink_user_cache_refreshes_total",
  evictions: "tink_user_cache_evictions_total",
  invalidations: "tink_user_cache_invalidations_total",
  quarantines: "tink_user_cache_quarantines_total",
  lateResults: "tink_user_cache_late_results_total",
  size: "tink_user_cache_size"
}

/** The metrics as they are in the process, under the names of `Stats`. */
const metrics = Effect.map(Metric.snapshot, (pairs): Stats => {
  const value = (name: string) =>
    pairs.reduce(
      (sum, { metricKey, metricState }) =>
        metricKey.name === name && MetricState.isCounterState(metricState) ? sum + Number(metricState.count) : sum,
      0
    )
  return {
    hits: value(metricNames.hits),
    joins: value(metricNames.joins),
    misses: value(metricNames.misses),
    bypasses: value(metricNames.bypasses),
    refreshes: value(metricNames.refreshes),
    evictions: value(metricNames.evictions),
    invalidations: value(metricNames.invalidations),
    quarantines: value(metricNames.quarantines),
    lateResults: value(metricNames.lateResults),
    size: value(metricNames.size)
  }
})

const combine = (a: Stats, b: Stats, by: (a: number, b: number) => number): Stats => ({
  hits: by(a.hits, b.hits),
  joins: by(a.joins, b.joins),
  misses: by(a.misses, b.misses),
  bypasses: by(a.bypasses, b.bypasses),
  refreshes: by(a.refreshes, b.refreshes),
  evictions: by(a.evictions, b.evictions),
  invalidations: by(a.invalidations, b.invalidations),
  quarantines: by(a.quarantines, b.quarantines),
  lateResults: by(a.lateResults, b.lateResults),
  size: by(a.size, b.size)
})

const plus = (a: Stats, b: Stats) => combine(a, b, (x, y) => x + y)
const minus = (a: Stats, b: Stats) => combine(a, b, (x, y) => x - y)

/** Makes everything happen that is counted, the same for two users. */
const everything = Effect.gen(function* () {
  const cache = yield* UserCache
  for (const user of ["u", "v"]) {
    const origin = yield* makeOrigin
    // A late result: two readers of one lookup, invalidated.
    const first = yield* Effect.fork(cache.get(user, "k", origin.lookup))
    const call = yield* origin.next
    const joiner = yield* Effect.fork(cache.get(user, "k", origin.lookup))
    yield* untilStats(cache, ({ joins }) => joins === (user === "u" ? 1 : 2))
    yield* cache.invalidate(user)
    yield* Deferred.succeed(call.result, "v1")
    yield* Fiber.join(first)
    yield* Fiber.join(joiner)
    // A miss that is stored, a hit, a failure, and two evictions.
    yield* read(cache, `${user}/k`)
    yield* read(cache, `${user}/k`)
    yield* Effect.exit(cache.get(user, "failing", Effect.fail(certain)))
    yield* read(cache, `${user}/2`)
    yield* read(cache, `${user}/3`)
    yield* read(cache, `${user}/4`)
    // A quarantine, and a bypass.
    yield* Effect.exit(cache.invalidateAfter(`bad ${user}`, Effect.fail(ambiguous), isAmbiguous))
    yield* read(cache, `bad ${user}/k`)
    // A refresh that is stored in the place of two values, one in a quarantine, and one that fails.
    yield* cache.refresh(user, "k", Effect.succeed("refreshed"))
    yield* cache.refresh(`bad ${user}`, "k", Effect.succeed("refreshed"))
    yield* Effect.exit(cache.refresh(user, "failing", Effect.fail(certain)))
  }
  return yield* cache.stats
})

const expected: Stats = {
  hits: 2,
  joins: 2,
  misses: 12,
  bypasses: 2,
  refreshes: 6,
  evictions: 5,
  invalidations: 4,
  quarantines: 2,
  lateResults: 2,
  size: 1
}

describe("stats", () => {
  it.effect("count what happened, and the reads add up", () =>
    everything.pipe(
      Effect.map((stats) => {
        assert.deepStrictEqual(stats, expected)
        const reads = 18
        assert.strictEqual(stats.hits + stats.joins + stats.misses + stats.bypasses, reads)
      }),
      withCache({ capacity: 2 })
    )
  )

  it.effect("are read at one moment", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const before = yield* cache.stats
      yield* read(cache, "u/k")
      assert.strictEqual(before.misses, 0)
      assert.strictEqual((yield* cache.stats).misses, 1)
    }).pipe(withCache())
  )
})

describe("metrics", () => {
  it.effect("say the same as the stats, summed over all caches", () =>
    Effect.gen(function* () {
      const before = yield* metrics
      const scope = yield* Scope.make()
      for (let cache = 0; cache < 2; cache++) {
        const context = yield* Layer.buildWithScope(Layer.fresh(layer({ capacity: 2 })), scope)
        assert.deepStrictEqual(yield* Effect.provide(everything, context), expected)
      }
      assert.deepStrictEqual(minus(yield* metrics, before), plus(expected, expected))
      yield* Scope.close(scope, Exit.void)
      // A closed cache stores nothing any more.
      assert.strictEqual(minus(yield* metrics, before).size, 0)
    })
  )

  it.effect("never name a user or a key", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(Effect.provide(everything, layer({ capacity: 2 })))
      for (const { metricKey } of yield* Metric.snapshot) {
        if (metricKey.name.startsWith("tink_user_cache")) assert.deepStrictEqual([...metricKey.tags], [])
      }
    })
  )
})

const emptyStats: Stats = {
  hits: 0,
  joins: 0,
  misses: 0,
  bypasses: 0,
  refreshes: 0,
  evictions: 0,
  invalidations: 0,
  quarantines: 0,
  lateResults: 0,
  size: 0
}

describe("layerNoop", () => {
  it.effect("runs every lookup, and passes everything on", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* Effect.flip(cache.get("u", "k", Effect.fail(certain))), certain)
      assert.strictEqual(yield* cache.refresh("u", "k", lookup), "v3")
      assert.strictEqual(yield* Effect.flip(cache.refresh("u", "k", Effect.fail(certain))), certain)
      assert.strictEqual(yield* cache.invalidateAfter("u", Effect.succeed("ok"), isAmbiguous), "ok")
      assert.strictEqual(yield* Effect.flip(cache.invalidateAfter("u", Effect.fail(certain), isAmbiguous)), certain)
      yield* failAmbiguously("u")
      yield* cache.invalidate("u")
      assert.deepStrictEqual(yield* cache.stats, emptyStats)
    }).pipe(Effect.provide(layerNoop))
  )

  it.effect("shares nothing between concurrent readers", () =>
    Effect.gen(function* () {
      const cache = Context.get(yield* Layer.build(layerNoop), UserCache)
      const { lookup } = yield* makeVersions
      const values = yield* Effect.all([cache.get("u", "k", lookup), cache.get("u", "k", lookup)], { concurrency: 2 })
      assert.deepStrictEqual(values, ["v1", "v2"])
    }).pipe(Effect.scoped)
  )
})
