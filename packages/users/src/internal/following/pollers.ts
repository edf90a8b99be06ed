/** Shared polls: all followers of a target share one fiber, which calls each of them with each answer. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { constVoid } from "effect/Function"
import * as Runtime from "effect/Runtime"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Credential } from "../../Credential.js"
import type { OpenSession } from "../requests/access.js"
import { monotonicMillis } from "../monotonic.js"
import type { Changes } from "./changes.js"
import { type Deadline, makeDeadline } from "./deadline.js"
import { makePollLoop, type PollLoop } from "./pollLoop.js"

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

interface Membership {
  /** The lowest number of an answer for this follower. */
  readonly from: number
  /** Absent before the first answer. */
  deadline: Deadline<Follower> | undefined
}

interface Poller {
  readonly target: Target
  readonly followers: Map<Follower, Membership>
  readonly loop: PollLoop
  fiber: Fiber.RuntimeFiber<void> | undefined
  /** The number of the user's latest change. */
  change: number
  /** The number of the poll that is under way. */
  underWay: number | undefined
  latest: Latest | undefined
}

/** The latest answer, with the deadline of the followers whose first one it is. */
interface Latest {
  readonly answer: Answer
  readonly deadline: Deadline<Follower>
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

    const leave = (poller: Poller, follower: Follower): void => {
      poller.followers.get(follower)?.deadline?.remove(follower)
      if (!poller.followers.delete(follower) || poller.followers.size > 0) return
      registry.remove(poller)
      poller.fiber?.unsafeInterruptAsFork(FiberId.none)
    }

    const end = (poller: Poller, followers: Iterable<Follower>, why: "schedule" | "closed"): void => {
      for (const follower of Array.from(followers)) {
        leave(poller, follower)
        follower.onEnd(why)
      }
    }

    const tell = (poller: Poller, follower: Follower, { answer, deadline }: Latest): void => {
      const membership = poller.followers.get(follower)
      if (membership === undefined || answer.number < membership.from) return
      if (!follower.onAnswer(answer)) return leave(poller, follower)
      if (membership.deadline !== undefined) return
      // The schedule of a follower starts with its first answer.
      membership.deadline = deadline
      deadline.add(follower)
    }

    const makeDeadlineOf = (poller: Poller) =>
      makeDeadline<Follower>({
        schedule: poller.target.schedule,
        fork,
        onEnd: (followers) => end(poller, followers, "schedule")
      })

    const poll = (poller: Poller): Effect.Effect<void> => {
      const question = { sentAt: now(), number: changes.latest() }
      poller.underWay = question.number
      return Effect.map(Effect.exit(poller.target.poll()), (exit) => {
        const latest = { answer: { ...question, exit }, deadline: makeDeadlineOf(poller) }
        poller.underWay = undefined
        poller.latest = latest
        for (const follower of poller.followers.keys()) tell(poller, follower, latest)
      })
    }

    const start = (target: Target): Poller => {
      const poller: Poller = {
        target,
        followers: new Map(),
        loop: makePollLoop(target.schedule, () => poll(poller)),
        fiber: undefined,
        change: 0,
        underWay: undefined,
        latest: undefined
      }
      registry.add(poller)
      poller.fiber = fork(poller.loop.run)
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
      else if (underWay === undefined || underWay < from) poller.loop.wake()
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
          poller.loop.wake()
        }
      }
    }
  })
