/**
 * The engine of `UserCache`.
 *
 * The proof, in short. A slot of a user is either a `PendingLookup` (in flight) or an `Entry` (a stored value). *A slot
 * may answer reads only while it is among the slots of its user*, and reads look only under string keys. A refresh that
 * begins while another slot holds its key waits under a symbol: no read finds it there. Invalidating a user drops all
 * their slots, so:
 *
 * - A lookup that started before an invalidation cannot answer a read that began after it: it is no longer a slot.
 * - A lookup that ends after an invalidation finds that it is no longer a slot, and stores nothing.
 *
 * A refresh that succeeds drops every slot of its user that started before it, so both hold for refreshes too. If a newer
 * slot holds the key, the result of the refresh is discarded.
 *
 * Every step on the slots below is plain synchronous code, so no other fiber can run in between.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { isAmbiguousExit } from "./ambiguity.js"
import { makeCounters } from "./counters.js"
import { LinkedList, type Links } from "./linkedList.js"
import { maxElapsed, type Moment, now } from "./moment.js"
import { makeQuarantine } from "./quarantine.js"
import { type SlotKey, Slots } from "./slots.js"
import { Waiter } from "./waiter.js"

type TimeToLive = (value: unknown, startedAt: DateTime.Utc) => Duration.DurationInput

interface ReadOptions {
  readonly timeToLive?: TimeToLive | undefined
  readonly interrupted?: (() => unknown) | undefined
}

type Read = (
  userId: string,
  key: string,
  lookup: Effect.Effect<unknown, unknown, unknown>,
  options?: ReadOptions
) => Effect.Effect<unknown, unknown, unknown>

/** An in-flight lookup and its waiters. */
interface PendingLookup extends SlotKey {
  readonly _tag: "PendingLookup"
  /** The key under which its value will be stored. */
  readonly valueKey: string
  readonly isRefresh: boolean
  /** The position among the cache's lookups, by start. */
  readonly order: number
  readonly startedAt: Moment
  /** The cache's time to live, until the value has arrived and may shorten it. */
  timeToLiveMillis: number
  fiber: Fiber.RuntimeFiber<void> | undefined
  exit: Exit.Exit<unknown, unknown> | undefined
  readonly waiters: Set<Waiter>
}

/** A stored value. */
interface Entry extends Links<Entry>, SlotKey {
  readonly _tag: "Entry"
  readonly order: number
  readonly startedAt: Moment
  readonly timeToLiveMillis: number
  readonly value: unknown
}

type Slot = PendingLookup | Entry

