/**
 * Random interleavings, checked against what the cache promises. A failure prints the seed and the smallest sequence of
 * commands that was found to fail.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { type GetOptions, type Stats, UserCache } from "../src/UserCache.js"
import { ambiguous, certain, type Failed, isAmbiguous, makeClocks, withCache } from "./helpers.js"

const capacity = 3
const timeToLive = 10
const quarantine = 15

const users = ["u", "v", "w"] as const
const keys = ["a", "b"] as const

type Ending = "success" | "certain failure" | "ambiguous failure" | "defect" | "interruption"

/** How long a value asks to be kept, or that it makes the caller's code throw. */
type Life = number | "unsaid" | "throws"

type Command =
  | { readonly _tag: "Read" | "Refresh"; readonly userId: string; readonly key: string; readonly life: Life }
  | { readonly _tag: "Leave"; readonly which: number }
  | { readonly _tag: "EndLookup"; readonly which: number; readonly ending: Ending }
  | { readonly _tag: "Mutate"; readonly userId: string }
  | { readonly _tag: "EndMutation"; readonly which: number; readonly ending: Ending }
  | { readonly _tag: "Invalidate"; readonly userId: string }
  | { readonly _tag: "Pass"; readonly millis: number }
  | { readonly _tag: "Yield"; readonly times: number }

const userId = FastCheck.constantFrom(...users)
const which = FastCheck.nat(5)
const ending = FastCheck.constantFrom<Array<Ending>>(
  "success",
  "success",
  "success",
  "certain failure",
  "ambiguous failure",
  "defect",
  "interruption"
)
const life = FastCheck.oneof(
  { weight: 6, arbitrary: FastCheck.constant<Life>("unsaid") },
  { weight: 4, arbitrary: FastCheck.integer({ min: 1, max: 12 }) },
  { weight: 2, arbitrary: FastCheck.constantFrom<Array<Life>>(0, -1, Number.NaN, Number.POSITIVE_INFINITY, "throws") }
)
const slot = { userId, key: FastCheck.constantFrom(...keys), life }
const command: FastCheck.Arbitrary<Command> = FastCheck.oneof(
  {
    weight: 8,
    arbitrary: FastCheck.record({ _tag: FastCheck.constant("Read" as const), ...slot })
  },
  { weight: 3, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Refresh" as const), ...slot }) },
  { weight: 2, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Leave" as const), which }) },
  { weight: 6, arbitrary: FastCheck.record({ _tag: FastCheck.constant("EndLookup" as const), which, ending }) },
  { weight: 1, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Mutate" as const), userId }) },
  { weight: 1, arbitrary: FastCheck.record({ _tag: FastCheck.constant("EndMutation" as const), which, ending }) },
  { weight: 1, arbitrary: FastCheck.record({ _tag: FastCheck.constant("Invalidate" as const), userId }) },
  {
    weight: 2,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Pass" as const),
      millis: FastCheck.integer({ min: 1, max: 8 })
    })
  },
  {
    weight: 6,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Yield" as const),
      times: FastCheck.integer({ min: 1, max: 6 })
    })
  }
)

/** A lookup that began: what it returns, and when it was. */
interface Lookup {
  readonly userId: string
  readonly key: string
  readonly life: Life
  /** The read or refresh that brought it. */
  readonly read: number
  readonly order: number
  readonly at: number
  /** Whether that read began in a quarantine. */
  readonly isAlone: boolean
  readonly result: Deferred.Deferred<Lookup, Failed>
  /** When somebody was first known to have its answer. */
  seen: number
}

const endWith = <A>(deferred: Deferred.Deferred<A, Failed>, ending: Ending, value: A) => {
  switch (ending) {
    case "success":
      return Deferred.succeed(deferred, value)
    case "certain failure":
      return Deferred.fail(deferred, certain)
    case "ambiguous failure":
      return Deferred.fail(deferred, ambiguous)
    case "defect":
      return Deferred.die(deferred, "boom")
    case "interruption":
      return Deferred.interrupt(deferred)
  }
}

