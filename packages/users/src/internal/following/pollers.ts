/** Shared polls: all followers of a target share one fiber, which calls each of them with each answer. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { constVoid } from "effect/Function"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Credential } from "../../Credential.js"
import type { OpenSession } from "../requests/access.js"
import { monotonicMillis, onMonotonicClock } from "../monotonic.js"
import type { Changes } from "./changes.js"
import { untilEnd, withFloor } from "./schedules.js"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/** What is polled, for which session and how often. */
export interface Target {
  readonly session: OpenSession
  readonly id: CredentialsId
  /** By identity: followers share polls if it is the same value. */
  readonly schedule: Schedule.Schedule<unknown>
  /** The first follower's is used for all of them. */
  readonly poll: () => Effect.Effect<Credential, TinkError>
}

/** An answer to a poll. */
export interface Answer {
  readonly exit: Exit.Exit<Credential, TinkError>
  /** The number of the latest change when the poll was sent. */
  readonly number: number
  /** When it was sent, on the monotonic clock. */
  readonly sentAt: number
}

export interface Follower {
  /** The lowest number of an answer for this follower. */
  readonly from: number
  /** Returns whether to go on. */
  readonly onAnswer: (answer: Answer) => boolean
  /** Nothing follows, because the schedule has ended, or the layer of this `Users` is closed. */
  readonly onEnd: (why: "schedule" | "closed") => void
}

export interface Pollers {
  /** Calls the follower with each answer, until it leaves. Returns how to leave, which may be done more than once. */
  readonly join: (target: Target, follower: Follower) => () => void
  /** A change of the user has ended. No answer with a lower number than `change` is for those who join later. */
  readonly changed: (userId: UserId, change: number) => void
}

/** The end of the schedule for the followers whose first answer was the same. */
interface Deadline {
  readonly followers: Set<Follower>
  fiber: Fiber.RuntimeFiber<void> | undefined
  isOver: boolean
}

interface Membership {
  /** The lowest number of an answer for this follower. */
  readonly from: number
  /** Absent before the first answer. */
  deadline: Deadline | undefined
}

interface Poller {
  readonly target: Target
  readonly followers: Map<Follower, Membership>
  fiber: Fiber.RuntimeFiber<void> | undefined
  /** The number of the user's latest change. */
  change: number
  /** The number of the poll that is under way. */
  underWay: number | undefined
  latest: { readonly answer: Answer; readonly deadline: Deadline } | undefined
  /** Ends the wait for the next poll. */
  wakeUp: Deferred.Deferred<void>
}

/** A new follower reuses an answer of this age, so that followers who start one after the other cause one poll a second. */
const maxReuseMillis = 1000

// ---------------------------------------------------------------------------------------------------------------------
// Which poller
// ---------------------------------------------------------------------------------------------------------------------

