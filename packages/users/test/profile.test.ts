import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import { type User, Users } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { provideAll, takeLines } from "./helpers.js"
import { json, linesOf } from "../../../test/support/scriptedTink.js"
import { assertNeeds, assertOne, assertRefused, cast, otherId, sessionWith, userId, withTink } from "./scripted.js"

const reader = sessionWith("user:read")
const writer = sessionWith("user:write")
const both = sessionWith("user:read", "user:write")

const profile = {
  currency: "SEK",
  locale: "sv_SE",
  market: "SE",
  timeZone: "Europe/Stockholm",
  periodAdjustedDay: 25,
  periodMode: "MONTHLY_ADJUSTED",
  notificationSettings: { balance: false }
} as const

const only = (...names: ReadonlyArray<keyof typeof profile>): object =>
  Object.fromEntries(names.map((name) => [name, profile[name]]))

/** As `tink-api.md` 5.1 prints it. */
const documented = {
  id: userId,
  appId: "abcdef0123456789abcdef0123456789",
  externalUserId: "cust-0001",
  created: 1700000000000,
  flags: ["SOME_FLAG"],
  nationalId: "canary-national-id",
  username: "a-name",
  profile
}

describe("getUser", () => {
  it.effect("is a GET with the session's token, and cached", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          const user = yield* users.getUser(reader)
          assertOne(take(), "GET /api/v1/user", undefined)
          assert.strictEqual(user.id, userId)
          assert.strictEqual(user.appId, "abcdef0123456789abcdef0123456789")
          assert.strictEqual(user.externalUserId, "cust-0001")
          assert.strictEqual(user.username, "a-name")
          assert.deepStrictEqual(user.flags, ["SOME_FLAG"])
          assert.deepStrictEqual(user.created, DateTime.unsafeMake("2023-11-14T22:13:20.000Z"))
          assert.deepStrictEqual<User.UserProfile>(user.profile, profile)
          assert.strictEqual(user.nationalId && Redacted.value(user.nationalId), "canary-national-id")
          assert.notInclude(inspect(user, { depth: 10 }) + JSON.stringify(user), "canary")

          assert.strictEqual(yield* users.getUser(both).pipe(Effect.map(({ id }) => id)), userId)
          assert.strictEqual(yield* users.getUser(reader), user)
          assert.lengthOf(take(), 0)
          yield* users.getUser(reader, { bypassCache: true })
          assert.lengthOf(take(), 1)
        })
    )
  )

  it.effect("decodes a user from the required fields, with unknown flags", () =>
    withTink(
      () =>
        json(200, {
          id: userId,
          appId: "a",
          created: 1,
          flags: null,
          nationalId: null,
          username: null,
          externalUserId: null,
          somethingNew: {},
          profile: { currency: "SEK", locale: "sv_SE", market: "SE", timeZone: "UTC", periodMode: "WEEKLY" }
        }),
      ({ users }) =>
        Effect.gen(function* () {
          const user = yield* users.getUser(reader)
          assert.deepStrictEqual(user.flags, [])
          assert.isUndefined(user.nationalId)
          assert.isUndefined(user.username)
          assert.isUndefined(user.externalUserId)
          assert.notProperty(user, "somethingNew")
          assert.strictEqual<string | undefined>(user.profile.periodMode, "WEEKLY")
          assert.notProperty(user.profile, "notificationSettings")
        })
    )
  )

  it.effect("fails when Tink answers with another user, which is not cached", () =>
    withTink(
      (_, n) => json(200, { ...documented, id: n === 1 ? otherId : userId }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(users.getUser(reader))
          assert.strictEqual(error.reason, "Invalid")
          assert.isFalse(error.isAmbiguous)
          assert.strictEqual((yield* users.getUser(reader)).id, userId)
          assert.lengthOf(take(), 2)
        })
    )
  )

  it.effect("needs user:read", () => assertNeeds("user:read", (users, session) => users.getUser(session)))
})

