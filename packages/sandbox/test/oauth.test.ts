import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import {
  askClientToken,
  askCode,
  clientToken,
  createUser,
  keysOf,
  newUser,
  redeem,
  send,
  userToken,
  eachRow
} from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const tokenForm = (form: Readonly<Record<string, string>>) => send("POST", "/api/v1/oauth/token", { form })

const app = { client_id: "sandbox-client", client_secret: "sandbox-secret" }

// tink-api.md 8.8.
const documented = (
  "authorization:grant authorization:revoke user:create link-session:write user:read user:write user:delete calendar:read " +
  "credentials:read credentials:write credentials:refresh provider-consents:read provider-consents:write balance-refresh " +
  "balance-refresh:readonly providers:read consents consents:readonly webhook-endpoints accounts:read balances:read " +
  "transactions:read transactions:categorize accounts.balances:readonly accounts.parties:readonly identity:read " +
  "identities:readonly investments:read investment-accounts:readonly loan-accounts:readonly accounts:write " +
  "transactions:write account-verification-reports:write account-verification-reports:read " +
  "business-account-verification-reports:read transaction-reports:readonly enrichment.on-demand enrichment.transactions " +
  "enrichment.transactions:readonly enrichment.merchant enrichment.sustainability transactions.recurring:read " +
  "insights:write budgets:write budgets-bfm insights:read budgets:read cash-flow cost-of-living:read financial-calendar " +
  "financial-calendar:readonly savings-goals:read savings-goals:write statistics:read subscriptions:read payment:read " +
  "payment:write bulk-payment:read bulk-payment:write mandate-payments mandate-payments:readonly settlement-accounts " +
  "settlement-accounts:readonly expense-checks:create expense-checks:readonly expense-checks:delete income-checks:create " +
  "income-checks:delete income-checks:readonly risk-insights:create risk-insights:delete risk-insights:readonly merchants " +
  "merchants:readonly"
).split(" ")

const unlisted = (
  "authorization:read reports-generation-jobs:readonly link-session:read transfer:read transfer:execute " +
  "user-report-bundles:read risk-categorisation:readonly"
).split(" ")

// Tink Link's client id: tink-api.md 2.
const tinkLink = "df05e4b379934cd09963197cc855bfe9"

const delegate = (form: Readonly<Record<string, string>>) =>
  Effect.flatMap(clientToken("authorization:grant"), (token) =>
    send("POST", "/api/v1/oauth/authorization-grant/delegate", { token, form })
  )

