import { assert, describe, it } from "@effect/vitest"
import { Endpoint } from "@effect-tink/users"
import type { Users } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isIP } from "node:net"
import { everyRow } from "../../../test/support/rows.js"
import { json } from "../../../test/support/scriptedTink.js"
import { failure } from "./helpers.js"
import { assertRefused, cast, id, otherCredentialsId, sessionWith, userId, withTink } from "./scripted.js"

const session = sessionWith(
  "credentials:read",
  "credentials:refresh",
  "user:read",
  "user:write",
  "provider-consents:read",
  "accounts:read"
)

/** What an operation returns of an answer. */
const read = <A, E>(answer: unknown, run: (users: Users.Service) => Effect.Effect<A, E>) =>
  withTink(
    () => json(200, answer),
    ({ users }) => run(users)
  )

const countUnreadable = (model: string, member: string) =>
  Effect.map(
    Metric.value(
      Metric.counter("tink_unreadable_members_total", {
        description: "Members of Tink's answers that could not be read, and were left out",
        incremental: true
      }).pipe(Metric.tagged("model", model), Metric.tagged("member", member))
    ),
    ({ count }) => count
  )

const connection = { id, providerName: "p", status: "UPDATED", userId }
const list = (users: Users.Service) => users.listCredentials(session)
const listConsents = (users: Users.Service) => users.listProviderConsents(session)
const get = (users: Users.Service) => users.getCredential(session, id)

