import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { TinkSandbox } from "@effect-tink/sandbox"
import { Users, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import {
  makeStaticSession,
  allScopes,
  failure,
  getToken,
  GRANT,
  LIST,
  makeSession,
  makeUser,
  provideAll,
  takeLines,
  takeSent,
  takeTwo,
  TOKEN,
  withTime
} from "./helpers.js"

const unknownUser = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const unknownCredentials = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")

const json = "application/json"
const form = "application/x-www-form-urlencoded"

const bearer = /^Bearer [0-9a-f]{64}$/

describe("on the wire, as Tink documents it", () => {
  it.effect("createUser", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const created = yield* users.createUser({
        market: "SE",
        locale: "sv_SE",
        externalUserId: "cust-0001",
        retentionClass: "permanent"
      })
      assert.match(created.userId, /^[0-9a-f]{32}$/)
      assert.strictEqual(created.externalUserId, "cust-0001")
      const [token, create] = yield* takeTwo
      assert.strictEqual(token.line, TOKEN)
      assert.strictEqual(token.headers["content-type"], form)
      assert.isUndefined(token.headers["authorization"])
      assert.strictEqual(
        token.body,
        "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=client_credentials&scope=user%3Acreate"
      )
      assert.strictEqual(create.line, "POST /api/v1/user/create")
      assert.strictEqual(create.headers["content-type"], json)
      assert.match(create.headers["authorization"] ?? "", bearer)
      assert.strictEqual(
        create.body,
        `{"market":"SE","locale":"sv_SE","external_user_id":"cust-0001","retention_class":"permanent"}`
      )
    }).pipe(provideAll())
  )

  it.effect("createUser with a market alone sends nothing else", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const created = yield* users.createUser({ market: "SE" })
      assert.isUndefined(created.externalUserId)
      assert.strictEqual((yield* takeTwo)[1].body, `{"market":"SE"}`)
    }).pipe(provideAll())
  )

  it.effect("createAuthorization, by either id, and getUserAccessToken", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser("cust 0001/å")
      yield* takeSent
      yield* users.createAuthorization({ userId, scopes: ["credentials:read", "user:read"] })
      const [token, byId] = yield* takeTwo
      assert.include(token.body, "&scope=authorization%3Agrant")
      assert.strictEqual(byId.line, GRANT)
      assert.strictEqual(byId.headers["content-type"], form)
      assert.match(byId.headers["authorization"] ?? "", bearer)
      assert.strictEqual(byId.body, `user_id=${userId}&scope=credentials%3Aread%2Cuser%3Aread`)

      const grant = yield* users.createAuthorization({ externalUserId: "cust 0001/å", scopes: ["user:read"] })
      const [byExternalId] = yield* takeTwo
      assert.strictEqual(byExternalId.body, "external_user_id=cust+0001%2F%C3%A5&scope=user%3Aread")

      const got = yield* users.getUserAccessToken(grant)
      const [exchange] = yield* takeTwo
      assert.strictEqual(exchange.line, TOKEN)
      assert.strictEqual(exchange.headers["content-type"], form)
      assert.isUndefined(exchange.headers["authorization"])
      assert.strictEqual(
        exchange.body,
        "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=authorization_code" +
          `&code=${Redacted.value(grant.code)}`
      )
      assert.deepStrictEqual(got.scopes, ["user:read"])
    }).pipe(provideAll())
  )

  it.effect("the operations of a session", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { accessToken, credentialsId, session } = yield* makeStaticSession
      yield* takeSent

      const credentials = yield* users.listCredentials(session)
      assert.deepStrictEqual(
        credentials.map(({ id, status }) => [id, status]),
        [[credentialsId, "UPDATED"]]
      )
      assert.strictEqual((yield* users.getCredential(session, credentialsId)).id, credentialsId)
      yield* users.refreshCredential(session, credentialsId)
      yield* users.deleteCredential(session, credentialsId)
      yield* users.deleteUser(session)

      const sent = yield* takeSent
      assert.deepStrictEqual(
        sent.map(({ body, line }) => [line, body]),
        [
          [LIST, ""],
          [`GET /api/v1/credentials/${credentialsId}`, ""],
          [`POST /api/v1/credentials/${credentialsId}/refresh`, ""],
          [`DELETE /api/v1/credentials/${credentialsId}`, ""],
          ["POST /api/v1/user/delete", ""]
        ]
      )
      for (const { headers } of sent) {
        assert.strictEqual(headers["authorization"], `Bearer ${Redacted.value(accessToken)}`)
        assert.isUndefined(headers["content-type"])
      }
    }).pipe(provideAll())
  )
})