describe("POST /api/v1/oauth/token, client_credentials", () => {
  it.effect("returns the documented object", () =>
    Effect.gen(function* () {
      const { body, headers, status } = yield* askClientToken("user:create,authorization:grant")
      assert.strictEqual(status, 200)
      assert.strictEqual(headers["content-type"], "application/json")
      assert.deepStrictEqual(keysOf(body), ["access_token", "expires_in", "id_hint", "scope", "token_type"])
      assert.match(body.access_token, /^\S{20,}$/)
      assert.strictEqual(body.token_type, "bearer")
      assert.strictEqual(body.expires_in, 1800)
      // The requested order is not kept: tink-api.md 1.2.
      assert.strictEqual(body.scope, "authorization:grant,user:create")
      assert.isNull(body.id_hint)
    }).pipe(provideSandbox)
  )

  it.effect("takes scopes separated by spaces or commas", () =>
    Effect.gen(function* () {
      const { body } = yield* askClientToken("user:create authorization:grant")
      assert.strictEqual(body.scope, "authorization:grant,user:create")
    }).pipe(provideSandbox)
  )

  it.effect("grants all client scopes without a scope, and no user scope", () =>
    Effect.gen(function* () {
      const { body } = yield* askClientToken()
      const scopes = String(body.scope).split(",")
      assert.includeMembers(scopes, [
        "user:create",
        "authorization:grant",
        "authorization:revoke",
        "link-session:write"
      ])
      assert.includeMembers(scopes, ["webhook-endpoints", "providers:read", "payment:read", "merchants"])
      assert.notInclude(scopes, "credentials:read")
      assert.notInclude(scopes, "user:read")
    }).pipe(provideSandbox)
  )

  it.effect("grants every documented scope, also those of products that are not here", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      assert.strictEqual(documented.length, 74)
      for (const scope of [...documented, ...unlisted]) {
        assert.strictEqual((yield* askClientToken(scope)).body.scope, scope)
        assert.strictEqual((yield* askCode({ user_id: userId, scope })).status, 200, scope)
      }
    }).pipe(provideSandbox)
  )

  it.effect("ignores a bearer token and unknown fields", () =>
    Effect.gen(function* () {
      const { status } = yield* send("POST", "/api/v1/oauth/token", {
        token: "stray",
        form: { ...app, grant_type: "client_credentials", scope: "user:create", credentialsId: "x" }
      })
      assert.strictEqual(status, 200)
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, Record<string, string>, number, string | undefined]> = [
    [
      "an unknown client",
      { ...app, client_id: "x", grant_type: "client_credentials" },
      401,
      "Could not find the OAuth client"
    ],
    [
      "no client",
      { client_secret: "sandbox-secret", grant_type: "client_credentials" },
      401,
      "Could not find the OAuth client"
    ],
    ["a wrong secret", { ...app, client_secret: "x", grant_type: "client_credentials" }, 401, "Invalid client secret"],
    ["no secret", { client_id: "sandbox-client", grant_type: "client_credentials" }, 401, "Invalid client secret"],
    [
      "no secret for a code",
      { client_id: "sandbox-client", grant_type: "authorization_code" },
      401,
      "Invalid client secret"
    ],
    ["an unknown scope", { ...app, grant_type: "client_credentials", scope: "user:create,root" }, 401, undefined],
    ["no grant type", app, 400, undefined],
    ["a removed grant type", { ...app, grant_type: "refresh_token", refresh_token: "x" }, 400, undefined],
    ["an unknown code", { ...app, grant_type: "authorization_code", code: "x" }, 400, "Authorization code not valid"],
    ["no code", { ...app, grant_type: "authorization_code" }, 400, "Authorization code not valid"]
  ]

  it.effect("refuses invalid clients, scopes, grants and codes", () =>
    eachRow(refused, ([, form, status, message]) =>
      Effect.gen(function* () {
        const received = yield* tokenForm(form)
        assert.strictEqual(received.status, status)
        assert.deepStrictEqual(keysOf(received.body), ["errorCode", "errorMessage"])
        if (message !== undefined) assert.strictEqual(received.body.errorMessage, message)
      })
    )
  )

  it.effect("expires tokens by the clock", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("user:create")
      const create = (id: string) =>
        send("POST", "/api/v1/user/create", { token, json: { market: "SE", external_user_id: id } })
      yield* TestClock.adjust("1799 seconds")
      assert.strictEqual((yield* create("a")).status, 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* create("b")).status, 401)
    }).pipe(provideSandbox)
  )

  it.effect("takes client, secret and lifetime from the options", () =>
    Effect.gen(function* () {
      const { body, status } = yield* tokenForm({
        client_id: "other",
        client_secret: "s3cret",
        grant_type: "client_credentials"
      })
      assert.strictEqual(status, 200)
      assert.strictEqual(body.expires_in, 90)
      assert.strictEqual((yield* askClientToken()).status, 401)
    }).pipe(
      Effect.provide(
        TinkSandbox.layerHttpClient({ clientId: "other", clientSecret: "s3cret", clientTokenLifetime: 90_500 })
      )
    )
  )
})

