/**
 * Plays a random schedule of several processes over one fake store, in virtual time: fibers are stopped anywhere, the
 * store is slow, loses requests, answers and marks, and fails over to what it remembered before. The wall clocks of the
 * processes and of the store are set back and forward.
 */
import * as Prng from "@effect-tink/simulation/prng"
import * as Scheduler from "@effect-tink/simulation/scheduler"
import * as VirtualClock from "@effect-tink/simulation/virtualClock"
import * as Arr from "effect/Array"
import type * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as FakeInvalidationStore from "../../src/FakeInvalidationStore.js"
import { InvalidationStore, type Service, StoreError } from "../../src/InvalidationStore.js"
import * as SharedUserCache from "../../src/SharedUserCache.js"

class Failed extends Data.TaggedError("Failed")<{ readonly isAmbiguous: boolean }> {}

const processes = 3
const timeToLive = 3_000
const durationMillis = 6_000

type Trouble = "cut off" | "flush" | "marks" | "remember" | "failover" | "restart" | "restart from a file" | "nothing"

type List<A> = readonly [A, ...ReadonlyArray<A>]

/** What may happen. Of each list, a schedule picks one. Times are the longest ones, in milliseconds. */
interface Plan {
  readonly users: List<string>
  readonly leases: List<number>
  readonly delays: List<number>
  /** How long the answers to questions take. The other delays if absent. */
  readonly validationDelay?: number
  readonly lossRates: List<number>
  readonly outageRates: List<number>
  readonly refreshRate: number
  readonly lookupMillis: number
  readonly mutationMillis: number
  readonly betweenChanges: number
  readonly betweenTroubles: number
  /** By how much a wall clock is set, at most. */
  readonly clockMillis: number
  readonly betweenClocks: number
  /** How far a wall clock is set forward, as a share of how far it is set back. */
  readonly forward: number
  readonly troubles: List<Trouble>
}

const anything: Plan = {
  users: ["ada", "bob"],
  leases: [0, 50, 200],
  delays: [2, 30, 90, 400],
  lossRates: [0, 0, 0.05],
  outageRates: [0, 0, 0.5],
  refreshRate: 0.05,
  lookupMillis: 120,
  mutationMillis: 120,
  betweenChanges: 300,
  betweenTroubles: 300,
  clockMillis: 5_000,
  betweenClocks: 500,
  forward: 1,
  troubles: ["cut off", "flush", "marks", "marks", "marks", "remember", "failover", "restart", "nothing"]
}

const quiet: Plan = {
  users: ["ada"],
  leases: [200],
  delays: [2],
  lossRates: [0],
  outageRates: [0],
  refreshRate: 0.05,
  lookupMillis: 20,
  mutationMillis: 200,
  betweenChanges: 600,
  betweenTroubles: 300,
  clockMillis: 0,
  betweenClocks: 1_000,
  forward: 1,
  troubles: ["nothing"]
}

/** Some mistakes show only when rare things meet: with these, they often do. */
export const plans = {
  anything,
  leases: quiet,
  "restarts from a file": { ...quiet, betweenTroubles: 100, troubles: ["restart from a file"] },
  "slow answers": { ...quiet, leases: [50], validationDelay: 190, mutationMillis: 20 },
  "clocks set back": { ...quiet, clockMillis: 100, betweenClocks: 40, forward: 0.1 },
  "clocks set forward": { ...quiet, clockMillis: 100, betweenClocks: 60, forward: 10 },
  "clocks set back, and a process cut off": {
    ...quiet,
    users: ["ada", "bob", "cem", "dan", "eve", "fay"],
    leases: [0],
    refreshRate: 0,
    betweenChanges: 2_000,
    troubles: ["cut off"],
    clockMillis: 2_500,
    betweenClocks: 600,
    forward: 0
  },
  refreshes: { ...quiet, leases: [0], refreshRate: 0.3, lookupMillis: 200, mutationMillis: 10, betweenChanges: 200 }
} satisfies Record<string, Plan>

export type PlanName = keyof typeof plans

export const planNames: ReadonlyArray<PlanName> = [
  "anything",
  "leases",
  "restarts from a file",
  "slow answers",
  "clocks set back",
  "clocks set forward",
  "clocks set back, and a process cut off",
  "refreshes"
]

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

/** The wall clock of one machine, which can be set. Its monotonic clock cannot. */
const makeMachineClock = (clock: Clock.Clock) => {
  let offset = 0
  const machineClock: Clock.Clock = {
    ...clock,
    unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + offset,
    currentTimeMillis: Effect.sync(() => clock.unsafeCurrentTimeMillis() + offset)
  }
  return { clock: machineClock, setBy: (millis: number): void => void (offset += millis) }
}

