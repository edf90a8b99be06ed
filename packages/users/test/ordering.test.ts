/** What is from before a change, and what from after it. */
import { assert, describe, it } from "@effect/vitest"
import { type Credential, type Refresh, Users, UserSession } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { type Answer, broken, json, noContent } from "../../../test/support/scriptedTink.js"
import { failure, makeSession, provideAll, takeSent, turn, withTime } from "./helpers.js"
import { id, sessionWith, userId, withTink } from "./scripted.js"

const session = sessionWith("credentials:read", "credentials:refresh")
const everySecond = Schedule.spaced("1 second").pipe(Schedule.upTo("5 minutes"))
const options: Refresh.FollowOptions = { schedule: everySecond, patience: "10 seconds" }

const turns = Effect.replicateEffect(turn, 5, { discard: true })

const isRefresh = (line: { readonly path: string }) => line.path.endsWith("/refresh")

type Status = readonly [status: string, statusUpdated: number]

const answer = ([status, statusUpdated]: Status): Answer =>
  json(200, { id, providerName: "a-bank", status, statusUpdated, fields: {} })

/** For example `UPDATED@1000`. */
const format = ({ status, statusUpdated }: Credential.Credential): string =>
  `${status}@${statusUpdated === undefined ? "" : DateTime.toEpochMillis(statusUpdated)}`

/** A Tink whose n-th poll waits for a gate, and whose answers are taken from lists, the last again and again. */
const makeTink = (statuses: ReadonlyArray<Status>, held?: number, ...refreshed: ReadonlyArray<Answer>) => {
  const gate = Deferred.unsafeMake<void>(FiberId.none)
  const polls = { sent: 0, refreshes: 0 }
  const script = (sent: { readonly path: string }): Answer => {
    if (isRefresh(sent)) {
      polls.refreshes += 1
      return refreshed[polls.refreshes - 1] ?? refreshed.at(-1) ?? noContent
    }
    const reply = answer(statuses[polls.sent] ?? statuses.at(-1) ?? ["DELETED", 0])
    polls.sent += 1
    return polls.sent === held ? Effect.andThen(Deferred.await(gate), reply) : reply
  }
  return { gate, polls, script }
}

/** Follows in the background, and notes what it sees. */
const follow = (users: Users.Service, options: Refresh.FollowOptions) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const fiber = yield* users.followCredential(session, id, options).pipe(
      Stream.runForEach((credential) => Effect.sync(() => seen.push(format(credential)))),
      Effect.fork
    )
    yield* turns
    return { fiber, seen }
  })

