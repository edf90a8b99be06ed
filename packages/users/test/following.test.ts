import { assert, describe, it } from "@effect/vitest"
import type * as Ids from "@effect-tink/http/Ids"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { type Credential, type Refresh, Users, UserSession } from "@effect-tink/users"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import {
  allScopes,
  failure,
  getToken,
  layerAll,
  LIST,
  makeSession,
  makeUser,
  pass,
  provideAll,
  takeLines,
  takeSent,
  turn,
  withTime
} from "./helpers.js"

/** Statuses come in steps of three seconds, polls every second. */
const sandbox = { authenticatingTime: "3 seconds", updatingTime: "3 seconds" } as const
const everySecond = Schedule.spaced("1 second").pipe(Schedule.upTo("1 minute"))

type Reader = UserSession.UserSession<"credentials:read">

const statusesOf = (credentials: Chunk.Chunk<Credential.Credential>) =>
  Chunk.toReadonlyArray(credentials).map(({ status }) => status)

const follow = (session: Reader, id: Ids.CredentialsId, options: Refresh.FollowOptions = { schedule: everySecond }) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    return statusesOf(yield* Stream.runCollect(users.followCredential(session, id, options)))
  })

/** Another `Users` in this process: over the same cache, or over the given one. */
const makeUsers = (cache?: ReturnType<typeof UserCache.layer>) =>
  Effect.map(Layer.build(cache === undefined ? Users.layer : Layer.provide(Users.layer, cache)), (context) =>
    Context.get(context, Users.Users)
  )

const isPoll = (line: string) => /^GET .*\/credentials\/[0-9a-f]+$/.test(line)

const takePolls = Effect.map(takeLines, (lines) => lines.filter(isPoll).length)

const wrapClock = (clock: Clock.Clock): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanos: clock.currentTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})

