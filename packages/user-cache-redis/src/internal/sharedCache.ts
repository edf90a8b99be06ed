/**
 * The engine of `SharedUserCache`: it decorates a `UserCache` in the memory of this process, the *local cache*.
 *
 * Promise: after a change of a user has ended in any process, no read of the user that begins later, in any process, is
 * answered by a lookup that started before that end.
 *
 * The store moves a user's generation at the begin and at the end of each change, and no generation occurs twice: a store
 * that may have forgotten a move starts over with a new random token. `known` holds, of a user, a generation that the
 * store has answered.
 *
 * *Invariant: when a read finds `known(u)`, every slot of u in the local cache started after every change of u that the
 * generation counts, that is, whose end the store was told before it answered that generation.*
 *
 * It is kept by `learn`, the only place where `known` changes, apart from `advance`. For an equal generation nothing
 * moved, so it counts the same changes. For another one, the slots of u are dropped first, and then the generation is
 * set. Another fiber may run between these two steps and start a slot. That slot started after the answer had arrived, so
 * after all changes that the generation counts. `forget` and evictions from `known` leave slots behind, which the next
 * `learn` drops, since nothing is equal to an unknown generation. `advance` replaces the known generation by its
 * successor, if the store says that only this move is between them, and this move is no change.
 *
 * A read that begins at r sends its question after r (questions.ts), and the store answers generation g at v > r.
 *
 * 1. *An end that was told.* A change that ended before r told its end before r, hence before v: g counts it. The read
 *    learns g or finds a later answer, and then reads the local cache. By the invariant, the slots that were there at that
 *    moment started after the change. Slots that other fibers add before the read looks started after r.
 * 2. *A late lookup.* A lookup that started before the end of a change is a slot under an older generation. The read of 1
 *    drops it before it looks, so it is never joined and never stored.
 * 3. *Changing, quarantined, or no answer in time.* The read runs, or shares, a lookup that starts after r (turns.ts).
 *    It does not touch the local cache.
 * 4. *A lease.* With a lease L, a read that begins less than L after the question of `known(u)` was sent reads the local
 *    cache without a question. Say the store answered that question at v, and a change ended before r without being
 *    counted. Its mark was not there at v, or the answer would have been "changing". Say the store found the mark at the
 *    end, in a record with the token that `begin` had answered. A mark that is lost and comes back does so with another
 *    server, which replaces the token, or is removed by the answer for which it was over. So it was there from `begin` to
 *    the end, v is before the answer to `begin`, and the change ended 1.01 L after that answer. Otherwise the end was told
 *    after v, and the change ended 1.01 L after that. In both cases the lease was over before the change ended: a
 *    contradiction. Only rates of clocks are compared, and 1 % covers their difference. The elapsed time of a lease is the
 *    larger of two clocks, so a lease ends in sleep too.
 * 5. *An end that cannot be told* is held back for as long as a value lives. Every lookup from before the end is then too
 *    old to answer. A mark is no replacement for that: it makes everyone bypass, unless the store loses it in the
 *    meantime, and a process that loses the store cannot know.
 * 6. *A process that dies in a change* leaves a mark for a minute, during which everyone is in case 3. `begin` has moved
 *    the generation, so lookups from before it are void.
 *
 * Within this process the local cache keeps its own promises, independently of the store.
 */
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Service as Store, StoreError, Validation } from "../InvalidationStore.js"
import { makeCalls } from "./calls.js"
import { makeCounters } from "./counters.js"
import { type Moment, now } from "./elapsed.js"
import { isLeased, makeKnown } from "./known.js"
import { type Answers, makeQuestions } from "./questions.js"
import { makeTurns } from "./turns.js"
import { makeWorkers } from "./workers.js"

export interface Settings {
  readonly capacity: number
  readonly timeToLiveMillis: number
  readonly quarantineMillis: number
  readonly leaseMillis: number
  readonly holdBackMillis: number
  readonly commandTimeoutMillis: number
}

/** What the store answered when a change began, and when. */
interface Mark {
  readonly token: string
  readonly answeredAt: Moment
}

/** Covers a difference of 1 % between the rates of two clocks, and a timer that fires early. */
const stretch = (millis: number) => millis * 1.01 + 1

const mayUse = (validation: Validation | undefined): validation is Validation =>
  validation !== undefined && !validation.isChanging

