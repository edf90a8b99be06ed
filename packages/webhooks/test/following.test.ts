import { assert, describe, it } from "@effect/vitest"
import { Ids, type TinkError, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { type Credential, Refresh, Users, type UserSession } from "@effect-tink/users"
import { WebhookEndpoints, Webhooks } from "@effect-tink/webhooks"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { type Receiver, receiver, url } from "./helpers.js"

const start = 1_700_000_000_000

/** The web handler of the test's receiver, which needs the services that the sandbox is part of. */
const makeRelay = () => {
  let handler: Receiver | undefined
  return {
    connect: (receiver: Receiver) => {
      handler = receiver
    },
    sendWebhook: (request: Request): Promise<Response> =>
      handler === undefined ? Promise.reject(new Error("nothing listens")) : handler(request)
  }
}

const withTink = <A, E>(
  test: (
    connect: (receiver: Receiver) => void
  ) => Effect.Effect<A, E, Users.Users | UserCache.UserCache | TinkHttp.TinkHttp | TinkSandbox.TinkSandbox>,
  options?: TinkSandbox.Options
) => {
  const { connect, sendWebhook } = makeRelay()
  const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, TinkHttp.layer))
  const live = Users.layer.pipe(
    Layer.provideMerge(UserCache.layer({ capacity: 100 })),
    Layer.provideMerge(layerTink),
    Layer.provideMerge(TinkSandbox.layerHttpClient({ ...options, sendWebhook }))
  )
  return Effect.provide(test(connect), live)
}

/** A user with a bank, whose webhooks are received. */
const connected = Effect.fnUntraced(function* (connect: (receiver: Receiver) => void, rememberDeliveries = 0) {
  yield* TestClock.setTime(start)
  const sandbox = yield* TinkSandbox.TinkSandbox
  const users = yield* Users.Users
  const { secret } = yield* WebhookEndpoints.create({ url, enabledEvents: ["refresh:finished"] })
  const changed: Array<string> = []
  const onEvent = Webhooks.notifyUser(({ userId }) =>
    Effect.andThen(
      Effect.sync(() => void changed.push(userId)),
      users.changed({ userId })
    )
  )
  connect(yield* receiver({ secrets: [secret], onEvent, rememberDeliveries }))
  const { userId } = yield* users.createUser({ market: "SE" })
  const id = Ids.CredentialsId.make((yield* sandbox.connectBank(userId)).id)
  const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
  const refreshInBackground = sandbox
    .refreshInBackground(id)
    .pipe(Effect.andThen(TestClock.adjust("3 seconds")), Effect.andThen(sandbox.deliveriesSettled))
  return { sandbox, users, userId, id, session, changed, refreshInBackground }
})

const fetchedAt = (credential: Credential.Credential | undefined) =>
  credential?.updated?.epochMillis ?? assert.fail("never")

describe("a webhook", () => {
  it.effect("ends what is cached of its user: the next read asks Tink", () =>
    withTink((connect) =>
      Effect.gen(function* () {
        const { changed, refreshInBackground, session, userId, users } = yield* connected(connect)
        const [before] = yield* users.listCredentials(session)
        yield* refreshInBackground
        const [after] = yield* users.listCredentials(session)
        assert.deepStrictEqual(changed, [userId])
        assert.isBelow(fetchedAt(before), fetchedAt(after))
      })
    )
  )

  it.effect("that is lost leaves the cache as it is, until it is sent again", () =>
    withTink((connect) =>
      Effect.gen(function* () {
        const { refreshInBackground, sandbox, session, users } = yield* connected(connect)
        const [before] = yield* users.listCredentials(session)
        yield* sandbox.injectWebhookFault({ kind: "drop" })
        yield* refreshInBackground
        const [unchanged] = yield* users.listCredentials(session)
        assert.deepStrictEqual(unchanged, before)
        const [lost] = yield* sandbox.deliveries
        yield* sandbox.resendDelivery(lost?.id ?? "")
        yield* sandbox.deliveriesSettled
        const [after] = yield* users.listCredentials(session)
        assert.isBelow(fetchedAt(before), fetchedAt(after))
      })
    )
  )

  it.effect("that is forged, old, duplicated or out of order does no harm", () =>
    withTink((connect) =>
      Effect.gen(function* () {
        const { changed, refreshInBackground, sandbox } = yield* connected(connect, 10)
        const kinds = ["wrong-secret", "old-timestamp", "duplicate", "reorder"] as const
        for (const kind of kinds) {
          yield* sandbox.injectWebhookFault({ kind })
          yield* refreshInBackground
        }
        yield* refreshInBackground
        const deliveries = yield* sandbox.deliveries
        assert.deepStrictEqual(
          deliveries.map(({ attempts }) => attempts.map(({ status }) => status)),
          [[412], [412], [204, 204], [204], [204]]
        )
        assert.lengthOf(changed, 3)
      })
    )
  )
})