describe("followCredential", () => {
  it.effect("emits each status once, up to the final one", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      assert.deepStrictEqual(yield* withTime(follow(session, credentialsId)), ["AUTHENTICATING", "UPDATING", "UPDATED"])
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("ends after one request for a credential in a final status", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      assert.deepStrictEqual(yield* follow(session, credentialsId), ["UPDATED"])
      assert.strictEqual(yield* takePolls, 1)
    }).pipe(provideAll())
  )

  it.effect("ends with every status in which nothing moves without the user or a new refresh", () =>
    everyRow(
      ["TEMPORARY_ERROR", "AUTHENTICATION_ERROR", "AWAITING_SUPPLEMENTAL_INFORMATION"] as const,
      (outcome) => outcome,
      (outcome) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
          const { credentialsId, session } = yield* makeSession
          yield* setNextRefresh(credentialsId, outcome)
          yield* users.refreshCredential(session, credentialsId)
          const statuses = yield* withTime(follow(session, credentialsId))
          assert.deepStrictEqual([statuses[0], statuses.at(-1)], ["AUTHENTICATING", outcome])
        }).pipe(provideAll({ sandbox }))
    )
  )

  it.effect("does not take the status from before a refresh for the final one", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      assert.deepStrictEqual(yield* withTime(follow(session, credentialsId)), [
        "UPDATED",
        "AUTHENTICATING",
        "UPDATING",
        "UPDATED"
      ])
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" } }))
  )

  it.scoped(
    "does not take the status from before another process's change for the final one, when it is given that status",
    () =>
      Effect.gen(function* () {
        const users = yield* Users.Users
        const { credentialsId, session, userId } = yield* makeSession
        const since = yield* users.getCredential(session, credentialsId)
        const others = yield* makeUsers(UserCache.layer({ capacity: 100 }))
        const theirs = UserSession.make({
          userId,
          accessToken: (yield* getToken(userId)).accessToken,
          scopes: ["credentials:refresh"]
        })
        yield* others.refreshCredential(theirs, credentialsId)
        const options = { schedule: everySecond, since }
        assert.deepStrictEqual((yield* withTime(follow(session, credentialsId, options))).at(-1), "UPDATED")
      }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" } }))
  )

  it.effect("ends at once when the change is over, when it is given the status from before", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      const since = yield* users.getCredential(session, credentialsId)
      yield* users.refreshCredential(session, credentialsId)
      yield* pass(10)
      yield* takeSent
      assert.deepStrictEqual(yield* follow(session, credentialsId, { schedule: everySecond, since }), ["UPDATED"])
      assert.strictEqual(yield* takePolls, 1)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("takes an unchanged status for the final one when the patience is over", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* setNextRefresh(credentialsId, "IGNORED")
      yield* users.refreshCredential(session, credentialsId)
      yield* takeSent
      const patient = { schedule: everySecond, patience: "10 seconds" } as const
      const fiber = yield* Effect.fork(follow(session, credentialsId, patient))
      yield* pass(9)
      assert.isNull(fiber.unsafePoll())
      yield* pass(2)
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["UPDATED"])
      assert.strictEqual(yield* takePolls, 11)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("tells two equal statuses apart by their time", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      const schedule = Schedule.spaced("20 seconds").pipe(Schedule.upTo("10 minutes"))
      yield* setNextRefresh(credentialsId, "TEMPORARY_ERROR")
      yield* users.refreshCredential(session, credentialsId)
      yield* withTime(follow(session, credentialsId))
      yield* setNextRefresh(credentialsId, "TEMPORARY_ERROR")
      yield* users.refreshCredential(session, credentialsId)
      const since = yield* users.getCredential(session, credentialsId)
      assert.deepStrictEqual(yield* withTime(follow(session, credentialsId, { schedule, since })), [
        "AUTHENTICATING",
        "TEMPORARY_ERROR"
      ])
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("gives up, without a failure, when its schedule ends", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("2 seconds"))
      assert.deepStrictEqual(yield* withTime(follow(session, credentialsId, { schedule })), ["AUTHENTICATING"])
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("polls at least once, and no faster than allowed, by any schedule", () =>
    everyRow(
      [
        ["ends at once", Schedule.stop],
        ["counts", Schedule.recurs(0)],
        ["never waits", Schedule.forever]
      ] as const,
      ([name]) => name,
      ([, schedule]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const { credentialsId, session } = yield* makeSession
          yield* users.refreshCredential(session, credentialsId)
          yield* takeSent
          const seen: Array<string> = []
          yield* users.followCredential(session, credentialsId, { schedule }).pipe(
            Stream.runForEach(({ status }) => Effect.sync(() => seen.push(status))),
            Effect.fork
          )
          yield* pass(1)
          assert.deepStrictEqual(seen, ["AUTHENTICATING"])
          const polls = yield* takePolls
          assert.isAtLeast(polls, 1)
          assert.isAtMost(polls, 11)
        }).pipe(provideAll({ sandbox }))
    )
  )

  it.effect("keeps its schedule when the wall clock is set", () => {
    const shift = { millis: 0 }
    // The clock of the layer, on which followers share their polls.
    const services = Effect.clockWith((clock) =>
      Effect.withClock(Layer.build(layerAll({ sandbox: { authenticatingTime: "1 day" } })), {
        ...wrapClock(clock),
        unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + shift.millis,
        currentTimeMillis: Effect.sync(() => clock.unsafeCurrentTimeMillis() + shift.millis)
      })
    )
    const test = Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("4 seconds"))
      const fiber = yield* Effect.fork(follow(session, credentialsId, { schedule }))
      yield* pass(1)
      shift.millis = 3_600_000
      yield* pass(1)
      assert.isNull(fiber.unsafePoll())
      shift.millis = -3_600_000
      yield* pass(4)
      assert.isNotNull(fiber.unsafePoll())
    })
    return Effect.scoped(Effect.flatMap(services, (context) => Effect.provide(test, context)))
  })

  it.effect("notices a change that is made meanwhile", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const patient = { schedule: everySecond, patience: "3 seconds" } as const
      const fiber = yield* Effect.fork(follow(session, credentialsId, patient))
      yield* pass(2)
      // Accepted and ignored: what is still read is from before it too.
      yield* users.refreshCredential(session, credentialsId)
      yield* pass(2)
      assert.isNull(fiber.unsafePoll())
      yield* pass(2)
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["UPDATED"])
    }).pipe(provideAll({ sandbox: { acceptingTime: "1 hour", rateLimitedRefresh: "204" } }))
  )

  it.effect("fails when the layer closes, also one that was built in an uninterruptible region", () =>
    everyRow(
      [Effect.interruptible, Effect.uninterruptible],
      (region) => region.name,
      (region) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const users = Context.get(yield* region(Layer.buildWithScope(Users.layer, scope)), Users.Users)
          const { credentialsId, userId } = yield* makeUser()
          const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
          yield* users.refreshCredential(session, credentialsId)
          const following = users.followCredential(session, credentialsId, { schedule: Schedule.spaced("1 hour") })
          const fiber = yield* Effect.fork(failure(Stream.runDrain(following)))
          yield* pass(1)
          yield* Scope.close(scope, Exit.void)
          const error = yield* Fiber.join(fiber)
          assert.strictEqual(error.reason, "Invalid")
          assert.include(error.message, "closed")
        }).pipe(provideAll({ sandbox }))
    )
  )

  it.effect("outlasts failures that may pass, and fails with all others", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const path = "/api/v1/credentials/{id}"
      yield* injectFault({ kind: "status", status: 503, method: "GET", path, times: 3 })
      assert.deepStrictEqual((yield* withTime(follow(session, credentialsId))).at(-1), "UPDATED")
      yield* injectFault({ kind: "status", status: 403, method: "GET", path })
      assert.strictEqual((yield* failure(follow(session, credentialsId))).reason, "Forbidden")
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.effect("fails when its last poll failed", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "status", status: 503, path: "/api/v1/credentials/{id}", times: 100 })
      const fiber = yield* Effect.fork(failure(follow(session, credentialsId)))
      yield* pass(65)
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "Server")
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.effect("fails when the connection is deleted", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const fiber = yield* Effect.fork(failure(follow(session, credentialsId)))
      yield* pass(1)
      yield* users.deleteCredential(session, credentialsId)
      yield* Effect.replicateEffect(turn, 10, { discard: true })
      // No second has passed since: the change itself is what made it look.
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "NotFound")
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("sends no request for invalid input", () =>
    Effect.gen(function* () {
      const { credentialsId, userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId)
      yield* takeSent
      const blind = UserSession.make({ userId, accessToken, scopes: [] })
      // @ts-expect-error the session may do nothing
      assert.strictEqual((yield* failure(follow(blind, credentialsId))).reason, "Forbidden")
      const reader = UserSession.make({ userId, accessToken, scopes: ["credentials:read"] })
      // @ts-expect-error no id
      assert.strictEqual((yield* failure(follow(reader, "../x"))).reason, "Invalid")
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )
})

