import { assert, describe, it } from "@effect/vitest"
import { TokenSource } from "@effect-tink/http"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { answers, json } from "../../../test/support/scriptedTink.js"
import { elapse, failure, getCredential, over } from "./helpers.js"

const calls = <A, E>(count: number, call: (n: number) => Effect.Effect<A, E>) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => Effect.exit(call(n)),
    { concurrency: "unbounded" }
  )

/** Refused before it is sent. */
const badToken = { _tag: "User", tokens: TokenSource.fromToken(Redacted.make("t\u00f6ken")) } as const

const limited = (retryAfter: string) => json(429, { errorCode: "a.b" }, { "retry-after": retryAfter })

const counted = (name: string) =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs
      .filter(({ metricKey }) => metricKey.name === name)
      .reduce((sum, { metricState }) => sum + ("count" in metricState ? Number(metricState.count) : 0), 0)
  )

describe("concurrency", () => {
  it.scoped("is bounded, and the others have their turn in the order in which they came", () =>
    Effect.gen(function* () {
      let active = 0
      let most = 0
      const order: Array<string> = []
      const { http } = yield* over(
        (sent) =>
          Effect.gen(function* () {
            order.push(sent.path)
            most = Math.max(most, ++active)
            yield* Effect.sleep("1 second")
            active -= 1
            return yield* json(200, {})
          }),
        { maxConcurrency: 5 }
      )
      const ids = Array.from({ length: 50 }, (_, n) => `id-${n}`)
      yield* elapse(calls(50, (n) => http.request({ ...getCredential, params: { id: ids[n] ?? "" } })))
      assert.strictEqual(most, 5)
      assert.deepStrictEqual(
        order,
        ids.map((id) => `/api/v1/credentials/${id}`)
      )
    })
  )

  it.scoped("the wait counts against the deadline, and what was not sent is not ambiguous", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(() => Effect.never, {
        maxConcurrency: 1,
        deadline: "5 seconds",
        attemptTimeout: "1 minute"
      })
      const first = yield* Effect.fork(failure(http.request({ ...getCredential, isSafe: false })))
      yield* Effect.yieldNow()
      const waiting = yield* Effect.fork(failure(http.request({ ...getCredential, isSafe: false })))
      yield* TestClock.adjust("5 seconds")
      assert.isTrue((yield* Fiber.join(first)).isAmbiguous)
      const error = yield* elapse(Fiber.join(waiting))
      assert.deepInclude(error, { reason: "Timeout", isRetryable: true, isAmbiguous: false })
      assert.lengthOf(sent, 1)
    })
  )

  it.scoped("a waiter that is interrupted leaves its place to the next", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { http, sent } = yield* over(() => Effect.andThen(Deferred.await(gate), json(200, {})), {
        maxConcurrency: 1
      })
      const fibers = yield* Effect.forEach([1, 2, 3], () =>
        Effect.tap(Effect.fork(http.request(getCredential)), () => Effect.yieldNow())
      )
      yield* Fiber.interrupt(fibers[1] ?? Fiber.void)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(fibers[0] ?? Fiber.void)
      yield* Fiber.join(fibers[2] ?? Fiber.void)
      assert.lengthOf(sent, 2)
    })
  )
})

describe("the retry budget", () => {
  it.scoped("allows at most 1.3 requests for each call in an outage, and a whole set of retries before", () =>
    Effect.gen(function* () {
      let isDown = true
      const { http, sent } = yield* over(() => (isDown ? json(503, {}) : json(200, {})))
      const before = yield* counted("tink_http_retries_suppressed_total")
      yield* elapse(failure(http.request(getCredential)))
      assert.lengthOf(sent, 4)
      yield* elapse(calls(300, () => http.request(getCredential)))
      assert.isAtMost(sent.length / 301, 1.3)
      assert.isAbove(yield* counted("tink_http_retries_suppressed_total"), before)
      isDown = false
      const recovered = yield* calls(100, () => http.request(getCredential))
      assert.isTrue(recovered.every(Exit.isSuccess))
    })
  )
})

