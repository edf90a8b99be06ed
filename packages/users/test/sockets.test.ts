import { assert, describe, it } from "@effect/vitest"
import type * as TinkConfig from "@effect-tink/http/TinkConfig"
import type * as TinkError from "@effect-tink/http/TinkError"
import type { Users, UserSession } from "@effect-tink/users"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type { ServerResponse } from "node:http"
import { everyRowLive } from "../../../test/support/rows.js"
import { allScopes, failure, LIST } from "./helpers.js"
import {
  activeSockets,
  activeTimers,
  answer,
  connect,
  credentialOf,
  type Handle,
  id,
  serve,
  sessionOf,
  until,
  userIdOf
} from "./socketServer.js"

const REFRESH = `POST /api/v1/credentials/${id}/refresh`
const DELETE = `DELETE /api/v1/credentials/${id}`

interface Operation {
  readonly line: string
  readonly isMutation: boolean
  readonly run: (
    users: Users.Service,
    session: UserSession.UserSession<(typeof allScopes)[number]>
  ) => Effect.Effect<unknown, TinkError.TinkError>
}

const list: Operation = { line: LIST, isMutation: false, run: (users, session) => users.listCredentials(session) }
const refresh: Operation = {
  line: REFRESH,
  isMutation: true,
  run: (users, session) => users.refreshCredential(session, id)
}
const remove: Operation = {
  line: DELETE,
  isMutation: true,
  run: (users, session) => users.deleteCredential(session, id)
}

/** The expected flags of an error, and how often the request was sent. */
type Verdict = readonly [what: "retryable" | "ambiguous" | "both" | "neither", sent: number]

interface Scenario {
  readonly name: string
  readonly handle: Handle
  readonly timing?: TinkConfig.RetryOptions
  readonly reason: TinkError.Reason
  readonly status?: number
  readonly list: Verdict
  readonly refresh: Verdict
  readonly remove: Verdict
}

/** It may have been applied, and only what can be repeated is repeated. */
const unknownOutcome = { list: ["retryable", 2], refresh: ["ambiguous", 1], remove: ["both", 2] } as const

/** It may have been applied, and the next answer would be the same. */
const unreadable = { list: ["neither", 1], refresh: ["ambiguous", 1], remove: ["ambiguous", 1] } as const

/** The beginning of a body of 100 bytes. */
const begin = (response: ServerResponse, then: () => void) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "100" })
  response.write(`{"credentials":[`, then)
}

const chunk = Buffer.alloc(1024 * 1024, " ")

/** Sends as fast as the client reads. */
const send50MB =
  (status: number): Handle =>
  (_, response) => {
    let left = 50
    const write = () => {
      while (left-- > 0) if (!response.write(chunk)) return
      response.end("{}")
    }
    response.writeHead(status)
    response.on("drain", write)
    write()
  }

const brief = { attemptTimeout: "120 millis" } as const

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "the connection is reset before the head of the answer",
    handle: (request) => request.socket.resetAndDestroy(),
    reason: "Transport",
    ...unknownOutcome
  },
  {
    name: "the connection is reset after the head of the answer",
    handle: (request, response) => begin(response, () => request.socket.resetAndDestroy()),
    reason: "Transport",
    ...unknownOutcome
  },
  {
    name: "the connection is closed in the middle of the body",
    handle: (request, response) => begin(response, () => request.socket.end()),
    reason: "Transport",
    status: 200,
    ...unknownOutcome
  },
  { name: "no answer comes", handle: () => {}, timing: brief, reason: "Timeout", ...unknownOutcome },
  {
    name: "the body stalls forever",
    handle: (_, response) => begin(response, () => {}),
    timing: brief,
    reason: "Timeout",
    ...unknownOutcome
  },
  {
    name: "the body of a failure stalls forever",
    handle: (_, response) => response.writeHead(404, { "content-length": "100" }).write("{"),
    timing: brief,
    reason: "Server",
    status: 404,
    ...unreadable
  },
  {
    name: "the deadline of the call is shorter than the patience with one attempt",
    handle: (_, response) => begin(response, () => {}),
    timing: { attemptTimeout: "1 minute", deadline: "120 millis" },
    reason: "Timeout",
    list: ["retryable", 1],
    refresh: ["ambiguous", 1],
    remove: ["both", 1]
  },
  { name: "the answer has 50 MB", handle: send50MB(200), reason: "Decode", status: 200, ...unreadable },
  {
    name: "the answer has 50 MB and is a failure",
    handle: send50MB(503),
    reason: "Server",
    status: 503,
    ...unknownOutcome
  }
]

const check = (error: TinkError.TinkError, [what]: Verdict) => {
  assert.strictEqual(error.isRetryable, what === "retryable" || what === "both", `isRetryable of ${error.message}`)
  assert.strictEqual(error.isAmbiguous, what === "ambiguous" || what === "both", `isAmbiguous of ${error.message}`)
}

