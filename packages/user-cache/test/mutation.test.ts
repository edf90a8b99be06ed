/** A mutation always ends by invalidating its user, and quarantines them when its outcome is ambiguous. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { UserCache } from "../src/UserCache.js"
import {
  ambiguous,
  certain,
  failAmbiguously,
  type Failed,
  isAmbiguous,
  makeOrigin,
  makeVersions,
  untilStats,
  withCache
} from "./helpers.js"

/** How a mutation may end, and whether that is ambiguous. */
const outcomes: ReadonlyArray<readonly [name: string, mutation: Effect.Effect<string, Failed>, isAmbiguous: boolean]> =
  [
    ["success", Effect.succeed("ok"), false],
    ["a certain failure", Effect.fail(certain), false],
    ["an ambiguous failure", Effect.fail(ambiguous), true],
    ["a defect", Effect.die("boom"), true],
    ["an exception", Effect.sync(() => JSON.parse("{")), true],
    ["its own interruption", Effect.interrupt, true],
    ["two certain failures", Effect.failCause(Cause.parallel(Cause.fail(certain), Cause.fail(certain))), false],
    [
      "a certain and an ambiguous failure",
      Effect.failCause(Cause.parallel(Cause.fail(certain), Cause.fail(ambiguous))),
      true
    ],
    [
      "an ambiguous and a certain failure",
      Effect.failCause(Cause.sequential(Cause.fail(ambiguous), Cause.fail(certain))),
      true
    ],
    ["a certain failure and a defect", Effect.failCause(Cause.parallel(Cause.fail(certain), Cause.die("boom"))), true],
    ["a certain failure and an interruption", Effect.fail(certain).pipe(Effect.onExit(() => Effect.interrupt)), true],
    ["a failure without any cause", Effect.failCause(Cause.empty), true]
  ]