/** The pollers of each user, by what their followers must have in common. */
const makeRegistry = () => {
  const users = new Map<UserId, Map<string, Poller>>()
  const schedules = new WeakMap<Schedule.Schedule<unknown>, number>()
  let count = 0

  const numberOf = (schedule: Schedule.Schedule<unknown>): number => {
    const number = schedules.get(schedule) ?? ++count
    schedules.set(schedule, number)
    return number
  }

  // Sessions with the same identity may share what is read.
  const keyOf = ({ id, schedule, session }: Target): string => `${id} ${numberOf(schedule)} ${session.identity}`

  return {
    get: (target: Target): Poller | undefined => users.get(target.session.userId)?.get(keyOf(target)),
    add: (poller: Poller): void => {
      const { target } = poller
      const { userId } = target.session
      const pollers = users.get(userId) ?? new Map<string, Poller>()
      users.set(userId, pollers.set(keyOf(target), poller))
    },
    remove: ({ target }: Poller): void => {
      const { userId } = target.session
      const pollers = users.get(userId)
      pollers?.delete(keyOf(target))
      if (pollers?.size === 0) users.delete(userId)
    },
    ofUser: (userId: UserId): Iterable<Poller> => users.get(userId)?.values() ?? [],
    all: (): ReadonlyArray<Poller> => Array.from(users.values()).flatMap((pollers) => Array.from(pollers.values()))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The pollers
// ---------------------------------------------------------------------------------------------------------------------

const makePoller = (target: Target): Poller => ({
  target,
  followers: new Map(),
  fiber: undefined,
  change: 0,
  underWay: undefined,
  latest: undefined,
  wakeUp: Deferred.unsafeMake(FiberId.none)
})

const makeDeadline = (): Deadline => ({ followers: new Set(), fiber: undefined, isOver: false })

const interrupt = (fiber: Fiber.RuntimeFiber<void> | undefined): void => fiber?.unsafeInterruptAsFork(FiberId.none)

const wake = (poller: Poller): void => Deferred.unsafeDone(poller.wakeUp, Effect.void)

export const make = (changes: Changes): Effect.Effect<Pollers, never, Scope.Scope> =>
  Effect.gen(function* () {
    // Not the runtime of the first follower, with its span and log annotations: it may leave before the others.
    const runtime = yield* Effect.runtime()
    const clock = yield* Effect.clock
    const now = () => monotonicMillis(clock)
    const registry = makeRegistry()
    let isClosed = false

    /** Later, so that a fiber never ends before it is known to others. */
    const fork = (effect: Effect.Effect<void>) => Runtime.runFork(runtime)(effect, { immediate: false })

    // -----------------------------------------------------------------------------------------------------------------
    // Leaving
    // -----------------------------------------------------------------------------------------------------------------

    const leave = (poller: Poller, follower: Follower): void => {
      const deadline = poller.followers.get(follower)?.deadline
      if (!poller.followers.delete(follower)) return
      deadline?.followers.delete(follower)
      if (deadline?.followers.size === 0) interrupt(deadline.fiber)
      if (poller.followers.size > 0) return
      registry.remove(poller)
      interrupt(poller.fiber)
    }

    const end = (poller: Poller, followers: Iterable<Follower>, why: "schedule" | "closed"): void => {
      for (const follower of Array.from(followers)) {
        leave(poller, follower)
        follower.onEnd(why)
      }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Answers
    // -----------------------------------------------------------------------------------------------------------------

    const startDeadline = (poller: Poller, deadline: Deadline): void => {
      deadline.fiber = fork(
        Effect.map(untilEnd(poller.target.schedule), () => {
          deadline.isOver = true
          end(poller, deadline.followers, "schedule")
        })
      )
    }

    /** The schedule of a follower starts with its first answer. */
    const meetDeadline = (poller: Poller, follower: Follower, deadline: Deadline): void => {
      if (deadline.isOver) return end(poller, [follower], "schedule")
      deadline.followers.add(follower)
      if (deadline.followers.size === 1) startDeadline(poller, deadline)
    }

    const tell = (poller: Poller, follower: Follower, { answer, deadline }: NonNullable<Poller["latest"]>): void => {
      const membership = poller.followers.get(follower)
      if (membership === undefined || answer.number < membership.from) return
      if (!follower.onAnswer(answer)) return leave(poller, follower)
      if (membership.deadline !== undefined) return
      membership.deadline = deadline
      meetDeadline(poller, follower, deadline)
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Polling
    // -----------------------------------------------------------------------------------------------------------------

    const pollOnce = (poller: Poller) =>
      Effect.suspend(() => {
        poller.wakeUp = Deferred.unsafeMake(FiberId.none)
        const question = { sentAt: now(), number: changes.latest() }
        poller.underWay = question.number
        return Effect.map(Effect.exit(poller.target.poll()), (exit) => {
          const latest = { answer: { ...question, exit }, deadline: makeDeadline() }
          poller.underWay = undefined
          poller.latest = latest
          for (const follower of poller.followers.keys()) tell(poller, follower, latest)
        })
      })

    const run = (poller: Poller) =>
      Effect.gen(function* () {
        const driver = yield* Schedule.driver(withFloor(poller.target.schedule))
        // A schedule that ended starts again: the remaining followers came later.
        const interval = Effect.orElse(driver.next(undefined), () =>
          Effect.andThen(driver.reset, driver.next(undefined))
        )
        const untilWoken = Effect.suspend(() => Effect.andThen(Deferred.await(poller.wakeUp), driver.reset))
        while (true) {
          yield* pollOnce(poller)
          yield* Effect.raceFirst(onMonotonicClock(Effect.orElse(interval, () => Effect.never)), untilWoken)
        }
      })

    // -----------------------------------------------------------------------------------------------------------------
    // Joining
    // -----------------------------------------------------------------------------------------------------------------

    const start = (target: Target): Poller => {
      const poller = makePoller(target)
      registry.add(poller)
      poller.fiber = fork(run(poller))
      return poller
    }

    /** Whether an answer is from after all changes that a new follower has to know of, and recent. */
    const isUsable = ({ number, sentAt }: Answer, from: number): boolean =>
      number >= from && now() - sentAt < maxReuseMillis

    const join: Pollers["join"] = (target, follower) => {
      const poller = registry.get(target) ?? start(target)
      const from = Math.max(follower.from, poller.change)
      const { latest, underWay } = poller
      poller.followers.set(follower, { from, deadline: undefined })
      if (latest !== undefined && isUsable(latest.answer, from)) tell(poller, follower, latest)
      else if (underWay === undefined || underWay < from) wake(poller)
      return () => leave(poller, follower)
    }

    const close = Effect.suspend(() => {
      isClosed = true
      const pollers = registry.all()
      for (const poller of pollers) end(poller, poller.followers.keys(), "closed")
      return Fiber.interruptAll(pollers.flatMap(({ fiber }) => fiber ?? []))
    })
    yield* Effect.addFinalizer(() => close)

    return {
      join: (target, follower) => {
        if (!isClosed) return join(target, follower)
        follower.onEnd("closed")
        return constVoid
      },
      changed: (userId, change) => {
        for (const poller of registry.ofUser(userId)) {
          poller.change = change
          wake(poller)
        }
      }
    }
  })