describe("the end of an earlier refresh", () => {
  it.effect("is not mistaken for the end of the next one, whenever it was polled", () =>
    everyRow(
      [
        { name: "before the refresh", first: "UPDATING", held: 2, isRefreshedBefore: false },
        { name: "right after it", first: "UPDATING", held: undefined, isRefreshedBefore: false },
        { name: "before it, after one with the same status", first: "UPDATED", held: 2, isRefreshedBefore: true }
      ],
      ({ name }) => name,
      ({ first, held, isRefreshedBefore }) => {
        const { gate, polls, script } = makeTink(
          [
            [first, 1000],
            ["UPDATED", 2000],
            ["UPDATED", 2000],
            ["AUTHENTICATING", 3000],
            ["UPDATED", 4000]
          ],
          held
        )
        return withTink(script, ({ users }) =>
          Effect.gen(function* () {
            if (isRefreshedBefore) yield* users.refreshCredential(session, id)
            const { fiber, seen } = yield* follow(users, options)
            if (held !== undefined) yield* TestClock.adjust("1 second")
            yield* turns
            assert.strictEqual(polls.sent, held ?? 1)
            yield* users.refreshCredential(session, id)
            yield* Deferred.succeed(gate, undefined)
            yield* turns
            // No time has passed since the refresh: a clock could not tell.
            assert.deepStrictEqual(seen, [`${first}@1000`, "UPDATED@2000"])
            assert.isNull(fiber.unsafePoll())
            yield* withTime(Fiber.join(fiber))
            assert.deepStrictEqual(seen.slice(2), ["AUTHENTICATING@3000", "UPDATED@4000"])
          })
        )
      }
    )
  )

  it.effect("is not final without patience either, when it was polled before the next refresh", () => {
    const { gate, script } = makeTink(
      [
        ["UPDATING", 1000],
        ["UPDATED", 2000],
        ["AUTHENTICATING", 3000],
        ["UPDATED", 4000]
      ],
      2
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { fiber, seen } = yield* follow(users, { ...options, patience: 0 })
        yield* TestClock.adjust("1 second")
        yield* turns
        // In the millisecond in which the poll was sent.
        yield* users.refreshCredential(session, id)
        yield* Deferred.succeed(gate, undefined)
        yield* withTime(Fiber.join(fiber))
        assert.deepStrictEqual(seen, ["UPDATING@1000", "UPDATED@2000", "AUTHENTICATING@3000", "UPDATED@4000"])
      })
    )
  })

  it.effect("is final when patience is over and nothing has moved", () => {
    const { script } = makeTink([
      ["UPDATING", 1000],
      ["UPDATED", 2000]
    ])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { fiber, seen } = yield* follow(users, options)
        yield* users.refreshCredential(session, id)
        for (const _ of Array.from({ length: 9 })) yield* Effect.andThen(TestClock.adjust("1 second"), turns)
        assert.isNull(fiber.unsafePoll())
        yield* TestClock.adjust("2 seconds")
        yield* turns
        assert.isNotNull(fiber.unsafePoll())
        assert.deepStrictEqual(seen, ["UPDATING@1000", "UPDATED@2000"])
      })
    )
  })

  it.effect("is final right after `changed`", () => {
    const { polls, script } = makeTink([
      ["UPDATING", 1000],
      ["UPDATED", 2000]
    ])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { fiber, seen } = yield* follow(users, options)
        yield* users.changed({ userId })
        yield* turns
        assert.isNotNull(fiber.unsafePoll())
        assert.deepStrictEqual(seen, ["UPDATING@1000", "UPDATED@2000"])
        assert.strictEqual(polls.sent, 2)
      })
    )
  })

  it.effect("is final right after `changed`, also when a poll under way has seen it", () => {
    const { gate, polls, script } = makeTink(
      [
        ["UPDATING", 1000],
        ["UPDATED", 2000]
      ],
      2
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { fiber, seen } = yield* follow(users, options)
        yield* TestClock.adjust("1 second")
        yield* turns
        yield* users.changed({ userId })
        yield* Deferred.succeed(gate, undefined)
        yield* turns
        yield* TestClock.adjust("1 second")
        yield* turns
        assert.isNotNull(fiber.unsafePoll())
        assert.deepStrictEqual(seen, ["UPDATING@1000", "UPDATED@2000"])
        assert.strictEqual(polls.sent, 3)
      })
    )
  })
})

