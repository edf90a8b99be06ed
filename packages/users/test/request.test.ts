import { assert, describe, it } from "@effect/vitest"
import { OAuthScope, TinkRequest } from "@effect-tink/http"
import { Endpoint } from "@effect-tink/users"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { json, linesOf, noContent, type Script } from "../../../test/support/scriptedTink.js"
import { failure } from "./helpers.js"
import { assertNeeds, assertOne, assertRefused, cast, id, otherId, sessionWith, userId, withTink } from "./scripted.js"

const session = sessionWith("accounts:read", "user:write", "credentials:read")

const Account = Schema.Struct({ id: Schema.String, userId: Schema.optional(Schema.String) })

const AccountList = Schema.parseJson(Schema.Struct({ accounts: Schema.Array(Account) }))

const listAccounts = Endpoint.read({
  name: "listAccounts",
  scope: "accounts:read",
  route: "/data/v2/accounts",
  input: Schema.UndefinedOr(Schema.Struct({ pageSize: Schema.optional(Schema.Int) })),
  response: AccountList,
  cache: { timeToLive: "10 seconds" }
})

const renameAccount = (invalidates: boolean) =>
  Endpoint.change({
    name: "renameAccount",
    scope: "user:write",
    method: "PATCH",
    route: "/data/v2/accounts/{accountId}",
    id: Schema.NonEmptyString,
    input: Schema.Struct({ name: Schema.String }),
    response: TinkRequest.NoContent,
    invalidates
  })

const script: Script = ({ method }) => (method === "GET" ? json(200, { accounts: [{ id: "a" }] }) : noContent)