describe("documented failures", () => {
  it.effect("409: the external id is taken", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      yield* users.createUser({ market: "SE", externalUserId: "cust-0001" })
      const error = yield* failure(users.createUser({ market: "SE", externalUserId: "cust-0001" }))
      assert.strictEqual(error.reason, "Conflict")
      assert.strictEqual(error.status, 409)
      assert.strictEqual(error.operation, "createUser")
      assert.strictEqual(error.errorCode, "user.user_with_external_user_id_already_exists")
      assert.isFalse(error.isAmbiguous)
      assert.isFalse(error.isRetryable)
    }).pipe(provideAll())
  )

  it.effect("400: a market of the right form that Tink does not have", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const error = yield* failure(users.createUser({ market: "ZZ" }))
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.status, 400)
    }).pipe(provideAll())
  )

  it.effect("404: no such user, from createAuthorization, and from authorize by either id or its session", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const byId = { userId: unknownUser, scopes: ["credentials:read"] } as const
      const byExternalId = { externalUserId: "cust-unknown", scopes: ["credentials:read"] } as const
      for (const attempt of [
        users.createAuthorization(byId),
        users.createAuthorization(byExternalId),
        Effect.flatMap(users.authorize(byId), users.listCredentials),
        users.authorize(byExternalId)
      ]) {
        const error = yield* failure(attempt)
        assert.strictEqual(error.reason, "NotFound")
        assert.strictEqual(error.route, "/api/v1/oauth/authorization-grant")
      }
    }).pipe(provideAll())
  )

  it.effect("404: no such credentials", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session } = yield* makeSession
      for (const [operation, attempt] of [
        ["getCredential", users.getCredential(session, unknownCredentials)],
        ["refreshCredential", users.refreshCredential(session, unknownCredentials)],
        ["deleteCredential", users.deleteCredential(session, unknownCredentials)]
      ] as const) {
        const error = yield* failure(attempt)
        assert.strictEqual(error.reason, "NotFound")
        assert.strictEqual(error.operation, operation)
        assert.isFalse(error.isAmbiguous)
      }
    }).pipe(provideAll())
  )

  it.effect("429: a refused refresh is no change, so that a follower ends with the first final status", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "status", status: 429 })
      const error = yield* failure(users.refreshCredential(session, credentialsId))
      assert.strictEqual(error.reason, "RateLimited")
      assert.isFalse(error.isAmbiguous)
      const seen = yield* Stream.runCollect(users.followCredential(session, credentialsId))
      assert.deepStrictEqual(
        Array.from(seen, ({ status }) => status),
        ["UPDATED"]
      )
    }).pipe(provideAll({ http: { maxRetries: 0 } }))
  )

  it.effect("404: the credentials of another user", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const other = yield* makeUser()
      const { session } = yield* makeSession
      assert.strictEqual((yield* failure(users.getCredential(session, other.credentialsId))).reason, "NotFound")
      assert.strictEqual((yield* failure(users.deleteCredential(session, other.credentialsId))).reason, "NotFound")
    }).pipe(provideAll())
  )

  it.effect("403: the token lacks the scope, although the session claims it", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId, ["identity:read"])
      const session = UserSession.make({ userId, accessToken, scopes: allScopes })
      for (const attempt of [
        users.listCredentials(session),
        users.getCredential(session, credentialsId),
        users.refreshCredential(session, credentialsId),
        users.deleteCredential(session, credentialsId),
        users.deleteUser(session)
      ]) {
        const error = yield* failure(attempt)
        assert.strictEqual(error.reason, "Forbidden")
        assert.strictEqual(error.status, 403)
      }
    }).pipe(provideAll())
  )

  it.effect("a used, expired or unknown code: Invalid, and sent once", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const used = yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      yield* users.getUserAccessToken(used)
      yield* takeLines
      const error = yield* failure(users.getUserAccessToken(used))
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.operation, "getUserAccessToken")
      const unknown = Redacted.make("0123456789abcdef0123456789abcdef")
      assert.strictEqual((yield* failure(users.getUserAccessToken({ code: unknown }))).reason, "Invalid")
      assert.deepStrictEqual(yield* takeLines, [TOKEN, TOKEN])
    }).pipe(provideAll())
  )

  it.effect("a code that has expired", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const grant = yield* users.createAuthorization({ userId, scopes: ["user:read"] })
      assert.strictEqual((yield* failure(users.getUserAccessToken(grant))).reason, "Invalid")
    }).pipe(provideAll({ sandbox: { codeLifetime: 0 } }))
  )

  it.effect("401: a wrong client secret", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      for (const attempt of [
        users.createUser({ market: "SE" }),
        users.createAuthorization({ userId: unknownUser, scopes: ["user:read"] }),
        users.getUserAccessToken({ code: Redacted.make("0123456789abcdef") }),
        users.authorize({ externalUserId: "cust-0001", scopes: ["user:read"] }),
        Effect.flatMap(users.authorize({ userId: unknownUser, scopes: ["credentials:read"] }), users.listCredentials)
      ]) {
        const error = yield* failure(attempt)
        assert.strictEqual(error.reason, "Unauthorized")
        assert.strictEqual(error.errorMessage, "Invalid client secret")
      }
    }).pipe(provideAll({ http: { clientSecret: Redacted.make("wrong") } }))
  )

  it.effect("429: a refresh too many is refused, and retried after as long as Tink asks for", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      // The refresh that runs takes longer than the few short retries.
      const error = yield* withTime(failure(users.refreshCredential(session, credentialsId)))
      assert.strictEqual(error.reason, "RateLimited")
      assert.isTrue(error.isRetryable)
      assert.isFalse(error.isAmbiguous)
    }).pipe(provideAll({ sandbox: { authenticatingTime: "1 hour" } }))
  )

  it.effect("429 or 204 without effect: the refresh that runs goes on", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      yield* users.refreshCredential(session, credentialsId)
      assert.strictEqual((yield* users.getCredential(session, credentialsId)).status, "AUTHENTICATING")
    }).pipe(provideAll({ sandbox: { rateLimitedRefresh: "204" } }))
  )

  it.effect("the outcome of a refresh shows in the status", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* sandbox.setNextRefresh(credentialsId, "AWAITING_SUPPLEMENTAL_INFORMATION")
      yield* users.refreshCredential(session, credentialsId)
      const credential = yield* users.getCredential(session, credentialsId)
      assert.strictEqual(credential.status, "AWAITING_SUPPLEMENTAL_INFORMATION")
      assert.isTrue(Redacted.isRedacted(credential.supplementalInformation))
    }).pipe(provideAll({ sandbox: { authenticatingTime: 0 } }))
  )
})