describe("a follower that comes after a change", () => {
  it.effect("is not answered by an earlier poll, whether that has ended or not", () => {
    const { gate, script } = makeTink(
      [
        ["UPDATING", 1000],
        ["UPDATED", 2000],
        ["AUTHENTICATING", 3000],
        ["UPDATED", 4000]
      ],
      2
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        yield* follow(users, options)
        yield* TestClock.adjust("1 second")
        yield* turns
        yield* users.refreshCredential(session, id)
        const { fiber, seen } = yield* follow(users, options)
        assert.deepStrictEqual(seen, [])
        yield* Deferred.succeed(gate, undefined)
        yield* withTime(Fiber.join(fiber))
        assert.deepStrictEqual(seen, ["AUTHENTICATING@3000", "UPDATED@4000"])
      })
    )
  })

  it.effect("polls by itself when since tells of a change elsewhere", () => {
    const { polls, script } = makeTink([["UPDATED", 1000]])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const since = yield* users.getCredential(session, id)
        yield* users.refreshCredential(session, id)
        yield* follow(users, options)
        const before = polls.sent
        const { fiber } = yield* follow(users, { ...options, since })
        // In the same millisecond as the poll before it.
        assert.strictEqual(polls.sent, before + 1)
        assert.isNull(fiber.unsafePoll())
      })
    )
  })

  it.effect("causes another poll at once when the poll in flight was sent before it", () => {
    const { gate, polls, script } = makeTink([["UPDATING", 1000]], 2)
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const since = yield* users.getCredential(session, id)
        const [first, second] = [yield* follow(users, options), yield* follow(users, { ...options, since })]
        assert.strictEqual(polls.sent, 2)
        yield* Deferred.succeed(gate, undefined)
        yield* turns
        assert.strictEqual(polls.sent, 3)
        assert.deepStrictEqual([first.seen, second.seen], [["UPDATING@1000"], ["UPDATING@1000"]])
      })
    )
  })

  it.effect("does not take the old status for the final one after an ambiguous change", () => {
    const { script } = makeTink(
      [
        ["UPDATED", 1000],
        ["UPDATED", 1000],
        ["UPDATING", 2000],
        ["UPDATED", 3000]
      ],
      undefined,
      broken(new Error("reset"))
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const error = yield* failure(users.refreshCredential(session, id))
        assert.isTrue(error.isAmbiguous)
        const { fiber, seen } = yield* follow(users, options)
        yield* withTime(Fiber.join(fiber))
        assert.deepStrictEqual(seen, ["UPDATED@1000", "UPDATING@2000", "UPDATED@3000"])
      })
    )
  })
})

describe("a change that Tink refused", () => {
  it.effect("does not count: what was in progress may end", () => {
    const { script } = makeTink(
      [
        ["UPDATING", 1000],
        ["UPDATED", 2000]
      ],
      undefined,
      json(429, {})
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { fiber, seen } = yield* follow(users, options)
        yield* failure(users.refreshCredential(session, id))
        yield* turns
        assert.isNotNull(fiber.unsafePoll())
        assert.deepStrictEqual(seen, ["UPDATING@1000", "UPDATED@2000"])
      })
    )
  })
})

describe("a status that lags behind an earlier one", () => {
  it.effect("is shown when it lags for longer than patience, and not before", () => {
    const { script } = makeTink([
      ["UPDATING", 3000],
      ["AUTHENTICATING", 2000]
    ])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const { seen } = yield* follow(users, options)
        for (const _ of Array.from({ length: 9 })) yield* Effect.andThen(TestClock.adjust("1 second"), turns)
        assert.deepStrictEqual(seen, ["UPDATING@3000"])
        for (const _ of Array.from({ length: 2 })) yield* Effect.andThen(TestClock.adjust("1 second"), turns)
        assert.deepStrictEqual(seen, ["UPDATING@3000", "AUTHENTICATING@2000"])
      })
    )
  })
})

