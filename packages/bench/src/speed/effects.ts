/** Contestants whose operations are effects. Each reader is a fiber, like a request in a server, and reads in a loop. */
import * as Effect from "effect/Effect"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import type { Answer, Cache, Client, Setup } from "./contestant.js"

/** What a contestant does with one user. */
export interface Operations<H> {
  /** What an application holds when it reads: a user id, or a session. */
  readonly open: (userId: string) => H
  readonly list: (handle: H) => Effect.Effect<Answer, unknown>
}

export interface CacheOperations<H> extends Operations<H> {
  readonly invalidate: (userId: string) => Effect.Effect<void>
  readonly change: (handle: H) => Effect.Effect<void, unknown>
}

const makeRun =
  <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>, { time }: Setup) =>
  <A>(effect: Effect.Effect<A, unknown>): Promise<A> =>
    runtime.runPromise(time === undefined ? effect : Effect.withClock(effect, time.effectClock))

export const makeClient = <H, R, E>(
  setup: Setup,
  runtime: ManagedRuntime.ManagedRuntime<R, E>,
  { list, open }: Operations<H>
): Client => {
  const run = makeRun(runtime, setup)
  return {
    one: (userId) => run(list(open(userId))),
    many: (userIds, concurrency) => {
      const handles = userIds.map(open)
      return async () => {
        // One iterator for all workers: each takes the next user.
        const rest = handles.values()
        const worker = Effect.suspend(() => {
          let next = rest.next()
          return Effect.whileLoop({
            while: () => next.done !== true,
            body: () => (next.done === true ? Effect.void : list(next.value)),
            step: () => void (next = rest.next())
          })
        })
        await Promise.all(Array.from({ length: Math.min(concurrency, handles.length) }, () => run(worker)))
      }
    },
    close: () => runtime.dispose()
  }
}

export const makeCache = <H, R, E>(
  setup: Setup,
  runtime: ManagedRuntime.ManagedRuntime<R, E>,
  operations: CacheOperations<H>
): Cache => {
  const run = makeRun(runtime, setup)
  return {
    ...makeClient(setup, runtime, operations),
    invalidate: (userIds) => {
      const all = Effect.forEach(userIds, operations.invalidate, { discard: true })
      return () => run(all)
    },
    change: (userId) => run(operations.change(operations.open(userId)))
  }
}
