import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { assertRefusal, failure, makeSession, provideAll, takeLines } from "./helpers.js"

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const credentialsId = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
const accessToken = Redacted.make("a-token")
const wiped = Redacted.make("wiped")
Redacted.unsafeWipe(wiped)

/** What types forbid, as a caller in JavaScript or behind a cast would give it. */
const cast = (value: unknown) => value as never

type Attempt<Input> = (users: Users.Service, input: Input) => Effect.Effect<unknown, TinkError>

const isInvalid = <Input>(attempt: Attempt<Input>, input: Input) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const cache = yield* UserCache.UserCache
    const before = yield* cache.stats
    const error = yield* failure(attempt(users, input))
    assertRefusal(error)
    assert.deepStrictEqual(yield* takeLines, [])
    // Nothing was read and nothing can have changed.
    assert.deepStrictEqual(yield* cache.stats, before)
  })

const refusesEach = <Input>(rows: ReadonlyArray<readonly [string, Input]>, attempt: Attempt<Input>) =>
  everyRow(
    rows,
    ([name]) => name,
    ([, input]) => isInvalid(attempt, input)
  ).pipe(provideAll())

const badExternalIds: ReadonlyArray<readonly [string, unknown]> = [
  ["empty", ""],
  ["null", null],
  ["a number", 7],
  ["a line break", "canary\n1"],
  ["a NUL", "canary\u0000"],
  ["DEL", "canary\u007f"],
  ["a C1 control character", "canary\u0085"],
  // All of these are U+FFFD on the wire: one user could be taken for another.
  ["half of a surrogate pair", "canary\ud800"]
]

const badIds: ReadonlyArray<readonly [string, unknown]> = [
  ["empty", ""],
  ["null", null],
  ["a path", "canary/../oauth"],
  ["a parent", ".."],
  ["encoded", "canary%2f.."],
  ["a query", "canary?a=b"],
  ["a fragment", "canary#a"],
  ["a space", "canary token:x"],
  ["a line break at the end", "canary\n"],
  ["too long", "x".repeat(129)],
  ["an object that pretends", { toString: () => "canary" }]
]

const badScopes: ReadonlyArray<readonly [string, unknown]> = [
  ["none", []],
  ["not given", undefined],
  ["a string", "credentials:read"],
  ["empty", [""]],
  ["with a blank", ["credentials:read canary"]],
  ["with a letter of another alphabet", ["сredentials:read"]],
  ["of a client", ["user:create"]],
  ["two in one", ["credentials:read,user:delete"]],
  ["a hole", Array.from({ length: 1 })],
  // oxlint-disable-next-line no-sparse-arrays -- `every` skips a real hole
  ["a real hole", ["user:read", , "user:write"]]
]

describe("createUser", () => {
  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["no market", {}],
    ["a market in small letters", { market: "se" }],
    ["a market of three letters", { market: "SWE" }],
    ["a market and more", { market: "SE\n" }],
    ["a market of another alphabet", { market: "ЅЕ" }],
    ["a locale with a dash", { market: "SE", locale: "sv-SE" }],
    ["a language alone", { market: "SE", locale: "sv" }],
    ["an empty locale", { market: "SE", locale: "" }],
    ["a retention class in capitals", { market: "SE", retentionClass: "PERMANENT" }],
    ...badExternalIds.map(
      ([name, externalUserId]) => [`external id: ${name}`, { market: "SE", externalUserId }] as const
    )
  ]
  it.effect("invalid input is refused", () => refusesEach(table, (users, input) => users.createUser(cast(input))))

  it.effect("ensureUser refuses the same", () =>
    refusesEach(table, (users, input) => users.ensureUser(cast(input && { externalUserId: "cust-0001", ...input })))
  )
  it.effect("ensureUser refuses input without an external id", () =>
    isInvalid((users) => users.ensureUser(cast({ market: "SE" })), undefined).pipe(provideAll())
  )
})

describe("createAuthorization and authorize", () => {
  const scopes = ["user:read"]
  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["neither reference", { scopes }],
    ["both references", { userId, externalUserId: "cust-0001", scopes }],
    ...badIds.map(([name, bad]) => [`user id: ${name}`, { userId: bad, scopes }] as const),
    ...badExternalIds.map(([name, bad]) => [`external id: ${name}`, { externalUserId: bad, scopes }] as const),
    ...badScopes.map(([name, bad]) => [`scopes: ${name}`, { userId, scopes: bad }] as const)
  ]
  it.effect("createAuthorization refuses it", () =>
    refusesEach(table, (users, input) => users.createAuthorization(cast(input)))
  )

  it.effect("authorize refuses it", () => refusesEach(table, (users, input) => users.authorize(cast(input))))
})

describe("deleteUser by reference", () => {
  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", {}],
    ["a string", userId],
    ["both references", { userId, externalUserId: "cust-0001" }],
    ["a session's looks", { userId, scopes: ["user:delete"] }],
    ...badIds.map(([name, bad]) => [`user id: ${name}`, { userId: bad }] as const),
    ...badExternalIds.map(([name, bad]) => [`external id: ${name}`, { externalUserId: bad }] as const)
  ]
  it.effect("invalid references are refused", () => refusesEach(table, (users, input) => users.deleteUser(cast(input))))
})