describe("invalidateAfter", () => {
  it.effect("always invalidates, quarantines unless the outcome is certain, and passes the outcome on", () =>
    everyRow(
      outcomes,
      ([name]) => name,
      ([, mutation, quarantines]) =>
        Effect.gen(function* () {
          const cache = yield* UserCache
          const { lookup } = yield* makeVersions
          yield* cache.get("u", "k", lookup)
          const exit = yield* Effect.exit(cache.invalidateAfter("u", mutation, isAmbiguous))
          assert.deepStrictEqual(exit, yield* Effect.exit(mutation))
          assert.strictEqual((yield* cache.stats).size, 0)
          assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
          assert.strictEqual(yield* cache.get("u", "k", lookup), quarantines ? "v3" : "v2")
          const { invalidations, quarantines: counted } = yield* cache.stats
          assert.deepStrictEqual({ invalidations, counted }, { invalidations: 1, counted: quarantines ? 1 : 0 })
        }).pipe(withCache())
    )
  )

  it.effect("a predicate that throws: invalidates and quarantines, and the failure is kept beside the exception", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      const exit = yield* Effect.exit(
        cache.invalidateAfter("u", Effect.fail(certain), () => {
          throw new Error("in the predicate")
        })
      )
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
      assert.isTrue(Exit.isFailure(exit) && [...Cause.failures(exit.cause)].includes(certain))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    }).pipe(withCache())
  )

  it.effect("a timeout: invalidates and quarantines before the caller goes on", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      const caller = yield* Effect.fork(
        cache.invalidateAfter("u", Effect.never, isAmbiguous).pipe(
          Effect.timeout("5 seconds"),
          Effect.catchTag("TimeoutException", () => cache.get("u", "k", lookup))
        )
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(caller), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
    }).pipe(withCache())
  )

  it.effect("an interruption during the mutation: invalidates and quarantines", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      const sent = yield* Deferred.make<void>()
      const mutation = Effect.andThen(Deferred.succeed(sent, undefined), Effect.never)
      const caller = yield* Effect.fork(cache.invalidateAfter("u", mutation, isAmbiguous))
      yield* Deferred.await(sent)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* Fiber.interrupt(caller)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
    }).pipe(withCache())
  )

  it.effect(
    "an interruption that the mutation outlives: invalidates when it has ended, and quarantines, as its outcome is lost",
    () =>
      Effect.gen(function* () {
        const cache = yield* UserCache
        const { lookup } = yield* makeVersions
        const sent = yield* Deferred.make<void>()
        const answer = yield* Deferred.make<void>()
        const mutation = Effect.uninterruptible(
          Effect.andThen(Deferred.succeed(sent, undefined), Deferred.await(answer))
        )
        const caller = yield* Effect.fork(cache.invalidateAfter("u", mutation, isAmbiguous))
        yield* Deferred.await(sent)
        yield* cache.get("u", "k", lookup)
        yield* Fiber.interruptFork(caller)
        yield* Deferred.succeed(answer, undefined)
        yield* Fiber.await(caller)
        assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
        assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
      }).pipe(withCache())
  )

  it.effect("an interruption before it: the mutation does not run", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      let ran = false
      yield* cache.get("u", "k", lookup)
      const mutation = cache.invalidateAfter(
        "u",
        Effect.sync(() => {
          ran = true
        }),
        isAmbiguous
      )
      // It is interrupted just before the mutation.
      const caller = yield* Effect.fork(
        Effect.uninterruptible(
          Effect.withFiberRuntime<void, Failed>((fiber) => {
            fiber.unsafeInterruptAsFork(fiber.id())
            return Effect.interruptible(mutation)
          })
        )
      )
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(caller)))
      assert.isFalse(ran)
    }).pipe(withCache())
  )

  it.effect("a value may be read while the mutation runs, but not after", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      const sent = yield* Deferred.make<void>()
      const answer = yield* Deferred.make<void>()
      const mutation = Effect.andThen(Deferred.succeed(sent, undefined), Deferred.await(answer))
      const caller = yield* Effect.fork(cache.invalidateAfter("u", mutation, isAmbiguous))
      yield* Deferred.await(sent)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* Deferred.succeed(answer, undefined)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("of overlapping mutations each one invalidates", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      const start = Effect.gen(function* () {
        const sent = yield* Deferred.make<void>()
        const answer = yield* Deferred.make<void>()
        const mutation = Effect.andThen(Deferred.succeed(sent, undefined), Deferred.await(answer))
        const fiber = yield* Effect.fork(cache.invalidateAfter("u", mutation, isAmbiguous))
        yield* Deferred.await(sent)
        return Effect.andThen(Deferred.succeed(answer, undefined), Fiber.join(fiber))
      })
      const endFirst = yield* start
      const endSecond = yield* start
      yield* cache.get("u", "k", lookup)
      yield* endSecond
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      yield* endFirst
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
      assert.strictEqual((yield* cache.stats).invalidations, 2)
    }).pipe(withCache())
  )

  it.effect("a lookup that ran across the mutation is not stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* cache.invalidateAfter("u", Effect.void, isAmbiguous)
      yield* Deferred.succeed(call.result, "before")
      assert.strictEqual(yield* Fiber.join(reader), "before")
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("after")), "after")
    }).pipe(withCache())
  )
})

