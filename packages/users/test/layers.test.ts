import { assert, describe, it } from "@effect/vitest"
import { AccessToken } from "@effect-tink/http/AccessToken"
import * as Ids from "@effect-tink/http/Ids"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { RequestDescription } from "@effect-tink/http/TinkRequest"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Authorization, Credential, Users, UserSession } from "@effect-tink/users"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { everyRow } from "../../../test/support/rows.js"
import { failure, provideAll, makeUser } from "./helpers.js"

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
const accessToken = Redacted.make("a-token")
const session = UserSession.make({ userId, accessToken, scopes: ["credentials:read", "credentials:write"] })

const credential = new Credential.Credential({ id, userId, providerName: "a-bank", status: "UPDATED", fields: {} })

describe("a fake Users", () => {
  it.effect("needs only the operations that the test is about", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      assert.deepStrictEqual(yield* users.listCredentials(session), [credential])
      const defect = yield* Effect.catchAllDefect(users.deleteCredential(session, id), (defect) =>
        Effect.succeed(defect)
      )
      assert.include(String(defect), `Unimplemented method "deleteCredential"`)
    }).pipe(Effect.provide(Layer.mock(Users.Users, { listCredentials: () => Effect.succeed([credential]) })))
  )
})

/** The answer of a fake to any request with a token, as the type of the request. */
const answerWith =
  (answers: Readonly<Record<string, unknown>>, seen: Array<RequestDescription>): TinkHttp.Service["request"] =>
  (request) =>
    Effect.gen(function* () {
      if (request.authorization._tag === "User") yield* request.authorization.tokens.get
      seen.push(request)
      // A fake cannot know the type that goes with a request's name.
      return answers[request.operation] as never
    })

const fakeToken = (scopes: ReadonlyArray<string>) =>
  new AccessToken({ accessToken: Redacted.make("minted"), expiresIn: Duration.hours(2), scopes })

const grant = new Authorization.AuthorizationGrant({ code: Redacted.make("a-code") })

/** Uses a session for two scopes where Tink grants others. */
const usingGranted = (granted: ReadonlyArray<string>) =>
  Effect.flatMap(Users.Users, (users) =>
    Effect.flatMap(users.authorize({ userId, scopes: ["credentials:read", "credentials:write"] }), (session) =>
      users.deleteCredential(session, id)
    )
  ).pipe(
    Effect.provide(Users.layer),
    Effect.provide(UserCache.layerNoop),
    Effect.provide(
      Layer.mock(TinkHttp.TinkHttp, {
        clientId: "a-client",
        request: answerWith({ createAuthorization: grant }, []),
        exchangeCode: () => Effect.succeed(fakeToken(granted))
      })
    )
  )

const finding = (found: unknown) =>
  Effect.flatMap(Users.Users, (users) =>
    users.authorize({ externalUserId: "cust-0001", scopes: ["credentials:read"] })
  ).pipe(
    Effect.provide(Users.layer),
    Effect.provide(UserCache.layerNoop),
    Effect.provide(
      Layer.mock(TinkHttp.TinkHttp, {
        clientId: "a-client",
        request: answerWith({ createAuthorization: grant, authorize: found }, []),
        exchangeCode: () => Effect.succeed(fakeToken([]))
      })
    )
  )

