import { assert, describe, it } from "@effect/vitest"
import { type TinkError, TokenSource } from "@effect-tink/http"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Supervisor from "effect/Supervisor"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { answers, isTokenRequest, json, stalledBody, tokenAnswer } from "../../../test/support/scriptedTink.js"
import { createUser, elapse, failure, getCredential, makeGate, over, refreshCredential } from "./helpers.js"

/** An effect and the milliseconds it took. */
const timed = <A>(effect: Effect.Effect<A>) =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const value = yield* effect
    return { value, millis: (yield* Clock.currentTimeMillis) - before }
  })

describe("the timeout of an attempt", () => {
  it.effect("covers the head and the body", () =>
    everyRow(
      [
        ["the head", Effect.never],
        ["the body", stalledBody()]
      ] as const,
      ([name]) => `covers ${name}`,
      ([, answer]) =>
        Effect.gen(function* () {
          const { http } = yield* over(answers(answer), { attemptTimeout: "3 seconds", maxRetries: 0 })
          const { millis, value } = yield* elapse(timed(failure(http.request(getCredential))))
          assert.strictEqual(millis, 3000)
          assert.strictEqual(value.reason, "Timeout")
          assert.include(value.message, "no answer in time")
        })
    )
  )

  it.scoped("interrupts the attempt", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const { http } = yield* over(
        () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)),
        { maxRetries: 0 }
      )
      yield* elapse(failure(http.request(getCredential)))
      yield* Deferred.await(interrupted)
    })
  )

  it.scoped("holds where the caller cannot be interrupted, as in a finalizer", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(Effect.never), { maxRetries: 0 })
      const done = yield* Deferred.make<unknown>()
      const scoped = Effect.scoped(
        Effect.addFinalizer(() =>
          Effect.flatMap(Effect.exit(http.request(refreshCredential)), (exit) => Deferred.succeed(done, exit))
        )
      )
      const { millis } = yield* elapse(timed(scoped))
      assert.strictEqual(millis, 10_000)
      assert.isTrue(Exit.isExit(yield* Deferred.await(done)))
    })
  )

  it.scoped("does not make an uninterruptible caller interruptible", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { http, sent } = yield* over(() => Effect.andThen(gate.pass, json(200, { id: "x" })))
      const done = yield* Deferred.make<unknown, TinkError.TinkError>()
      const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.intoDeferred(http.request(getCredential), done)))
      yield* gate.reached
      const interruption = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Effect.yieldNow()
      yield* gate.open
      yield* Fiber.join(interruption)
      assert.deepStrictEqual(yield* Deferred.await(done), { id: "x" })
      assert.strictEqual(sent.length, 1)
    })
  )
})

describe("the deadline", () => {
  it.scoped("covers all attempts and the waits between them", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(Effect.never), { deadline: "25 seconds", maxRetries: 9 })
      const { millis, value } = yield* elapse(timed(failure(http.request(getCredential))))
      assert.approximately(millis, 25_000, 0.001)
      assert.strictEqual(value.reason, "Timeout")
      assert.strictEqual(sent.length, 3)
    })
  )

  it.effect("holds while the wall clock is set", () =>
    everyRow(
      [3_600_000, -3_600_000],
      (by) => `by ${by} ms`,
      (by) =>
        Effect.gen(function* () {
          const testClock = yield* Effect.clock
          let setBy = 0
          const clock: Clock.Clock = Object.assign(Object.create(testClock), {
            unsafeCurrentTimeMillis: () => testClock.unsafeCurrentTimeMillis() + setBy,
            unsafeCurrentTimeNanos: () => testClock.unsafeCurrentTimeNanos(),
            currentTimeMillis: Effect.map(testClock.currentTimeMillis, (now) => now + setBy)
          })
          const { http } = yield* over(
            () =>
              Effect.suspend(() => {
                setBy += by
                return Effect.never
              }),
            { deadline: "25 seconds", maxRetries: 9 }
          )
          const call = Effect.withClock(failure(http.request(getCredential)), clock)
          const { millis, value } = yield* elapse(timed(call))
          assert.approximately(millis, 25_000, 0.001)
          assert.strictEqual(value.reason, "Timeout")
        })
    )
  )

  it.scoped("covers the body of the last attempt", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(stalledBody()), { deadline: "4 seconds", attemptTimeout: "1 hour" })
      const { millis, value } = yield* elapse(timed(failure(http.request(getCredential))))
      assert.strictEqual(millis, 4000)
      assert.strictEqual(value.reason, "Timeout")
    })
  )

  it.scoped("covers the token, and a request that was not sent is not ambiguous", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) => (isTokenRequest(sent) ? Effect.never : json(200, {})), {
        deadline: "5 seconds",
        attemptTimeout: "1 hour"
      })
      const { millis, value } = yield* elapse(timed(failure(http.request(createUser))))
      assert.strictEqual(millis, 5000)
      assert.strictEqual(value.reason, "Timeout")
      assert.isFalse(value.isAmbiguous)
      assert.isTrue(value.isRetryable)
      assert.isTrue(sent.every(isTokenRequest))
    })
  )

  it.scoped("covers a token source of the application, also in a finalizer", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})), { deadline: "5 seconds" })
      const tokens = { ...TokenSource.fromToken(Redacted.make("t")), get: Effect.never }
      const request = http.request({ ...refreshCredential, authorization: { _tag: "User", tokens } })
      const { millis, value } = yield* elapse(timed(Effect.uninterruptible(failure(request))))
      assert.strictEqual(millis, 5000)
      assert.strictEqual(
        value.message,
        "refreshCredential: Timeout (POST /api/v1/credentials/{id}/refresh): no access token in time"
      )
      assert.isFalse(value.isAmbiguous)
      assert.strictEqual(sent.length, 0)
    })
  )

  it.scoped("leaves the request the time that the token has not used", () =>
    Effect.gen(function* () {
      const { http } = yield* over(
        (sent) => (isTokenRequest(sent) ? Effect.andThen(Effect.sleep("3 seconds"), tokenAnswer("t")) : Effect.never),
        { deadline: "5 seconds" }
      )
      const { millis, value } = yield* elapse(timed(failure(http.request(createUser))))
      assert.strictEqual(millis, 5000)
      assert.isTrue(value.isAmbiguous)
    })
  )

  it.scoped("fails a call at once with the last error if a wait would pass it", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(
        answers(json(429, {}, { "retry-after": "2" }), json(503, {}, { "retry-after": "3" })),
        { deadline: "5 seconds" }
      )
      const { millis, value } = yield* elapse(timed(failure(http.request(getCredential))))
      assert.isAtLeast(millis, 2000)
      assert.isBelow(millis, 2500)
      assert.strictEqual(value.reason, "Server")
      assert.strictEqual(value.status, 503)
      assert.strictEqual(sent.length, 2)
    })
  )

  it.scoped("may be infinite", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(429, {}, { "retry-after": "9" }), json(200, {})), {
        deadline: Duration.infinity,
        attemptTimeout: Duration.infinity
      })
      yield* elapse(http.request(getCredential))
      assert.strictEqual(sent.length, 2)
    })
  )
})