describe("changed", () => {
  it.effect("has followers poll at once, and the next read ask Tink", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session, userId } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      const seen: Array<string> = []
      yield* users.followCredential(session, credentialsId, { schedule: Schedule.spaced("1 hour") }).pipe(
        Stream.runForEach(({ status }) => Effect.sync(() => seen.push(status))),
        Effect.fork
      )
      yield* turns
      yield* users.listCredentials(session)
      yield* TestClock.adjust("500 millis")
      yield* users.listCredentials(session)
      yield* turns
      yield* takeSent
      yield* TestClock.adjust("3 seconds")
      yield* users.changed({ userId })
      yield* turns
      assert.deepStrictEqual(seen, ["AUTHENTICATING", "UPDATING"])
      yield* takeSent
      yield* users.listCredentials(session)
      assert.lengthOf(yield* takeSent, 1)
      yield* users.changed({ userId })
      yield* users.listCredentials(session)
      assert.isAtLeast((yield* takeSent).length, 1)
    }).pipe(provideAll({ sandbox: { authenticatingTime: "3 seconds", updatingTime: "1 minute" } }))
  )

  it.effect("counts as a change of all credentials: the old status is final when patience is over", () => {
    const { script } = makeTink([["UPDATED", 1000]])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        yield* users.changed({ userId })
        const { fiber } = yield* follow(users, options)
        assert.isNull(fiber.unsafePoll())
        yield* withTime(Fiber.join(fiber))
      })
    )
  })

  it.effect("takes a userId alone", () => {
    const { script } = makeTink([])
    return withTink(script, ({ cache, users }) =>
      Effect.gen(function* () {
        // @ts-expect-error no user
        assert.strictEqual((yield* failure(users.changed({}))).reason, "Invalid")
        // @ts-expect-error no id
        assert.strictEqual((yield* failure(users.changed({ userId: "../x" }))).reason, "Invalid")
        assert.strictEqual((yield* cache.stats).invalidations, 0)
      })
    )
  })
})

const stopAtUpdated = ({ status }: Credential.Credential) => (status === "UPDATED" ? Effect.never : Effect.void)

const takeAMinute = () => Effect.sleep("1 minute")

describe("refreshes at once", () => {
  const untilRest = [
    ["UPDATED", 1000],
    ["AUTHENTICATING", 2000],
    ["UPDATING", 3000],
    ["UPDATED", 4000]
  ] as const

  it.effect("are one, with the progress and the interruption of each caller its own", () => {
    const { gate, polls, script } = makeTink(untilRest, 1)
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const seen: Record<number, Array<string>> = { 0: [], 1: [], 2: [] }
        const fibers = yield* Effect.forEach([0, 1, 2], (caller) =>
          users
            .refreshAndWait(session, id, {
              schedule: everySecond,
              onProgress: (credential) => Effect.sync(() => seen[caller]?.push(format(credential)))
            })
            .pipe(Effect.fork)
        )
        yield* turns
        const [first, second, third] = fibers
        if (first === undefined || second === undefined || third === undefined) return assert.fail("no fibers")
        yield* Fiber.interrupt(first)
        yield* Deferred.succeed(gate, undefined)
        const outcomes = yield* withTime(Fiber.join(Fiber.zip(second, third)))
        assert.deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          ["Updated", "Updated"]
        )
        const all = ["AUTHENTICATING@2000", "UPDATING@3000", "UPDATED@4000"]
        assert.deepStrictEqual([seen[1], seen[2]], [all, all])
        assert.strictEqual(polls.refreshes, 1)
      })
    )
  })

  it.effect("end with the request of the last caller who leaves", () => {
    const { polls, script } = makeTink(untilRest, 1)
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(users.refreshAndWait(session, id, { schedule: everySecond }))
        yield* turns
        yield* Fiber.interrupt(fiber)
        yield* turns
        assert.deepStrictEqual(polls, { sent: 1, refreshes: 0 })
        yield* withTime(users.refreshAndWait(session, id, { schedule: everySecond }))
        assert.strictEqual(polls.refreshes, 1)
      })
    )
  })

  it.effect("are two when the first has ended, although its caller still reports progress", () => {
    const { polls, script } = makeTink(untilRest)
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        yield* Effect.fork(users.refreshAndWait(session, id, { schedule: everySecond, onProgress: stopAtUpdated }))
        for (const _ of Array.from({ length: 5 })) yield* Effect.andThen(TestClock.adjust("1 second"), turns)
        yield* Effect.fork(users.refreshAndWait(session, id, { schedule: everySecond }))
        yield* turns
        assert.strictEqual(polls.refreshes, 2)
      })
    )
  })

  it.effect("do not share the failure of another session", () => {
    const { polls, script } = makeTink(untilRest)
    const other = UserSession.make({
      userId,
      accessToken: Redacted.make("a-revoked-token"),
      scopes: ["credentials:read", "credentials:refresh"]
    })
    const refusing = (sent: { readonly path: string; readonly headers: Readonly<Record<string, string>> }) =>
      sent.headers["authorization"] === "Bearer a-revoked-token" ? json(401, {}) : script(sent)
    return withTink(refusing, ({ users }) =>
      Effect.gen(function* () {
        const refused = yield* Effect.fork(failure(users.refreshAndWait(other, id)))
        const allowed = yield* Effect.fork(users.refreshAndWait(session, id, { schedule: everySecond }))
        assert.strictEqual((yield* withTime(Fiber.join(refused))).reason, "Unauthorized")
        assert.strictEqual((yield* withTime(Fiber.join(allowed)))._tag, "Updated")
        assert.strictEqual(polls.refreshes, 1)
      })
    )
  })
})