describe("quarantine", () => {
  it.effect("stores nothing, until exactly the configured time is over", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("u")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v1")
      yield* TestClock.adjust(19_999)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v3")
      const { bypasses, hits, misses } = yield* cache.stats
      assert.deepStrictEqual({ bypasses, hits, misses }, { bypasses: 2, hits: 1, misses: 1 })
    }).pipe(withCache({ quarantine: "20 seconds" }))
  )

  it.effect("is 30 seconds by default", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("u")
      yield* TestClock.adjust(29_999)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* TestClock.adjust(1)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache())
  )

  it.effect("of zero only invalidates", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("u", "k", lookup)
      yield* failAmbiguously("u")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache({ quarantine: 0 }))
  )

  it.effect("gives every reader a lookup of its own", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      yield* failAmbiguously("u")
      const one = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const callOfOne = yield* origin.next
      const two = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const callOfTwo = yield* origin.next
      yield* Deferred.succeed(callOfTwo.result, "two")
      yield* Deferred.succeed(callOfOne.result, "one")
      assert.strictEqual(yield* Fiber.join(one), "one")
      assert.strictEqual(yield* Fiber.join(two), "two")
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache())
  )

  it.effect("a lookup that began in it is not stored when it ends after it, nor joined", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      yield* failAmbiguously("u")
      const early = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* TestClock.adjust("30 seconds")
      const late = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const callOfLate = yield* origin.next
      yield* Deferred.succeed(callOfLate.result, "after")
      assert.strictEqual(yield* Fiber.join(late), "after")
      yield* Deferred.succeed(call.result, "within")
      assert.strictEqual(yield* Fiber.join(early), "within")
      assert.strictEqual(yield* cache.get("u", "k", origin.lookup), "after")
    }).pipe(withCache())
  )

  it.effect("a lookup that ran when it began is neither stored nor joined", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const early = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* failAmbiguously("u")
      assert.strictEqual(yield* cache.get("u", "k", Effect.succeed("own")), "own")
      yield* Deferred.succeed(call.result, "before")
      assert.strictEqual(yield* Fiber.join(early), "before")
      assert.strictEqual((yield* cache.stats).size, 0)
    }).pipe(withCache())
  )

  it.effect("a reader in it who is interrupted ends their lookup", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      yield* failAmbiguously("u")
      const reader = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      yield* Fiber.interrupt(reader)
      assert.isTrue(yield* Deferred.isDone(call.interrupted))
    }).pipe(withCache())
  )

  it.effect("is prolonged by another ambiguous outcome", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("u")
      yield* TestClock.adjust("20 seconds")
      yield* failAmbiguously("u")
      yield* TestClock.adjust(29_999)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 0)
      yield* TestClock.adjust(1)
      yield* cache.get("u", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 1)
    }).pipe(withCache())
  )

  it.effect("survives a later mutation that succeeds, and an invalidation", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("u")
      yield* cache.invalidateAfter("u", Effect.void, isAmbiguous)
      yield* cache.invalidate("u")
      yield* cache.get("u", "k", lookup)
      assert.strictEqual(yield* cache.get("u", "k", lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("is of one user", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("other", "k", lookup)
      yield* failAmbiguously("u")
      assert.strictEqual(yield* cache.get("other", "k", lookup), "v1")
      assert.strictEqual(yield* cache.get("third", "k", lookup), "v2")
      assert.strictEqual(yield* cache.get("third", "k", lookup), "v2")
    }).pipe(withCache())
  )

  it.effect("of more users than the capacity: the first to end is given up, and until then nothing is stored", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* cache.get("kept", "k", lookup)
      yield* failAmbiguously("a")
      yield* TestClock.adjust(1_000)
      yield* failAmbiguously("b")
      // Two fit: no other user is concerned.
      yield* cache.get("stored", "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 2)
      yield* TestClock.adjust(1_000)
      yield* failAmbiguously("c")
      for (const user of ["a", "b", "c", "d"]) yield* cache.get(user, "k", lookup)
      assert.strictEqual((yield* cache.stats).size, 2)
      // What was stored of others before is as good as it was.
      assert.strictEqual(yield* cache.get("kept", "k", lookup), "v1")

      yield* TestClock.adjust(27_999)
      for (const user of ["a", "b", "c", "d"]) yield* cache.get(user, "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 8)
      // Here the quarantine of `a`, which was given up, would have ended. Those of `b` and `c` go on.
      yield* TestClock.adjust(1)
      for (const user of ["a", "b", "c", "d"]) yield* cache.get(user, "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 10)
      yield* TestClock.adjust(1_000)
      for (const user of ["b", "c"]) yield* cache.get(user, "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 11)
      yield* TestClock.adjust(1_000)
      yield* cache.get("c", "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 11)
    }).pipe(withCache({ capacity: 2, timeToLive: "1 hour" }))
  )

  it.effect("one that was prolonged is not the first to be given up", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const { lookup } = yield* makeVersions
      yield* failAmbiguously("a")
      yield* TestClock.adjust(1_000)
      yield* failAmbiguously("b")
      yield* TestClock.adjust(1_000)
      yield* failAmbiguously("a")
      yield* TestClock.adjust(1_000)
      yield* failAmbiguously("c")
      // `b` is given up, whose quarantine ends at 31 s; that of `a` lasts until 32 s.
      yield* TestClock.adjust(28_000)
      yield* cache.get("b", "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 0)
      yield* cache.get("a", "k", lookup)
      assert.strictEqual((yield* cache.stats).bypasses, 1)
    }).pipe(withCache({ capacity: 2 }))
  )

  it.effect("leaves alone a lookup that has waiters from before it, though another reader leaves", () =>
    Effect.gen(function* () {
      const cache = yield* UserCache
      const origin = yield* makeOrigin
      const first = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      const call = yield* origin.next
      const joiner = yield* Effect.fork(cache.get("u", "k", origin.lookup))
      yield* untilStats(cache, (stats) => stats.joins === 1)
      yield* failAmbiguously("u")
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(call.result, "before")
      assert.strictEqual(yield* Fiber.join(joiner), "before")
    }).pipe(withCache())
  )
})