const session = sessionOf(1)

const tryIt = (operation: Operation, scenario: Scenario, verdict: Verdict) =>
  Effect.gen(function* () {
    const tink = yield* serve
    tink.handle = scenario.handle
    const { cache, users } = yield* connect(tink, scenario.timing)
    const [duration, error] = yield* Effect.timed(failure(operation.run(users, session)))
    assert.strictEqual(error.reason, scenario.reason, error.message)
    if (scenario.status !== undefined) assert.strictEqual(error.status, scenario.status)
    check(error, verdict)
    assert.deepStrictEqual(
      tink.received,
      Array.from({ length: verdict[1] }, () => operation.line)
    )
    assert.isBelow(Duration.toMillis(duration), 3000)
    // The cache has heard of it: a change is followed by an invalidation, and an unclear one by a quarantine.
    const stats = yield* cache.stats
    assert.strictEqual(stats.invalidations, operation.isMutation ? 1 : 0)
    assert.strictEqual(stats.quarantines, operation.isMutation && error.isAmbiguous ? 1 : 0)
    assert.strictEqual(stats.size, 0)
    // Once Tink has recovered, the same client works again.
    tink.handle = answer
    assert.lengthOf(yield* users.listCredentials(session), 1)
  })

describe("a connection that fails", () => {
  it.live("gives a read the documented error, and the next one works", () =>
    everyRowLive(
      scenarios,
      ({ name }) => name,
      (scenario) => tryIt(list, scenario, scenario.list)
    )
  )

  it.live("gives a refresh the documented error, and the next read works", () =>
    everyRowLive(
      scenarios,
      ({ name }) => name,
      (scenario) => tryIt(refresh, scenario, scenario.refresh)
    )
  )

  it.live("gives a deletion the documented error, and the next read works", () =>
    everyRowLive(
      scenarios,
      ({ name }) => name,
      (scenario) => tryIt(remove, scenario, scenario.remove)
    )
  )
})

/** The client lets go of its connections when it hears that they are closed. */
const untilDisconnected = (before: number) =>
  until(
    () => `${activeSockets()} sockets, not ${before}`,
    Effect.sync(() => activeSockets() <= before)
  )

/** Runs each operation once, and collects the outcomes. */
const runAll = (users: Users.Service) =>
  Effect.forEach([list, refresh, remove], ({ run }) => Effect.either(run(users, session)))

describe("a keep-alive connection", () => {
  it.scopedLive("is used again", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { users } = yield* connect(tink)
      const ports = new Set<number | undefined>()
      tink.handle = (request, response) => {
        ports.add(request.socket.remotePort)
        answer(request, response)
      }
      for (let n = 0; n < 5; n++) yield* runAll(users)
      assert.lengthOf(tink.received, 15)
      // A request that follows at once may find the connection still busy with the end of the last answer.
      assert.isAtMost(ports.size, 3)
    })
  )

  it.scopedLive("that the server closed between two requests is replaced, and nothing is sent twice", () =>
    Effect.gen(function* () {
      const before = activeSockets()
      const tink = yield* serve
      const { users } = yield* connect(tink)
      const ports: Array<number | undefined> = []
      const sockets = new Set<ServerResponse["socket"]>()
      tink.handle = (request, response) => {
        ports.push(request.socket.remotePort)
        sockets.add(request.socket)
        answer(request, response)
      }
      for (const operation of [list, refresh, list, remove, list]) {
        yield* operation.run(users, session)
        for (const socket of sockets) socket?.end()
        yield* untilDisconnected(before)
      }
      assert.deepStrictEqual(tink.received, [LIST, REFRESH, LIST, DELETE, LIST])
      assert.strictEqual(new Set(ports).size, 5)
    })
  )

  it.scopedLive("that the server closes as the next request arrives: only what can be repeated is repeated", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { cache, users } = yield* connect(tink)
      const isAnswered = [true, false, false, true, false, true, true]
      tink.handle = (request, response) => {
        if (isAnswered.shift() === true) answer(request, response)
        else request.socket.destroy()
      }
      assert.lengthOf(yield* users.listCredentials(session), 1)
      const error = yield* failure(users.refreshCredential(session, id))
      assert.strictEqual(error.reason, "Transport")
      check(error, ["ambiguous", 1])
      assert.deepStrictEqual(tink.received.splice(0), [LIST, REFRESH])
      yield* users.deleteCredential(session, id)
      assert.deepStrictEqual(tink.received.splice(0), [DELETE, DELETE])
      // After the ambiguous refresh nothing of the user is cached for a while.
      assert.lengthOf(yield* users.listCredentials(session), 1)
      assert.lengthOf(yield* users.listCredentials(session), 1)
      assert.deepStrictEqual(tink.received, [LIST, LIST, LIST])
      assert.strictEqual((yield* cache.stats).quarantines, 1)
    })
  )
})