describe("the pause that Retry-After asks for", () => {
  it.scoped("holds for all requests of the layer, which then begin again one after another", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const { http } = yield* over((_, n) =>
        Effect.andThen(
          Effect.map(Clock.currentTimeMillis, (now) => times.push(now)),
          n === 1 ? limited("3") : json(200, {})
        )
      )
      const first = yield* Effect.fork(http.request(getCredential))
      yield* Effect.yieldNow()
      yield* TestClock.adjust("1 second")
      const exits = yield* elapse(calls(250, () => http.request(getCredential)))
      yield* Fiber.join(first)
      assert.isTrue(exits.every(Exit.isSuccess))
      const later = times.slice(1)
      assert.isAtLeast(Math.min(...later), 3000)
      assert.isAtMost(Math.max(...later), 5000)
      const together = Math.max(...[...new Set(later)].map((time) => later.filter((other) => other === time).length))
      assert.isAtMost(together, 50)
    })
  )

  it.scoped("ends a call at once whose deadline is earlier, and says how long it is", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(limited("40")))
      yield* failure(http.request(getCredential))
      const error = yield* failure(http.request(getCredential))
      assert.deepInclude(error, { reason: "RateLimited", isRetryable: true, isAmbiguous: false })
      assert.strictEqual(Duration.toSeconds(error.retryAfter ?? 0), 40)
      assert.match(error.message, /Tink has asked to wait \[retry after 40 s\]$/)
      assert.lengthOf(sent, 1)
      yield* TestClock.adjust("40 seconds")
      yield* failure(http.request(getCredential))
      assert.lengthOf(sent, 2)
    })
  )

  it.scoped("is bounded by maxSharedPause, as one strange answer must not stop everything", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(limited("999999"), json(200, {})), { maxSharedPause: "2 seconds" })
      yield* failure(http.request(getCredential))
      yield* elapse(http.request(getCredential))
      assert.lengthOf(sent, 2)
    })
  )

  it.scoped("serves what a rate limit allows", () =>
    Effect.gen(function* () {
      const perSecond = 50
      let window = -1
      let inWindow = 0
      let served = 0
      const { http, sent } = yield* over(() =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const second = Math.floor(now / 1000)
          if (second !== window) [window, inWindow] = [second, 0]
          if (++inWindow > perSecond) return limited("1")
          served += 1
          return Effect.andThen(Effect.sleep("5 millis"), json(200, {}))
        })
      )
      const caller = Effect.forever(Effect.exit(http.request(getCredential)))
      const fibers = yield* Effect.forEach(Array.from({ length: 120 }), () => Effect.fork(caller))
      for (let step = 0; step < 100; step++) yield* TestClock.adjust("50 millis")
      yield* Fiber.interruptAll(fibers)
      assert.isAtLeast(served / (5 * perSecond), 0.8)
      assert.isAtLeast(served / sent.length, 0.5)
    })
  )
})

describe("the circuit breaker", () => {
  it.scoped("fails at once after failures in a row, and lets one request try again", () =>
    Effect.gen(function* () {
      let isDown = true
      const { http, sent } = yield* over(() => (isDown ? json(503, {}) : json(200, {})), {
        maxRetries: 0,
        circuitBreaker: { failures: 3, openFor: "1 second" }
      })
      yield* calls(3, () => http.request(getCredential))
      const error = yield* failure(http.request(getCredential))
      assert.deepInclude(error, { reason: "Server", isRetryable: true, isAmbiguous: false })
      assert.lengthOf(sent, 3)
      yield* TestClock.adjust("1 second")
      yield* calls(10, () => http.request(getCredential))
      assert.lengthOf(sent, 4)
      isDown = false
      yield* TestClock.adjust("1 second")
      yield* http.request(getCredential)
      const exits = yield* calls(10, () => http.request(getCredential))
      assert.isTrue(exits.every(Exit.isSuccess))
      assert.lengthOf(sent, 15)
    })
  )

  it.scoped("takes nothing from a probe that is interrupted or not sent: the next request is the probe", () =>
    everyRow(
      [
        ["interrupted", getCredential, true],
        ["not sent", { ...getCredential, authorization: badToken }, false]
      ] as const,
      ([name]) => name,
      ([, probe, isSent]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(
            (_, n) => (n === 1 ? json(503, {}) : n === 2 && isSent ? Effect.never : json(200, {})),
            { maxRetries: 0, circuitBreaker: { failures: 1, openFor: "1 second" } }
          )
          yield* failure(http.request(getCredential))
          yield* TestClock.adjust("1 second")
          const fiber = yield* Effect.fork(Effect.exit(http.request(probe)))
          yield* Effect.repeatN(Effect.yieldNow(), 10)
          yield* Fiber.interrupt(fiber)
          yield* http.request(getCredential)
          assert.lengthOf(sent, isSent ? 3 : 2)
        })
    )
  )

  it.scoped("counts no request that was not sent, neither as health nor as trouble", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(() => json(503, {}), {
        maxRetries: 0,
        circuitBreaker: { failures: 2, openFor: "1 second" }
      })
      const unsent = failure(http.request({ ...getCredential, authorization: badToken }))
      yield* Effect.repeatN(unsent, 3)
      yield* failure(http.request(getCredential))
      yield* unsent
      yield* failure(http.request(getCredential))
      assert.strictEqual(
        (yield* failure(http.request(getCredential))).detail,
        "the circuit is open: the last requests all failed"
      )
      assert.lengthOf(sent, 2)
    })
  )
})
