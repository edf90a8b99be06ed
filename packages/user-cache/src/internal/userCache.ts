/**
 * The engine of `UserCache`.
 *
 * Its argument, in short. A slot of a user is either a `Flight` (a lookup that runs) or an `Entry` (a stored value), and
 * *being among the slots of its user is the permission to answer reads*: at once when it is under its key; not before its
 * value has taken the key when it is under a symbol, where no read looks. The latter are refreshes that began while another
 * slot had their key. Invalidating a user drops their slots, so:
 *
 * - nothing that started before an invalidation can answer a read that began after it: it is no slot any more;
 * - a lookup that ends after an invalidation finds that it is no slot any more, and stores nothing.
 *
 * A refresh that succeeds drops whatever slot started before it, so the same two hold of it. When its key is taken even
 * then, that is by something newer, and it is the refresh that is dropped.
 *
 * Every step on the slots below is plain synchronous code, so no other fiber can come between.
 */
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"
import type { GetOptions, Service } from "../UserCache.js"
import { isCertainFailure } from "./ambiguity.js"
import { makeCounters } from "./counters.js"
import { LinkedList, type Links } from "./linkedList.js"
import { maxElapsed, type Moment, now } from "./moment.js"
import { makeQuarantine } from "./quarantine.js"
import { type Placed, Slots } from "./slots.js"

/** A lookup that runs, and those who wait for it. */
interface Flight extends Placed {
  readonly _tag: "Flight"
  /** Where its value will be. */
  readonly key: string
  readonly isRefresh: boolean
  /** The lookups of a cache are numbered as they start. */
  readonly order: number
  readonly startedAt: Moment
  /** That of the cache, until the lookup has ended and its value may ask for a shorter one. */
  timeToLiveMillis: number
  readonly result: Deferred.Deferred<unknown, unknown>
  fiber: Fiber.RuntimeFiber<void> | undefined
  waiters: number
}

/** A stored value. */
interface Entry extends Links<Entry>, Placed {
  readonly _tag: "Entry"
  readonly order: number
  readonly startedAt: Moment
  readonly timeToLiveMillis: number
  readonly value: unknown
}

type Slot = Flight | Entry