describe("updateUser", () => {
  it.effect("is a PATCH with the id of the session's user, and invalidates them", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.getUser(both)
          take()
          const user = yield* users.updateUser(both, { externalUserId: "cust-0002", username: "a-name" })
          assertOne(take(), "PATCH /api/v1/user", { id: userId, externalUserId: "cust-0002", username: "a-name" })
          assert.strictEqual(user.id, userId)
          yield* users.getUser(both)
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/user"])
        })
    )
  )

  it.effect("sends only what is given", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.updateUser(writer, { username: "Åsa Ek" })
          assertOne(take(), "PATCH /api/v1/user", { id: userId, username: "Åsa Ek" })
        })
    )
  )

  it.effect("is sent again when it may have been processed", () =>
    withTink(
      (_, n) => (n === 1 ? { status: 503, body: "" } : json(200, documented)),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.updateUser(writer, { username: "a-name" })
          assert.lengthOf(take(), 2)
        }),
      1
    )
  )

  it.effect("fails as an ambiguous change when Tink answers for another user", () =>
    withTink(
      () => json(200, { ...documented, id: otherId }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(users.updateUser(writer, { username: "a-name" }))
          assert.strictEqual(error.reason, "Invalid")
          assert.isTrue(error.isAmbiguous)
        })
    )
  )

  it.effect("needs user:write", () =>
    assertNeeds("user:write", (users, session) => users.updateUser(session, { username: "a" }))
  )

  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["no change", {}],
    ["nulls", { externalUserId: null, username: null }],
    ["an empty name", { username: "" }],
    ["a name with a line break", { username: "canary\n" }],
    ["an external id with half of a surrogate pair", { externalUserId: "canary\ud800" }]
  ]
  it.effect("refuses invalid changes before a request is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.updateUser(writer, cast(input)))
    )
  )
})

describe("the profile", () => {
  it.effect("is read with a GET, and cached", () =>
    withTink(
      () => json(200, profile),
      ({ take, users }) =>
        Effect.gen(function* () {
          assert.deepStrictEqual<User.UserProfile>(yield* users.getProfile(reader), profile)
          assertOne(take(), "GET /api/v1/user/profile", undefined)
          yield* users.getProfile(reader)
          assert.lengthOf(take(), 0)
        })
    )
  )

  it.effect("is put back as a whole with unknown fields, and invalidates its user", () =>
    withTink(
      ({ method }) =>
        method === "PUT"
          ? json(200, { ...profile, locale: "en_US" })
          : json(200, { ...profile, new: { deep: 1 }, notificationSettings: { balance: true, newer: "x" } }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const read = yield* users.getProfile(both)
          take()
          const updated = yield* users.updateProfile(both, { ...read, locale: "en_US", periodAdjustedDay: 1 })
          assert.strictEqual(updated.locale, "en_US")
          const [put, ...others] = take()
          assert.lengthOf(others, 0)
          assert.strictEqual(`${put?.method} ${put?.path}`, "PUT /api/v1/user/profile")
          assert.strictEqual(put?.headers["content-type"], "application/json")
          assert.deepStrictEqual(JSON.parse(put?.body ?? ""), {
            ...profile,
            locale: "en_US",
            periodAdjustedDay: 1,
            new: { deep: 1 },
            notificationSettings: { balance: true, newer: "x" }
          })
          yield* users.getProfile(both)
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/user/profile"])
        })
    )
  )

  it.effect("leaves out what is null", () =>
    withTink(
      () => json(200, { ...profile, periodAdjustedDay: null, notificationSettings: { balance: null, fraud: true } }),
      ({ users }) =>
        Effect.gen(function* () {
          const read = yield* users.getProfile(reader)
          assert.notProperty(read, "periodAdjustedDay")
          assert.deepStrictEqual(read.notificationSettings, { fraud: true })
        })
    )
  )

  it.effect("keeps what can be read, and is a Decode error if nothing can", () =>
    Effect.gen(function* () {
      const settings = { balance: "canary", fraud: true }
      const periodSettings = { mode: "MONTHLY_ADJUSTED", adjustedPeriodDay: 25 }
      const rows: ReadonlyArray<readonly [answer: object, read: object]> = [
        [
          { ...profile, notificationSettings: settings },
          { ...profile, notificationSettings: { fraud: true } }
        ],
        [
          { ...profile, timeZone: 1, periodMode: null, periodAdjustedDay: "25" },
          only("currency", "locale", "market", "periodAdjustedDay", "notificationSettings")
        ],
        [
          { ...only("currency", "locale"), periodSettings },
          { ...only("currency", "locale"), periodSettings }
        ],
        // Tink shortens an answer, or echoes what was sent (`tink-api.md` 5.2).
        [only("periodMode", "periodAdjustedDay"), only("periodMode", "periodAdjustedDay")]
      ]
      for (const [answer, read] of rows) {
        yield* withTink(
          () => json(200, answer),
          ({ users }) =>
            Effect.gen(function* () {
              assert.deepStrictEqual<object>(yield* users.getProfile(reader), read)
              assert.deepStrictEqual<object>(yield* users.updateProfile(writer, profile), read)
            })
        )
      }
      for (const answer of [{}, { errorMessage: "canary", errorCode: "canary" }, { locale: 7 }]) {
        const error = yield* withTink(
          () => json(200, answer),
          ({ users }) => Effect.flip(users.getProfile(reader))
        )
        assert.strictEqual(error.reason, "Decode")
      }
    })
  )

  it.effect("can be put back as it comes with a user", () =>
    withTink(
      ({ method }) =>
        method === "PUT" ? json(200, profile) : json(200, { ...documented, profile: { ...profile, new: 1 } }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const user = yield* users.getUser(both)
          take()
          yield* users.updateProfile(both, user.profile)
          assert.deepStrictEqual(JSON.parse(take()[0]?.body ?? ""), { ...profile, new: 1 })
        })
    )
  )

  it.effect("needs its scopes", () =>
    Effect.andThen(
      assertNeeds("user:read", (users, session) => users.getProfile(session)),
      assertNeeds("user:write", (users, session) => users.updateProfile(session, cast(profile)))
    )
  )

  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["a part of one", { locale: "sv_SE" }],
    ["an adjusted month without its day", { periodMode: "MONTHLY_ADJUSTED" }],
    ["a day without its month", { periodAdjustedDay: 25 }],
    ["periods and another part", { periodMode: "MONTHLY", locale: "sv_SE" }],
    ["periods with the 32nd day", { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 32 }],
    ["an invalid locale", { ...profile, locale: 7 }],
    ["an empty time zone", { ...profile, timeZone: "" }],
    ["the 0th day", { ...profile, periodAdjustedDay: 0 }],
    ["the 32nd day", { ...profile, periodAdjustedDay: 32 }],
    ["half a day", { ...profile, periodAdjustedDay: 1.5 }],
    ["no day", { ...profile, periodAdjustedDay: Number.NaN }],
    ["an invalid setting", { ...profile, notificationSettings: { balance: "canary" } }]
  ]
  it.effect("refuses an invalid profile before a request is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.updateProfile(writer, cast(input)))
    )
  )
})