it.scopedLive("a deletion that was applied before the connection broke has succeeded", () =>
  Effect.gen(function* () {
    const tink = yield* serve
    const { cache, users } = yield* connect(tink)
    let isThere = true
    tink.handle = (request, response) => {
      if (!isThere) return void response.writeHead(404).end('{"errorCode":"some.code"}')
      isThere = false
      request.socket.resetAndDestroy()
    }
    yield* users.deleteCredential(session, id)
    assert.deepStrictEqual(tink.received, [DELETE, DELETE])
    assert.deepInclude(yield* cache.stats, { invalidations: 1, quarantines: 0 })
    // A second call cannot know who deleted it.
    const error = yield* failure(users.deleteCredential(session, id))
    assert.strictEqual(error.reason, "NotFound")
    check(error, ["neither", 1])
  })
)

it.scopedLive("an answer of several megabytes is read to its end", () =>
  Effect.gen(function* () {
    const tink = yield* serve
    const { users } = yield* connect(tink, { maxBodySize: 4_000_000 })
    const payload = "å".repeat(1_000_000)
    tink.handle = (request, response) => {
      const credential = credentialOf(request)
      response.end(`{"credentials":[${credential.slice(0, -1)},"statusPayload":"${payload}"},${credential}]}`)
    }
    const [first, ...others] = yield* users.listCredentials(session)
    assert.strictEqual(first?.statusPayload, payload)
    assert.lengthOf(others, 1)
  })
)

describe("500 concurrent", { timeout: 20_000 }, () => {
  const users500 = Array.from({ length: 500 }, (_, n) => n)

  /** Answers when all have arrived. */
  const together =
    (count: number, respond: Handle): Handle =>
    (request, response) => {
      waiting.push(() => respond(request, response))
      if (waiting.length === count) for (const go of waiting.splice(0)) go()
    }
  const waiting: Array<() => void> = []

  it.scopedLive("reads of 500 users each return their own", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { cache, users } = yield* connect(tink, { maxConcurrency: 500 })
      tink.handle = together(500, answer)
      const lists = yield* Effect.forEach(users500, (n) => users.listCredentials(sessionOf(n)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        lists.map((credentials) => credentials.map(({ userId }) => userId)),
        users500.map((n) => [userIdOf(n)])
      )
      assert.lengthOf(tink.received, 500)
      assert.deepInclude(yield* cache.stats, { misses: 500, hits: 0, joins: 0, size: 500 })
    })
  )

  it.scopedLive("reads of one user send one request", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { cache, users } = yield* connect(tink)
      yield* Effect.forEach(users500, () => users.listCredentials(session), { concurrency: "unbounded" })
      assert.deepStrictEqual(tink.received, [LIST])
      assert.deepInclude(yield* cache.stats, { misses: 1, joins: 499 })
    })
  )

  it.scopedLive("reads with sessions of 50 users each return their own", () =>
    Effect.gen(function* () {
      const some = users500.slice(0, 50)
      const tink = yield* serve
      const { users } = yield* connect(tink)
      const lists = yield* Effect.forEach(
        some,
        (n) =>
          Effect.flatMap(users.authorize({ userId: userIdOf(n), scopes: ["credentials:read"] }), users.listCredentials),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        lists.map((credentials) => credentials.map(({ userId }) => userId)),
        some.map((n) => [userIdOf(n)])
      )
    })
  )

  it.scopedLive("changes, with every other connection broken, each return their own outcome", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { cache, users } = yield* connect(tink, { maxRetries: 0, maxConcurrency: 500 })
      tink.handle = together(500, (request, response) => {
        const n = Number.parseInt((request.headers.authorization ?? "").slice(-32), 16)
        if (n % 2 === 0) answer(request, response)
        else request.socket.resetAndDestroy()
      })
      const results = yield* Effect.forEach(
        users500,
        (n) => Effect.either((n % 4 < 2 ? refresh : remove).run(users, sessionOf(n))),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(tink.received, 500)
      assert.lengthOf(
        tink.received.filter((line) => line === REFRESH),
        250
      )
      for (const [n, result] of results.entries()) {
        assert.strictEqual(Either.isRight(result), n % 2 === 0, `user ${n}`)
        if (Either.isRight(result)) continue
        assert.strictEqual(result.left.reason, "Transport")
        check(result.left, n % 4 < 2 ? ["ambiguous", 1] : ["both", 1])
      }
      assert.deepInclude(yield* cache.stats, { invalidations: 500, quarantines: 250 })
    })
  )
})

