/**
 * Plays a random schedule of several processes over one fake store, in virtual time: fibers are stopped anywhere, the
 * store is slow, loses requests, answers and marks, and fails over to what it remembered before.
 */
import * as Prng from "@effect-tink/simulation/prng"
import * as Scheduler from "@effect-tink/simulation/scheduler"
import * as VirtualClock from "@effect-tink/simulation/virtualClock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FakeInvalidationStore from "../../src/FakeInvalidationStore.js"
import { InvalidationStore } from "../../src/InvalidationStore.js"
import * as SharedUserCache from "../../src/SharedUserCache.js"

class Failed extends Data.TaggedError("Failed")<{ readonly isAmbiguous: boolean }> {}

const users = ["ada", "bob"] as const
const processes = 3
const timeToLive = 3_000
const durationMillis = 6_000

export interface Outcome {
  /** The first read that was stale, if there was one. */
  readonly stale: string | undefined
  /** Callers that were not answered, or died. */
  readonly trouble: string | undefined
  readonly reads: number
  readonly hits: number
  readonly changes: number
  readonly failures: number
}

export const play = (seed: number): Outcome => {
  const prng = Prng.make(seed)
  const clock = VirtualClock.make(prng)
  const scheduler = Scheduler.make(prng)
  const lease = prng.pick([0, 50, 200])
  const worstDelay = prng.pick([2, 30, 90, 400])
  const lossRate = prng.pick([0, 0, 0.05])
  const outageRate = prng.pick([0, 0, 0.5])
  const until = clock.now() + durationMillis

  const versions = new Map<string, number>()
  const ended = new Map<string, number>()
  let stale: string | undefined
  let reads = 0
  let changes = 0
  let isDown = false

  const pause = (millis: number) => Effect.suspend(() => Effect.sleep(prng.below(millis + 1)))
  const versionOf = (user: string) => versions.get(user) ?? 0
  const lookup = (user: string) =>
    Effect.andThen(
      pause(60),
      Effect.suspend(() => Effect.zipLeft(Effect.succeed(versionOf(user)), pause(60)))
    )

  /** A change applies or not, and its caller may not learn which. */
  const mutation = (user: string, applied: { version: number }) =>
    Effect.gen(function* () {
      yield* pause(60)
      const isApplied = prng.chance(0.9)
      if (isApplied) versions.set(user, (applied.version = versionOf(user) + 1))
      yield* pause(60)
      if (!isApplied || prng.chance(0.1)) return yield* new Failed({ isAmbiguous: isApplied })
    })

  const whileOpen = (step: Effect.Effect<void>) => Effect.repeat(step, { while: () => clock.now() < until })

  const reader = (cache: SharedUserCache.Service, process: number) =>
    whileOpen(
      Effect.gen(function* () {
        yield* pause(prng.pick([1, 20, 100]))
        const user = prng.pick(users)
        const floor = ended.get(user) ?? 0
        const began = clock.now() - (until - durationMillis)
        const refresh = prng.chance(0.05)
        const version = yield* (refresh ? cache.refresh : cache.get)(user, "balance", lookup(user))
        reads += 1
        if (version < floor && stale === undefined) {
          stale = `seed ${seed}: a read of ${user} in process ${process}, begun at ${began} ms, returned ${version} after the change to ${floor} had ended (lease ${lease} ms)`
        }
      })
    )

  const mutator = (cache: SharedUserCache.Service) =>
    whileOpen(
      Effect.gen(function* () {
        yield* pause(300)
        const user = prng.pick(users)
        const applied = { version: 0 }
        yield* Effect.exit(cache.invalidateAfter(user, mutation(user, applied), (error) => error.isAmbiguous))
        changes += 1
        ended.set(user, Math.max(ended.get(user) ?? 0, applied.version))
      })
    )

  const trouble = (fake: FakeInvalidationStore.Fake) =>
    Effect.gen(function* () {
      let remembered = yield* fake.snapshot
      yield* whileOpen(
        Effect.gen(function* () {
          yield* pause(300)
          isDown = prng.chance(outageRate)
          const what = prng.pick(["flush", "marks", "marks", "marks", "remember", "failover", "restart", "nothing"])
          if (what === "flush") yield* fake.flush
          if (what === "marks") yield* fake.forgetMarks
          if (what === "remember") remembered = yield* fake.snapshot
          if (what === "failover") yield* fake.failOver(remembered)
          if (what === "restart") yield* fake.failOver(new Map())
        })
      )
      isDown = false
    })

  const program = Effect.gen(function* () {
    const fake = yield* FakeInvalidationStore.make
    yield* fake.behave(() => ({
      requestDelay: prng.below(worstDelay + 1),
      answerDelay: prng.below(worstDelay + 1),
      fault: isDown || prng.chance(lossRate) ? prng.pick(["error", "lost request", "lost answer"]) : undefined
    }))
    const caches = yield* Effect.forEach(Array.from({ length: processes }), () =>
      SharedUserCache.make({ capacity: 100, timeToLive, quarantine: 500, lease }).pipe(
        Effect.provideService(InvalidationStore, fake.store)
      )
    )
    const actors = caches.flatMap((cache, process) => [
      reader(cache, process),
      reader(cache, process),
      reader(cache, process),
      mutator(cache)
    ])
    yield* Effect.all([...actors, trouble(fake)], { concurrency: "unbounded" })
    return yield* Effect.forEach(caches, ({ stats }) => stats)
  }).pipe(Effect.scoped, Effect.withClock(clock.clock))

  const fiber = Effect.runFork(program, { scheduler: scheduler.chaotic })
  const exit = () => fiber.unsafePoll()
  while (exit() === null) {
    if (scheduler.run(10_000)) continue
    const next = clock.nextWake()
    if (next === undefined || next > until + 10 * timeToLive) break
    if (next > clock.now()) clock.moveTo(next)
    clock.wakeOne()
  }
  const result = exit()
  if (result === null) {
    Effect.runFork(Fiber.interrupt(fiber))
    return { stale, trouble: `seed ${seed}: a caller was not answered`, reads, hits: 0, changes, failures: 0 }
  }
  if (Exit.isFailure(result)) {
    return { stale, trouble: `seed ${seed}: ${String(result.cause)}`, reads, hits: 0, changes, failures: 0 }
  }
  const sum = (count: (stats: SharedUserCache.Stats) => number) =>
    result.value.reduce((all, one) => all + count(one), 0)
  return {
    stale,
    trouble: undefined,
    reads,
    hits: sum(({ hits }) => hits),
    changes,
    failures: sum(({ storeFailures }) => storeFailures)
  }
}