describe("getUserAccessToken", () => {
  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["no code", {}],
    ["not redacted", { code: "canary" }],
    ["empty", { code: Redacted.make("") }],
    ["a space", { code: Redacted.make("canary canary") }],
    ["a control character", { code: Redacted.make("canary\r\n") }],
    ["not a string", { code: Redacted.make({ canary: true }) }],
    ["wiped", { code: wiped }]
  ]
  it.effect("an invalid grant is refused", () =>
    refusesEach(table, (users, grant) => users.getUserAccessToken(cast(grant)))
  )

  it.effect("authorizeWithCode refuses the same", () =>
    refusesEach(table, (users, grant) => users.authorizeWithCode(cast(grant && { ...grant, scopes: ["user:read"] })))
  )
  it.effect("authorizeWithCode refuses invalid scopes", () =>
    refusesEach(badScopes, (users, scopes) => users.authorizeWithCode(cast({ code: Redacted.make("a-code"), scopes })))
  )
})

describe("credentials ids", () => {
  const session = UserSession.make({
    userId,
    accessToken,
    scopes: ["credentials:read", "credentials:refresh", "credentials:write"]
  })
  it.effect("getCredential refuses every invalid id", () =>
    refusesEach(badIds, (users, id) => users.getCredential(session, cast(id)))
  )

  it.effect("getCredential refuses every invalid id also past the cache", () =>
    refusesEach(badIds, (users, id) => users.getCredential(session, cast(id), { bypassCache: true }))
  )

  it.effect("refreshCredential refuses every invalid id", () =>
    refusesEach(badIds, (users, id) => users.refreshCredential(session, cast(id)))
  )

  it.effect("deleteCredential refuses every invalid id", () =>
    refusesEach(badIds, (users, id) => users.deleteCredential(session, cast(id)))
  )

  it.effect("a token is not renewed for an invalid id", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { session } = yield* makeSession
      yield* TestClock.adjust("3 hours")
      const error = yield* failure(users.getCredential(session, cast("..")))
      assert.strictEqual(error.reason, "Invalid")
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )
})

describe("sessions", () => {
  const table: ReadonlyArray<readonly [string, () => unknown]> = [
    ["undefined", () => undefined],
    ["null", () => null],
    ["an object literal", () => ({ [UserSession.TypeId]: {}, userId, scopes: ["credentials:read"] })],
    ["a copy", () => ({ ...UserSession.make({ userId, accessToken, scopes: ["credentials:read"] }) })],
    ["a heir", () => Object.create(UserSession.make({ userId, accessToken, scopes: ["credentials:read"] }))],
    ["an invalid user id", () => UserSession.make({ userId: cast("../canary"), accessToken, scopes: [] })],
    ["a token that is not redacted", () => UserSession.make({ userId, accessToken: cast("canary"), scopes: [] })],
    ["an empty token", () => UserSession.make({ userId, accessToken: Redacted.make(""), scopes: [] })],
    [
      "a token that breaks the header",
      () => UserSession.make({ userId, accessToken: Redacted.make("a\r\nb"), scopes: [] })
    ],
    ["a wiped token", () => UserSession.make({ userId, accessToken: wiped, scopes: [] })],
    ["invalid scopes", () => UserSession.make({ userId, accessToken, scopes: cast(["can ary"]) })],
    ["no scopes at all", () => UserSession.make({ userId, accessToken, scopes: cast(undefined) })],
    ["made of nothing", () => UserSession.make(cast(undefined))],
    ["made of null", () => UserSession.make(cast(null))]
  ]
  it.effect("listCredentials refuses every invalid session", () =>
    refusesEach(table, (users, make) => users.listCredentials(cast(make())))
  )

  it.effect("getCredential refuses every invalid session", () =>
    refusesEach(table, (users, make) => users.getCredential(cast(make()), credentialsId))
  )

  it.effect("refreshCredential refuses every invalid session", () =>
    refusesEach(table, (users, make) => users.refreshCredential(cast(make()), credentialsId))
  )

  it.effect("deleteCredential refuses every invalid session", () =>
    refusesEach(table, (users, make) => users.deleteCredential(cast(make()), credentialsId))
  )

  it.effect("deleteUser refuses every invalid session", () =>
    refusesEach(table, (users, make) => users.deleteUser(cast(make())))
  )
})

const options: ReadonlyArray<readonly [string, unknown]> = [
  ["null", null],
  ["a string", "canary"],
  ["a Map", new Map()],
  ["an invalid schedule", { schedule: "canary" }],
  ["an invalid patience", { patience: Number.NaN }],
  ["a negative patience", { patience: "-5 seconds" }],
  ["an invalid credential", { since: {} }]
]
const following = UserSession.make({ userId, accessToken, scopes: ["credentials:read", "credentials:refresh"] })
it.effect("followCredential refuses invalid options", () =>
  refusesEach(options, (users, given) => Stream.runDrain(users.followCredential(following, credentialsId, cast(given))))
)
it.effect("refreshAndWait refuses invalid options", () =>
  refusesEach(options, (users, given) => users.refreshAndWait(following, credentialsId, cast(given)))
)

it.effect("an input that throws by itself is refused", () => {
  const operations = [
    "createUser",
    "ensureUser",
    "deleteUser",
    "authorize",
    "revokeAll",
    "changed",
    "createAuthorization"
  ] as const
  const fail = () => assert.fail("canary")
  const input = Object.defineProperties({}, { userId: { get: fail }, market: { get: fail } })
  return refusesEach(
    operations.map((operation) => [operation, operation] as const),
    (users, operation) => users[operation](cast(input))
  )
})

it.effect("input is checked when an effect runs, not when it is made", () =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const input = { market: "SE" }
    const create = users.createUser(input)
    input.market = "canary"
    assert.strictEqual((yield* failure(create)).reason, "Invalid")
    assert.deepStrictEqual(yield* takeLines, [])
  }).pipe(provideAll())
)