export const make = (options: {
  readonly capacity: number
  readonly timeToLiveMillis: number
  readonly quarantineMillis: number
  readonly scope: Scope.Scope
}) => {
  const slots = new Slots<Slot>()
  const recency = new LinkedList<Entry>()
  const quarantine = makeQuarantine({ capacity: options.capacity, millis: options.quarantineMillis })
  const counters = makeCounters()
  let lookups = 0

  const isFresh = (slot: Slot, at: Moment) => maxElapsed(slot.startedAt, at) < slot.timeToLiveMillis

  const isCurrent = (slot: Slot) => slots.get(slot.userId, slot.key) === slot

  const forgetEntry = (entry: Entry): void => {
    recency.remove(entry)
    counters.sizeChanged(-1)
  }

  const drop = (slot: Slot): void => {
    if (slots.remove(slot) && slot._tag === "Entry") forgetEntry(slot)
  }

  const dropUser = (userId: string): void => slots.ofUser(userId).forEach(drop)

  const dropOlder = (userId: string, order: number): void => {
    for (const slot of slots.ofUser(userId)) if (slot.order < order) drop(slot)
  }

  /** The slot that may answer a read that begins now. */
  const find = (userId: string, key: string, at: Moment): Slot | undefined => {
    const slot = slots.get(userId, key)
    if (slot === undefined || isFresh(slot, at)) return slot
    drop(slot)
    return undefined
  }

  const store = (pending: PendingLookup, value: unknown): void => {
    const entry: Entry = {
      _tag: "Entry",
      userId: pending.userId,
      key: pending.valueKey,
      order: pending.order,
      startedAt: pending.startedAt,
      timeToLiveMillis: pending.timeToLiveMillis,
      value,
      older: undefined,
      newer: undefined
    }
    slots.put(entry)
    recency.add(entry)
    counters.sizeChanged(1)
    if (recency.size > options.capacity && recency.oldest !== undefined) {
      drop(recency.oldest)
      counters.increment("evictions")
    }
  }

  const hit = (entry: Entry) => {
    counters.increment("hits")
    recency.touch(entry)
    return Effect.succeed(entry.value)
  }

  /** Whether another slot holds the key of the value. */
  const isTaken = (pending: PendingLookup): boolean => {
    const slot = slots.get(pending.userId, pending.valueKey)
    return slot !== undefined && slot !== pending
  }

  const settle = (pending: PendingLookup, exit: Exit.Exit<unknown, unknown>, at: Moment): void => {
    if (pending.isRefresh && Exit.isSuccess(exit)) {
      dropOlder(pending.userId, pending.order)
      if (isTaken(pending)) drop(pending)
    }
    const isUsable = isCurrent(pending) && isFresh(pending, at)
    drop(pending)
    if (Exit.isSuccess(exit)) {
      if (isUsable) store(pending, exit.value)
      else counters.increment("lateResults")
    }
    pending.exit = exit
    for (const waiter of pending.waiters) waiter.done(exit)
  }

  /** The last waiter to leave interrupts the lookup: its result is no longer needed. */
  const leave = (pending: PendingLookup, waiter: Waiter) =>
    Effect.suspend(() => {
      pending.waiters.delete(waiter)
      if (pending.waiters.size > 0 || pending.fiber === undefined) return Effect.void
      drop(pending)
      return Fiber.interrupt(pending.fiber)
    })

  const makePending = (userId: string, key: string, startedAt: Moment): PendingLookup => ({
    _tag: "PendingLookup",
    userId,
    key,
    valueKey: key,
    isRefresh: false,
    order: ++lookups,
    startedAt,
    timeToLiveMillis: options.timeToLiveMillis,
    fiber: undefined,
    exit: undefined,
    waiters: new Set()
  })

  // `start`, `wait` and `leave` run uninterruptibly: each waiter that is interrupted also leaves, and the forked fiber, which inherits
  // this, always settles its lookup.
  const wait = (pending: PendingLookup, restore: Restore) => {
    if (pending.exit !== undefined) return pending.exit
    const waiter = new Waiter()
    pending.waiters.add(waiter)
    // Not `Effect.onInterrupt`, which would mask interruption once more.
    return Effect.catchAllCause(restore(waiter.result), (cause) => {
      const failure = Effect.failCause(cause)
      return Cause.isInterruptedOnly(cause) ? Effect.andThen(leave(pending, waiter), failure) : failure
    })
  }

  const start = (
    pending: PendingLookup,
    lookup: Effect.Effect<unknown, unknown, unknown>,
    { interrupted, timeToLive }: ReadOptions,
    clock: Clock.Clock,
    restore: Restore
  ) => {
    slots.put(pending)
    const value = Effect.interruptible(lookup)
    const toResult = (exit: Exit.Exit<unknown, unknown>) =>
      interrupted !== undefined && Exit.isInterrupted(exit) ? Exit.fail(interrupted()) : exit
    return (timeToLive === undefined ? value : Effect.map(value, applyValueTimeToLive(pending, timeToLive))).pipe(
      Effect.exit,
      Effect.map((exit) => settle(pending, toResult(exit), now(clock))),
      Effect.forkIn(options.scope),
      Effect.flatMap((fiber) => {
        pending.fiber = fiber
        return wait(pending, restore)
      })
    )
  }

  const bypass = <A, E, R>(lookup: Effect.Effect<A, E, R>, restore: Restore) => {
    counters.increment("bypasses")
    return restore(lookup)
  }

  const get: Read = (userId, key, lookup, getOptions = {}) =>
    Effect.clockWith((clock) => {
      const slot = find(userId, key, now(clock))
      if (slot?._tag === "Entry") return hit(slot)
      return Effect.uninterruptibleMask((restore) => {
        const at = now(clock)
        const slot = find(userId, key, at)
        if (slot?._tag === "Entry") return hit(slot)
        if (slot?._tag === "PendingLookup") {
          counters.increment("joins")
          return wait(slot, restore)
        }
        if (quarantine.includes(userId, at.monotonic)) return bypass(lookup, restore)
        counters.increment("misses")
        return start(makePending(userId, key, at), lookup, getOptions, clock, restore)
      })
    })

  const refresh: Read = (userId, key, lookup, getOptions = {}) =>
    Effect.clockWith((clock) =>
      Effect.uninterruptibleMask((restore) => {
        const at = now(clock)
        const slotKey = find(userId, key, at) === undefined ? key : Symbol()
        const pending: PendingLookup = { ...makePending(userId, key, at), key: slotKey, isRefresh: true }
        counters.increment("refreshes")
        if (!quarantine.includes(userId, at.monotonic)) {
          return start(pending, lookup, getOptions, clock, restore)
        }
        // It is not a slot, so its value is not stored. Older slots are dropped all the same.
        return Effect.map(restore(lookup), (value) => {
          dropOlder(userId, pending.order)
          return value
        })
      })
    )

  const invalidate = (userId: string) =>
    Effect.sync(() => {
      dropUser(userId)
      counters.increment("invalidations")
    })

  const invalidateAndQuarantine = (userId: string) =>
    Effect.clockWith((clock) => {
      quarantine.add(userId, now(clock).monotonic)
      counters.increment("quarantines")
      return invalidate(userId)
    })

  const invalidateAfter = <A, E, R>(
    userId: string,
    mutation: Effect.Effect<A, E, R>,
    isAmbiguous: (error: E) => boolean
  ) =>
    Effect.onExit(mutation, (exit) =>
      Effect.sync(() => isAmbiguousExit(exit, isAmbiguous)).pipe(
        // `isAmbiguous` is the caller's code: even if it throws, the user is invalidated.
        Effect.onError(() => invalidateAndQuarantine(userId)),
        Effect.flatMap((mayBeApplied) => (mayBeApplied ? invalidateAndQuarantine(userId) : invalidate(userId)))
      )
    )

  const stats = Effect.sync(() => ({ ...counters.counts, size: recency.size }))

  // The entries of a closed cache must not stay in the process-wide metric.
  const dropAll = Effect.sync(() => slots.userIds().forEach(dropUser))
  return Effect.as(Scope.addFinalizer(options.scope, dropAll), { get, refresh, invalidate, invalidateAfter, stats })
}

/** `timeToLive` is the caller's code: what it throws becomes a defect of the lookup. */
const applyValueTimeToLive =
  (pending: PendingLookup, timeToLive: TimeToLive) =>
  (value: unknown): unknown => {
    const own = Duration.toMillis(timeToLive(value, DateTime.unsafeMake(pending.startedAt.wall)))
    pending.timeToLiveMillis = Math.min(pending.timeToLiveMillis, own)
    return value
  }

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