describe("POST /api/v1/oauth/authorization-grant", () => {
  it.effect("grants by user id, and the code is redeemed for a user token", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const grant = yield* askCode({ user_id: userId, scope: "credentials:read,user:read" })
      assert.strictEqual(grant.status, 200)
      assert.deepStrictEqual(Object.keys(grant.body), ["code"])
      assert.match(grant.body.code, /^[0-9a-f]{32}$/)
      const { body, status } = yield* redeem(grant.body.code)
      assert.strictEqual(status, 200)
      assert.strictEqual(body.token_type, "bearer")
      assert.strictEqual(body.expires_in, 7200)
      assert.strictEqual(body.scope, "credentials:read,user:read")
      assert.strictEqual(body.id_hint, "")
      assert.notProperty(body, "refresh_token")
      const user = yield* send("GET", "/api/v1/user", { token: body.access_token })
      assert.strictEqual(user.body.id, userId)
    }).pipe(provideSandbox)
  )

  it.effect("grants a scope that Tink does not document only if the sandbox is configured for it", () =>
    Effect.gen(function* () {
      const ask = Effect.gen(function* () {
        const grant = yield* askCode({ user_id: yield* newUser(), scope: "user:read,beta:read" })
        return grant.status === 200 ? (yield* redeem(grant.body.code)).body.scope : grant.status
      })
      assert.strictEqual(yield* provideSandbox(ask), 401)
      const additional = TinkSandbox.layerHttpClient({ additionalScopes: ["beta:read"] })
      assert.strictEqual(yield* Effect.provide(ask, additional), "beta:read,user:read")
    })
  )

  it.effect("grants by external user id", () =>
    Effect.gen(function* () {
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      const grant = yield* askCode({ external_user_id: "cust-0001", scope: "user:read" })
      const { body } = yield* redeem(grant.body.code)
      const user = yield* send("GET", "/api/v1/user", { token: body.access_token })
      assert.strictEqual(user.body.id, userId)
    }).pipe(provideSandbox)
  )

  it.effect("redeems a code once", () =>
    Effect.gen(function* () {
      const grant = yield* askCode({ user_id: yield* newUser(), scope: "user:read" })
      assert.strictEqual((yield* redeem(grant.body.code)).status, 200)
      const again = yield* redeem(grant.body.code)
      assert.strictEqual(again.status, 400)
      assert.strictEqual(again.body.errorMessage, "Authorization code not valid")
    }).pipe(provideSandbox)
  )

  it.effect("expires codes", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const early = yield* askCode({ user_id: userId, scope: "user:read" })
      const late = yield* askCode({ user_id: userId, scope: "user:read" })
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual((yield* redeem(early.body.code)).status, 200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* redeem(late.body.code)).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("does not widen a code by a scope in the exchange", () =>
    Effect.gen(function* () {
      const grant = yield* askCode({ user_id: yield* newUser(), scope: "credentials:read" })
      const { body, status } = yield* redeem(grant.body.code, { scope: "credentials:read,credentials:write" })
      assert.strictEqual(status, 200)
      assert.strictEqual(body.scope, "credentials:read")
    }).pipe(provideSandbox)
  )

  it.effect("keeps a code after a failed exchange", () =>
    Effect.gen(function* () {
      const grant = yield* askCode({ user_id: yield* newUser(), scope: "user:read" })
      assert.strictEqual((yield* redeem(grant.body.code, { client_secret: "wrong" })).status, 401)
      assert.strictEqual((yield* redeem(grant.body.code)).status, 200)
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, (userId: string) => Record<string, string>, number]> = [
    ["both kinds of id", (id) => ({ user_id: id, external_user_id: "cust-0001", scope: "user:read" }), 400],
    ["neither kind of id", () => ({ scope: "user:read" }), 400],
    ["no scope", (id) => ({ user_id: id }), 400],
    ["an unknown scope", (id) => ({ user_id: id, scope: "user:read,root" }), 401],
    ["an unknown user", () => ({ user_id: "0".repeat(32), scope: "user:read" }), 404],
    ["an unknown external user", () => ({ external_user_id: "cust-0002", scope: "user:read" }), 404]
  ]

  it.effect("takes an empty id for one that is not given", () =>
    Effect.gen(function* () {
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      const scope = "user:read"
      for (const twins of [
        { user_id: "", external_user_id: "cust-0001" },
        { user_id: userId, external_user_id: "" }
      ]) {
        assert.strictEqual((yield* askCode({ ...twins, scope, actor_client_id: tinkLink })).status, 200)
        assert.strictEqual(
          (yield* delegate({ ...twins, scope, id_hint: "Ann", actor_client_id: tinkLink })).status,
          200
        )
      }
      assert.strictEqual((yield* askCode({ user_id: "", external_user_id: "", scope })).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("refuses an invalid user or scope", () =>
    eachRow(refused, ([, form, status]) =>
      Effect.gen(function* () {
        const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
        assert.strictEqual((yield* askCode(form(userId))).status, status)
      })
    )
  )

  it.effect("requires a client token with the scope", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const form = { user_id: userId, scope: "user:read" }
      const path = "/api/v1/oauth/authorization-grant"
      assert.strictEqual((yield* send("POST", path, { form })).status, 401)
      assert.strictEqual((yield* send("POST", path, { form, token: "x" })).status, 401)
      assert.strictEqual((yield* send("POST", path, { form, token: yield* clientToken("user:create") })).status, 403)
      const token = yield* userToken(userId, "authorization:grant")
      assert.strictEqual((yield* send("POST", path, { form, token })).status, 403)
    }).pipe(provideSandbox)
  )
})

describe("POST /api/v1/oauth/authorization-grant/delegate", () => {
  const scope =
    "authorization:read,authorization:grant,credentials:refresh,credentials:read,credentials:write,providers:read,user:read"

  it.effect("returns a code that only the actor can redeem", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const form = { user_id: userId, scope, id_hint: "Jane Doe", actor_client_id: tinkLink }
      const grant = yield* delegate(form)
      assert.strictEqual(grant.status, 200)
      assert.match(grant.body.code, /^[0-9a-f]{32}$/)
      assert.strictEqual((yield* redeem(grant.body.code)).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("passes the hint on to the token", () =>
    Effect.gen(function* () {
      const form = { user_id: yield* newUser(), scope, id_hint: "Zoë", actor_client_id: "sandbox-client" }
      const grant = yield* delegate({ ...form, response_type: "code" })
      const { body } = yield* redeem(grant.body.code)
      assert.strictEqual(body.id_hint, "Zoë")
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [string, Record<string, string>, number]> = [
    ["no hint", { scope, actor_client_id: tinkLink }, 400],
    ["a hint outside ISO-8859-1", { scope, id_hint: "日本", actor_client_id: tinkLink }, 400],
    ["no actor", { scope, id_hint: "Jane" }, 400],
    ["no scope", { id_hint: "Jane", actor_client_id: tinkLink }, 400]
  ]

  it.effect("refuses an invalid hint, actor or scope", () =>
    eachRow(refused, ([, form, status]) =>
      Effect.gen(function* () {
        const user_id = yield* newUser()
        assert.strictEqual((yield* delegate({ user_id, ...form })).status, status)
      })
    )
  )

  it.effect("refuses an unknown user", () =>
    Effect.gen(function* () {
      const form = { user_id: "0".repeat(32), scope, id_hint: "Jane", actor_client_id: tinkLink }
      assert.strictEqual((yield* delegate(form)).status, 404)
    }).pipe(provideSandbox)
  )
})

describe("revokeTokens", () => {
  it.effect("revokes one user's tokens, or all tokens", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const [one, other] = [yield* newUser(), yield* newUser()]
      const [ofOne, ofOther] = [yield* userToken(one, "user:read"), yield* userToken(other, "user:read")]
      const client = yield* clientToken("user:create")
      yield* sandbox.revokeTokens(one)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token: ofOne })).status, 401)
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token: ofOther })).status, 200)
      yield* sandbox.revokeTokens()
      assert.strictEqual((yield* send("GET", "/api/v1/user", { token: ofOther })).status, 401)
      const create = yield* send("POST", "/api/v1/user/create", { token: client, json: { market: "SE" } })
      assert.strictEqual(create.status, 401)
      assert.strictEqual((yield* createUser()).status, 200)
    }).pipe(provideSandbox)
  )
})

