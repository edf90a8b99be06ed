import { assert, describe, it } from "@effect/vitest"
import { type TinkConfig, type TinkError, TinkHttp, type TinkRequest, TokenSource } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { everyRow } from "../../../test/support/rows.js"
import {
  type Answer,
  answers,
  broken,
  cutBody,
  json,
  noContent,
  nodeError,
  stalledBody
} from "../../../test/support/scriptedTink.js"
import {
  anyJson,
  deleteCredential,
  elapse,
  failure,
  getCredential,
  over,
  refreshCredential,
  updateCredential
} from "./helpers.js"

type AnyRequest = TinkRequest.TinkRequest<unknown>

const requests: Readonly<Record<string, AnyRequest>> = {
  GET: getCredential,
  PUT: updateCredential,
  DELETE: { ...deleteCredential, response: anyJson },
  POST: { ...refreshCredential, response: anyJson },
  PATCH: { ...refreshCredential, method: "PATCH", response: anyJson },
  "safe POST": { ...refreshCredential, response: anyJson, isSafe: true }
}

interface Expected {
  /** How often it is sent in all, by a client that retries 3 times. */
  readonly sent: 1 | 4
  readonly isRetryable: boolean
  readonly isAmbiguous: boolean
}

const once = { sent: 1, isRetryable: false, isAmbiguous: false } as const
const onceAmbiguous = { sent: 1, isRetryable: false, isAmbiguous: true } as const
const retried = { sent: 4, isRetryable: true, isAmbiguous: false } as const
const retriedAmbiguous = { sent: 4, isRetryable: true, isAmbiguous: true } as const

type Table = Readonly<Record<string, Expected>>

/** Surely not processed, and may be better next time. */
const tryAgain: Table = {
  GET: retried,
  "safe POST": retried,
  PUT: retried,
  DELETE: retried,
  POST: retried,
  PATCH: retried
}

/** Ambiguous: it may have been processed. */
const unclear: Table = {
  GET: retried,
  "safe POST": retried,
  PUT: retriedAmbiguous,
  DELETE: retriedAmbiguous,
  POST: onceAmbiguous,
  PATCH: onceAmbiguous
}

/** Answered for good with a no. */
const refusal: Table = { GET: once, "safe POST": once, PUT: once, DELETE: once, POST: once, PATCH: once }

/** Answered for good, but with what? */
const riddle: Table = {
  GET: once,
  "safe POST": once,
  PUT: onceAmbiguous,
  DELETE: onceAmbiguous,
  POST: onceAmbiguous,
  PATCH: onceAmbiguous
}

const status = (code: number): Answer => json(code, { errorMessage: "No", errorCode: "some.code" })

const garbage = Effect.sync(() => new Response("<html></html>", { headers: { "content-type": "application/json" } }))

const slowBody = stalledBody()

/** The other failures need no time, as the table is tried without waits. */
const takesTime = new Set<Answer>([Effect.never, slowBody])