/** 100 followers, with two sessions of the same rights, for some seconds. */
const isShared = (seconds: number, polls: number) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const { credentialsId, session, userId } = yield* makeSession
    yield* users.refreshCredential(session, credentialsId)
    yield* takeSent
    const same = yield* users.authorize({ userId, scopes: session.scopes as ReadonlyArray<"credentials:read"> })
    const sessions = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? session : same))
    const fiber = yield* Effect.fork(
      Effect.forEach(sessions, (session) => follow(session, credentialsId), { concurrency: "unbounded" })
    )
    yield* pass(seconds)
    const seen = yield* Fiber.join(fiber)
    assert.deepStrictEqual(new Set(seen.map(String)), new Set(["AUTHENTICATING,UPDATING,UPDATED"]))
    assert.strictEqual(yield* takePolls, polls)
  })

describe("followers", () => {
  it.effect(
    "100 followers of one credential share each poll",
    () => isShared(7, 7).pipe(provideAll({ sandbox })),
    30_000
  )

  it.effect(
    "share each poll also without a cache",
    () => isShared(7, 7).pipe(provideAll({ sandbox, cache: { capacity: 0 } })),
    30_000
  )

  it.scoped("that start at once begin 100 in a turn of the event loop", () =>
    Effect.gen(function* () {
      const turns = yield* Effect.makeSemaphore(0)
      const services = Effect.clockWith((clock) =>
        Effect.withClock(Layer.build(layerAll({ sandbox: { authenticatingTime: "1 day" } })), {
          ...wrapClock(clock),
          sleep: (duration) =>
            Duration.toMillis(duration) === 0 ? Effect.asVoid(turns.take(1)) : clock.sleep(duration)
        })
      )
      const test = Effect.gen(function* () {
        const users = yield* Users.Users
        const { credentialsId, session } = yield* makeSession
        yield* users.refreshCredential(session, credentialsId)
        let begun = 0
        const followed = Stream.runForEach(users.followCredential(session, credentialsId), () =>
          Effect.sync(() => begun++)
        )
        const fibers = yield* Effect.replicateEffect(Effect.fork(followed), 250)
        for (const expected of [100, 200, 250]) {
          yield* pass(2)
          assert.strictEqual(begun, expected)
          yield* turns.release(1)
        }
        yield* Fiber.interruptAll(fibers)
      })
      yield* Effect.flatMap(services, (context) => Effect.provide(test, context))
    })
  )

  it.effect("that come later take an answer that is up to a second old", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      yield* takeSent
      const slow = Schedule.spaced("1 hour")
      const first = Effect.flatMap(Users.Users, (users) =>
        Stream.runHead(users.followCredential(session, credentialsId, { schedule: slow }))
      )
      // Somebody who stays.
      yield* Effect.fork(follow(session, credentialsId, { schedule: slow }))
      yield* pass(0)
      for (const _ of Array.from({ length: 50 })) {
        yield* TestClock.adjust("100 millis")
        yield* Effect.fork(first)
        yield* Effect.replicateEffect(turn, 3, { discard: true })
      }
      const polls = yield* takePolls
      assert.isAtLeast(polls, 5)
      assert.isAtMost(polls, 6)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("stop polling when the last of them leaves", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const fork = Effect.fork(follow(session, credentialsId))
      const [first, second, last] = [yield* fork, yield* fork, yield* fork]
      yield* pass(2)
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(second)
      yield* takeSent
      yield* pass(1)
      assert.strictEqual(yield* takePolls, 1)
      yield* Fiber.interrupt(last)
      yield* pass(5)
      assert.strictEqual(yield* takePolls, 0)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("each end by their own schedule", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("5 seconds"))
      yield* users.refreshCredential(session, credentialsId)
      const early = yield* Effect.fork(follow(session, credentialsId, { schedule }))
      yield* pass(3)
      const late = yield* Effect.fork(follow(session, credentialsId, { schedule }))
      yield* pass(3)
      assert.deepStrictEqual(yield* Fiber.join(early), ["AUTHENTICATING"])
      assert.isNull(late.unsafePoll())
      yield* pass(3)
      assert.isNotNull(late.unsafePoll())
    }).pipe(provideAll({ sandbox: { authenticatingTime: "1 minute" } }))
  )

  it.effect("with other scopes poll by themselves", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session, userId } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const other = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      yield* takeSent
      const fibers = yield* Effect.forEach([session, other], (session) => Effect.fork(follow(session, credentialsId)))
      yield* pass(1)
      assert.strictEqual(yield* takePolls, 4)
      yield* Fiber.interruptAll(fibers)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("poll at once when the credential is changed", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const schedule = Schedule.spaced("1 hour")
      const seen: Array<string> = []
      yield* users.followCredential(session, credentialsId, { schedule }).pipe(
        Stream.runForEach(({ status }) => Effect.sync(() => seen.push(status))),
        Effect.fork
      )
      yield* pass(4)
      assert.deepStrictEqual(seen, ["AUTHENTICATING"])
      // The refresh is refused, as one is running; followers poll all the same.
      yield* Effect.either(users.refreshCredential(session, credentialsId))
      yield* Effect.replicateEffect(turn, 5, { discard: true })
      assert.deepStrictEqual(seen, ["AUTHENTICATING", "UPDATING"])
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )
})

