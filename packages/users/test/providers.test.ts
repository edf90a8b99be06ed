import { assert, describe, it } from "@effect/vitest"
import { Endpoint, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { assertRefusal, failure, makeUser, provideAll, provideAnswers, takeLines, takeSent, TOKEN } from "./helpers.js"

const providers = "GET /api/v1/providers/SE"

const tests = { includeTestProviders: true } as const

describe("listProviders", () => {
  it.effect("asks with the client token, and for an hour not again", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      yield* users.listProviders("SE")
      yield* TestClock.adjust("59 minutes")
      yield* users.listProviders("SE")
      assert.deepStrictEqual(yield* takeLines, [TOKEN, providers])
      yield* TestClock.adjust("1 minute")
      yield* users.listProviders("SE")
      assert.deepStrictEqual(yield* takeLines, [TOKEN, providers])
    }).pipe(provideAll())
  )

  it.effect("has the texts in the requested language, and caches each language separately", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const read = (language?: string) =>
        Effect.map(users.listProviders("SE", { ...tests, language }), (found) =>
          found.find(({ name }) => name === "se-demobank-password")?.fields.map(({ description }) => description)
        )
      assert.deepStrictEqual(yield* read("sv-SE"), ["Användarnamn", "Lösenord"])
      assert.deepStrictEqual(yield* read(), ["Username", "Password"])
      assert.deepStrictEqual(yield* read("sv-SE"), ["Användarnamn", "Lösenord"])
      const sent = (yield* takeSent).filter(({ line }) => line === providers)
      assert.deepStrictEqual(
        sent.map(({ headers }) => headers["accept-language"]),
        ["sv-SE", undefined]
      )
    }).pipe(provideAll())
  )

  it.effect("refuses an invalid language before anything is sent", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      for (const language of ["", "s", "sv_SE", "sv;q=1", "sv\r\nx: y"]) {
        const error = yield* failure(users.listProviders("SE", { language }))
        assertRefusal(error)
        assert.include(error.detail, "language")
      }
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )

  it.effect("fails for a market that Tink does not know", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      assert.strictEqual((yield* failure(users.listProviders("US"))).reason, "Invalid")
    }).pipe(provideAll())
  )
})

describe("the list of a market", () => {
  const common = {
    route: "/api/v1/providers/{market}",
    id: Schema.String,
    response: Schema.parseJson(Schema.Struct({ providers: Schema.Array(Schema.Struct({ name: Schema.String })) }))
  } as const

  const asUser = Endpoint.read({ ...common, name: "listProvidersAsUser", scope: "providers:read" })

  const anonymously = Endpoint.clientRead({
    ...common,
    name: "listProvidersAnonymously",
    input: Schema.Struct({
      clientId: Schema.String.pipe(Schema.propertySignature, Schema.fromKey("X-Tink-OAuth-Client-ID"))
    }),
    headers: ["X-Tink-OAuth-Client-ID"]
  })

  it.effect(
    "can also be requested by endpoints of your own with a user token, or without a token and with the header of the app",
    () =>
      Effect.gen(function* () {
        const users = yield* Users.Users
        const { userId } = yield* makeUser()
        const session = yield* users.authorize({ userId, scopes: ["providers:read"] })
        const { providers: ofUser } = yield* users.request(session, asUser, "SE")
        yield* takeSent
        const { providers: ofApp } = yield* users.requestAsClient(anonymously, "SE", { clientId: "sandbox-client" })
        assert.deepStrictEqual(ofApp, ofUser)
        const [sent, ...others] = yield* takeSent
        assert.isEmpty(others)
        assert.strictEqual(sent?.headers["x-tink-oauth-client-id"], "sandbox-client")
        assert.isUndefined(sent?.headers["authorization"])
        const unknown = users.requestAsClient(anonymously, "SE", { clientId: "another" })
        assert.strictEqual((yield* failure(unknown)).reason, "Unauthorized")
      }).pipe(provideAll())
  )
})

describe("listUserProviders", () => {
  it.effect("has those of the user, or the one of a name", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* makeUser()
      const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
      const all = yield* users.listUserProviders(session, tests)
      assert.isTrue(all.every(({ market }) => market === "SE"))
      const [one, ...others] = yield* users.listUserProviders(session, { ...tests, name: "se-demobank-password" })
      assert.strictEqual(one?.name, "se-demobank-password")
      assert.isEmpty(others)
    }).pipe(provideAll())
  )
})

describe("listProviderIdentifiers", () => {
  it.effect("goes page by page, to a page without a token", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { length: count } = (yield* users.listProviderIdentifiers({ pageSize: 1000 })).providerIdentifiers
      const first = yield* users.listProviderIdentifiers()
      assert.lengthOf(first.providerIdentifiers, 50)
      let pageToken = first.nextPageToken
      let total = first.providerIdentifiers.length
      while (pageToken !== undefined) {
        const page = yield* users.listProviderIdentifiers({ pageToken })
        total += page.providerIdentifiers.length
        pageToken = page.nextPageToken
      }
      assert.strictEqual(total, count)
    }).pipe(provideAll())
  )
})

describe("an answer that is not quite as documented", () => {
  it.effect("has no identifiers where they are null", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      assert.deepStrictEqual((yield* users.listProviderIdentifiers()).providerIdentifiers, [])
    }).pipe(
      provideAnswers((line) =>
        line === TOKEN
          ? { status: 200, body: `{"access_token":"a-token","expires_in":1800}` }
          : { status: 200, body: `{"providerIdentifiers":null}` }
      )
    )
  )
})

describe("inputs that JSON does not tell apart", () => {
  it.effect("share no answer", () => {
    let sent = 0
    return Effect.gen(function* () {
      const users = yield* Users.Users
      const endpoint = Endpoint.clientRead({
        name: "anything",
        route: "/api/v1/anything",
        cache: { timeToLive: "1 hour" },
        input: Schema.Struct({ value: Schema.Any }),
        response: Schema.String
      })
      const date = new Date(0)
      const values = [
        null,
        Number.NaN,
        Infinity,
        -0,
        0,
        date,
        date.toJSON(),
        undefined,
        [undefined],
        [null],
        new Map(),
        {}
      ]
      for (const value of values) yield* users.requestAsClient(endpoint, { value })
      assert.strictEqual(sent, values.length)
      yield* users.requestAsClient(endpoint, { value: 0 })
      assert.strictEqual(sent, values.length)
    }).pipe(
      provideAnswers(() => {
        sent += 1
        return { status: 200, body: "an answer" }
      })
    )
  })
})