const failures: ReadonlyArray<readonly [string, Answer, TinkError.Reason, Table]> = [
  ["a refused connection", Effect.fail("refused"), "Transport", tryAgain],
  ["an unknown host", broken(nodeError("ENOTFOUND", "getaddrinfo")), "Transport", tryAgain],
  ["an unreachable host", broken(nodeError("EHOSTUNREACH", "connect")), "Transport", tryAgain],
  ["a host lost in use", broken(nodeError("EHOSTUNREACH", "read")), "Transport", unclear],
  ["a network lost in use", broken(nodeError("ENETUNREACH", "write")), "Transport", unclear],
  ["a port closed in use", broken(nodeError("ECONNREFUSED", "read")), "Transport", unclear],
  ["no connection in time", broken(nodeError("UND_ERR_CONNECT_TIMEOUT", "connect")), "Transport", tryAgain],
  ["a reset connection", Effect.fail("reset"), "Transport", unclear],
  ["a failure without a code", broken(new Error("fetch failed")), "Transport", unclear],
  ["a failure behind others", broken(new Error("a", { cause: new Error("b") })), "Transport", unclear],
  [
    "a refused connection behind others",
    broken(new TypeError("fetch failed", { cause: new Error("b", { cause: nodeError("ECONNREFUSED", "connect") }) })),
    "Transport",
    tryAgain
  ],
  ["no answer", Effect.never, "Timeout", unclear],
  ["a slow body", slowBody, "Timeout", unclear],
  ["a cut body", cutBody(), "Transport", unclear],
  ["a garbage body", garbage, "Decode", riddle],
  ["408", status(408), "Timeout", unclear],
  ["429", status(429), "RateLimited", tryAgain],
  ["500", status(500), "Server", unclear],
  ["501", status(501), "Server", unclear],
  ["502", status(502), "Server", unclear],
  ["503", status(503), "Server", unclear],
  ["503 with a cut body", cutBody(503), "Server", unclear],
  ["504", status(504), "Server", unclear],
  ["302", status(302), "Server", riddle],
  ["304", Effect.sync(() => new Response(null, { status: 304 })), "Server", riddle],
  ["307", status(307), "Server", riddle],
  ["400", status(400), "Invalid", refusal],
  ["400 with a cut body", cutBody(400), "Invalid", refusal],
  ["401", status(401), "Unauthorized", refusal],
  ["403", status(403), "Forbidden", refusal],
  ["404", status(404), "NotFound", refusal],
  ["409", status(409), "Conflict", refusal],
  ["412", status(412), "Invalid", refusal],
  ["422", status(422), "Invalid", refusal],
  ["451", status(451), "Invalid", refusal]
]

// Long enough for four attempts that all time out.
const patient: Partial<TinkConfig.AppOptions> = { deadline: "10 minutes" }

const atOnce = { ...patient, retryBaseDelay: 0 }

/** What a request came to, for each kind of request. */
const outcomes = (answer: Answer, table: Table) =>
  Effect.forEach(
    Object.entries(requests),
    ([method, request]) =>
      Effect.gen(function* () {
        const { http, sent } = yield* over(answers(answer), atOnce)
        const { isAmbiguous, isRetryable, reason } = yield* failure(http.request(request))
        return { method, reason, sent: sent.length, isRetryable, isAmbiguous, expected: table[method] }
      }),
    { concurrency: "unbounded" }
  )

it.effect("every failure has the reason, the attempts and the ambiguity of its table", () =>
  everyRow(
    failures,
    ([name]) => name,
    ([, answer, reason, table]) =>
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const run = Scope.extend(outcomes(answer, table), scope)
        const all = yield* takesTime.has(answer) ? elapse(run) : run
        assert.strictEqual(all.length, 6)
        for (const { expected, method, ...actual } of all) {
          assert.deepStrictEqual({ method, ...actual }, { method, reason, ...expected })
        }
      })
  )
)

describe("a success after failures", () => {
  it.scoped("is a success", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(status(503), Effect.fail("reset"), cutBody(), json(200, { id: "x" })))
      assert.deepStrictEqual(yield* elapse(http.request(getCredential)), { id: "x" })
      assert.strictEqual(sent.length, 4)
    })
  )

  it.scoped("is tried for maxRetries times", () =>
    Effect.gen(function* () {
      for (const maxRetries of [0, 1, 5]) {
        const { http, sent } = yield* over(answers(status(503)), { ...atOnce, maxRetries })
        yield* failure(http.request(getCredential))
        assert.strictEqual(sent.length, maxRetries + 1)
      }
    })
  )

  it.scoped("a code is never exchanged twice, unless it was surely not received", () =>
    Effect.gen(function* () {
      const unclearAnswers: ReadonlyArray<Answer> = [status(500), Effect.fail("reset"), status(408), cutBody()]
      for (const answer of unclearAnswers) {
        const { http, sent } = yield* over(answers(answer))
        const error = yield* failure(http.exchangeCode(Redacted.make("code")))
        assert.isTrue(error.isAmbiguous)
        assert.strictEqual(sent.length, 1)
      }
      const { http, sent } = yield* over(answers(Effect.fail("refused"), status(429), status(500)))
      yield* elapse(failure(http.exchangeCode(Redacted.make("code"))))
      assert.strictEqual(sent.length, 3)
    })
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Waiting
// ---------------------------------------------------------------------------------------------------------------------

/** When each request was sent, in milliseconds after the first. */
const timesInOwnTime = Effect.fnUntraced(function* (
  answer: Answer,
  settings: Partial<TinkConfig.AppOptions> = patient
) {
  const times: Array<number> = []
  const { http } = yield* over(
    () =>
      Effect.andThen(
        Effect.map(Clock.currentTimeMillis, (now) => times.push(now)),
        answer
      ),
    settings
  )
  const error = yield* failure(http.request(getCredential))
  return { error, times: times.map((time) => time - (times[0] ?? 0)) }
})

const timesOf = (...args: Parameters<typeof timesInOwnTime>) =>
  Effect.flatMap(Effect.scope, (scope) => elapse(Scope.extend(timesInOwnTime(...args), scope)))

const waitsOf = (times: ReadonlyArray<number>) =>
  times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)))