/** When a refresh ends, in seconds. */
const end = 35

const slow = { authenticatingTime: "10 seconds", updatingTime: "25 seconds" } as const

type Operation = (
  users: Users.Service,
  session: UserSession.UserSession<"credentials:read" | "credentials:refresh">,
  id: Ids.CredentialsId,
  options: Refresh.PollingOptions
) => Effect.Effect<unknown, TinkError.TinkError>

const refreshAndWait: Operation = (users, session, id, options) => users.refreshAndWait(session, id, options)

const follow: Operation = (users, session, id, options) =>
  Effect.andThen(users.refreshCredential(session, id), Stream.runDrain(users.followCredential(session, id, options)))

const byDefault: Refresh.PollingOptions = {}

const withWebhooks: Refresh.PollingOptions = { schedule: Refresh.scheduleWithWebhooks }

/** The number of polls, and the second in which the operation ends. */
const measure = (operation: Operation, options: Refresh.PollingOptions, isFed: boolean) =>
  withTink(
    (connect) =>
      Effect.gen(function* () {
        const { id, sandbox, session, users } = yield* connected(isFed ? connect : () => {})
        const fiber = yield* Effect.fork(operation(users, session, id, options))
        let seconds = 0
        while (Option.isNone(yield* Fiber.poll(fiber))) {
          assert.isBelow(seconds++, 100)
          yield* TestClock.adjust("1 second")
          yield* sandbox.deliveriesSettled
          // The webhook has arrived: what follows from it ends, before time goes on.
          if (seconds === end) yield* TestClock.adjust(0)
        }
        yield* Fiber.join(fiber)
        const polls = (yield* sandbox.requests).filter(
          ({ method, path }) => method === "GET" && path === `/api/v1/credentials/${id}`
        )
        return [polls.length, seconds]
      }),
    slow
  )

describe("a refresh that is followed", () => {
  const rows: ReadonlyArray<
    readonly [string, Operation, Refresh.PollingOptions, isFed: boolean, polls: number, seconds: number]
  > = [
    ["refreshAndWait", refreshAndWait, byDefault, false, 22, 36],
    ["refreshAndWait, with webhooks", refreshAndWait, byDefault, true, 22, end],
    ["refreshAndWait with its schedule for webhooks", refreshAndWait, withWebhooks, false, 4, 60],
    ["refreshAndWait with its schedule for webhooks, and with webhooks", refreshAndWait, withWebhooks, true, 4, end],
    ["followCredential", follow, byDefault, false, 21, 36],
    ["followCredential, with webhooks", follow, byDefault, true, 21, end],
    ["followCredential with its schedule for webhooks", follow, withWebhooks, false, 3, 60],
    ["followCredential with its schedule for webhooks, and with webhooks", follow, withWebhooks, true, 3, end]
  ]

  it.effect("ends with its webhook, which its own schedule relies on", () =>
    everyRow(
      rows,
      ([name]) => name,
      ([, operation, options, isFed, ...expected]) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* measure(operation, options, isFed), expected)
        }),
      { concurrency: rows.length }
    )
  )
})