describe("an interruption", () => {
  it.scoped("ends the attempt in flight and sends nothing more", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const interrupted = yield* Deferred.make<void>()
      const { http, sent } = yield* over(() =>
        Effect.onInterrupt(Effect.andThen(gate.pass, json(200, {})), () => Deferred.succeed(interrupted, undefined))
      )
      const fiber = yield* Effect.fork(http.request(getCredential))
      yield* gate.reached
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* Deferred.await(interrupted)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(sent.length, 1)
    })
  )

  it.scoped("ends a wait between attempts", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(429, {}, { "retry-after": "9" })))
      const fiber = yield* Effect.fork(http.request(getCredential))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(sent.length, 1)
    })
  )
})

describe("a client of the application", () => {
  it.scoped("that dies when it is interrupted leaves no log", () =>
    Effect.gen(function* () {
      const texts: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void texts.push(`${String(message)} ${Cause.pretty(cause)}`))
      const { http } = yield* over(() => Effect.ensuring(Effect.never, Effect.die(new Error("canary"))))
      const call = Effect.exit(http.request(refreshCredential)).pipe(
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.All)
      )
      const fiber = yield* Effect.fork(call)
      yield* elapse(Fiber.join(fiber))
      assert.notInclude(texts.join(), "canary")
    })
  )

  it.scoped("that interrupts its caller as it begins is ended by then", () =>
    Effect.gen(function* () {
      const happened: Array<string> = []
      let interruptCaller: (() => void) | undefined
      const { http } = yield* over(() =>
        Effect.suspend(() => {
          happened.push("begun")
          interruptCaller?.()
          return Effect.never
        }).pipe(Effect.onInterrupt(() => Effect.sync(() => happened.push("ended"))))
      )
      const call = Effect.withFiberRuntime<void, TinkError.TinkError>((fiber) => {
        interruptCaller = () => fiber.unsafeInterruptAsFork(FiberId.none)
        return http.request(refreshCredential)
      })
      const exit = yield* Fiber.await(yield* Effect.fork(call))
      assert.isTrue(Exit.isInterrupted(exit))
      assert.deepStrictEqual(happened, ["begun", "ended"])
    })
  )
})

describe("nothing is left", () => {
  it.scoped("no fiber, after successes, failures, retries and timeouts", () =>
    Effect.gen(function* () {
      const { http } = yield* over(
        (_, n) => [json(503, {}), Effect.never, stalledBody(), json(200, {})][n % 4] ?? Effect.never
      )
      const supervisor = yield* Supervisor.track
      const calls = Effect.forEach(Array.from({ length: 8 }), () => Effect.either(http.request(getCredential)))
      yield* elapse(Effect.supervised(calls, supervisor))
      assert.deepStrictEqual(yield* supervisor.value, [])
    })
  )

  it.scoped("no timer, once there is an answer, also where the caller cannot be interrupted", () =>
    Effect.gen(function* () {
      const { http } = yield* over(() => Effect.andThen(Effect.yieldNow(), json(200, {})))
      const clock = yield* Effect.clock
      const cancelled = yield* Deferred.make<void>()
      const observed: Clock.Clock = {
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
        unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeNanos: clock.currentTimeNanos,
        sleep: (duration) => Effect.onInterrupt(clock.sleep(duration), () => Deferred.succeed(cancelled, undefined))
      }
      yield* Effect.withClock(Effect.uninterruptible(http.request(getCredential)), observed)
      yield* Deferred.await(cancelled)
    })
  )
})