describe("a change that may have been processed is not sent again", () => {
  it.effect("createUser: the error is ambiguous, and the user exists", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-after", path: "/api/v1/user/create" })
      const input = { market: "SE", externalUserId: "cust-0001" }
      const error = yield* failure(users.createUser(input))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isAmbiguous)
      assert.deepStrictEqual(yield* takeLines, [TOKEN, "POST /api/v1/user/create"])
      assert.strictEqual((yield* failure(users.createUser(input))).reason, "Conflict")
    }).pipe(provideAll())
  )

  it.effect("createUser without an external id fails ambiguously: the user cannot be looked up", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      for (const kind of ["drop-before", "drop-after", "cut-body", "garbage"] as const) {
        yield* takeLines
        yield* sandbox.injectFault({ kind, path: "/api/v1/user/create" })
        const error = yield* failure(users.createUser({ market: "SE" }))
        assert.isTrue(error.isAmbiguous)
        assert.isFalse(error.isRetryable)
        assert.strictEqual((yield* takeLines).at(-1), "POST /api/v1/user/create")
        assert.lengthOf(
          (yield* sandbox.requests).filter(({ fault }) => fault === kind),
          1
        )
      }
    }).pipe(provideAll())
  )

  it.effect("deleteCredential is, and finding nothing the second time is success", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* sandbox.injectFault({ kind: "drop-after", method: "DELETE" })
      yield* withTime(users.deleteCredential(session, credentialsId))
      assert.deepStrictEqual(
        (yield* sandbox.requests).slice(-2).map(({ status }) => status),
        [null, 404]
      )
    }).pipe(provideAll())
  )
})
