import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { TinkSandbox } from "@effect-tink/sandbox"
import { ProviderConsent, Users } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { provideAll } from "./helpers.js"
import { json, linesOf } from "../../../test/support/scriptedTink.js"
import {
  assertNeeds,
  assertOne,
  assertRefused,
  cast,
  id,
  otherCredentialsId,
  sessionWith,
  withTink
} from "./scripted.js"

const reader = sessionWith("provider-consents:read")
const writer = sessionWith("provider-consents:write")
const both = sessionWith("provider-consents:read", "provider-consents:write")

/** As `tink-api.md` 7.1 prints it. */
const documented = {
  credentialsId: id,
  providerName: "uk-demobank-open-banking-redirect",
  status: "AUTHENTICATION_ERROR",
  statusUpdated: 1700000000000,
  sessionExpiryDate: 1707776000000,
  sessionExtendable: false,
  accountIds: ["0123456789abcdef0123456789abcdef"],
  detailedError: {
    type: "USER_LOGIN_ERROR",
    displayMessage: "Wrong password.",
    details: { reason: "STATIC_CREDENTIALS_INCORRECT", retryable: false }
  }
} as const

const decoded = new ProviderConsent.ProviderConsent({
  ...documented,
  statusUpdated: DateTime.unsafeMake("2023-11-14T22:13:20.000Z"),
  sessionExpiryDate: DateTime.unsafeMake("2024-02-12T22:13:20.000Z"),
  detailedError: new ProviderConsent.DetailedError(documented.detailedError)
})

describe("listProviderConsents", () => {
  it.effect("is a GET with the session's token, cached and frozen", () =>
    withTink(
      () => json(200, { providerConsents: [documented] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const consents = yield* users.listProviderConsents(reader)
          assertOne(take(), "GET /api/v1/provider-consents", undefined)
          assert.deepStrictEqual(consents, [decoded])
          assert.isTrue(Object.isFrozen(consents))
          assert.strictEqual(yield* users.listProviderConsents(reader), consents)
          assert.strictEqual(yield* users.listProviderConsents(reader, {}), consents)
          assert.lengthOf(take(), 0)
          yield* users.listProviderConsents(reader, { bypassCache: true })
          assert.lengthOf(take(), 1)
        })
    )
  )

  it.effect("of one credential has a query, and an entry of its own in the cache", () =>
    withTink(
      () => json(200, { providerConsents: [documented] }),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listProviderConsents(reader)
          take()
          yield* users.listProviderConsents(reader, { credentialsId: id })
          assertOne(take(), `GET /api/v1/provider-consents?credentialsId=${id}`, undefined)
          yield* users.listProviderConsents(reader, { credentialsId: id })
          assert.lengthOf(take(), 0)
          const error = yield* Effect.flip(users.listProviderConsents(reader, { credentialsId: otherCredentialsId }))
          assertOne(take(), `GET /api/v1/provider-consents?credentialsId=${otherCredentialsId}`, undefined)
          // It is of the other one, so that Tink cannot have meant it.
          assert.strictEqual(error.reason, "Invalid")
        })
    )
  )

  it.effect("decodes a consent without any field", () =>
    withTink(
      () =>
        json(200, { providerConsents: [{}, Object.fromEntries(Object.keys(documented).map((key) => [key, null]))] }),
      ({ users }) =>
        Effect.gen(function* () {
          const consents = yield* users.listProviderConsents(reader)
          assert.lengthOf(consents, 2)
          for (const consent of consents) {
            assert.deepStrictEqual(
              Object.entries(consent).filter(([, value]) => value !== undefined),
              [["accountIds", []]]
            )
            assert.isFalse(consent.isExpired(DateTime.unsafeMake(8.64e15)))
          }
        })
    )
  )

  it.effect("keeps unknown values of open enumerations, and has no time where Tink says 0", () =>
    withTink(
      () =>
        json(200, {
          providerConsents: [
            {
              status: "NEW_STATUS",
              sessionExpiryDate: 0,
              detailedError: { type: "NEW_TYPE", displayMessage: "", details: { reason: "NEW_REASON" } },
              new: 1
            }
          ]
        }),
      ({ users }) =>
        Effect.gen(function* () {
          const [consent] = yield* users.listProviderConsents(reader)
          assert.strictEqual<string | undefined>(consent?.status, "NEW_STATUS")
          assert.isUndefined(consent?.sessionExpiryDate)
          assert.strictEqual<string | undefined>(consent?.detailedError?.type, "NEW_TYPE")
          assert.strictEqual(consent?.detailedError?.displayMessage, "")
          assert.strictEqual<string | undefined>(consent?.detailedError?.details?.reason, "NEW_REASON")
        })
    )
  )

  it.effect("is cached for a second while a status is in progress, and never past the end of a session", () =>
    withTink(
      (_, n) =>
        json(200, {
          providerConsents: [
            n === 1
              ? { ...documented, status: "UPDATING" }
              : { ...documented, status: "UPDATED", sessionExpiryDate: 5000 }
          ]
        }),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listProviderConsents(reader)
          yield* TestClock.adjust("999 millis")
          yield* users.listProviderConsents(reader)
          assert.lengthOf(take(), 1)
          yield* TestClock.adjust("1 millis")
          yield* users.listProviderConsents(reader)
          assert.lengthOf(take(), 1)
          yield* TestClock.adjust("3999 millis")
          const [before] = yield* users.listProviderConsents(reader)
          assert.lengthOf(take(), 0)
          assert.isFalse(before?.isExpired(yield* DateTime.now))
          yield* TestClock.adjust("1 millis")
          const [after] = yield* users.listProviderConsents(reader)
          assert.lengthOf(take(), 1)
          assert.isTrue(after?.isExpired(yield* DateTime.now))
        })
    )
  )

  it.effect("needs its scope", () =>
    assertNeeds("provider-consents:read", (users, session) => users.listProviderConsents(session))
  )

  it.effect("refuses an invalid credentials id before a request is sent", () =>
    everyRow(
      [
        ["null", null],
        ["a path", "canary/.."],
        ["empty", ""]
      ] as const,
      ([name]) => `refuses a connection that is ${name}`,
      ([, bad]) => assertRefused((users) => users.listProviderConsents(reader, cast({ credentialsId: bad })))
    )
  )
})

