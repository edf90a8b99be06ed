import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkHttp, TokenSource } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import {
  type Answer,
  isTokenRequest,
  json,
  type Script,
  scriptedTink,
  type Sent,
  tokenAnswer,
  withTokens
} from "../../../test/support/scriptedTink.js"
import { createAuthorization, createUser, elapse, failure, getCredential, makeGate, options, over } from "./helpers.js"

const ok: Answer = json(200, {})

const reset: Answer = Effect.fail("reset")

const tokenRequests = (sent: ReadonlyArray<Sent>) => sent.filter(isTokenRequest)

const bearers = (sent: ReadonlyArray<Sent>) =>
  sent.filter((one) => !isTokenRequest(one)).map(({ headers }) => headers["authorization"])

const unauthorized = json(401, { errorMessage: "The access token is not valid" })

/** Tink as it answers when tokens can be revoked: only the newest token counts. */
const newestTokenOnly = () => {
  let tokens = 0
  const respond: Script = (sent) => {
    if (isTokenRequest(sent)) return tokenAnswer(`token-${++tokens}`)
    return sent.headers["authorization"] === `Bearer token-${tokens}` ? ok : unauthorized
  }
  return {
    respond,
    revoke: Effect.sync(() => {
      tokens += 1
    })
  }
}

describe("fetching", () => {
  it.scoped("is one request for 50 concurrent callers, when the first of them needs it", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { http, sent } = yield* over((sent) =>
        isTokenRequest(sent) ? Effect.andThen(gate.pass, tokenAnswer("t")) : ok
      )
      assert.strictEqual(sent.length, 0)
      const fiber = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 50 }, () => http.request(createUser)),
          { concurrency: "unbounded" }
        )
      )
      yield* gate.reached
      assert.strictEqual(sent.length, 1)
      yield* gate.open
      yield* Fiber.join(fiber)
      assert.strictEqual(tokenRequests(sent).length, 1)
      assert.strictEqual(sent.length, 51)
    })
  )

  it.scoped("is one request per set of scopes, in any order and with repetitions", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(() => ok))
      const asking = (...scopes: TinkScopes) =>
        http.request({ ...createUser, authorization: { _tag: "Client", scopes } })
      yield* asking("user:create", "authorization:grant")
      yield* asking("authorization:grant", "user:create")
      yield* asking("authorization:grant", "user:create", "authorization:grant")
      assert.strictEqual(tokenRequests(sent).length, 1)
      assert.strictEqual(sent[0]?.form["scope"], "authorization:grant,user:create")
      yield* asking("user:create")
      assert.strictEqual(tokenRequests(sent).length, 2)
      assert.deepStrictEqual(bearers(sent), [
        "Bearer client-token-1",
        "Bearer client-token-1",
        "Bearer client-token-1",
        "Bearer client-token-2"
      ])
    })
  )

  it.scoped("is tried again by the next call after a failure, which all waiters share", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      let fetches = 0
      const { http, sent } = yield* over((sent) => {
        if (!isTokenRequest(sent)) return ok
        fetches += 1
        return fetches === 1
          ? Effect.andThen(gate.pass, json(401, { errorMessage: "Invalid client secret" }))
          : tokenAnswer("t")
      })
      const fiber = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 10 }, () => failure(http.request(createUser))),
          { concurrency: "unbounded" }
        )
      )
      yield* gate.reached
      yield* gate.open
      for (const { reason } of yield* Fiber.join(fiber)) assert.strictEqual(reason, "Unauthorized")
      assert.strictEqual(sent.length, 1)
      yield* http.request(createUser)
      assert.strictEqual(fetches, 2)
    })
  )

  it.scoped("goes on for the others when the caller who began it is interrupted", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { http, sent } = yield* over((sent) =>
        isTokenRequest(sent) ? Effect.andThen(gate.pass, tokenAnswer("t")) : ok
      )
      const first = yield* Effect.fork(http.request(createUser))
      yield* gate.reached
      const second = yield* Effect.fork(http.request(createUser))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      yield* gate.open
      yield* Fiber.join(second)
      assert.strictEqual(tokenRequests(sent).length, 1)
      assert.strictEqual(sent.length, 2)
    })
  )

  it.scoped("goes on for the others when the caller who began it times out", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) =>
        isTokenRequest(sent) ? Effect.andThen(Effect.sleep("5 seconds"), tokenAnswer("t")) : ok
      )
      const first = yield* Effect.fork(Effect.timeoutOption(http.request(createUser), "1 second"))
      const second = yield* Effect.fork(http.request(createUser))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(first))._tag, "None")
      yield* TestClock.adjust("4 seconds")
      yield* Fiber.join(second)
      assert.strictEqual(tokenRequests(sent).length, 1)
    })
  )

  it.scoped("is retried like a read: the token request changes nothing", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent, n) =>
        isTokenRequest(sent) ? (n < 3 ? json(503, {}) : tokenAnswer("t")) : ok
      )
      yield* elapse(http.request(createUser))
      assert.strictEqual(tokenRequests(sent).length, 3)
    })
  )

  it.effect("ends with the layer, and so do its waiters", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const interrupted = yield* Deferred.make<void>()
      const scope = yield* Scope.make()
      const { http } = yield* over(() =>
        Effect.onInterrupt(Effect.andThen(gate.pass, ok), () => Deferred.succeed(interrupted, undefined))
      ).pipe(Scope.extend(scope))
      const fiber = yield* Effect.fork(http.request(createUser))
      yield* gate.reached
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(interrupted)
      const error = yield* failure(Fiber.join(fiber))
      assert.deepInclude(error, { reason: "Transport", isAmbiguous: false })
    })
  )
})