describe("by the sandbox", () => {
  it.effect("changes the periods alone, and leaves the rest of the profile", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE", locale: "sv_SE" })
      const session = yield* users.authorize({ userId, scopes: ["user:read", "user:write"] })
      yield* users.updateProfile(session, { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 12 })
      const profile = yield* users.getProfile(session)
      assert.deepInclude(profile, { locale: "sv_SE", periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 12 })
      assert.deepInclude(profile.periodSettings, { mode: "MONTHLY_ADJUSTED", adjustedPeriodDay: 12 })
      yield* users.updateProfile(session, { periodMode: "MONTHLY" })
      assert.strictEqual((yield* users.getProfile(session)).periodMode, "MONTHLY")
    }).pipe(provideAll())
  )

  it.effect("reads what was changed", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { userId } = yield* users.createUser({ market: "SE", locale: "sv_SE", externalUserId: "cust-0001" })
      const session = yield* users.authorize({ userId, scopes: ["user:read", "user:write"] })
      const before = yield* users.getUser(session)
      assert.strictEqual(before.externalUserId, "cust-0001")
      assert.strictEqual(before.profile.locale, "sv_SE")

      const renamed = yield* users.updateUser(session, { externalUserId: "cust-0002" })
      assert.strictEqual(renamed.externalUserId, "cust-0002")
      const profile = yield* users.getProfile(session)
      yield* users.updateProfile(session, { ...profile, locale: "en_US", periodAdjustedDay: 12 })

      const after = yield* users.getUser(session)
      assert.strictEqual(after.externalUserId, "cust-0002")
      assert.strictEqual(after.profile.locale, "en_US")
      assert.strictEqual(after.profile.periodAdjustedDay, 12)
      assert.strictEqual((yield* users.ensureUser({ externalUserId: "cust-0002", market: "SE" })).userId, userId)
    }).pipe(provideAll())
  )

  it.effect("fails with Conflict for a name that is taken", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      yield* users.createUser({ market: "SE", externalUserId: "cust-0001" })
      const { userId } = yield* users.createUser({ market: "SE" })
      const session = yield* users.authorize({ userId, scopes: ["user:write"] })
      const error = yield* Effect.flip(users.updateUser(session, { externalUserId: "cust-0001" }))
      assert.strictEqual(error.reason, "Conflict")
    }).pipe(provideAll())
  )

  it.effect("applies an update whose answer is lost, by a second request", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* users.createUser({ market: "SE" })
      const session = yield* users.authorize({ userId, scopes: ["user:read", "user:write"] })
      yield* users.getProfile(session)
      yield* takeLines
      yield* sandbox.injectFault({ kind: "drop-after", method: "PATCH" })
      const user = yield* users.updateUser(session, { username: "a-name" })
      assert.strictEqual(user.username, "a-name")
      assert.deepStrictEqual(yield* takeLines, ["PATCH /api/v1/user", "PATCH /api/v1/user"])
    }).pipe(provideAll({ http: { retryBaseDelay: 0 } }))
  )
})
