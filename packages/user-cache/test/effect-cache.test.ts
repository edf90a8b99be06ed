/**
 * Why `UserCache` has an engine of its own.
 *
 * Each scenario runs on `Cache` of Effect 3.22 and on `UserCache`, and says what comes out of either. What comes out of
 * `Cache` is asserted as it is, faults and all: when a newer Effect mends one, its test fails and so tells that this
 * reason is gone.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { heapBytes } from "../../../test/support/memory.js"
import { layer, UserCache } from "../src/UserCache.js"
import { certain, type Failed, makeOrigin } from "./helpers.js"

/** What both can do, for one user. */
interface Subject<E> {
  readonly get: (key: string) => Effect.Effect<string, E>
  /** `Cache` invalidates the key, and `UserCache` everything of the user. */
  readonly invalidate: (key: string) => Effect.Effect<void>
}

interface Options<E> {
  readonly capacity?: number
  readonly lookup: (key: string) => Effect.Effect<string, E>
}

type Make = <E>(options: Options<E>) => Effect.Effect<Subject<E>, never, Scope.Scope>

const effectCache: Make = ({ capacity = 100, lookup }) =>
  Cache.make({ capacity, timeToLive: "30 seconds", lookup }).pipe(
    Effect.map((cache) => ({
      get: (key) => cache.get(key),
      invalidate: (key) => cache.invalidate(key)
    }))
  )

/** Like `effectCache`, but told not to keep failures. */
const effectCacheWithoutFailures: Make = ({ capacity = 100, lookup }) =>
  Cache.makeWith({
    capacity,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? Duration.seconds(30) : Duration.zero),
    lookup
  }).pipe(
    Effect.map((cache) => ({
      get: (key) => cache.get(key),
      invalidate: (key) => cache.invalidate(key)
    }))
  )

const userCache: Make = ({ capacity = 100, lookup }) =>
  Layer.build(Layer.fresh(layer({ capacity, timeToLive: "30 seconds" }))).pipe(
    Effect.orDie,
    Effect.map((context) => {
      const cache = Context.get(context, UserCache)
      return { get: (key) => cache.get("u", key, lookup(key)), invalidate: () => cache.invalidate("u") }
    })
  )

/** Lets every fiber go on until it waits: the state of neither cache shows who has joined a lookup. */
const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** A lookup that was running when its key was invalidated ends: what does the next reader get? */
const lateLookup = (make: Make) =>
  Effect.gen(function* () {
    const origin = yield* makeOrigin
    const cache = yield* make({ lookup: () => origin.lookup })
    const early = yield* Effect.fork(cache.get("k"))
    const before = yield* origin.next
    yield* cache.invalidate("k")
    yield* Deferred.succeed(before.result, "before")
    yield* Fiber.join(early)
    const late = yield* Effect.fork(cache.get("k"))
    yield* settle
    if ((yield* origin.count) === 2) yield* Deferred.succeed((yield* origin.next).result, "after")
    return yield* Fiber.join(late)
  })

/** The same, when another reader has already stored a newer value. */
const lateLookupAfterNewer = (make: Make) =>
  Effect.gen(function* () {
    const origin = yield* makeOrigin
    const cache = yield* make({ lookup: () => origin.lookup })
    const early = yield* Effect.fork(cache.get("k"))
    const before = yield* origin.next
    yield* cache.invalidate("k")
    const late = yield* Effect.fork(cache.get("k"))
    yield* Deferred.succeed((yield* origin.next).result, "after")
    yield* Fiber.join(late)
    yield* Deferred.succeed(before.result, "before")
    yield* Fiber.join(early)
    return yield* cache.get("k")
  })

/** A reader from before the invalidation is interrupted: how many lookups has the newer value taken in the end? */
const oldReaderLeaves = (make: Make) =>
  Effect.gen(function* () {
    const origin = yield* makeOrigin
    const cache = yield* make({ lookup: () => origin.lookup })
    const early = yield* Effect.fork(cache.get("k"))
    yield* origin.next
    yield* cache.invalidate("k")
    const late = yield* Effect.fork(cache.get("k"))
    yield* Deferred.succeed((yield* origin.next).result, "after")
    yield* Fiber.join(late)
    yield* Fiber.interrupt(early)
    const last = yield* Effect.fork(cache.get("k"))
    yield* settle
    yield* Fiber.interrupt(last)
    return (yield* origin.count) - 1
  })

/** A lookup fails once: does the next read try again? */
const failsOnce = (make: Make, first: Effect.Effect<never, Failed>) =>
  Effect.gen(function* () {
    let count = 0
    const cache = yield* make({ lookup: () => Effect.suspend(() => (++count === 1 ? first : Effect.succeed("value"))) })
    yield* Effect.exit(cache.get("k"))
    const again = yield* Effect.exit(cache.get("k"))
    return { triedAgain: count === 2, isAnswered: Exit.isSuccess(again) }
  })