type TinkScopes = Extract<Parameters<TinkHttp.Service["request"]>[0]["authorization"], { _tag: "Client" }>["scopes"]

describe("renewing", () => {
  const lifetimes = [
    { expiresIn: 1800, usableSeconds: 1740 },
    { expiresIn: 121, usableSeconds: 61 },
    { expiresIn: 60, usableSeconds: 30 },
    { expiresIn: 1, usableSeconds: 0.5 }
  ]
  it.effect("a token before it expires: a minute early, or half its life if that is less", () =>
    everyRow(
      lifetimes,
      ({ expiresIn, usableSeconds }) => `a token of ${expiresIn} s after ${usableSeconds} s`,
      ({ expiresIn, usableSeconds }) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over((sent) => (isTokenRequest(sent) ? tokenAnswer("t", expiresIn) : ok))
          yield* http.request(createUser)
          yield* TestClock.adjust(usableSeconds * 1000 - 1)
          yield* http.request(createUser)
          assert.strictEqual(tokenRequests(sent).length, 1)
          yield* TestClock.adjust(1)
          yield* http.request(createUser)
          assert.strictEqual(tokenRequests(sent).length, 2)
        })
    )
  )

  it.scoped("a token without a lifetime is used once", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) => (isTokenRequest(sent) ? tokenAnswer("t", 0) : ok))
      yield* http.request(createUser)
      yield* http.request(createUser)
      assert.strictEqual(tokenRequests(sent).length, 2)
    })
  )

  it.scoped("counts from when the token was asked for, not from when it came", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) =>
        isTokenRequest(sent) ? Effect.andThen(Effect.sleep("8 seconds"), tokenAnswer("t", 100)) : ok
      )
      const fiber = yield* Effect.fork(http.request(createUser))
      yield* TestClock.adjust("8 seconds")
      yield* Fiber.join(fiber)
      // Half of 100 s from when it was asked for.
      yield* TestClock.adjust("41999 millis")
      yield* http.request(createUser)
      assert.strictEqual(tokenRequests(sent).length, 1)
      yield* TestClock.adjust("1 millis")
      yield* Effect.fork(http.request(createUser))
      yield* Effect.yieldNow()
      yield* TestClock.adjust(0)
      assert.strictEqual(tokenRequests(sent).length, 2)
    })
  )

  it.effect("sends no expired token to the sandbox", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* Effect.scoped(
        Effect.gen(function* () {
          const http = yield* TinkHttp.TinkHttp
          for (let minutes = 0; minutes < 60; minutes += 5) {
            yield* http.request({
              ...createUser,
              body: { _tag: "Json", value: { market: "SE" } }
            })
            yield* TestClock.adjust("5 minutes")
          }
        }).pipe(Effect.provide(TinkHttp.layer(sandbox)))
      )
      const requests = yield* sandbox.requests
      assert.isTrue(requests.every(({ status }) => status === 200))
      assert.strictEqual(requests.filter(({ path }) => path === "/api/v1/oauth/token").length, 2)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )
})