describe("two Users over one cache", () => {
  const makeTwo = Effect.gen(function* () {
    const [one, two] = [yield* Users.Users, yield* makeUsers()]
    const { credentialsId, userId } = yield* makeUser()
    const input = { userId, scopes: allScopes } as const
    const sessions = { one: yield* one.authorize(input), two: yield* two.authorize(input) }
    return { one, two, sessions, credentialsId, userId }
  })

  it.scoped("do not take the status from before the other's change for the final one", () =>
    Effect.gen(function* () {
      const { credentialsId, one, sessions, two } = yield* makeTwo
      yield* one.refreshCredential(sessions.one, credentialsId)
      const following = two.followCredential(sessions.two, credentialsId, { schedule: everySecond })
      const statuses = statusesOf(yield* withTime(Stream.runCollect(following)))
      assert.deepStrictEqual(statuses, ["UPDATED", "AUTHENTICATING", "UPDATING", "UPDATED"])
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" } }))
  )

  it.scoped("take a status for the final one when the other has changed something else, or nothing", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, one, sessions, two } = yield* makeTwo
      yield* injectFault({ kind: "status", status: 429, path: "/api/v1/credentials/{id}/refresh" })
      assert.strictEqual((yield* failure(one.refreshCredential(sessions.one, credentialsId))).reason, "RateLimited")
      const following = two.followCredential(sessions.two, credentialsId)
      assert.deepStrictEqual(statusesOf(yield* Stream.runCollect(following)), ["UPDATED"])
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.scoped("wake each other's followers, with one poll for each change", () =>
    Effect.gen(function* () {
      const { credentialsId, one, sessions, two, userId } = yield* makeTwo
      yield* one.refreshCredential(sessions.one, credentialsId)
      const rarely = { schedule: Schedule.spaced("1 hour") }
      const followings = [
        one.followCredential(sessions.one, credentialsId, rarely),
        two.followCredential(sessions.two, credentialsId, rarely)
      ]
      const fibers = yield* Effect.forEach(followings, (following) => Effect.fork(Stream.runCollect(following)))
      yield* pass(4)
      yield* takeSent
      yield* two.changed({ userId })
      yield* Effect.replicateEffect(turn, 5, { discard: true })
      assert.strictEqual(yield* takePolls, 2)
      yield* pass(4)
      yield* one.changed({ userId })
      for (const fiber of fibers) {
        assert.deepStrictEqual(statusesOf(yield* Fiber.join(fiber)), ["AUTHENTICATING", "UPDATING", "UPDATED"])
      }
      assert.strictEqual(yield* takePolls, 2)
    }).pipe(provideAll({ sandbox }))
  )
})

describe("a poll", () => {
  it.effect("is stored in the cache, and drops older answers", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      // What Tink still shows of before the refresh is cached: it rests.
      assert.strictEqual((yield* users.listCredentials(session))[0]?.status, "UPDATED")
      yield* withTime(follow(session, credentialsId))
      yield* takeSent
      const { statusUpdated } = yield* users.getCredential(session, credentialsId)
      assert.deepStrictEqual(yield* takeLines, [])
      const [listed] = yield* users.listCredentials(session)
      assert.deepStrictEqual(yield* takeLines, [LIST])
      assert.deepStrictEqual(listed?.statusUpdated, statusUpdated)
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" } }))
  )

  it.effect("is a request although the answer is cached", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const cache = yield* UserCache.UserCache
      const { credentialsId, session } = yield* makeSession
      yield* users.getCredential(session, credentialsId)
      yield* takeSent
      yield* follow(session, credentialsId)
      assert.strictEqual(yield* takePolls, 1)
      assert.strictEqual((yield* cache.stats).hits, 0)
    }).pipe(provideAll())
  )
})