describe("users.request", () => {
  it.effect("reads with the session's token, its input as the query, and answers from the cache", () =>
    withTink(script, ({ take, users }) =>
      Effect.gen(function* () {
        const answer = yield* users.request(session, listAccounts, { pageSize: 5 })
        assertOne(take(), "GET /data/v2/accounts?pageSize=5", undefined)
        assert.deepStrictEqual(answer, { accounts: [{ id: "a" }] })
        assert.strictEqual(yield* users.request(session, listAccounts, { pageSize: 5 }), answer)
        assert.lengthOf(take(), 0)
        yield* users.request(session, listAccounts)
        yield* users.request(session, listAccounts, { pageSize: 5, bypassCache: true })
        assert.deepStrictEqual(linesOf(take()), ["GET /data/v2/accounts", "GET /data/v2/accounts?pageSize=5"])
      })
    )
  )

  it.effect("reuses an answer for the time to live of its endpoint", () =>
    withTink(script, ({ take, users }) =>
      Effect.gen(function* () {
        yield* users.request(session, listAccounts)
        yield* TestClock.adjust("9 seconds")
        yield* users.request(session, listAccounts)
        assert.lengthOf(take(), 1)
        yield* TestClock.adjust("1 second")
        yield* users.request(session, listAccounts)
        assert.lengthOf(take(), 1)
      })
    )
  )

  it.effect("never answers from another endpoint with the same name", () =>
    withTink(
      ({ path }) => json(200, path.endsWith("/list") ? { credentials: [] } : { accounts: [] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const homonym = Endpoint.read({
            name: "listCredentials",
            scope: "credentials:read",
            route: "/data/v2/accounts",
            response: AccountList
          })
          assert.deepStrictEqual(yield* users.listCredentials(session), [])
          assert.deepStrictEqual(yield* users.request(session, homonym), { accounts: [] })
          assert.lengthOf(take(), 2)
        })
    )
  )

  it.effect("returns a cached response that no reader can change, not even its dates and collections", () => {
    const Named = Schema.mutable(Schema.Struct({ name: Schema.String }))
    const listEvents = Endpoint.read({
      name: "listEvents",
      scope: "accounts:read",
      route: "/api/v1/events",
      response: Schema.parseJson(
        Schema.Struct({
          at: Schema.Date,
          byId: Schema.Map({ key: Schema.String, value: Named }),
          tags: Schema.Set(Schema.String),
          owners: Schema.Chunk(Named),
          first: Schema.Option(Named)
        })
      )
    })
    const body = {
      at: "2026-01-01T00:00:00Z",
      byId: [["a", { name: "Ada" }]],
      tags: ["x"],
      owners: [{ name: "Ada" }],
      first: { _tag: "Some", value: { name: "Ada" } }
    }
    const changes: ReadonlyArray<(events: Schema.Schema.Type<typeof listEvents.response>) => unknown> = [
      ({ at }) => at.setTime(0),
      ({ byId }) => Reflect.apply(Reflect.get(byId, "set"), byId, ["b", 7]),
      ({ byId }) => Object.assign(byId.get("a") ?? {}, { name: "Eve" }),
      ({ tags }) => Reflect.apply(Reflect.get(tags, "clear"), tags, []),
      ({ owners }) => Object.assign(Chunk.unsafeHead(owners), { name: "Eve" }),
      ({ first }) => Object.assign(Option.getOrThrow(first), { name: "Eve" })
    ]
    return withTink(
      () => json(200, body),
      ({ users }) =>
        Effect.gen(function* () {
          const events = yield* users.request(session, listEvents)
          const before = JSON.stringify(Schema.encodeSync(listEvents.response)(events))
          for (const change of changes) assert.throws(() => change(events), TypeError)
          const read = yield* users.request(session, listEvents)
          assert.strictEqual(JSON.stringify(Schema.encodeSync(listEvents.response)(read)), before)
        })
    )
  })

  it.effect("changes, and invalidates the user only if the endpoint says so", () =>
    withTink(script, ({ take, users }) =>
      Effect.gen(function* () {
        yield* users.request(session, listAccounts)
        take()
        yield* users.request(session, renameAccount(false), "a-1", { name: "Savings" })
        assertOne(take(), "PATCH /data/v2/accounts/a-1", { name: "Savings" })
        yield* users.request(session, listAccounts)
        assert.lengthOf(take(), 0)
        yield* users.request(session, renameAccount(true), "a-1", { name: "Savings" })
        yield* users.request(session, listAccounts)
        assert.lengthOf(take(), 2)
      })
    )
  )

  it.effect("sends the members that a POST names in query as its query, and the others as its body", () =>
    withTink(script, ({ take, users }) => {
      const search = Endpoint.change({
        name: "search",
        scope: "accounts:read",
        method: "POST",
        route: "/data/v2/search",
        input: Schema.Struct({ page: Schema.Int, text: Schema.String }),
        query: ["page"],
        encoding: "form",
        userIdMember: "owner",
        response: TinkRequest.NoContent
      })
      return Effect.map(users.request(session, search, { page: 2, text: "å" }), () =>
        assertOne(take(), "POST /data/v2/search?page=2", `owner=${userId}&text=%C3%A5`)
      )
    })
  )

  it.effect("fails when the answer is about another user, and stores nothing of it", () =>
    withTink(
      () =>
        json(200, {
          accounts: [
            { id: "a", userId },
            { id: "b", userId: otherId }
          ]
        }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const owned = Endpoint.read({
            name: "owned",
            scope: "accounts:read",
            route: "/data/v2/accounts",
            response: AccountList,
            subject: ({ accounts }) => accounts.map((account) => ({ userId: cast(account.userId) }))
          })
          for (const _ of [1, 2]) {
            const error = yield* failure(users.request(session, owned))
            assert.strictEqual(error.reason, "Invalid")
            assert.strictEqual(error.operation, "owned")
          }
          assert.lengthOf(take(), 2)
        })
    )
  )

  it.effect("needs the scope of the endpoint", () =>
    assertNeeds("user:write", (users, reader) => users.request(reader, renameAccount(true), "a", { name: "b" }))
  )

  it.effect("has scopes that the library does not list, for endpoints of Tink that it does not know", () => {
    const scope = OAuthScope.other("pension-accounts:read")
    const listPensions = Endpoint.read({
      name: "listPensions",
      scope,
      route: "/data/v2/pensions",
      response: Schema.parseJson(Schema.Struct({ pensions: Schema.Array(Schema.String) }))
    })
    return withTink(
      ({ method, path }) => {
        if (path.endsWith("/authorization-grant")) return json(200, { code: "a-code" })
        if (method === "POST") return json(200, { access_token: "a-token", expires_in: 7200, scope })
        return json(200, { pensions: ["a"] })
      },
      ({ take, users }) =>
        Effect.gen(function* () {
          const session = yield* users.authorize({ userId, scopes: [scope] })
          assert.deepStrictEqual(yield* users.request(session, listPensions), { pensions: ["a"] })
          const grant = take().find(({ path }) => path.endsWith("/authorization-grant"))
          assert.strictEqual(new URLSearchParams(grant?.body).get("scope"), "pension-accounts:read")
          const error = yield* failure(users.request(cast(sessionWith("accounts:read")), listPensions))
          assert.strictEqual(error.reason, "Forbidden")
        })
    )
  })

  it.effect("refuses a route with other ids than the endpoint has, and a secret in a query or a header", () => {
    const read = { name: "read", scope: "accounts:read", response: AccountList } as const
    const input = Schema.Struct({ q: Schema.RedactedFromSelf(Schema.String) })
    const secret = { q: Redacted.make("canary") }
    return Effect.gen(function* () {
      const two = Endpoint.read({ ...read, route: "/a/{a}/b/{b}", id: Schema.String })
      yield* assertRefused((users) => users.request(session, two, "x"))
      yield* assertRefused((users) => users.request(session, Endpoint.read({ ...read, route: "/a/{a}" })))
      const none = Endpoint.read({ ...read, route: "/a", id: Schema.String })
      yield* assertRefused((users) => users.request(session, none, "x"))
      for (const headers of [[], ["q"]]) {
        const endpoint = Endpoint.read({ ...read, route: "/a", input, headers, cache: false })
        yield* assertRefused((users) => users.request(session, endpoint, secret))
      }
    })
  })

  it.effect("refuses an invalid id or input before a request is sent", () =>
    Effect.gen(function* () {
      yield* assertRefused((users) => users.request(session, renameAccount(true), "", { name: "b" }))
      yield* assertRefused((users) => users.request(session, renameAccount(true), id, cast({ name: 7 })))
      yield* assertRefused((users) => users.request(session, listAccounts, cast({ pageSize: "canary" })))
      yield* assertRefused((users) => users.request(cast({ userId }), listAccounts))
      const client = Endpoint.client({ name: "client", method: "POST", route: "/x", response: AccountList })
      for (const endpoint of [undefined, null, 7, "canary", {}, { ...listAccounts, _tag: "Canary" }]) {
        yield* assertRefused((users) => users.request(session, cast(endpoint)))
        yield* assertRefused((users) => users.requestAsClient(cast(endpoint)))
      }
      yield* assertRefused((users) => users.request(session, cast(client)))
      yield* assertRefused((users) => users.requestAsClient(cast(listAccounts)))
    })
  )
})