describe("a fake TinkHttp", () => {
  it.effect("sees each request as data", () => {
    const seen: Array<RequestDescription> = []
    return Effect.gen(function* () {
      const users = yield* Users.Users
      yield* users.getCredential(session, id)
      yield* users.getCredential(session, id)
      yield* users.deleteCredential(session, id)
      assert.deepStrictEqual(
        seen.map(({ method, params, route }) => [method, route, params]),
        [
          ["GET", "/api/v1/credentials/{id}", { id }],
          ["DELETE", "/api/v1/credentials/{id}", { id }]
        ]
      )
    }).pipe(
      Effect.provide(Users.layer),
      Effect.provide(UserCache.layer({ capacity: 10 })),
      Effect.provide(
        Layer.mock(TinkHttp.TinkHttp, {
          clientId: "a-client",
          request: answerWith({ getCredential: credential }, seen)
        })
      )
    )
  })

  it.effect("a token with fewer scopes than asked for is Forbidden, by name", () =>
    Effect.gen(function* () {
      const error = yield* failure(usingGranted(["credentials:read", "user:read"]))
      assert.strictEqual(error.reason, "Forbidden")
      assert.strictEqual(error.detail, "Tink has not granted credentials:write")
      assert.isFalse(error.isRetryable)
    })
  )

  it.effect("a token with more scopes, in any order, or without a list of scopes is accepted", () =>
    Effect.gen(function* () {
      yield* usingGranted(["user:read", "credentials:write", "credentials:read"])
      yield* usingGranted([])
    })
  )

  it.effect("an answer about another user is refused", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* finding({ id: userId, externalUserId: "cust-0001" })).userId, userId)
      const error = yield* failure(finding({ id: userId, externalUserId: "cust-0002" }))
      assert.strictEqual(error.reason, "Invalid")
      assert.notInclude(error.message, "cust-000")
    })
  )

  it.effect("its defects are not changed", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const exit = yield* Effect.exit(users.listCredentials(session))
      assert.strictEqual(exit._tag, "Failure")
    }).pipe(
      Effect.provide(Users.layer),
      Effect.provide(UserCache.layerNoop),
      Effect.provide(Layer.mock(TinkHttp.TinkHttp, { clientId: "a-client" }))
    )
  )
})

describe("invalid settings of Users", () => {
  const cases: ReadonlyArray<readonly [string, string, unknown]> = [
    ...[NaN, -1, 1.5, Infinity, "10"].map(
      (given) => ["tokenCapacity", String(given), { tokenCapacity: given }] as const
    ),
    ...["soon", NaN, -1, "-5 seconds", null, {}].map(
      (given) => ["freshness.inProgress", String(given), { freshness: { inProgress: given } }] as const
    )
  ]
  it.effect("the layer is not built, and the error names the setting", () =>
    everyRow(
      cases,
      ([name, given]) => `${name} ${given}`,
      ([name, , options]) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Layer.launch(Users.layerWith(options as Users.Options)))
          assert.isTrue(ConfigError.isConfigError(error))
          assert.include(String(error), `Users: ${name} must be a`)
        }).pipe(
          Effect.provide(UserCache.layerNoop),
          Effect.provide(Layer.mock(TinkHttp.TinkHttp, { clientId: "a-client" }))
        )
    )
  )
})

describe("layerNoop", () => {
  it.effect("makes every read a request", () => {
    const seen: Array<RequestDescription> = []
    return Effect.gen(function* () {
      const users = yield* Users.Users
      yield* users.getCredential(session, id)
      yield* users.getCredential(session, id)
      yield* users.deleteCredential(session, id)
      assert.deepStrictEqual(
        seen.map(({ operation }) => operation),
        ["getCredential", "getCredential", "deleteCredential"]
      )
    }).pipe(
      Effect.provide(Users.layer),
      Effect.provide(UserCache.layerNoop),
      Effect.provide(
        Layer.mock(TinkHttp.TinkHttp, {
          clientId: "a-client",
          request: answerWith({ getCredential: credential }, seen)
        })
      )
    )
  })
})

describe("a UserCache of the application's own", () => {
  it.effect("gets keys that identify who may read, and never a token", () => {
    const keys: Array<string> = []
    const layerRecording = Layer.effect(
      UserCache.UserCache,
      Effect.map(UserCache.UserCache, (cache) =>
        UserCache.UserCache.of({
          ...cache,
          get: (userId, key, lookup, options) => {
            keys.push(`${userId} ${key}`)
            return cache.get(userId, key, lookup, options)
          }
        })
      )
    ).pipe(Layer.provide(UserCache.layerNoop))
    return Effect.gen(function* () {
      const { userId } = yield* makeUser()
      yield* Effect.gen(function* () {
        const users = yield* Users.Users
        const scopes = ["credentials:read"] as const
        const { accessToken } = yield* users.getUserAccessToken(yield* users.createAuthorization({ userId, scopes }))
        yield* users.listCredentials(UserSession.make({ userId, accessToken, scopes }))
        yield* users.listCredentials(yield* users.authorize({ userId, scopes }))
        assert.strictEqual(new Set(keys).size, 2)
        assert.isTrue(keys.every((key) => key.startsWith(`${userId} `) && key.includes(" listCredentials ")))
        assert.notInclude(keys.join(), Redacted.value(accessToken))
      }).pipe(Effect.provide(Users.layer), Effect.provide(layerRecording))
    }).pipe(provideAll())
  })
})