describe("an optional member that cannot be read is absent, counted by its name, and hides nothing", () => {
  const odd = [7, true, [], {}, "canary", [null], { canary: null }]
  const oddTimes = [
    Number("9223372036854775807"),
    1e300,
    -1,
    "0x10",
    "9223372036854775807",
    "2023-11-14",
    "2023-11-14T22:13:20",
    true,
    [],
    {}
  ]
  const credentials: ReadonlyArray<readonly [member: string, values: ReadonlyArray<unknown>]> = [
    ["providerName", odd.filter((value) => typeof value !== "string")],
    ["type", [7, {}]],
    ["statusUpdated", oddTimes],
    ["statusPayload", [7, []]],
    ["updated", oddTimes],
    ["sessionExpiryDate", oddTimes],
    ["supplementalInformation", [7, true]]
  ]
  it.effect("in a credential, alone and in a list", () =>
    everyRow(
      credentials.flatMap(([member, values]) => values.map((value) => [member, value] as const)),
      ([member, value]) => `${member}: ${JSON.stringify(value)}`,
      ([member, value]) =>
        Effect.gen(function* () {
          const before = yield* countUnreadable("Credential", member)
          const one = yield* read({ ...connection, [member]: value }, get)
          assert.notProperty(one, member)
          assert.strictEqual(one.status, "UPDATED")
          const all = yield* read({ credentials: [{ ...connection, [member]: value }, connection] }, list)
          assert.lengthOf(all, 2)
          assert.strictEqual(yield* countUnreadable("Credential", member), before + 2)
        })
    )
  )

  it.effect("in a consent, a user, a created user, and a token", () =>
    Effect.gen(function* () {
      const consent = {
        credentialsId: id,
        status: "UPDATED",
        statusUpdated: "1700000000500",
        sessionExpiryDate: "2024-02-12T22:13:20Z",
        sessionExtendable: "yes",
        accountIds: ["a", 7],
        detailedError: { type: 1, details: { reason: {}, retryable: true } }
      }
      const [read1] = yield* read({ providerConsents: [consent] }, listConsents)
      assert.deepStrictEqual(
        { ...read1, detailedError: { ...read1?.detailedError } },
        cast({
          credentialsId: id,
          status: "UPDATED",
          statusUpdated: DateTime.unsafeMake(1700000000500),
          sessionExpiryDate: DateTime.unsafeMake(1707776000000),
          accountIds: ["a"],
          detailedError: { details: { retryable: true } }
        })
      )
      const user = { id: userId, appId: 7, created: "string", flags: "canary", nationalId: 7, profile: "canary" }
      assert.deepStrictEqual(
        { ...(yield* read(user, (users) => users.getUser(session))) },
        cast({ id: userId, flags: [], profile: {} })
      )
      const created = yield* read({ user_id: userId, external_user_id: 7 }, (users) =>
        users.createUser({ market: "SE" })
      )
      assert.deepStrictEqual({ ...created }, cast({ userId }))
      const before = yield* countUnreadable("AccessToken", "idHint")
      const answer = { access_token: "t", expires_in: "1800", scope: ["user:read", "a:b c:d", 7], id_hint: 7 }
      const token = yield* read(answer, (users) => users.getUserAccessToken({ code: Redacted.make("c") }))
      assert.deepStrictEqual([token.scopes, token.idHint], [["user:read", "a:b", "c:d"], undefined])
      assert.strictEqual(yield* countUnreadable("AccessToken", "idHint"), before + 1)
    })
  )

  it.effect("is not counted when Tink sends its placeholder for no value", () =>
    Effect.gen(function* () {
      const before = yield* countUnreadable("Credential", "updated")
      for (const updated of [null, 0]) assert.notProperty(yield* read({ ...connection, updated }, get), "updated")
      assert.strictEqual(yield* countUnreadable("Credential", "updated"), before)
    })
  )

  it.effect("and the others of the same member stay", () =>
    Effect.gen(function* () {
      const fields = { username: "u", password: null, otp: 7 }
      const before = yield* countUnreadable("Credential", "fields")
      const [first, second] = yield* read({ credentials: [{ ...connection, fields }, connection] }, list)
      assert.deepStrictEqual(first?.fields, { username: "u" })
      assert.strictEqual(second?.id, id)
      assert.strictEqual(yield* countUnreadable("Credential", "fields"), before + 1)
      const question = [{ name: "otp", description: "Code" }]
      const asked = yield* read({ ...connection, supplementalInformation: question }, get)
      assert.strictEqual(Redacted.value(asked.supplementalInformation ?? assert.fail()), JSON.stringify(question))
      // It is kept as it is sent, with any names of members.
      const odd: unknown = JSON.parse(
        '{"__proto__":{"name":"otp"},"constructor":1,"desktop":{"url":"https://bank.example"}}'
      )
      const asIs = yield* read({ ...connection, supplementalInformation: odd }, get)
      assert.strictEqual(Redacted.value(asIs.supplementalInformation ?? assert.fail()), JSON.stringify(odd))
      const provider = { name: "p", rank: Number("1e400"), fields: [{ name: "f", minLength: "2", maxLength: 1.5 }] }
      const [bank] = yield* withTink(
        () => ({ body: JSON.stringify({ providers: [provider] }).replace('"rank":null', '"rank":1e400') }),
        ({ users }) => users.listProviders("SE")
      )
      assert.notProperty(bank, "rank")
      assert.deepStrictEqual(
        bank?.fields.map((field) => ({ ...field })),
        [{ name: "f", minLength: 2 }]
      )
    })
  )
})