describe("users.requestAsClient", () => {
  const listCategories = Endpoint.clientRead({
    name: "listCategories",
    route: "/api/v1/categories/{code}",
    id: Schema.NonEmptyString,
    input: Schema.UndefinedOr(Schema.Struct({ locale: Schema.optional(Schema.String) })),
    scope: "providers:read",
    cache: { timeToLive: "10 seconds" },
    response: Schema.parseJson(Schema.Struct({ items: Schema.mutable(Schema.Array(Schema.String)) }))
  })

  it.effect("changes the resource that its id names", () => {
    const removeCategory = Endpoint.client({
      name: "removeCategory",
      method: "DELETE",
      route: "/api/v1/categories/{code}",
      id: Schema.NonEmptyString,
      response: TinkRequest.NoContent
    })
    return withTink(
      () => noContent,
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.requestAsClient(removeCategory, "income")
          assert.deepStrictEqual(linesOf(take()), ["DELETE /api/v1/categories/income"])
        })
    )
  })

  it.effect("sends the application's own token, and shares the answer for the time to live of its endpoint", () =>
    withTink(
      () => json(200, { items: ["a"] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const ask = users.requestAsClient(listCategories, "income", { locale: "sv_SE" })
          const answer = yield* ask
          assertOne(take(), "GET /api/v1/categories/income?locale=sv_SE", undefined, "Bearer a-client-token")
          assert.isFrozen(answer.items)
          assert.strictEqual(yield* ask, answer)
          yield* TestClock.adjust("10 seconds")
          yield* ask
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/categories/income?locale=sv_SE"])
        })
    )
  )

  it.effect("keeps the answers to different secrets apart, and shares none to input that is not JSON", () =>
    withTink(
      () => json(200, { accounts: [] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const findAccount = Endpoint.client({
            name: "findAccount",
            method: "POST",
            route: "/api/v1/find",
            input: Schema.Struct({ of: Schema.RedactedFromSelf(Schema.String) }),
            cache: { timeToLive: "10 seconds" },
            response: AccountList
          })
          const find = (of: string) => users.requestAsClient(findAccount, { of: Redacted.make(of) })
          for (const of of ["one", "other", "one"]) yield* find(of)
          assert.deepStrictEqual(
            take().map(({ body }) => body),
            ['{"of":"one"}', '{"of":"other"}']
          )
          const page = Endpoint.clientRead({
            name: "page",
            route: "/api/v1/pages",
            input: Schema.Struct({ from: Schema.BigIntFromSelf }),
            cache: { timeToLive: "10 seconds" },
            response: AccountList
          })
          for (const _ of [1, 2]) yield* users.requestAsClient(page, { from: 7n })
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/pages?from=7", "GET /api/v1/pages?from=7"])
        })
    )
  )

  it.effect("names its operation in errors, and sends nothing for a bad id", () =>
    withTink(
      () => json(200, { items: [] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const error = yield* failure(users.requestAsClient(listCategories, ""))
          assert.deepInclude(error, { reason: "Invalid", operation: "listCategories" })
          assert.lengthOf(take(), 0)
        })
    )
  )
})
