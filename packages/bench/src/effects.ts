/** Contestants that speak in effects. As in an application, the reads of a loop run in one fiber. */
import * as Effect from "effect/Effect"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type { Answer, Cache, Client, Setup } from "./contestant.js"

/** What a contestant does with one user. */
export interface Operations<H> {
  /** What an application has at hand when it reads: a user id, or a session. */
  readonly open: (userId: string) => H
  readonly list: (handle: H) => Effect.Effect<Answer, unknown>
}

export interface CacheOperations<H> extends Operations<H> {
  readonly invalidate: (userId: string) => Effect.Effect<void>
  readonly change: (handle: H) => Effect.Effect<void, unknown>
}

const runnerOf =
  <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>, { time }: Setup) =>
  <A>(effect: Effect.Effect<A, unknown>): Promise<A> =>
    runtime.runPromise(time === undefined ? effect : Effect.withClock(effect, time.effectClock))

export const clientOf = <H, R, E>(
  setup: Setup,
  runtime: ManagedRuntime.ManagedRuntime<R, E>,
  { list, open }: Operations<H>
): Client => {
  const run = runnerOf(runtime, setup)
  return {
    one: (userId) => run(list(open(userId))),
    many: (userIds, concurrency) => {
      const all = Effect.forEach(userIds.map(open), list, { concurrency, discard: true })
      return () => run(all)
    },
    close: () => runtime.dispose()
  }
}

export const cacheOf = <H, R, E>(
  setup: Setup,
  runtime: ManagedRuntime.ManagedRuntime<R, E>,
  operations: CacheOperations<H>
): Cache => {
  const run = runnerOf(runtime, setup)
  return {
    ...clientOf(setup, runtime, operations),
    invalidate: (userIds) => {
      const all = Effect.forEach(userIds, operations.invalidate, { discard: true })
      return () => run(all)
    },
    change: (userId) => run(operations.change(operations.open(userId)))
  }
}