describe("a token that Tink refuses", () => {
  it.scoped("is fetched once more, and the request sent once more", () =>
    Effect.gen(function* () {
      const { respond, revoke } = newestTokenOnly()
      const { http, sent } = yield* over(respond)
      yield* http.request(createUser)
      yield* revoke
      yield* http.request(createUser)
      assert.strictEqual(tokenRequests(sent).length, 2)
      assert.deepStrictEqual(bearers(sent), ["Bearer token-1", "Bearer token-1", "Bearer token-3"])
    })
  )

  it.scoped("is fetched once for 50 calls that are refused at the same time", () =>
    Effect.gen(function* () {
      const { respond, revoke } = newestTokenOnly()
      const { http, sent } = yield* over(respond)
      yield* http.request(createUser)
      yield* revoke
      yield* Effect.all(
        Array.from({ length: 50 }, () => http.request(createUser)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(tokenRequests(sent).length, 2)
      assert.strictEqual(sent.length, 2 + 1 + 50 + 50)
    })
  )

  it.scoped("is Unauthorized after two requests when the new one is refused as well", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(() => unauthorized))
      const error = yield* failure(http.request(createUser))
      assert.strictEqual(error.reason, "Unauthorized")
      assert.strictEqual(error.operation, "createUser")
      assert.isFalse(error.isRetryable)
      assert.isFalse(error.isAmbiguous)
      assert.deepStrictEqual(bearers(sent), ["Bearer client-token-1", "Bearer client-token-2"])
      assert.strictEqual(tokenRequests(sent).length, 2)
    })
  )

  it.scoped(
    "is dropped after a 401 that does not look like Tink's: the call fails, and the next one has a new token",
    () =>
      Effect.gen(function* () {
        const refusals = [{ status: 401, body: "Unauthorized", headers: { "content-type": "text/plain" } }]
        const { http, sent } = yield* over(withTokens(() => refusals.pop() ?? ok))
        const error = yield* failure(http.request(createUser))
        assert.deepInclude(error, { reason: "Server", status: 401, isRetryable: false })
        yield* http.request(createUser)
        assert.deepStrictEqual(bearers(sent), ["Bearer client-token-1", "Bearer client-token-2"])
      })
  )

  it.effect("does not change how a request with the new token fails", () =>
    everyRow(
      [
        ["a read after a 503", getCredential, json(503, {}), { sent: 3, reason: undefined, isAmbiguous: false }],
        ["a read after a reset", getCredential, reset, { sent: 3, reason: undefined, isAmbiguous: false }],
        ["a change after a reset", createUser, reset, { sent: 2, reason: "Transport", isAmbiguous: true }],
        ["a change after a 500", createUser, json(500, {}), { sent: 2, reason: "Server", isAmbiguous: true }]
      ] as const,
      ([name]) => name,
      ([, request, second, expected]) =>
        Effect.gen(function* () {
          const authorization = { _tag: "Client", scopes: ["user:create"] } as const
          const answers = [unauthorized, second, ok]
          let n = 0
          const { http, sent } = yield* over(
            withTokens(() => answers[n++] ?? ok),
            { retryBaseDelay: 0 }
          )
          const exit = yield* Effect.exit(elapse(http.request({ ...request, authorization })))
          const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
          const [, ...renewed] = bearers(sent)
          assert.deepStrictEqual(
            { sent: bearers(sent).length, reason: error?.reason, isAmbiguous: error?.isAmbiguous ?? false },
            expected
          )
          assert.isTrue(renewed.every((bearer) => bearer === "Bearer client-token-2"))
        })
    )
  )

  it.scoped("is not sent again where its source has no other", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(() => unauthorized)
      const tokens = TokenSource.fromToken(Redacted.make("given"))
      const error = yield* failure(http.request({ ...createUser, authorization: { _tag: "User", tokens } }))
      assert.strictEqual(error.reason, "Unauthorized")
      assert.strictEqual(sent.length, 1)
    })
  )

  it.scoped("is renewed by another set of scopes on its own", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(
        withTokens((sent) => (sent.headers["authorization"] === "Bearer client-token-1" ? unauthorized : ok))
      )
      yield* http.request(createAuthorization)
      yield* http.request(createUser)
      yield* http.request(createAuthorization)
      assert.strictEqual(tokenRequests(sent).length, 3)
    })
  )

  it.effect("is renewed after a revocation by the sandbox", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const create = { ...createUser, body: { _tag: "Json", value: { market: "SE" } } } as const
      yield* Effect.gen(function* () {
        const http = yield* TinkHttp.TinkHttp
        yield* http.request(create)
        yield* sandbox.revokeTokens()
        yield* http.request(create)
      }).pipe(Effect.provide(TinkHttp.layer(sandbox)))
      assert.deepStrictEqual(
        (yield* sandbox.requests).map(({ path, status }) => `${path} ${status}`),
        [
          "/api/v1/oauth/token 200",
          "/api/v1/user/create 200",
          "/api/v1/user/create 401",
          "/api/v1/oauth/token 200",
          "/api/v1/user/create 200"
        ]
      )
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )
})

