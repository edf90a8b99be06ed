/** Two processes with all of the library, over one sandbox and one store. */
import type * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import { Users } from "@effect-tink/users"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as FakeInvalidationStore from "../src/FakeInvalidationStore.js"
import * as SharedUserCache from "../src/SharedUserCache.js"

const scopes = ["credentials:read", "credentials:refresh", "user:delete"] as const

/** A turn of the event loop, for what is not of the clock. */
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** `Users` over the cache of one process. */
const makeProcess = (fake: FakeInvalidationStore.Fake, count: number) =>
  Effect.gen(function* () {
    const { baseUrl, clientId, clientSecret } = yield* TinkSandbox.TinkSandbox
    const cache = yield* Layer.build(Layer.provide(SharedUserCache.layer({ capacity: 100 }), fake.layer))
    const layer = Users.layer.pipe(
      Layer.provide([Layer.succeedContext(cache), TinkHttp.layer({ baseUrl, clientId, clientSecret })])
    )
    return yield* Effect.replicateEffect(
      Effect.map(Layer.build(layer), (context) => Context.get(context, Users.Users)),
      count
    )
  })

const makeUsers = (fake: FakeInvalidationStore.Fake) =>
  Effect.flatMap(makeProcess(fake, 1), (users) => Effect.fromNullable(users[0]))

/** A user with one bank, and a session of each process. */
const setUp = Effect.gen(function* () {
  const sandbox = yield* TinkSandbox.TinkSandbox
  const fake = yield* FakeInvalidationStore.make
  const [one, two] = yield* Effect.all([makeUsers(fake), makeUsers(fake)])
  const { userId } = yield* one.createUser({ market: "SE" })
  const credentialsId = Ids.CredentialsId.make((yield* sandbox.connectBank(userId)).id)
  const sessions = {
    one: yield* one.authorize({ userId, scopes }),
    two: yield* two.authorize({ userId, scopes })
  }
  return { one, two, userId, credentialsId, sessions }
})

const withSandbox = <A, E>(
  effect: Effect.Effect<A, E, HttpClient.HttpClient | TinkSandbox.TinkSandbox | Scope.Scope>
) => Effect.provide(effect, TinkSandbox.layerHttpClient({ authenticatingTime: "3 seconds", updatingTime: "3 seconds" }))

describe("two processes with one shared cache", () => {
  it.scoped("wake each other's followers when a user has changed", () =>
    Effect.gen(function* () {
      const { credentialsId, one, sessions, two, userId } = yield* setUp
      yield* two.refreshCredential(sessions.two, credentialsId)
      const statuses: Array<string> = []
      const following = yield* one
        .followCredential(sessions.one, credentialsId, { schedule: Schedule.spaced("1 hour") })
        .pipe(
          Stream.map(({ status }) => status),
          Stream.tap((status) => Effect.sync(() => void statuses.push(status))),
          Stream.runCollect,
          Effect.fork
        )
      yield* Effect.repeat(turn, { until: () => statuses.length > 0 })
      yield* TestClock.adjust("10 seconds")
      yield* Effect.repeatN(turn, 20)
      assert.deepStrictEqual(statuses, ["AUTHENTICATING"])
      yield* two.changed({ userId })
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(following)), ["AUTHENTICATING", "UPDATED"])
    }).pipe(withSandbox)
  )

  it.scoped("answer no read of a user whom the other has deleted", () =>
    Effect.gen(function* () {
      const { one, sessions, two } = yield* setUp
      const [before, again] = [yield* one.listCredentials(sessions.one), yield* one.listCredentials(sessions.one)]
      assert.strictEqual(before, again)
      yield* two.deleteUser(sessions.two)
      const error = yield* Effect.flip(one.listCredentials(sessions.one))
      assert.strictEqual(error._tag, "TinkError")
    }).pipe(withSandbox)
  )
})

describe("two Users over one shared cache", () => {
  it.scoped("each notice what another process and the other one have changed", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const fake = yield* FakeInvalidationStore.make
      const elsewhere = yield* makeUsers(fake)
      const here = yield* makeProcess(fake, 2)
      const { userId } = yield* elsewhere.createUser({ market: "SE" })
      const credentialsId = Ids.CredentialsId.make((yield* sandbox.connectBank(userId)).id)
      const session = yield* elsewhere.authorize({ userId, scopes })
      yield* elsewhere.refreshCredential(session, credentialsId)

      const schedule = Schedule.spaced("1 hour")
      const seen: Array<string> = []
      const fibers = yield* Effect.forEach(here, (users) =>
        Effect.flatMap(users.authorize({ userId, scopes }), (session) =>
          users
            .followCredential(session, credentialsId, { schedule })
            .pipe(Stream.runForEach(({ status }) => Effect.sync(() => void seen.push(status))))
        ).pipe(Effect.fork)
      )
      for (const [change, status] of [
        [Effect.void, "AUTHENTICATING"],
        [elsewhere.changed({ userId }), "UPDATING"],
        [here[0]?.changed({ userId }) ?? Effect.void, "UPDATED"]
      ] as const) {
        yield* change
        yield* Effect.repeatN(turn, 20)
        assert.deepStrictEqual(seen.splice(0), [status, status])
        yield* TestClock.adjust("4 seconds")
      }
      yield* Fiber.joinAll(fibers)
    }).pipe(withSandbox)
  )
})