describe("a list", () => {
  it.effect("is not believed when it has more items than any of Tink's, and hides nothing beside it", () =>
    Effect.gen(function* () {
      const small = { id, status: "UPDATED" }
      const many = (item: unknown, length: number) => Array.from({ length }, () => item)
      assert.lengthOf(yield* read({ credentials: many(small, 10_000) }, list), 10_000)
      assert.strictEqual((yield* failure(read({ credentials: many(small, 10_001) }, list))).reason, "Decode")
      assert.strictEqual((yield* failure(read({ providerConsents: many({}, 10_001) }, listConsents))).reason, "Decode")
      const [consent] = yield* read(
        { providerConsents: [{ credentialsId: id, accountIds: many("a", 10_001) }] },
        listConsents
      )
      assert.deepStrictEqual(consent?.accountIds, [])
      const answer = { access_token: "t", expires_in: 1800, scope: "a,".repeat(40_000) }
      const token = yield* read(answer, (users) => users.getUserAccessToken({ code: Redacted.make("c") }))
      assert.deepStrictEqual(token.scopes, [])
    })
  )

  it.effect("leaves out and counts items without an id, owner or status", () =>
    everyRow(
      [
        ["no id", { status: "UPDATED" }],
        ["an invalid id", { ...connection, id: "a/b" }],
        ["no status", { id }],
        ["an invalid status", { ...connection, status: null }],
        ["an invalid owner", { ...connection, userId: 7 }],
        ["nothing", null],
        ["a string", "canary"]
      ] as const,
      ([name]) => name,
      ([, item]) =>
        Effect.gen(function* () {
          const before = yield* countUnreadable("credentials", "item")
          const all = yield* read({ credentials: [item, { ...connection, id: otherCredentialsId }, item] }, list)
          assert.deepStrictEqual(
            all.map((one) => one.id),
            [otherCredentialsId]
          )
          assert.strictEqual(yield* countUnreadable("credentials", "item"), before + 2)
          assert.strictEqual((yield* failure(read({ credentials: [item] }, list))).reason, "Decode")
        })
    )
  )

  it.effect("is empty where Tink says null, and a Decode error where Tink does not say", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read({ credentials: null }, list), [])
      assert.deepStrictEqual(yield* read({ providerConsents: null }, listConsents), [])
      for (const answer of [{}, [], null, { credentials: {} }, { errorMessage: "canary", errorCode: "canary" }]) {
        assert.strictEqual((yield* failure(read(answer, list))).reason, "Decode")
        assert.strictEqual((yield* failure(read(answer, listConsents))).reason, "Decode")
      }
    })
  )
})

/** All objects in a value, with those behind a property that only the prototype has left out. */
const holders = (value: unknown, found: ReadonlyArray<object> = []): ReadonlyArray<object> =>
  typeof value !== "object" || value === null || Redacted.isRedacted(value) || found.includes(value)
    ? found
    : Object.values(value).reduce<ReadonlyArray<object>>((all, part) => holders(part, all), [...found, value])

describe("what readers share", () => {
  const answer = {
    ...connection,
    created: 1,
    credentials: [connection],
    providerConsents: [{ credentialsId: id, accountIds: ["a"], detailedError: { details: { reason: "R" } } }],
    statusUpdated: 1700000000500,
    fields: { username: "u" },
    supplementalInformation: "a-token",
    locale: "sv_SE",
    notificationSettings: { fraud: true, new: [{}] },
    profile: { locale: "sv_SE" },
    accounts: [{ id: "a", opened: "2023-11-14T22:13:20.500Z", numbers: [1], secret: "s" }]
  }
  const userId2 = { ...answer, id: userId }
  const Account = Schema.Struct({
    id: Schema.String,
    opened: Schema.DateTimeUtc,
    numbers: Schema.Array(Schema.Number),
    secret: Schema.Redacted(Schema.String)
  })
  const listAccounts = Endpoint.read({
    name: "listAccounts",
    scope: "accounts:read",
    route: "/data/v2/accounts",
    response: Schema.parseJson(Schema.Struct({ accounts: Schema.mutable(Schema.Array(Account)) }))
  })
  const rows: ReadonlyArray<readonly [string, unknown, (users: Users.Service) => Effect.Effect<object, unknown>]> = [
    ["a credential", answer, get],
    ["credentials", answer, list],
    ["consents", answer, listConsents],
    ["a user", userId2, (users) => users.getUser(session)],
    ["a profile", answer, (users) => users.getProfile(session)],
    ["the answer of an application's own endpoint", answer, (users) => users.request(session, listAccounts)]
  ]
  it.effect("cannot be changed, and is hashed, compared and printed as before", () =>
    everyRow(
      rows,
      ([name]) => name,
      ([, answer, run]) =>
        withTink(
          () => json(200, answer),
          ({ take, users }) =>
            Effect.gen(function* () {
              const first = yield* run(users)
              const all = holders(first)
              assert.isAbove(all.length, 1)
              for (const holder of all) {
                assert.isFrozen(holder)
                assert.strictEqual(Hash.hash(holder), Hash.hash(holder))
                assert.isTrue(Equal.equals(holder, holder))
                if (DateTime.isDateTime(holder)) {
                  assert.strictEqual(DateTime.toPartsUtc(holder).year, 2023 - (holder.epochMillis === 1 ? 53 : 0))
                  assert.isFrozen(DateTime.toPartsUtc(holder))
                }
              }
              const text = JSON.stringify(first)
              assert.strictEqual(yield* run(users), first)
              assert.strictEqual(JSON.stringify(yield* run(users)), text)
              assert.lengthOf(take(), 1)
            })
        )
    )
  )

  it.effect("holds a secret of its own for each reader, who may wipe it", () =>
    withTink(
      () => json(200, { ...answer, nationalId: "n" }),
      ({ users }) =>
        Effect.gen(function* () {
          for (let reader = 0; reader < 2; reader++) {
            const { supplementalInformation } = yield* users.getCredential(session, id)
            const token = supplementalInformation ?? assert.fail()
            assert.strictEqual(Redacted.value(token), "a-token")
            Redacted.unsafeWipe(token)
            const [account] = (yield* users.request(session, listAccounts)).accounts
            const { secret } = account ?? assert.fail()
            assert.strictEqual(Redacted.value(secret), "s")
            Redacted.unsafeWipe(secret)
          }
        })
    )
  )
})

