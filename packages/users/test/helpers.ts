import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type * as TinkConfig from "@effect-tink/http/TinkConfig"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users, UserSession } from "@effect-tink/users"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { bodyOf, type Reply, scriptedTink } from "../../../test/support/scriptedTink.js"

/** A request as it went over the wire. */
export interface Sent {
  /** For example `GET /api/v1/user`. */
  readonly line: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class Wire extends Context.Tag("test/Wire")<
  Wire,
  {
    readonly sent: Array<Sent>
    /** What happens before a request goes out. */
    before: (sent: Sent) => Effect.Effect<void>
  }
>() {}

const describeRequest = (request: HttpClientRequest.HttpClientRequest): Sent => ({
  line: `${request.method} ${request.url.replace(/^https?:\/\/[^/]+/, "")}`,
  headers: { ...request.headers },
  body: bodyOf(request)
})

/** The `HttpClient` around which this is put, and a record of what it is asked for. */
const layerWire = Layer.effectContext(
  Effect.gen(function* () {
    const wire: typeof Wire.Service = { sent: [], before: () => Effect.void }
    const client = HttpClient.tapRequest(yield* HttpClient.HttpClient, (request) =>
      Effect.suspend(() => {
        const sent = describeRequest(request)
        wire.sent.push(sent)
        return wire.before(sent)
      })
    )
    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(Wire, wire))
  })
)

export interface Setup {
  readonly sandbox?: TinkSandbox.Options
  readonly cache?: Partial<UserCache.Options>
  readonly http?: TinkConfig.RetryOptions & { readonly clientSecret?: Redacted.Redacted }
  readonly users?: Users.Options
}

/** All the real parts, over a sandbox in process and a record of the wire. */
export const layerAll = (setup: Setup = {}) => {
  const layerTinkHttp = Layer.unwrapEffect(
    Effect.map(TinkSandbox.TinkSandbox, (sandbox) =>
      TinkHttp.layer({
        clientId: sandbox.clientId,
        clientSecret: sandbox.clientSecret,
        baseUrl: sandbox.baseUrl,
        ...setup.http
      })
    )
  )
  return Users.layerWith(setup.users ?? {}).pipe(
    Layer.provideMerge(Layer.merge(layerTinkHttp, UserCache.layer({ capacity: 1000, ...setup.cache }))),
    Layer.provideMerge(layerWire),
    Layer.provideMerge(TinkSandbox.layerHttpClient(setup.sandbox))
  )
}

export const provideAll = (setup: Setup = {}) => Effect.provide(layerAll(setup))

/** What has gone over the wire since the last time. */
export const takeSent = Effect.map(Wire, ({ sent }) => sent.splice(0))

const nothing: Sent = { line: "", headers: {}, body: "" }

/** The same, as exactly two requests. */
export const takeTwo = Effect.map(takeSent, (sent) => [sent[0] ?? nothing, sent[1] ?? nothing] as const)

export const takeLines = Effect.map(takeSent, (sent) => sent.map(({ line }) => line))

export const sentLines = Effect.map(Wire, ({ sent }) => sent.map(({ line }) => line))

/** Waits until something has gone over the wire. */
export const untilSent = (line: string, times = 1) =>
  turn.pipe(
    Effect.andThen(sentLines),
    Effect.repeat({ until: (lines) => lines.filter((other) => other === line).length >= times }),
    Effect.asVoid
  )

/** A turn of the event loop: what is not of the clock, as reading a body, needs it to get on. */
export const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Lets seconds pass, one by one. */
export const pass = (seconds: number) =>
  Effect.andThen(TestClock.adjust("1 second"), Effect.replicateEffect(turn, 5, { discard: true })).pipe(
    Effect.replicateEffect(seconds, { discard: true })
  )

/** How long the next sleeper sleeps from now on, in milliseconds; 0 where all are awake. */
const nextSleep = Effect.zipWith(Clock.currentTimeMillis, TestClock.sleeps(), (now, ends) => {
  const later = Chunk.filter(ends, (end) => end > now)
  return Chunk.isEmpty(later) ? 0 : Math.min(...later) - now
})

/**
 * Lets the test's time pass until a fiber has ended, by seconds, or to the next sleeper where that is longer. What is not of
 * the clock, as reading a body, gets its turns before such a leap.
 */
export const passUntilEnd = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    while (true) {
      yield* turn
      if ((yield* nextSleep) > 1000) yield* Effect.repeatN(turn, 20)
      if (Option.isSome(yield* Fiber.poll(fiber))) return yield* Fiber.join(fiber)
      yield* TestClock.adjust(Math.max(1000, yield* nextSleep))
    }
  })

/** Runs an effect while the test's time passes. */
export const withTime = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flatMap(Effect.fork(effect), passUntilEnd)