/** Surely not processed. */
const isRefused = (error: TinkError.TinkError, detail: string) => {
  assert.strictEqual(error.detail, detail)
  assert.strictEqual(error.reason, "Transport")
  check(error, ["retryable", 0])
}

describe("a server that is gone", () => {
  it.scopedLive("fails as refused, certainly not processed, and works again when it is back", () =>
    Effect.gen(function* () {
      const before = activeSockets()
      const tink = yield* serve
      const { cache, users } = yield* connect(tink)
      const renewable = yield* users.authorize({ userId: userIdOf(1), scopes: allScopes })
      yield* users.listCredentials(renewable)
      yield* tink.stop
      yield* untilDisconnected(before)

      // What is cached is still good.
      assert.lengthOf(yield* users.listCredentials(renewable), 1)
      const refused = `connection refused (127.0.0.1:${tink.port})`
      for (const operation of [refresh, remove, list]) {
        isRefused(yield* failure(operation.run(users, renewable)), refused)
      }
      const unminted = yield* users.authorize({ userId: userIdOf(2), scopes: allScopes })
      isRefused(yield* failure(users.listCredentials(unminted)), refused)
      isRefused(yield* failure(users.createUser({ market: "SE" })), refused)
      assert.deepInclude(yield* cache.stats, { invalidations: 2, quarantines: 0, size: 0 })
      assert.deepStrictEqual(tink.received.splice(0), [LIST])

      yield* tink.start
      for (const operation of [refresh, remove, list, list]) yield* operation.run(users, renewable)
      assert.deepStrictEqual(tink.received, [REFRESH, DELETE, LIST])
    })
  )

  it.scopedLive("comes back during the retries: everything is sent once", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { users } = yield* connect(tink, { maxRetries: 1000, retryMaxDelay: "5 millis" })
      yield* tink.stop
      const fiber = yield* Effect.fork(
        Effect.all(
          [list, refresh, remove].map(({ run }, n) => run(users, sessionOf(n))),
          { concurrency: "unbounded" }
        )
      )
      // The first attempts are refused before anything else can listen.
      yield* until(
        () => "no attempt was made",
        Effect.sync(() => activeSockets() > 0)
      )
      yield* tink.start
      yield* Fiber.join(fiber)
      assert.sameMembers(tink.received, [LIST, REFRESH, DELETE])
    })
  )

  it.scopedLive("for good fails calls by the deadline", () =>
    Effect.gen(function* () {
      const tink = yield* serve
      const { users } = yield* connect(tink, {
        maxRetries: 1_000_000,
        retryMaxDelay: "5 millis",
        deadline: "150 millis"
      })
      yield* tink.stop
      const [duration, results] = yield* Effect.timed(runAll(users))
      for (const result of results) {
        const error = Either.getOrThrow(Either.flip(result))
        assert.include(["Transport", "Timeout"], error.reason)
        // An attempt that the deadline ends is ambiguous.
        assert.isFalse(error.isAmbiguous && error.reason === "Transport")
      }
      assert.isBelow(Duration.toMillis(duration), 3000)
    })
  )
})

it.scopedLive("who is interrupted leaves no connection behind, also in the middle of a body", () =>
  Effect.gen(function* () {
    const tink = yield* serve
    const { cache, users } = yield* connect(tink)
    for (const [n, operation] of [list, refresh, remove].entries()) {
      const isClosed = yield* Deferred.make<void>()
      const isAsked = yield* Deferred.make<void>()
      tink.handle = (request, response) => {
        request.socket.on("close", () => Deferred.unsafeDone(isClosed, Effect.void))
        if (n % 2 === 0) begin(response, () => {})
        Deferred.unsafeDone(isAsked, Effect.void)
      }
      const fiber = yield* Effect.fork(operation.run(users, session))
      yield* Deferred.await(isAsked)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(isClosed)
    }
    assert.deepStrictEqual(tink.received, [LIST, REFRESH, DELETE])
    assert.deepInclude(yield* cache.stats, { invalidations: 2, quarantines: 2, size: 0 })
  })
)

it.scopedLive("leaves no timer running", () =>
  Effect.gen(function* () {
    const before = activeTimers()
    const noMoreTimers = until(
      () => `${activeTimers()} timers, ${before} of them from before`,
      Effect.sync(() => activeTimers() <= before)
    )
    const tink = yield* serve
    yield* noMoreTimers
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { users } = yield* connect(tink, { attemptTimeout: "1 minute", deadline: "2 minutes" })
        yield* Effect.flatMap(users.authorize({ userId: userIdOf(1), scopes: allScopes }), users.listCredentials)
        yield* runAll(users)
        tink.handle = (request, response) => begin(response, () => request.socket.resetAndDestroy())
        yield* runAll(users)
      })
    )
    yield* noMoreTimers
  })
)