/** Takes one out. */
const take = <A>(from: Array<A>, which: number): Option.Option<A> =>
  from.length === 0 ? Option.none() : Option.fromNullable(from.splice(which % from.length, 1)[0])

const run = (commands: ReadonlyArray<Command>) => {
  const { clock, pass } = makeClocks()
  return Effect.gen(function* () {
    const cache = yield* UserCache
    let order = 0
    let reads = 0
    let refreshes = 0
    let left = 0
    const lookups: Array<Lookup> = []
    const mutations: Array<{ readonly userId: string; readonly outcome: Deferred.Deferred<void, Failed> }> = []
    const readers: Array<Fiber.RuntimeFiber<void, Failed>> = []
    const settling: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    /**
     * By user: when the last invalidation known to have completed did so, when the newest lookup that is known to have
     * answered a refresh began, and until when the user is surely quarantined.
     */
    const invalidated = new Map<string, number>()
    const refreshed = new Map<string, number>()
    const quarantined = new Map<string, number>()

    const isQuarantined = (userId: string) => clock.unsafeCurrentTimeMillis() < (quarantined.get(userId) ?? 0)

    const lookup = (userId: string, key: string, life: Life, read: number, isAlone: boolean) =>
      Effect.gen(function* () {
        const lookup: Lookup = {
          userId,
          key,
          life,
          read,
          order: ++order,
          at: clock.unsafeCurrentTimeMillis(),
          isAlone,
          result: yield* Deferred.make<Lookup, Failed>(),
          seen: Number.POSITIVE_INFINITY
        }
        lookups.push(lookup)
        return yield* Deferred.await(lookup.result)
      })

    const getOptions: GetOptions<Lookup> = {
      timeToLive: (value, startedAt) => {
        assert.isAtMost(DateTime.toEpochMillis(startedAt), value.at, "a lookup that started later than it began")
        if (value.life === "throws") throw "boom"
        return value.life === "unsaid" ? Number.POSITIVE_INFINITY : value.life
      }
    }

    const read = (userId: string, key: string, life: Life) =>
      Effect.suspend(() => {
        const read = ++reads
        const began = ++order
        const at = clock.unsafeCurrentTimeMillis()
        const lastInvalidation = invalidated.get(userId) ?? 0
        const lastRefresh = refreshed.get(userId) ?? 0
        const isAlone = isQuarantined(userId)
        return cache.get(userId, key, lookup(userId, key, life, read, isAlone), getOptions).pipe(
          Effect.map((answer) => {
            const age = at - answer.at
            assert.deepStrictEqual([answer.userId, answer.key], [userId, key], "an answer of another slot")
            assert.isAbove(answer.order, lastInvalidation, "a lookup from before the last invalidation")
            assert.isAtLeast(answer.order, lastRefresh, "a lookup from before the last refresh")
            assert.isBelow(age, timeToLive, "an answer older than the time to live")
            if (isAlone) assert.strictEqual(answer.read, read, "an answer of another's lookup in a quarantine")
            if (answer.isAlone) assert.strictEqual(answer.read, read, "a lookup of a quarantine was shared")
            if (answer.life === "throws") assert.strictEqual(answer.read, read, "a value that could not be judged")
            if (answer.seen < began && typeof answer.life === "number") {
              assert.isTrue(age < answer.life, "an answer that was kept longer than it may be")
            }
            answer.seen = Math.min(answer.seen, ++order)
          })
        )
      })

    const refresh = (userId: string, key: string, life: Life) =>
      Effect.suspend(() => {
        const read = ++reads
        refreshes += 1
        return cache.refresh(userId, key, lookup(userId, key, life, read, isQuarantined(userId)), getOptions).pipe(
          Effect.map((answer) => {
            assert.strictEqual(answer.read, read, "a refresh that was answered by another's lookup")
            refreshed.set(userId, Math.max(answer.order, refreshed.get(userId) ?? 0))
            answer.seen = Math.min(answer.seen, ++order)
          })
        )
      })

    const execute = (command: Command): Effect.Effect<unknown> =>
      Effect.gen(function* () {
        switch (command._tag) {
          case "Read":
            return readers.push(yield* Effect.fork(read(command.userId, command.key, command.life)))
          case "Refresh":
            return readers.push(yield* Effect.fork(refresh(command.userId, command.key, command.life)))
          case "Leave":
            left += 1
            return yield* Option.match(take(readers, command.which), {
              onNone: () => Effect.void,
              onSome: (fiber) => {
                settling.push(fiber)
                return Fiber.interruptFork(fiber)
              }
            })
          case "EndLookup":
            return yield* Option.match(take(lookups, command.which), {
              onNone: () => Effect.void,
              onSome: (lookup) => endWith(lookup.result, command.ending, lookup)
            })
          case "Mutate": {
            const outcome = yield* Deferred.make<void, Failed>()
            mutations.push({ userId: command.userId, outcome })
            const mutation = cache.invalidateAfter(command.userId, Deferred.await(outcome), isAmbiguous)
            const completed = Effect.sync(() => invalidated.set(command.userId, ++order))
            return settling.push(yield* Effect.fork(Effect.onExit(mutation, () => completed)))
          }
          case "EndMutation":
            return yield* Option.match(take(mutations, command.which), {
              onNone: () => Effect.void,
              onSome: ({ outcome, userId }) =>
                Effect.gen(function* () {
                  const until = clock.unsafeCurrentTimeMillis() + quarantine
                  const before = invalidated.get(userId)
                  yield* endWith(outcome, command.ending, undefined)
                  if (command.ending === "success" || command.ending === "certain failure") return
                  yield* Effect.repeat(Effect.yieldNow(), { until: () => invalidated.get(userId) !== before })
                  quarantined.set(userId, until)
                })
            })
          case "Invalidate":
            yield* cache.invalidate(command.userId)
            return invalidated.set(command.userId, ++order)
          case "Pass":
            return yield* pass(command.millis)
          case "Yield":
            return yield* Effect.repeatN(Effect.yieldNow(), command.times)
        }
      })

    for (const command of commands) {
      yield* execute(command)
      assert.isAtMost((yield* cache.stats).size, capacity)
    }

    // All readers are answered once the lookups and mutations have ended.
    const fibers = [...readers, ...settling]
    for (let round = 0; round < 20; round++) {
      yield* Effect.forEach(mutations.splice(0), ({ outcome }) => Deferred.succeed(outcome, undefined))
      yield* Effect.forEach(lookups.splice(0), (lookup) => Deferred.succeed(lookup.result, lookup))
      yield* Effect.repeatN(Effect.yieldNow(), 20)
    }
    for (const fiber of fibers) {
      const exit = yield* Fiber.poll(fiber)
      assert.isTrue(Option.isSome(exit), "a waiter does not settle")
      // A wrong answer is a defect of its reader.
      if (Option.isSome(exit) && Exit.isFailure(exit.value)) {
        for (const defect of defectsOf(exit.value)) if (defect instanceof Error) throw defect
      }
    }

    const stats = yield* cache.stats
    assert.isAtMost(stats.size, capacity)
    assert.isAtMost(stats.refreshes, refreshes)
    const counted = stats.hits + stats.joins + stats.misses + stats.bypasses + stats.refreshes
    assert.isAtMost(counted, reads)
    assert.isAtLeast(counted, reads - left)
    return stats
  }).pipe(withCache({ capacity, timeToLive, quarantine }), Effect.withClock(clock))
}

const defectsOf = (exit: Exit.Failure<unknown, unknown>) => [...Cause.defects(exit.cause)]

describe("any interleaving", () => {
  const seen: Array<Stats> = []

  it.effect.prop(
    "keeps the promises",
    { commands: FastCheck.array(command, { maxLength: 80, size: "max" }) },
    ({ commands }) => Effect.map(run(commands), (stats) => void seen.push(stats)),
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )

  it("has reached everything there is to reach", () => {
    const names = [
      "hits",
      "joins",
      "misses",
      "bypasses",
      "refreshes",
      "evictions",
      "quarantines",
      "lateResults"
    ] as const
    for (const name of names) {
      assert.isAbove(
        seen.reduce((sum, stats) => sum + stats[name], 0),
        0,
        name
      )
    }
  })
})