/** Fails as a `TinkError`, or else the test does. */
export const failure = <R>(effect: Effect.Effect<unknown, TinkError, R>): Effect.Effect<TinkError, unknown, R> =>
  Effect.flip(effect)

/** An error for invalid input, which no request has caused and which repeats none of it. */
export const assertRefusal = (error: TinkError) => {
  assert.strictEqual(error._tag, "TinkError")
  assert.strictEqual(error.reason, "Invalid")
  assert.isUndefined(error.status)
  assert.isDefined(error.detail)
  assert.notInclude(error.message, "canary")
  assert.isFalse(error.isAmbiguous)
  assert.isFalse(error.isRetryable)
}

/** Does something just before the n-th request from now on (1 is the next) goes out. */
export const beforeRequest = (n: number, run: (sent: Sent) => Effect.Effect<void>) =>
  Effect.map(Wire, (wire) => {
    let left = n
    wire.before = (sent) => Effect.suspend(() => (--left === 0 ? run(sent) : Effect.void))
  })

/** Faults of all kinds but refusals; those that take time take longer than one attempt may. */
export const faults: ReadonlyArray<readonly [string, TinkSandbox.Fault]> = [
  ["drop-before", { kind: "drop-before" }],
  ["drop-after", { kind: "drop-after" }],
  ["cut-body", { kind: "cut-body" }],
  ["garbage", { kind: "garbage" }],
  ["delay", { kind: "delay", milliseconds: 15_000 }],
  ["slow-body", { kind: "slow-body", milliseconds: 15_000 }],
  ["500", { kind: "status", status: 500 }],
  ["503", { kind: "status", status: 503 }],
  ["408", { kind: "status", status: 408 }],
  ["429", { kind: "status", status: 429, retryAfter: "2" }]
]

/** Lets a fault happen to the n-th request from now on. */
export const failRequest = (n: number, fault: TinkSandbox.Fault) =>
  Effect.flatMap(TinkSandbox.TinkSandbox, (sandbox) => beforeRequest(n, () => sandbox.injectFault(fault)))

export const CREATE = "POST /api/v1/user/create"
export const DELETE_USER = "POST /api/v1/user/delete"
export const GET_USER = "GET /api/v1/user"
export const LIST = "GET /api/v1/credentials/list"
export const GRANT = "POST /api/v1/oauth/authorization-grant"
export const TOKEN = "POST /api/v1/oauth/token"

export const allScopes = ["credentials:read", "credentials:refresh", "credentials:write", "user:delete"] as const

/** A user with one bank. */
export const makeUser = (externalUserId?: string) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const sandbox = yield* TinkSandbox.TinkSandbox
    const { userId } = yield* users.createUser({ market: "SE", externalUserId })
    const { id } = yield* sandbox.connectBank(userId)
    return { userId, credentialsId: Ids.CredentialsId.make(id) }
  })

/**
 * A user with one bank, and a session for them with which all can be done, which has its token; the record of the wire is
 * empty, and so is the cache.
 */
export const makeSession = Effect.gen(function* () {
  const users = yield* Users.Users
  const user = yield* makeUser()
  const session = yield* users.authorize({ userId: user.userId, scopes: allScopes })
  yield* users.listCredentials(session, { bypassCache: true })
  yield* takeSent
  return { ...user, session }
})

/** A user access token, as an application without `authorize` gets it. */
export const getToken = (userId: Ids.UserId, scopes: ReadonlyArray<UserScope> = allScopes) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    return yield* users.getUserAccessToken(yield* users.createAuthorization({ userId, scopes }))
  })

/** A user with one bank, and a session with a token of its own, which cannot be renewed. */
export const makeStaticSession = Effect.gen(function* () {
  const user = yield* makeUser()
  const { accessToken } = yield* getToken(user.userId)
  const session = UserSession.make({ userId: user.userId, accessToken, scopes: allScopes })
  return { ...user, accessToken, session }
})

/** `Users` and its cache over a client. */
export const layerOver = (
  client: HttpClient.HttpClient,
  http: Partial<TinkConfig.AppOptions> & { readonly clientSecret?: Redacted.Redacted } = {},
  cache: Layer.Layer<UserCache.UserCache, ConfigError> = UserCache.layer({ capacity: 100 })
) =>
  Users.layer.pipe(
    Layer.provideMerge(cache),
    Layer.provideMerge(
      TinkHttp.layer({ clientId: "a-client", clientSecret: Redacted.make("a-secret"), maxRetries: 0, ...http })
    ),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
  )

/** `Users` over a Tink that answers each line, as `GET /api/v1/user`, as it is told to. */
export const provideAnswers = (answer: (line: string) => Reply, clientSecret = "a-secret") =>
  Effect.provide(
    layerOver(scriptedTink(({ method, path }) => answer(`${method} ${path}`)).client, {
      clientSecret: Redacted.make(clientSecret)
    }).pipe(Layer.orDie)
  )