const revokeAll = (form: Readonly<Record<string, string>>, scope = "authorization:revoke") =>
  Effect.flatMap(clientToken(scope), (token) => send("POST", "/api/v1/oauth/revoke-all", { token, form }))

describe("POST /api/v1/oauth/revoke-all", () => {
  it.effect("revokes the tokens and codes of the user, by either id", () =>
    eachRow(["user_id", "external_user_id"], (name) =>
      Effect.gen(function* () {
        const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
        const other = yield* newUser()
        const [token, kept] = [yield* userToken(userId, "user:read"), yield* userToken(other, "user:read")]
        const code = yield* askCode({ user_id: userId, scope: "user:read" })
        const keptCode = yield* askCode({ user_id: other, scope: "user:read" })
        const revoked = yield* revokeAll({ [name]: name === "user_id" ? userId : "cust-0001" })
        assert.deepStrictEqual([revoked.status, revoked.text], [204, ""])
        assert.strictEqual((yield* send("GET", "/api/v1/user", { token })).status, 401)
        assert.strictEqual((yield* redeem(code.body.code)).status, 400)
        assert.strictEqual((yield* send("GET", "/api/v1/user", { token: kept })).status, 200)
        assert.strictEqual((yield* redeem(keptCode.body.code)).status, 200)
        // The user still exists, and can get a new token.
        const again = yield* userToken(userId, "user:read")
        assert.strictEqual((yield* send("GET", "/api/v1/user", { token: again })).status, 200)
      })
    )
  )

  it.effect("keeps the app's own tokens", () =>
    Effect.gen(function* () {
      const token = yield* clientToken("user:create")
      assert.strictEqual((yield* revokeAll({ user_id: yield* newUser() })).status, 204)
      assert.strictEqual((yield* send("POST", "/api/v1/user/create", { token, json: { market: "SE" } })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("requires exactly one existing user, and a client token with the scope", () =>
    Effect.gen(function* () {
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      assert.strictEqual((yield* revokeAll({})).status, 400)
      assert.strictEqual((yield* revokeAll({ user_id: userId, external_user_id: "cust-0001" })).status, 400)
      assert.strictEqual((yield* revokeAll({ user_id: "x" })).status, 404)
      assert.strictEqual((yield* revokeAll({ external_user_id: "x" })).status, 404)
      assert.strictEqual((yield* revokeAll({ user_id: userId }, "authorization:grant")).status, 403)
      const form = { user_id: userId }
      assert.strictEqual((yield* send("POST", "/api/v1/oauth/revoke-all", { form })).status, 401)
      const token = yield* userToken(userId, "authorization:revoke")
      assert.strictEqual((yield* send("POST", "/api/v1/oauth/revoke-all", { token, form })).status, 403)
    }).pipe(provideSandbox)
  )
})
