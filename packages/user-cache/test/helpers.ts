import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as UserCache from "../src/UserCache.js"

export class Failed extends Data.TaggedError("Failed")<{ readonly isAmbiguous: boolean }> {}

export const certain = new Failed({ isAmbiguous: false })
export const ambiguous = new Failed({ isAmbiguous: true })
export const isAmbiguous = (error: Failed) => error.isAmbiguous

/** One run of an origin's lookup, which ends when the test says so. */
export interface Call {
  readonly result: Deferred.Deferred<string, Failed>
  readonly interrupted: Deferred.Deferred<void>
}

/** An origin whose every lookup is in the test's hands. */
export const makeOrigin = Effect.gen(function* () {
  const calls = yield* Queue.unbounded<Call>()
  let count = 0
  const lookup = Effect.gen(function* () {
    count += 1
    const call: Call = { result: yield* Deferred.make<string, Failed>(), interrupted: yield* Deferred.make<void>() }
    yield* Queue.offer(calls, call)
    return yield* Deferred.await(call.result).pipe(
      Effect.onInterrupt(() => Deferred.succeed(call.interrupted, undefined))
    )
  })
  return {
    lookup,
    /** Waits for the next run to have begun. */
    next: Queue.take(calls),
    count: Effect.sync(() => count)
  }
})

/** An origin that answers at once, with the number of the lookup: "v1", "v2", … */
export const makeVersions = Effect.sync(() => {
  let count = 0
  return {
    lookup: Effect.sync(() => `v${++count}`),
    count: Effect.sync(() => count)
  }
})

/** Waits until the cache has seen something happen. */
export const untilStats = (cache: UserCache.Service, happened: (stats: UserCache.Stats) => boolean) =>
  Effect.yieldNow().pipe(Effect.andThen(cache.stats), Effect.repeat({ until: happened }), Effect.asVoid)

/** Fails as an ambiguous mutation: it may have been applied. */
export const failAmbiguously = (userId: string) =>
  UserCache.UserCache.pipe(
    Effect.flatMap((cache) => cache.invalidateAfter(userId, Effect.fail(ambiguous), isAmbiguous)),
    Effect.ignore
  )

export const withCache = (options: Partial<UserCache.Options> = {}) =>
  Effect.provide(UserCache.layer({ capacity: 100, ...options }))

/**
 * The machine's two clocks, in the hands of the test; `TestClock` moves both as one. There is no waiting for it: it does
 * not wake those who sleep.
 */
export const makeClocks = () => {
  let wall = 1_800_000_000_000
  let monotonic = 0n
  const clock: Clock.Clock = Object.assign(Clock.make(), {
    unsafeCurrentTimeMillis: () => wall,
    unsafeCurrentTimeNanos: () => monotonic
  })
  const pass = (millis: number, machineSleeps = false) =>
    Effect.sync(() => {
      wall += millis
      if (!machineSleeps) monotonic += BigInt(millis) * 1_000_000n
    })
  const set = (by: number) =>
    Effect.sync(() => {
      wall += by
    })
  return { clock, pass, set }
}