/** The first of two readers leaves: is the second answered? */
const firstReaderLeaves = (
  make: Make,
  leave: (reader: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<unknown>
) =>
  Effect.gen(function* () {
    const origin = yield* makeOrigin
    const cache = yield* make({ lookup: () => origin.lookup })
    const first = yield* Effect.fork(cache.get("k").pipe(Effect.timeoutOption("5 seconds")))
    const call = yield* origin.next
    const second = yield* Effect.fork(cache.get("k"))
    yield* settle
    yield* leave(first)
    yield* Deferred.succeed(call.result, "value")
    return Exit.isSuccess(yield* Fiber.await(second))
  })

/** One key is read before each of 200 others, and ten fit: how often is it looked up? */
const hotKey = (make: Make) =>
  Effect.gen(function* () {
    let count = 0
    const cache = yield* make({
      capacity: 10,
      lookup: (key) =>
        Effect.sync(() => {
          if (key === "hot") count += 1
          return key
        })
    })
    for (let i = 0; i < 200; i++) {
      yield* cache.get("hot")
      yield* cache.get(`cold ${i}`)
    }
    return count
  })

/** The name of the span that a lookup runs under, when its reader has one. */
const spanOfLookup = (make: Make) =>
  Effect.gen(function* () {
    const cache = yield* make({
      lookup: () =>
        Effect.map(Effect.option(Effect.currentSpan), Option.match({ onNone: () => "none", onSome: (s) => s.name }))
    })
    return yield* Effect.withSpan(cache.get("k"), "reader")
  })

/** Whether memory grows with the number of values that were stored and invalidated again. */
const memoryGrows = (make: Make) =>
  Effect.gen(function* () {
    const cache = yield* make({ lookup: () => Effect.succeed("value") })
    const round = Effect.zipRight(cache.get("k"), cache.invalidate("k"))
    const times = 20_000
    let least = Number.POSITIVE_INFINITY
    // What the engine itself allocates comes once; a leak comes every time.
    for (let i = 0; i < 4; i++) {
      const before = heapBytes()
      yield* Effect.repeatN(round, times - 1)
      least = Math.min(least, heapBytes() - before)
    }
    // An object takes more than 20 bytes.
    return least > 20 * times
  })

const compare = <A>(
  name: string,
  scenario: (make: Make) => Effect.Effect<A, Failed, Scope.Scope>,
  expected: { readonly userCache: A; readonly effectCache: A },
  control: Make = effectCache
) =>
  describe(name, () => {
    it.scoped(
      "UserCache",
      () => Effect.map(scenario(userCache), (result) => assert.deepStrictEqual(result, expected.userCache)),
      60_000
    )
    it.scoped(
      "effect/Cache 3.22",
      () => Effect.map(scenario(control), (result) => assert.deepStrictEqual(result, expected.effectCache)),
      60_000
    )
  })

compare("a lookup that ends after an invalidation", lateLookup, { userCache: "after", effectCache: "before" })

compare("a lookup that ends after a newer value was stored", lateLookupAfterNewer, {
  userCache: "after",
  effectCache: "before"
})

compare("lookups when an old reader leaves after a newer value was stored", oldReaderLeaves, {
  userCache: 1,
  effectCache: 2
})

compare("a failure", (make) => failsOnce(make, Effect.fail(certain)), {
  userCache: { triedAgain: true, isAnswered: true },
  effectCache: { triedAgain: false, isAnswered: false }
})

compare("a defect", (make) => failsOnce(make, Effect.die("boom")), {
  userCache: { triedAgain: true, isAnswered: true },
  effectCache: { triedAgain: false, isAnswered: false }
})

compare(
  "a failure in the same millisecond, with a time to live of zero for failures",
  (make) => failsOnce(make, Effect.fail(certain)),
  {
    userCache: { triedAgain: true, isAnswered: true },
    effectCache: { triedAgain: false, isAnswered: false }
  },
  effectCacheWithoutFailures
)

compare("the second reader when the first is interrupted", (make) => firstReaderLeaves(make, Fiber.interrupt), {
  userCache: true,
  effectCache: false
})

compare(
  "the second reader when the first times out",
  (make) => firstReaderLeaves(make, () => TestClock.adjust("5 seconds")),
  { userCache: true, effectCache: false }
)

compare("lookups of a key that is always in use, with a small capacity", hotKey, { userCache: 1, effectCache: 155 })

compare("the span of a lookup", spanOfLookup, { userCache: "reader", effectCache: "none" })

compare("growth with the number of values that were stored and invalidated", memoryGrows, {
  userCache: false,
  effectCache: true
})