export const make = (options: {
  readonly capacity: number
  readonly timeToLiveMillis: number
  readonly quarantineMillis: number
  readonly scope: Scope.Scope
}): Effect.Effect<Service> => {
  const users = new Slots<Slot>()
  const recency = new LinkedList<Entry>()
  const quarantine = makeQuarantine({ capacity: options.capacity, millis: options.quarantineMillis })
  const counters = makeCounters()
  let lookups = 0

  const isFresh = (slot: Slot, at: Moment) => maxElapsed(slot.startedAt, at) < slot.timeToLiveMillis

  const isOwned = (slot: Slot) => users.get(slot.userId, slot.place) === slot

  const forgetEntry = (entry: Entry): void => {
    recency.remove(entry)
    counters.sizeChanged(-1)
  }

  const drop = (slot: Slot): void => {
    if (users.remove(slot) && slot._tag === "Entry") forgetEntry(slot)
  }

  const dropUser = (userId: string): void => users.of(userId).forEach(drop)

  const dropOlder = (userId: string, order: number): void => {
    for (const slot of users.of(userId)) if (slot.order < order) drop(slot)
  }

  /** What may answer a read that begins now. */
  const find = (userId: string, key: string, at: Moment): Slot | undefined => {
    const slot = users.get(userId, key)
    if (slot === undefined || isFresh(slot, at)) return slot
    drop(slot)
    return undefined
  }

  const store = (flight: Flight, value: unknown): void => {
    const entry: Entry = {
      _tag: "Entry",
      userId: flight.userId,
      place: flight.key,
      order: flight.order,
      startedAt: flight.startedAt,
      timeToLiveMillis: flight.timeToLiveMillis,
      value,
      older: undefined,
      newer: undefined
    }
    users.put(entry)
    recency.add(entry)
    counters.sizeChanged(1)
    if (recency.size > options.capacity && recency.oldest !== undefined) {
      drop(recency.oldest)
      counters.increment("evictions")
    }
  }

  const hit = (entry: Entry) => {
    counters.increment("hits")
    recency.remove(entry)
    recency.add(entry)
    return Effect.succeed(entry.value)
  }

  /** Whether another slot is where the value of a flight would be stored. */
  const isTaken = (flight: Flight): boolean => {
    const slot = users.get(flight.userId, flight.key)
    return slot !== undefined && slot !== flight
  }

  const settle = (flight: Flight, exit: Exit.Exit<unknown, unknown>, at: Moment): void => {
    if (flight.isRefresh && Exit.isSuccess(exit)) {
      dropOlder(flight.userId, flight.order)
      if (isTaken(flight)) drop(flight)
    }
    const isUsable = isOwned(flight) && isFresh(flight, at)
    drop(flight)
    if (Exit.isSuccess(exit)) {
      if (isUsable) store(flight, exit.value)
      else counters.increment("lateResults")
    }
    Deferred.unsafeDone(flight.result, exit)
  }

  /** The last one to leave ends the lookup: nobody would see its result. */
  const leave = (flight: Flight) =>
    Effect.suspend(() => {
      flight.waiters -= 1
      if (flight.waiters > 0 || flight.fiber === undefined) return Effect.void
      drop(flight)
      return Fiber.interrupt(flight.fiber)
    })

  const makeFlight = (userId: string, key: string, startedAt: Moment): Flight => ({
    _tag: "Flight",
    userId,
    place: key,
    key,
    isRefresh: false,
    order: ++lookups,
    startedAt,
    timeToLiveMillis: options.timeToLiveMillis,
    result: Deferred.unsafeMake(FiberId.none),
    fiber: undefined,
    waiters: 0
  })

  // `start`, `wait` and `leave` run where `get` and `refresh` have switched interruption off, so that whoever is counted as
  // a waiter also leaves, and so that the forked fiber, which inherits this, always settles its flight.
  const wait = (flight: Flight, restore: Restore) => {
    flight.waiters += 1
    return Effect.onInterrupt(restore(Deferred.await(flight.result)), () => leave(flight))
  }

  const start = <A, E, R>(
    flight: Flight,
    lookup: Effect.Effect<A, E, R>,
    timeToLive: TimeToLive<A> | undefined,
    clock: Clock.Clock,
    restore: Restore
  ) => {
    users.put(flight)
    const value = Effect.interruptible(lookup)
    return (timeToLive === undefined ? value : Effect.map(value, shorten(flight, timeToLive))).pipe(
      Effect.exit,
      Effect.map((exit) => settle(flight, exit, now(clock))),
      Effect.forkIn(options.scope),
      Effect.flatMap((fiber) => {
        flight.fiber = fiber
        return wait(flight, restore)
      })
    )
  }

  const bypass = <A, E, R>(lookup: Effect.Effect<A, E, R>, restore: Restore) => {
    counters.increment("bypasses")
    return restore(lookup)
  }

  const get = (
    userId: string,
    key: string,
    lookup: Effect.Effect<unknown, unknown, unknown>,
    getOptions?: GetOptions<unknown>
  ) =>
    Effect.clockWith((clock) => {
      const slot = find(userId, key, now(clock))
      if (slot?._tag === "Entry") return hit(slot)
      return Effect.uninterruptibleMask((restore) => {
        const at = now(clock)
        const slot = find(userId, key, at)
        if (slot?._tag === "Entry") return hit(slot)
        if (slot?._tag === "Flight") {
          counters.increment("joins")
          return wait(slot, restore)
        }
        if (quarantine.includes(userId, at.monotonic)) return bypass(lookup, restore)
        counters.increment("misses")
        return start(makeFlight(userId, key, at), lookup, getOptions?.timeToLive, clock, restore)
      })
    })

  const refresh = <A, E, R>(userId: string, key: string, lookup: Effect.Effect<A, E, R>, getOptions?: GetOptions<A>) =>
    Effect.clockWith((clock) =>
      Effect.uninterruptibleMask((restore) => {
        const at = now(clock)
        const place = find(userId, key, at) === undefined ? key : Symbol()
        const flight: Flight = { ...makeFlight(userId, key, at), place, isRefresh: true }
        counters.increment("refreshes")
        if (!quarantine.includes(userId, at.monotonic)) {
          return start(flight, lookup, getOptions?.timeToLive, clock, restore)
        }
        // It is no slot, so it is not stored. What is older has to go all the same.
        return Effect.map(restore(lookup), (value) => {
          dropOlder(userId, flight.order)
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
      Effect.sync(() => Exit.isSuccess(exit) || isCertainFailure(exit.cause, isAmbiguous)).pipe(
        // `isAmbiguous` is the caller's code: the user is invalidated even when it throws.
        Effect.onError(() => invalidateAndQuarantine(userId)),
        Effect.flatMap((isCertain) => (isCertain ? invalidate(userId) : invalidateAndQuarantine(userId)))
      )
    )

  const service: Service = {
    // The caller's key names one kind of value, so what is stored or awaited under it has the type of this lookup.
    get: get as Service["get"],
    refresh: refresh as Service["refresh"],
    invalidate,
    invalidateAfter,
    stats: Effect.sync(() => ({ ...counters.counts, size: recency.size }))
  }
  // What is left when the cache ends is no longer stored, and must not stay in the metric of all caches.
  const end = Effect.sync(() => users.userIds().forEach(dropUser))
  return Effect.as(Scope.addFinalizer(options.scope, end), service)
}

type TimeToLive<A> = NonNullable<GetOptions<A>["timeToLive"]>

/** Passes a value on that has just arrived. `timeToLive` is the caller's code: what it throws, the lookup dies of. */
const shorten =
  <A>(flight: Flight, timeToLive: TimeToLive<A>) =>
  (value: A): A => {
    const own = Duration.toMillis(timeToLive(value, DateTime.unsafeMake(flight.startedAt.wall)))
    flight.timeToLiveMillis = Math.min(flight.timeToLiveMillis, own)
    return value
  }

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