const limited = (retryAfter: string): Answer => json(429, {}, { "retry-after": retryAfter })

/** At least what is asked for, and at most a tenth or the backoff more. */
const assertWaits = (times: ReadonlyArray<number>, requested: number, backoff: number, waits: number) => {
  assert.strictEqual(times.length, waits + 1)
  for (const [index, wait] of waitsOf(times).entries()) {
    assert.isAtLeast(wait, requested)
    assert.isAtMost(wait, requested + Math.max(backoff * 2 ** index, requested / 10))
  }
}

const seconds = (count: number) => Duration.seconds(count)

const waited: ReadonlyArray<readonly [header: string, retryAfter: Duration.Duration | undefined]> = [
  ["7", seconds(7)],
  ["1.5", seconds(2)],
  ["0.001", seconds(1)],
  [".5", seconds(1)],
  ["007", seconds(7)],
  [" \t7\t ", seconds(7)],
  ["7,", seconds(7)],
  [", ,7 , 3", seconds(7)],
  ["7, 8", seconds(8)],
  ["8, 7", seconds(8)],
  // The clock of a test starts in 1970.
  ["Thu, 01 Jan 1970 00:00:06 GMT", seconds(6)],
  ["Thursday, 01-Jan-70 00:00:06 GMT", seconds(6)],
  ["Thu Jan  1 00:00:06 1970", seconds(6)],
  ["3, Thu, 01 Jan 1970 00:00:06 GMT", seconds(6)],
  ["Thu, 01 Jan 1970 00:00:06 GMT, 30", seconds(30)],
  ["Thu Jan 1 00:00:06 1970", seconds(6)],
  ["thu, 01 jan 1970 00:00:06 gmt", seconds(6)],
  ["Thursday, 01-Jan-70 00:00:06 GMT, Thu, 01 Jan 1970 00:00:09 GMT, 4", seconds(9)],
  // More than 50 years ahead of 1970 is past.
  ["Friday, 31-Dec-21 23:59:60 GMT", seconds(0)],
  ["Thu, 01 Jan 1960 00:00:00 GMT, soon", seconds(0)],
  ["soon, 4", seconds(4)],
  ["2099", seconds(2099)],
  ["0", seconds(0)],
  ["Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)],
  ["99999999999999", Duration.millis(Number.MAX_SAFE_INTEGER)],
  ["9".repeat(400), Duration.millis(Number.MAX_SAFE_INTEGER)],
  ["", undefined],
  ["soon", undefined],
  ["-1", undefined],
  ["+5", undefined],
  ["5 seconds", undefined],
  ["1.2.3", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["foo 2099", undefined],
  ["-5 GMT", undefined],
  ["Thu, 41 Jan 1970 00:00:06 GMT", undefined]
]

describe("Retry-After", () => {
  it.effect("is read in all its forms, the longest of several, and nothing else is", () =>
    everyRow(
      waited,
      ([header]) => JSON.stringify(header),
      ([header, expected]) =>
        Effect.gen(function* () {
          const { error } = yield* timesInOwnTime(limited(header), { maxRetries: 0 })
          assert.deepStrictEqual(
            error.retryAfter && Duration.toMillis(error.retryAfter),
            expected && Duration.toMillis(expected)
          )
        })
    )
  )

  it.effect("is meant by the clock of the server, if that is told", () =>
    Effect.gen(function* () {
      for (const [date, expected] of [
        ["Wed, 21 Oct 2015 07:28:00 GMT", 9],
        ["Wednesday, 21-Oct-15 07:28:01 GMT", 8],
        ["Wed Oct 21 07:28:02 2015", 7],
        ["Wed, 21 Oct 2015 09:00:00 GMT", 0]
      ] as const) {
        const headers = { "retry-after": "Wed, 21 Oct 2015 07:28:09 GMT", date }
        const { error } = yield* Effect.scoped(timesInOwnTime(json(429, {}, headers), { maxRetries: 0 }))
        assert.deepStrictEqual(error.retryAfter, Duration.seconds(expected))
      }
    })
  )

  it.effect("is waited for and never shortened, with jitter on top", () =>
    everyRow(
      [
        ["429", limited("7"), 7000],
        ["503", json(503, {}, { "retry-after": "3" }), 3000],
        ["longer than retryMaxDelay", limited("20"), 20_000]
      ] as const,
      ([name]) => name,
      ([, answer, requested]) =>
        Effect.gen(function* () {
          const { times } = yield* timesOf(answer)
          assertWaits(times, requested, 200, 3)
        })
    )
  )

  it.effect("longer than the deadline allows ends the call at once, and is in the error", () =>
    Effect.gen(function* () {
      const { error, times } = yield* Effect.scoped(timesInOwnTime(limited("600"), {}))
      assert.deepStrictEqual(times, [0])
      assert.deepStrictEqual(error.retryAfter, Duration.minutes(10))
    })
  )

  it.scoped("that is 0 or past leaves the backoff", () =>
    Effect.gen(function* () {
      for (const header of ["0", "Thu, 01 Jan 1970 00:00:00 GMT"]) {
        const { times } = yield* timesOf(limited(header), { maxRetries: 1 })
        assert.isBelow(times[1] ?? Infinity, 201)
      }
    })
  )
})

describe("backoff", () => {
  it.scoped("doubles its bound, with full jitter below it", () =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const settings = { ...patient, maxRetries: 4, retryMaxDelay: "1 second" } as const
      const once = (seed: number) => Effect.withRandom(timesInOwnTime(status(503), settings), Random.make(seed))
      const runs = yield* elapse(
        Scope.extend(
          Effect.forEach(
            Array.from({ length: 20 }, (_, n) => n),
            once,
            { concurrency: "unbounded" }
          ),
          scope
        )
      )
      const all = runs.map(({ times }) => waitsOf(times))
      const bounds = [200, 400, 800, 1000]
      for (const [index, bound] of bounds.entries()) {
        const waits = all.map((one) => one[index] ?? Infinity)
        assert.isAtMost(Math.max(...waits), bound)
        // Full jitter: somewhere in the whole of it.
        assert.isAbove(Math.max(...waits), bound * 0.6)
        assert.isBelow(Math.min(...waits), bound * 0.4)
      }
      assert.isAbove(new Set(all.map(([first]) => first)).size, 15)
    })
  )

  it.scoped("starts at retryBaseDelay", () =>
    Effect.gen(function* () {
      const { times } = yield* timesOf(status(503), { ...patient, retryBaseDelay: 0 })
      assert.deepStrictEqual(times, [0, 0, 0, 0])
    })
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// DELETE
// ---------------------------------------------------------------------------------------------------------------------

const UserIdOf = Schema.parseJson(Schema.Struct({ user_id: Schema.String }))
const CodeOf = Schema.parseJson(Schema.Struct({ code: Schema.String }))

describe("DELETE", () => {
  const unclearAnswers: ReadonlyArray<readonly [string, Answer]> = [
    ["a reset", Effect.fail("reset")],
    ["a 503", status(503)],
    ["a timeout", Effect.never],
    ["a cut body", cutBody()]
  ]
  it.effect("that finds nothing after an unclear attempt has succeeded", () =>
    everyRow(
      unclearAnswers,
      ([name]) => name,
      ([, first]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(answers(first, status(404)))
          yield* elapse(http.request(deleteCredential))
          assert.strictEqual(sent.length, 2)
        })
    )
  )

  it.scoped("that finds nothing at first fails with NotFound", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(status(404)))
      const error = yield* failure(http.request(deleteCredential))
      assert.strictEqual(error.reason, "NotFound")
      assert.isFalse(error.isAmbiguous)
      assert.strictEqual(sent.length, 1)
    })
  )

  it.scoped("that finds nothing after attempts that were surely not processed fails with NotFound", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(Effect.fail("refused"), status(429), status(404)))
      const error = yield* elapse(failure(http.request(deleteCredential)))
      assert.strictEqual(error.reason, "NotFound")
      assert.isFalse(error.isAmbiguous)
      assert.strictEqual(sent.length, 3)
    })
  )

  it.scoped("that is forbidden after a reset fails with Forbidden, and is ambiguous", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(Effect.fail("reset"), status(403)))
      const error = yield* elapse(failure(http.request(deleteCredential)))
      assert.strictEqual(error.reason, "Forbidden")
      assert.isTrue(error.isAmbiguous)
      assert.isFalse(error.isRetryable)
    })
  )

  it.scoped("that is refused to the end after a reset is ambiguous", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(Effect.fail("reset"), Effect.fail("refused")))
      const error = yield* elapse(failure(http.request(deleteCredential)))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isAmbiguous)
      assert.isTrue(error.isRetryable)
    })
  )

  it.scoped("that has no token any more after a reset is ambiguous", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(Effect.fail("reset"), noContent))
      let asked = 0
      const given = TokenSource.fromToken(Redacted.make("t"))
      const tokens = { ...given, get: Effect.suspend(() => (++asked === 1 ? given.get : Effect.never)) }
      const error = yield* elapse(
        failure(http.request({ ...deleteCredential, authorization: { _tag: "User", tokens } }))
      )
      assert.strictEqual(error.reason, "Timeout")
      assert.isTrue(error.isAmbiguous)
    })
  )

  it.scoped("a 404 of anything else after a reset is NotFound", () =>
    Effect.gen(function* () {
      for (const request of [getCredential, updateCredential]) {
        const { http } = yield* over(answers(Effect.fail("reset"), status(404)))
        const error = yield* elapse(failure(http.request(request)))
        assert.strictEqual(error.reason, "NotFound")
        assert.strictEqual(error.isAmbiguous, request.method === "PUT")
      }
    })
  )

  it.effect("that was applied before the connection broke succeeds against the sandbox, once", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const http = yield* TinkHttp.TinkHttp
      const created = yield* http.request({
        operation: "createUser",
        method: "POST",
        route: "/api/v1/user/create",
        authorization: { _tag: "Client", scopes: ["user:create"] },
        body: { _tag: "Json", value: { market: "SE" } },
        response: UserIdOf
      })
      const credentials = yield* sandbox.connectBank(created.user_id)
      const { code } = yield* http.request({
        operation: "createAuthorization",
        method: "POST",
        route: "/api/v1/oauth/authorization-grant",
        authorization: { _tag: "Client", scopes: ["authorization:grant"] },
        body: { _tag: "Form", fields: { user_id: created.user_id, scope: "credentials:write" } },
        response: CodeOf
      })
      const token = yield* http.exchangeCode(Redacted.make(code))
      yield* sandbox.injectFault({ kind: "drop-after", method: "DELETE" })
      yield* elapse(
        http.request({
          ...deleteCredential,
          params: { id: credentials.id },
          authorization: { _tag: "User", tokens: TokenSource.fromToken(token.accessToken) }
        })
      )
      const deletes = (yield* sandbox.requests).filter(({ method }) => method === "DELETE")
      assert.deepStrictEqual(
        deletes.map(({ applied, status }) => [applied, status]),
        [
          [true, null],
          [true, 404]
        ]
      )
      assert.strictEqual(new Set(deletes.map(({ traceId }) => traceId)).size, 1)
    }).pipe(
      Effect.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret") })),
      Effect.provide(TinkSandbox.layerHttpClient())
    )
  )
})