describe("a refresh that Tink refuses", () => {
  const refusals = [
    ["429", json(429, { errorMessage: "too many", errorCode: "credentials.rate_limited" })],
    ["409", json(409, { errorMessage: "running", errorCode: "credentials.ongoing_request" })]
  ] as const

  it.effect("is followed when the credential shows that another one runs", () =>
    everyRow(
      refusals,
      ([status]) => status,
      ([, refusal]) => {
        const { script } = makeTink(
          [
            ["UPDATED", 1000],
            ["AUTHENTICATING", 2000],
            ["UPDATED", 4000]
          ],
          undefined,
          refusal
        )
        return withTink(script, ({ users }) =>
          Effect.gen(function* () {
            const outcome = yield* withTime(users.refreshAndWait(session, id, { schedule: everySecond }))
            assert.strictEqual(outcome._tag, "Updated")
            assert.strictEqual(format(outcome.credential), "UPDATED@4000")
          })
        )
      }
    )
  )

  it.effect("ends with the one that runs, also if this process has started that one", () => {
    const { polls, script } = makeTink(
      [
        ["UPDATED", 1000],
        ["AUTHENTICATING", 2000],
        ["UPDATED", 4000]
      ],
      undefined,
      noContent,
      json(429, {})
    )
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        yield* users.refreshCredential(session, id)
        const outcome = yield* withTime(users.refreshAndWait(session, id, { schedule: everySecond }))
        assert.strictEqual(outcome._tag, "Updated")
        assert.strictEqual(polls.sent, 3)
      })
    )
  })

  it.effect("is a failure when the credential has not moved", () =>
    everyRow(
      refusals,
      ([status]) => status,
      ([, refusal]) =>
        withTink(makeTink([["UPDATED", 1000]], undefined, refusal).script, ({ users }) =>
          Effect.gen(function* () {
            const error = yield* failure(users.refreshAndWait(session, id))
            assert.include(["RateLimited", "Conflict"], error.reason)
          })
        )
    )
  )
})

describe("slow progress", () => {
  it.effect("does not hide that the refresh has ended", () => {
    const { script } = makeTink([
      ["UPDATED", 1000],
      ["AUTHENTICATING", 2000],
      ["UPDATED", 3000]
    ])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("5 seconds"))
        const outcome = yield* withTime(users.refreshAndWait(session, id, { schedule, onProgress: takeAMinute }))
        assert.strictEqual(outcome._tag, "Updated")
      })
    )
  })
})

describe("a refresh that Tink accepts while another one runs", () => {
  it.effect("is Updated when the other one has delivered and nothing follows", () => {
    const { script } = makeTink([
      ["UPDATING", 1000],
      ["UPDATED", 2000]
    ])
    return withTink(script, ({ users }) =>
      Effect.gen(function* () {
        const outcome = yield* withTime(users.refreshAndWait(session, id, options))
        assert.strictEqual(outcome._tag, "Updated")
      })
    )
  })
})