describe("a token that cannot be sent", () => {
  it.effect("is Invalid before anything is sent", () =>
    everyRow(
      ["abc\ndef", "abc def", "", "tökén", "abc\u0000"],
      (token) => JSON.stringify(token),
      (token) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(() => ok)
          const tokens = TokenSource.fromToken(Redacted.make(token))
          const error = yield* failure(http.request({ ...createUser, authorization: { _tag: "User", tokens } }))
          assert.strictEqual(error.reason, "Invalid")
          assert.isFalse(error.isRetryable)
          assert.isFalse(error.isAmbiguous)
          assert.strictEqual(
            error.message,
            "createUser: Invalid: the access token must be one word of printable ASCII characters"
          )
          assert.strictEqual(sent.length, 0)
        })
    )
  )

  it.scoped("is a Decode error where it comes from Tink", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) => (isTokenRequest(sent) ? tokenAnswer("abc\ndef") : ok))
      const error = yield* failure(http.request(createUser))
      assert.strictEqual(error.reason, "Decode")
      assert.include(error.message, "access_token")
      assert.strictEqual(sent.length, 1)
    })
  )
})

describe("TokenSource.make", () => {
  it.scoped("keeps its token when another one was refused", () =>
    Effect.gen(function* () {
      const { http } = yield* over(() => tokenAnswer("kept"))
      let fetches = 0
      const source = yield* TokenSource.make(
        Effect.suspend(() => {
          fetches += 1
          return http.exchangeCode(Redacted.make("code"))
        })
      )
      const token = yield* source.get
      yield* source.invalidate(Redacted.make("another"))
      assert.strictEqual(yield* source.get, token)
      assert.strictEqual(fetches, 1)
      yield* source.invalidate(token)
      yield* source.get
      assert.strictEqual(fetches, 2)
    })
  )

  it.scoped("shares a defect of the fetch, and does not keep it", () =>
    Effect.gen(function* () {
      const { http } = yield* over(() => tokenAnswer("t"))
      let fetches = 0
      const source = yield* TokenSource.make(
        Effect.suspend(() => (++fetches === 1 ? Effect.dieMessage("boom") : http.exchangeCode(Redacted.make("code"))))
      )
      assert.isTrue(Exit.isFailure(yield* Effect.exit(source.get)))
      assert.strictEqual(Redacted.value(yield* source.get), "t")
    })
  )

  it.effect("does not hang where its scope is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const source = yield* Scope.extend(TokenSource.make(Effect.never), scope)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* failure(source.get)).reason, "Transport")
    })
  )
})

describe("the layer", () => {
  it.effect("has its own tokens each time it is built", () =>
    Effect.gen(function* () {
      const once = Effect.scoped(
        Effect.flatMap(over(withTokens(() => ok)), ({ http, sent }) => Effect.as(http.request(createUser), sent))
      )
      assert.strictEqual(tokenRequests(yield* once).length, 1)
      assert.strictEqual(tokenRequests(yield* once).length, 1)
    })
  )
})

describe("one layer over two clients in one graph", () => {
  class First extends Context.Tag("First")<First, TinkHttp.Service>() {}
  class Second extends Context.Tag("Second")<Second, TinkHttp.Service>() {}

  it.scoped("is built for each: the token of one tenant is never sent for another", () =>
    Effect.gen(function* () {
      const live = TinkHttp.layer(options)
      const one = scriptedTink((sent) => (isTokenRequest(sent) ? tokenAnswer("one") : ok))
      const two = scriptedTink((sent) => (isTokenRequest(sent) ? tokenAnswer("two") : ok))
      const through = (client: HttpClient.HttpClient) =>
        Layer.provide(live, Layer.succeed(HttpClient.HttpClient, client))
      const context = yield* Layer.build(
        Layer.merge(
          Layer.provide(Layer.effect(First, TinkHttp.TinkHttp), through(one.client)),
          Layer.provide(Layer.effect(Second, TinkHttp.TinkHttp), through(two.client))
        )
      )
      yield* Context.get(context, First).request(createUser)
      yield* Context.get(context, Second).request(createUser)
      assert.deepStrictEqual(bearers(one.sent), ["Bearer one"])
      assert.deepStrictEqual(bearers(two.sent), ["Bearer two"])
    })
  )
})