export const make = (store: Store, settings: Settings) =>
  // Interruptible, also where a layer is built in an uninterruptible region: what it starts must end with it.
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const clock = yield* Effect.clock
    const local = yield* UserCache.make({
      capacity: settings.capacity,
      timeToLive: settings.timeToLiveMillis,
      quarantine: settings.quarantineMillis
    })
    const known = makeKnown(Math.max(1, settings.capacity))
    const counters = makeCounters()
    const lookupInTurn = makeTurns(scope)
    const runtime = yield* Effect.runtime<never>()
    const runInWorker = yield* makeWorkers(runtime, scope)
    const calls = makeCalls({ clock, counters, runInWorker, runtime, timeoutMillis: settings.commandTimeoutMillis })
    const ask = yield* makeQuestions({ store, calls, clock })

    const call = <A>(userId: string, operation: StoreError["operation"], effect: Effect.Effect<A, StoreError>) =>
      Effect.suspend(() => calls.run({ server: store.serverOf(userId), operation, effect }))

    // -----------------------------------------------------------------------------------------------------------------
    // Reads
    // -----------------------------------------------------------------------------------------------------------------

    /** Whether what is known is as new as the answer. */
    const isConfirmed = (userId: string, generation: string, { order, sentAt }: Answers): boolean => {
      const found = known.get(userId)
      if (found === undefined) return false
      if (found.order >= order) return true
      if (found.generation !== generation) return false
      found.validatedAt = sentAt
      found.order = order
      known.touch(userId, found)
      return true
    }

    /** Goes on when the local cache has nothing of the user from before the generation. */
    const learn = <A, E, R>(
      userId: string,
      generation: string,
      answers: Answers,
      next: Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> => {
      if (isConfirmed(userId, generation, answers)) return next
      return Effect.flatMap(local.invalidate(userId), () => {
        known.set(userId, { generation, validatedAt: answers.sentAt, order: answers.order })
        return next
      })
    }

    const get = <A, E, R>(
      userId: string,
      key: string,
      lookup: Effect.Effect<A, E, R>,
      options?: UserCache.GetOptions<A, E>
    ): Effect.Effect<A, E, R> =>
      Effect.suspend(() => {
        const read = local.get(userId, key, lookup, options)
        if (settings.leaseMillis > 0 && isLeased(known.get(userId), now(clock), settings.leaseMillis)) return read
        return Effect.flatMap(ask(userId), (answers) => {
          const validation = answers.validations.get(userId)
          if (mayUse(validation)) return learn(userId, validation.generation, answers, read)
          counters.add(validation === undefined ? "unvalidatedBypasses" : "changingBypasses")
          // A key names one kind of value, so what is shared under it has the type of the lookup at hand.
          return lookupInTurn(userId, key, { ...options, lookup }) as Effect.Effect<A, E, R>
        })
      })

    /** A newer state was read here, so older entries of other processes are void. Those of this process stay. */
    const advance = (userId: string) =>
      Effect.match(call(userId, "advance", store.advance(userId)), {
        onFailure: () => known.forget(userId),
        onSuccess: ({ generation, previous }) => {
          const found = known.get(userId)
          if (found?.generation === previous) found.generation = generation
          else if (found?.generation !== generation) known.forget(userId)
        }
      })

    let uncachedRefreshes = 0

    const refresh = <A, E, R>(
      userId: string,
      key: string,
      lookup: Effect.Effect<A, E, R>,
      options?: UserCache.GetOptions<A, E>
    ): Effect.Effect<A, E, R> =>
      Effect.flatMap(ask(userId), (answers) => {
        const validation = answers.validations.get(userId)
        if (mayUse(validation)) {
          return Effect.zipLeft(
            learn(userId, validation.generation, answers, local.refresh(userId, key, lookup, options)),
            advance(userId)
          )
        }
        uncachedRefreshes += 1
        return lookup.pipe(Effect.zipLeft(local.invalidate(userId)), Effect.zipLeft(advance(userId)))
      })

    // -----------------------------------------------------------------------------------------------------------------
    // Changes
    // -----------------------------------------------------------------------------------------------------------------

    const processId = crypto.randomUUID()
    let changes = 0
    const nextChangeId = () => `${processId}.${++changes}`

    /** Marks the user as changing. Undefined if the store did not answer. */
    const begin = (userId: string, changeId: string): Effect.Effect<Mark | undefined> =>
      Effect.match(call(userId, "begin", store.begin(userId, changeId)), {
        onFailure: () => undefined,
        onSuccess: ({ token }) => ({ token, answeredAt: now(clock) })
      })

    const sleepUntil = (from: Moment, millis: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const left = millis - (now(clock).monotonic - from.monotonic)
        return left > 0 ? Effect.andThen(Effect.sleep(left), sleepUntil(from, millis)) : Effect.void
      })

    /** Tells the end of a change until it is told, in the background. Waits for that, but not longer than the hold-back. */
    const holdBack = <A>(tell: Effect.Effect<A, StoreError>): Effect.Effect<Option.Option<A>> =>
      Effect.gen(function* () {
        const from = now(clock)
        const waits = settings.holdBackMillis > 0
        // One line for all changes that wait at a time.
        if (waits && counters.heldBack() === 0) {
          yield* Effect.logWarning(
            `A change has ended, but the shared store cannot be told. Its caller waits until it can, for at most ${settings.holdBackMillis} ms (holdBack).`
          )
        }
        if (waits) counters.heldBackChanged(1)
        const told = yield* Deferred.make<Option.Option<A>>()
        const settle = (answer: Option.Option<A>) => Deferred.succeed(told, answer)
        const retried = Effect.retry(Effect.delay(tell, "100 millis"), Schedule.forever).pipe(
          // After that, no value from before the end lives, and no quarantine is left.
          Effect.timeoutOption(Math.max(settings.timeToLiveMillis, settings.quarantineMillis)),
          Effect.flatMap(settle)
        )
        const waited = waits ? Effect.sleep(stretch(settings.holdBackMillis)) : Effect.void
        for (const background of [retried, waited]) {
          // This also settles when the cache is closed meanwhile.
          yield* Effect.forkIn(Effect.ensuring(Effect.interruptible(background), settle(Option.none())), scope)
        }
        const answer = yield* Deferred.await(told)
        if (waits) counters.heldBackChanged(-1)
        counters.add("heldBackMillis", Math.round(now(clock).monotonic - from.monotonic))
        if (Option.isNone(answer) && settings.holdBackMillis < settings.timeToLiveMillis) {
          yield* Effect.logWarning(
            "The end of a change could not be told within holdBack: until the time to live is over, other processes may answer with what was there before."
          )
        }
        return answer
      })

    /** Ends a change: returns when no process can be answered by what was there before. */
    const end = ({
      changeId,
      mark,
      quarantineMillis,
      userId
    }: {
      readonly userId: string
      readonly changeId: string
      readonly mark: Mark | undefined
      readonly quarantineMillis: number
    }): Effect.Effect<void> =>
      Effect.gen(function* () {
        const tell = Effect.suspend(() =>
          call(userId, "finish", store.finish({ userId, changeId, token: mark?.token, quarantineMillis }))
        )
        const first = yield* Effect.option(tell)
        const told = Option.isSome(first) ? first : yield* holdBack(tell)
        if (settings.leaseMillis === 0 || Option.isNone(told)) return
        const isCovered = told.value.wasMarked && mark !== undefined
        yield* sleepUntil(isCovered ? mark.answeredAt : now(clock), stretch(settings.leaseMillis))
      })

    const invalidateAfter = <A, E, R>(
      userId: string,
      mutation: Effect.Effect<A, E, R>,
      isAmbiguous: (error: E) => boolean
    ): Effect.Effect<A, E, R> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const changeId = nextChangeId()
          let hasStarted = false
          const started = Effect.suspend(() => {
            hasStarted = true
            return mutation
          })
          const mark = yield* begin(userId, changeId)
          const exit = yield* Effect.exit(restore(local.invalidateAfter(userId, started, isAmbiguous)))
          const mayBeApplied = hasStarted && UserCache.isAmbiguousOutcome(exit, isAmbiguous)
          const quarantineMillis = mayBeApplied ? settings.quarantineMillis : 0
          yield* end({ userId, changeId, mark, quarantineMillis })
          return yield* exit
        })
      )

    const invalidate = (userId: string): Effect.Effect<void> =>
      Effect.uninterruptible(
        Effect.andThen(
          local.invalidate(userId),
          Effect.suspend(() => end({ userId, changeId: nextChangeId(), mark: undefined, quarantineMillis: 0 }))
        )
      )

    // -----------------------------------------------------------------------------------------------------------------
    // Hints
    // -----------------------------------------------------------------------------------------------------------------

    const elsewhere = yield* PubSub.sliding<string>(1024)
    yield* store.hints.pipe(
      Stream.filter(({ changeId }) => !changeId.startsWith(processId)),
      Stream.runForEach(({ userId }) => PubSub.publish(elsewhere, userId)),
      Effect.retry(Schedule.spaced("1 second")),
      Effect.forkScoped
    )

    const stats = Effect.map(local.stats, (stats) => {
      const { changingBypasses, unvalidatedBypasses } = counters.counts
      return {
        ...stats,
        ...counters.counts,
        heldBack: counters.heldBack(),
        bypasses: stats.bypasses + changingBypasses + unvalidatedBypasses,
        refreshes: stats.refreshes + uncachedRefreshes
      }
    })

    return { get, refresh, invalidate, invalidateAfter, changes: Stream.fromPubSub(elsewhere), stats }
  }).pipe(Effect.interruptible)