describe("extendProviderConsent", () => {
  it.effect("sends the credential's id, and invalidates its user", () =>
    withTink(
      ({ method }) => (method === "GET" ? json(200, { providerConsents: [documented] }) : json(200, documented)),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listProviderConsents(both)
          take()
          assert.deepStrictEqual(yield* users.extendProviderConsent(both, id), decoded)
          assertOne(take(), "POST /api/v1/provider-consents:extend", { credentialsId: id })
          yield* users.listProviderConsents(both)
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/provider-consents"])
        })
    )
  )

  it.effect("is not sent again when it may have been processed", () =>
    withTink(
      () => ({ status: 503, body: "" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(users.extendProviderConsent(writer, id))
          assert.isTrue(error.isAmbiguous)
          assert.lengthOf(take(), 1)
        }),
      3
    )
  )

  it.effect("fails as an ambiguous change when the answer is not a consent", () =>
    everyRow(
      [{}, { message: "No", status: "error" }, { error: "No" }, null],
      (answer) => JSON.stringify(answer),
      (answer) =>
        withTink(
          () => json(200, answer),
          ({ users }) =>
            Effect.map(Effect.flip(users.extendProviderConsent(writer, id)), (error) =>
              assert.deepInclude(error, { reason: "Decode", isAmbiguous: true })
            )
        )
    )
  )

  it.effect("fails as an ambiguous change when Tink answers for another credential", () =>
    withTink(
      () => json(200, { ...documented, credentialsId: otherCredentialsId }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(users.extendProviderConsent(writer, id))
          assert.strictEqual(error.reason, "Invalid")
          assert.isTrue(error.isAmbiguous)
        })
    )
  )

  it.effect("needs its scope", () =>
    assertNeeds("provider-consents:write", (users, session) => users.extendProviderConsent(session, id))
  )

  it.effect("refuses an invalid id before a request is sent", () =>
    assertRefused((users) => users.extendProviderConsent(writer, cast("canary/..")))
  )
})

describe("by the sandbox", () => {
  it.effect("extends a consent in the United Kingdom, and no other", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { userId } = yield* users.createUser({ market: "GB" })
      const bank = yield* sandbox.connectBank(userId, {
        providerName: "uk-demobank-open-banking-redirect-extendable",
        sessionExpiryDate: 86_400_000
      })
      const id = Ids.CredentialsId.make(bank.id)
      const session = yield* users.authorize({
        userId,
        scopes: ["provider-consents:read", "provider-consents:write"]
      })
      const [before] = yield* users.listProviderConsents(session)
      assert.strictEqual(before?.credentialsId, id)
      assert.isTrue(before?.sessionExtendable)
      const extended = yield* users.extendProviderConsent(session, id)
      const [after] = yield* users.listProviderConsents(session, { credentialsId: id })
      assert.deepStrictEqual(after?.sessionExpiryDate, extended.sessionExpiryDate)
      assert.isTrue(
        after?.sessionExpiryDate !== undefined &&
          before?.sessionExpiryDate !== undefined &&
          DateTime.greaterThan(after.sessionExpiryDate, before.sessionExpiryDate)
      )

      const other = yield* sandbox.connectBank(userId)
      const refused = yield* Effect.flip(users.extendProviderConsent(session, Ids.CredentialsId.make(other.id)))
      assert.strictEqual(refused.reason, "Invalid")
      assert.strictEqual(refused.status, 400)
      const missing = yield* Effect.flip(users.extendProviderConsent(session, otherCredentialsId))
      assert.strictEqual(missing.reason, "NotFound")
    }).pipe(provideAll())
  )
})