export const play = (seed: number, planName: PlanName = "anything"): Outcome => {
  const plan: Plan = plans[planName]
  const prng = Prng.make(seed)
  const clock = VirtualClock.make(prng)
  const scheduler = Scheduler.make(prng)
  const lease = prng.pick(plan.leases)
  const delay = prng.pick(plan.delays)
  const lossRate = prng.pick(plan.lossRates)
  const outageRate = prng.pick(plan.outageRates)
  const until = clock.now() + durationMillis

  const versions = new Map<string, number>()
  const ended = new Map<string, number>()
  let stale: string | undefined
  let reads = 0
  let changes = 0
  let isDown = false
  /** The process that does not reach the store. */
  let cutOff: number | undefined

  const pause = (millis: number) => Effect.suspend(() => Effect.sleep(prng.below(millis + 1)))
  const versionOf = (user: string) => versions.get(user) ?? 0
  const lookup = (user: string) =>
    Effect.andThen(
      pause(plan.lookupMillis / 2),
      Effect.suspend(() => Effect.zipLeft(Effect.succeed(versionOf(user)), pause(plan.lookupMillis / 2)))
    )

  /** A change applies or not, and its caller may not learn which. */
  const mutation = (user: string, applied: { version: number }) =>
    Effect.gen(function* () {
      yield* pause(plan.mutationMillis / 2)
      const isApplied = prng.chance(0.9)
      if (isApplied) versions.set(user, (applied.version = versionOf(user) + 1))
      yield* pause(plan.mutationMillis / 2)
      if (!isApplied || prng.chance(0.1)) return yield* new Failed({ isAmbiguous: isApplied })
    })

  const whileOpen = (step: Effect.Effect<void>) => Effect.repeat(step, { while: () => clock.now() < until })

  const reader = (cache: SharedUserCache.Service, process: number) =>
    whileOpen(
      Effect.gen(function* () {
        yield* pause(prng.pick([1, 20, 100]))
        const user = prng.pick(plan.users)
        const floor = ended.get(user) ?? 0
        const began = clock.now() - (until - durationMillis)
        const refresh = prng.chance(plan.refreshRate)
        const version = yield* (refresh ? cache.refresh : cache.get)(user, "balance", lookup(user))
        reads += 1
        if (version < floor && stale === undefined) {
          stale = `${planName}, seed ${seed}: a read of ${user} in process ${process}, begun at ${began} ms, returned ${version} after the change to ${floor} had ended (lease ${lease} ms)`
        }
      })
    )

  const mutator = (cache: SharedUserCache.Service) =>
    whileOpen(
      Effect.gen(function* () {
        yield* pause(plan.betweenChanges)
        const user = prng.pick(plan.users)
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
          yield* pause(plan.betweenTroubles)
          isDown = prng.chance(outageRate)
          const what = prng.pick(plan.troubles)
          if (what === "cut off") {
            cutOff = prng.below(processes)
            yield* pause(2 * timeToLive)
            cutOff = undefined
          }
          if (what === "flush") yield* fake.flush
          if (what === "marks") yield* fake.forgetMarks
          if (what === "remember") remembered = yield* fake.snapshot
          if (what === "failover") yield* fake.failOver(remembered)
          if (what === "restart") yield* fake.failOver(new Map())
          if (what === "restart from a file") {
            const file = yield* fake.snapshot
            yield* fake.failOver(new Map())
            yield* pause(20)
            yield* fake.failOver(file)
          }
        })
      )
      isDown = false
      cutOff = undefined
    })

  /** The store as one process reaches it. */
  const reachedBy = (process: number, store: Service): Service => {
    const unless =
      (operation: StoreError["operation"]) =>
      <A>(effect: Effect.Effect<A, StoreError>) =>
        Effect.suspend(() =>
          cutOff === process ? Effect.fail(new StoreError({ operation, message: "cut off" })) : effect
        )
    return {
      ...store,
      validate: (userIds) => unless("validate")(store.validate(userIds)),
      begin: (userId, changeId) => unless("begin")(store.begin(userId, changeId)),
      finish: (end) => unless("finish")(store.finish(end)),
      advance: (userId) => unless("advance")(store.advance(userId))
    }
  }

  const machines = Array.from({ length: processes }, () => makeMachineClock(clock.clock))
  const storeMachine = makeMachineClock(clock.clock)

  const clockSetter = whileOpen(
    Effect.gen(function* () {
      yield* pause(plan.betweenClocks)
      const isForward = prng.chance(0.5)
      const millis = prng.below(plan.clockMillis + 1)
      prng.pick([storeMachine, ...machines]).setBy(isForward ? Math.round(millis * plan.forward) : -millis)
    })
  )

  const program = Effect.gen(function* () {
    const fake = yield* Effect.withClock(FakeInvalidationStore.make, storeMachine.clock)
    yield* fake.behave(({ operation }) => ({
      requestDelay: prng.below(delay + 1),
      answerDelay: prng.below((operation === "validate" ? (plan.validationDelay ?? delay) : delay) + 1),
      fault: isDown || prng.chance(lossRate) ? prng.pick(["error", "lost request", "lost answer"]) : undefined
    }))
    const caches = yield* Effect.forEach(machines, (machine, process) =>
      SharedUserCache.make({ capacity: 100, timeToLive, quarantine: 500, lease }).pipe(
        Effect.provideService(InvalidationStore, reachedBy(process, fake.store)),
        Effect.withClock(machine.clock)
      )
    )
    const actors = Arr.zip(caches, machines).flatMap(([cache, machine], process) =>
      [reader(cache, process), reader(cache, process), reader(cache, process), mutator(cache)].map((actor) =>
        Effect.withClock(actor, machine.clock)
      )
    )
    yield* Effect.all([...actors, trouble(fake), clockSetter], { concurrency: "unbounded" })
    return yield* Effect.forEach(caches, ({ stats }) => stats)
  }).pipe(Effect.scoped, Effect.withClock(clock.clock), Logger.withMinimumLogLevel(LogLevel.None))

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
    return {
      stale,
      trouble: `${planName}, seed ${seed}: a caller was not answered`,
      reads,
      hits: 0,
      changes,
      failures: 0
    }
  }
  if (Exit.isFailure(result)) {
    return {
      stale,
      trouble: `${planName}, seed ${seed}: ${String(result.cause)}`,
      reads,
      hits: 0,
      changes,
      failures: 0
    }
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