describe("a request's route", () => {
  it.effect("begins with a slash, or nothing is sent", () =>
    everyRow(
      [
        "@evil.example/x",
        ".evil.example/x",
        ":80/x",
        "x",
        "",
        " /x",
        "https://evil.example/x",
        "/a b",
        "/a\n",
        undefined,
        null,
        7
      ],
      (route) => String(route),
      (route) =>
        withTink(
          () => json(200, {}),
          ({ take, users }) =>
            Effect.gen(function* () {
              const options = {
                name: "getIt",
                scope: "accounts:read",
                route: cast(route),
                response: Schema.parseJson()
              } as const
              const error = yield* failure(users.request(session, Endpoint.read(options)))
              assert.strictEqual(error.reason, "Invalid")
              assert.include(error.message, "route must begin with /")
              const change = Endpoint.change({ ...options, method: "POST" })
              assert.strictEqual((yield* failure(users.request(session, change))).reason, "Invalid")
              assert.deepStrictEqual(take(), [])
            })
        )
    )
  )
})

describe("originatingUserIp", () => {
  const good =
    "203.0.113.7 0.0.0.0 255.255.255.255 :: ::1 1:: 2001:db8::1 2001:DB8:0:0:8:800:200C:417A ::ffff:203.0.113.7 64:ff9b::1.2.3.4 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3:4:5:6:1.2.3.4"
  const bad =
    "203.0.113.7:51234 999.1.1.1 .... 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.256 1.2.3.4/8 0x1.2.3.4 : ::: 1:::2 1::2::3 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7:8:: ::1:2:3:4:5:6:7:8 12345:: g:: [::1] [::1]:80 1.2.3.4::1 ::1.2.3 1:2:3:4:5:6:7:1.2.3.4 fe80::1% 1:2:3:4:5:6:7: :1:2:3:4:5:6:7"
  it.effect("is an address by the rules of Node, without a port or a zone", () =>
    everyRow(
      [...good.split(" "), ...bad.split(" "), "", " 1.2.3.4", "1.2.3.4\n", "fe80::1%eth0", "١.2.3.4", "canary"],
      (address) => address,
      (originatingUserIp) => {
        const isValid = isIP(originatingUserIp) !== 0 && !originatingUserIp.includes("%")
        assert.strictEqual(isValid, good.split(" ").includes(originatingUserIp))
        const attempt = (users: Users.Service) => users.authenticateCredential(session, id, { originatingUserIp })
        return isValid ? read({}, attempt) : assertRefused(attempt)
      }
    )
  )
})
