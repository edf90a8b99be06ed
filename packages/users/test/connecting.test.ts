import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import { type Credential, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { failure, provideAll, takeLines, withTime } from "./helpers.js"
import { json, linesOf, noContent } from "../../../test/support/scriptedTink.js"
import {
  assertNeeds,
  assertOne,
  assertRefused,
  cast,
  id,
  otherCredentialsId,
  otherId,
  sessionWith,
  userId,
  withTink
} from "./scripted.js"

const reader = sessionWith("credentials:read")
const writer = sessionWith("credentials:write")
const refresher = sessionWith("credentials:refresh")
const all = sessionWith("credentials:read", "credentials:write", "credentials:refresh")

const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

/** As `tink-api.md` 6.1 has it. */
const documented = {
  id,
  providerName: "se-demobank-password",
  type: "PASSWORD",
  status: "CREATED",
  fields: { username: "u27744" },
  userId
}

const option = {
  authenticationOptionDefinition: "SE_MOBILE_BANKID_OTHER_DEVICE",
  authenticationOptionsGroup: "SE_MOBILE_BANKID_DEVICE_CHOICE"
}

const decodeQuestion = Schema.decode(Schema.parseJson(Schema.Array(Schema.Struct({ name: Schema.String }))))

const list = { credentials: [documented] }

describe("createCredential", () => {
  it.effect("sends only what is given, with secrets in clear", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          const credential = yield* users.createCredential(writer, {
            providerName: "se-demobank-password",
            fields: { username: "u27744", password: Redacted.make('yzv"åÅ') }
          })
          assertOne(take(), "POST /api/v1/credentials", {
            providerName: "se-demobank-password",
            fields: { username: "u27744", password: 'yzv"åÅ' }
          })
          assert.strictEqual(credential.id, id)
          assert.strictEqual(credential.status, "CREATED")
        })
    )
  )

  it.effect("sends every option, with items in the query", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.createCredential(writer, {
            providerName: "se-demobank-password",
            fields: {},
            items: ["CHECKING_ACCOUNTS", "IDENTITY_DATA"],
            appUri: "my-app://back",
            callbackUri: "https://app.example/callback?a=b",
            originatingUserIp: "198.51.100.10",
            selectedAuthenticationOptions: [{ ...option, fields: { username: Redacted.make("u") } }, option],
            triggerRefresh: false
          })
          assertOne(take(), "POST /api/v1/credentials?items=CHECKING_ACCOUNTS&items=IDENTITY_DATA", {
            providerName: "se-demobank-password",
            fields: {},
            appUri: "my-app://back",
            callbackUri: "https://app.example/callback?a=b",
            originatingUserIp: "198.51.100.10",
            selectedAuthenticationOptions: [{ ...option, fields: { username: "u" } }, option],
            triggerRefresh: false
          })
        })
    )
  )

  it.effect("invalidates its user also when it fails", () =>
    withTink(
      ({ method }) => (method === "GET" ? json(200, list) : json(409, { errorCode: "some.code" })),
      ({ take, users }) =>
        Effect.gen(function* () {
          const credentials = yield* users.listCredentials(all)
          assert.isTrue(Object.isFrozen(credentials))
          const error = yield* failure(users.createCredential(all, { providerName: "p", fields: {} }))
          assert.strictEqual(error.reason, "Conflict")
          assert.isFalse(error.isAmbiguous)
          take()
          yield* users.listCredentials(all)
          assert.deepStrictEqual(linesOf(take()), ["GET /api/v1/credentials/list"])
        })
    )
  )

  it.effect("is not sent again when it may have been processed", () =>
    withTink(
      () => ({ status: 503, body: "" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const error = yield* failure(users.createCredential(writer, { providerName: "p", fields: {} }))
          assert.isTrue(error.isAmbiguous)
          assert.isFalse(error.isRetryable)
          assert.lengthOf(take(), 1)
        }),
      3
    )
  )

  it.effect("fails as an ambiguous change when Tink answers for another user", () =>
    withTink(
      () => json(200, { ...documented, userId: otherId }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* failure(users.createCredential(writer, { providerName: "p", fields: {} }))
          assert.strictEqual(error.reason, "Invalid")
          assert.isTrue(error.isAmbiguous)
        })
    )
  )

  it.effect("no error repeats what the user gave, redacted or not", () =>
    withTink(
      ({ body }) => ({ status: 400, body: JSON.stringify({ errorMessage: `not so: ${body}`, errorCode: "a.code" }) }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* failure(
            users.createCredential(writer, {
              providerName: "p",
              fields: { username: "canary-1", password: Redacted.make("canary-2") },
              selectedAuthenticationOptions: [{ ...option, fields: { username: "canary-3" } }]
            })
          )
          assert.strictEqual(error.errorCode, "a.code")
          assert.include(error.errorMessage, "<redacted>")
          assert.notInclude(inspect(error, { depth: 10 }) + JSON.stringify(error), "canary")
        })
    )
  )

  it.effect("sends a secret again that was wiped meanwhile", () =>
    withTink(
      (_, n) => (n === 1 ? { status: 429, body: "" } : json(200, documented)),
      ({ take, users }) =>
        Effect.gen(function* () {
          const password = Redacted.make("a-password")
          yield* Effect.all(
            [
              users.createCredential(writer, { providerName: "p", fields: { password } }),
              Effect.andThen(
                Effect.yieldNow(),
                Effect.sync(() => Redacted.unsafeWipe(password))
              )
            ],
            { concurrency: 2 }
          )
          assert.deepStrictEqual(
            take().map(({ body }) => body),
            Array.from({ length: 2 }, () => '{"providerName":"p","fields":{"password":"a-password"}}')
          )
        }),
      1
    )
  )

  it.effect("needs credentials:write", () =>
    assertNeeds("credentials:write", (users, session) =>
      users.createCredential(session, { providerName: "p", fields: {} })
    )
  )

  const good = { providerName: "p", fields: {} }
  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["no provider", { fields: {} }],
    ["an empty provider", { ...good, providerName: "" }],
    ["no fields", { providerName: "p" }],
    ["fields that are null", { ...good, fields: null }],
    ["fields that are a list", { ...good, fields: ["canary"] }],
    ["fields that are a Map", { ...good, fields: new Map([["username", "canary"]]) }],
    ["fields that are redacted as a whole", { ...good, fields: Redacted.make({ username: "canary" }) }],
    ["a field that is a number", { ...good, fields: { username: 7 } }],
    ["a field that is not there", { ...good, fields: { username: undefined } }],
    ["a field that is a redacted number", { ...good, fields: { username: Redacted.make(7) } }],
    ["a field that was wiped", { ...good, fields: { username: wiped } }],
    ["no items", { ...good, items: [] }],
    ["an item that does not exist", { ...good, items: ["CANARY"] }],
    ["an item alone", { ...good, items: "CHECKING_ACCOUNTS" }],
    ["a relative URI", { ...good, appUri: "/canary" }],
    ["a URI with a space", { ...good, callbackUri: "https://canary /" }],
    ["an invalid address", { ...good, originatingUserIp: "canary" }],
    ["a string for a boolean", { ...good, triggerRefresh: "false" }],
    ["no options to log in", { ...good, selectedAuthenticationOptions: [] }],
    ["options of nothing", { ...good, selectedAuthenticationOptions: [{}] }],
    ["options with a hole", { ...good, selectedAuthenticationOptions: Array.from({ length: 1 }) }],
    ["options with bad fields", { ...good, selectedAuthenticationOptions: [{ ...option, fields: { a: 7 } }] }]
  ]
  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.createCredential(writer, cast(input)))
    )
  )
})

describe("updateCredential", () => {
  it.effect("sends only what is given, and invalidates its user", () =>
    withTink(
      ({ path }) => (path.endsWith("/list") ? json(200, list) : json(200, documented)),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listCredentials(all)
          take()
          const credential = yield* users.updateCredential(all, id, { fields: { password: Redacted.make("new") } })
          assertOne(take(), `PUT /api/v1/credentials/${id}`, { fields: { password: "new" } })
          assert.strictEqual(credential.id, id)
          yield* users.listCredentials(all)
          assert.lengthOf(take(), 1)
        })
    )
  )

  it.effect("sends every option", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.updateCredential(writer, id, {
            providerName: "p",
            appUri: "my-app://back",
            callbackUri: "https://app.example/",
            originatingUserIp: "2001:db8::1",
            selectedAuthenticationOptions: [option],
            triggerRefresh: true
          })
          assertOne(take(), `PUT /api/v1/credentials/${id}`, {
            providerName: "p",
            appUri: "my-app://back",
            callbackUri: "https://app.example/",
            originatingUserIp: "2001:db8::1",
            selectedAuthenticationOptions: [option],
            triggerRefresh: true
          })
        })
    )
  )

  it.effect("sends an empty object for no changes", () =>
    withTink(
      () => json(200, documented),
      ({ take, users }) =>
        Effect.map(users.updateCredential(writer, id, {}), () => assertOne(take(), `PUT /api/v1/credentials/${id}`, {}))
    )
  )

  it.effect("is not sent again when it may have been processed, though it is a PUT", () =>
    withTink(
      () => ({ status: 503, body: "" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const error = yield* failure(users.updateCredential(writer, id, {}))
          assert.isTrue(error.isAmbiguous)
          assert.lengthOf(take(), 1)
        }),
      3
    )
  )

  it.effect("an answer about another credential or user fails as an ambiguous change", () =>
    everyRow(
      [
        ["another credential", { ...documented, id: otherCredentialsId }],
        ["a credential of another user", { ...documented, userId: otherId }]
      ] as const,
      ([name]) => name,
      ([, answer]) =>
        withTink(
          () => json(200, answer),
          ({ users }) =>
            Effect.gen(function* () {
              const error = yield* failure(users.updateCredential(writer, id, {}))
              assert.strictEqual(error.reason, "Invalid")
              assert.isTrue(error.isAmbiguous)
            })
        )
    )
  )

  it.effect("needs credentials:write", () =>
    assertNeeds("credentials:write", (users, session) => users.updateCredential(session, id, {}))
  )

  const table: ReadonlyArray<readonly [string, unknown, unknown]> = [
    ["no changes", id, undefined],
    ["changes that are a list", id, []],
    ["changes that are a Map", id, new Map([["providerName", "canary"]])],
    ["an invalid id", "canary/..", {}],
    ["no id", undefined, {}],
    ["a field that was wiped", id, { fields: { password: wiped } }],
    ["fields that are null", id, { fields: null }],
    ["an empty provider", id, { providerName: "" }],
    ["a relative URI", id, { appUri: "canary" }]
  ]
  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, id, input]) => assertRefused((users) => users.updateCredential(writer, cast(id), cast(input)))
    )
  )
})

describe("refreshCredential", () => {
  const line = `POST /api/v1/credentials/${id}/refresh`
  const table: ReadonlyArray<readonly [string, Credential.RefreshOptions | undefined, string, unknown]> = [
    ["no options", undefined, line, undefined],
    ["empty options", {}, line, undefined],
    [
      "options that are not given",
      { items: undefined, userAvailability: undefined, appUri: undefined },
      line,
      undefined
    ],
    ["one item", { items: ["CHECKING_ACCOUNTS"] }, `${line}?items=CHECKING_ACCOUNTS`, undefined],
    [
      "all of the query, and no body",
      { items: ["LOAN_ACCOUNTS", "LOAN_TRANSACTIONS"], optIn: true, authenticate: false },
      `${line}?items=LOAN_ACCOUNTS&items=LOAN_TRANSACTIONS&optIn=true&authenticate=false`,
      undefined
    ],
    [
      "a user who is there",
      {
        userAvailability: { userPresent: true, userAvailableForInteraction: true, originatingUserIp: "198.51.100.10" }
      },
      line,
      { userAvailability: { userPresent: true, userAvailableForInteraction: true, originatingUserIp: "198.51.100.10" } }
    ],
    [
      "a user who is not there",
      { userAvailability: { userPresent: false, userAvailableForInteraction: false } },
      line,
      { userAvailability: { userPresent: false, userAvailableForInteraction: false } }
    ],
    [
      "all at once",
      {
        authenticate: true,
        appUri: "my-app://back",
        callbackUri: "https://app.example/",
        selectedAuthenticationOptions: [option],
        userAvailability: { userPresent: true, userAvailableForInteraction: false }
      },
      `${line}?authenticate=true`,
      {
        appUri: "my-app://back",
        callbackUri: "https://app.example/",
        selectedAuthenticationOptions: [option],
        userAvailability: { userPresent: true, userAvailableForInteraction: false }
      }
    ]
  ]
  it.effect("sends only the options that are given, each in its place", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, options, expected, body]) =>
        withTink(
          () => noContent,
          ({ take, users }) =>
            Effect.map(users.refreshCredential(refresher, id, options), () => assertOne(take(), expected, body))
        )
    )
  )

  const bad: ReadonlyArray<readonly [string, unknown]> = [
    ["options that are a string", "canary"],
    ["options that are a list", ["CHECKING_ACCOUNTS"]],
    ["options that are a Map", new Map([["items", ["CHECKING_ACCOUNTS"]]])],
    ["null", null],
    ["no items", { items: [] }],
    ["an item that is deprecated", { items: ["EINVOICES"] }],
    ["invalid items", { items: ["canary"] }],
    ["a string for a boolean", { authenticate: "canary" }],
    ["another one", { optIn: 1 }],
    ["half an availability", { userAvailability: { userPresent: true } }],
    ["the other half", { userAvailability: { userAvailableForInteraction: true } }],
    [
      "an invalid address",
      { userAvailability: { userPresent: true, userAvailableForInteraction: true, originatingUserIp: "canary" } }
    ],
    ["a relative URI", { appUri: "canary" }],
    ["options to log in without logging in", { selectedAuthenticationOptions: [option] }]
  ]
  it.effect("refuses invalid options before a request is sent", () =>
    everyRow(
      bad,
      ([name]) => name,
      ([, options]) => assertRefused((users) => users.refreshCredential(refresher, id, cast(options)))
    )
  )
})

describe("authenticateCredential", () => {
  const line = `POST /api/v1/credentials/${id}/authenticate`

  it.effect("has a body only if there is an option to send", () =>
    withTink(
      () => noContent,
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.authenticateCredential(refresher, id)
          assertOne(take(), line, undefined)
          yield* users.authenticateCredential(refresher, id, {})
          assertOne(take(), line, undefined)
          const options = {
            appUri: "my-app://back",
            callbackUri: "https://app.example/",
            originatingUserIp: "198.51.100.10",
            selectedAuthenticationOptions: [option]
          }
          yield* users.authenticateCredential(refresher, id, options)
          assertOne(take(), line, options)
        })
    )
  )

  it.effect("invalidates its user, and is not sent again when it may have been processed", () =>
    withTink(
      ({ method }) => (method === "GET" ? json(200, list) : { status: 500, body: "" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listCredentials(all)
          take()
          yield* failure(users.authenticateCredential(all, id))
          yield* users.listCredentials(all)
          assert.deepStrictEqual(linesOf(take()), [line, "GET /api/v1/credentials/list"])
        }),
      3
    )
  )

  it.effect("needs credentials:refresh", () =>
    assertNeeds("credentials:refresh", (users, session) => users.authenticateCredential(session, id))
  )

  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      [
        ["an invalid id", "canary/..", undefined],
        ["options that are a string", id, "canary"],
        ["an invalid address", id, { originatingUserIp: "canary" }],
        ["a relative URI", id, { callbackUri: "canary" }]
      ] as const,
      ([name]) => name,
      ([, id_, options]) => assertRefused((users) => users.authenticateCredential(refresher, cast(id_), cast(options)))
    )
  )
})

describe("submitSupplementalInformation", () => {
  const line = `POST /api/v1/credentials/${id}/supplemental-information`

  it.effect("sends the answers, and an empty object to cancel", () =>
    withTink(
      () => noContent,
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.submitSupplementalInformation(refresher, id, { otp: Redacted.make("123456"), remember: "true" })
          assertOne(take(), line, { information: { otp: "123456", remember: "true" } })
          yield* users.submitSupplementalInformation(refresher, id, {})
          assertOne(take(), line, { information: {} })
        })
    )
  )

  it.effect("invalidates its user, is not sent again, and no error repeats an answer", () =>
    withTink(
      ({ body, method }) =>
        method === "GET" ? json(200, list) : { status: 500, body: `{"errorMessage":${JSON.stringify(body)}}` },
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.listCredentials(all)
          take()
          const error = yield* failure(users.submitSupplementalInformation(all, id, { otp: "canary" }))
          assert.include(error.errorMessage, "information")
          assert.notInclude(error.message, "canary")
          yield* users.listCredentials(all)
          assert.deepStrictEqual(linesOf(take()), [line, "GET /api/v1/credentials/list"])
        }),
      3
    )
  )

  it.effect("needs credentials:refresh", () =>
    assertNeeds("credentials:refresh", (users, session) => users.submitSupplementalInformation(session, id, {}))
  )

  it.effect("refuses invalid answers before a request is sent", () =>
    everyRow(
      [
        ["nothing", undefined],
        ["null", null],
        ["a string", "canary"],
        ["a Map, which would cancel", new Map([["otp", "canary"]])],
        ["an answer that is a number", { otp: 123456 }],
        ["an answer that was wiped", { otp: wiped }]
      ] as const,
      ([name]) => name,
      ([, information]) =>
        assertRefused((users) => users.submitSupplementalInformation(refresher, id, cast(information)))
    )
  )
})

const streamOf = (parts: ReadonlyArray<Uint8Array>) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      parts.forEach((part) => controller.enqueue(part))
      controller.close()
    }
  })

describe("getCredentialQr", () => {
  const qr = "data:image/png;base64,iVBORw0KGgo="

  it.effect("is redacted, and never cached", () =>
    withTink(
      (_, n) => ({ body: n === 1 ? qr : `${qr}\n`, headers: { "content-type": "text/plain" } }),
      ({ cache, take, users }) =>
        Effect.gen(function* () {
          const first = yield* users.getCredentialQr(reader, id)
          assertOne(take(), `GET /api/v1/credentials/${id}/qr`, undefined)
          assert.strictEqual(Redacted.value(first), qr)
          assert.notInclude(inspect(first) + String(first) + JSON.stringify(first), "iVBOR")
          assert.strictEqual(Redacted.value(yield* users.getCredentialQr(reader, id)), qr)
          assert.lengthOf(take(), 1)
          assert.strictEqual((yield* cache.stats).size, 0)
        })
    )
  )

  it.effect("takes the picture itself, in one piece or in several", () => {
    const bytes = Buffer.from("89504e470d0a1a0a0000000d49484452ff80c3", "hex")
    return everyRow(
      [[bytes], [bytes.subarray(0, 3), bytes.subarray(3)]],
      (parts) => `${parts.length}`,
      (parts) =>
        withTink(
          () => ({ body: streamOf(parts), headers: { "content-type": "image/png" } }),
          ({ users }) =>
            Effect.gen(function* () {
              const uri = Redacted.value(yield* users.getCredentialQr(reader, id))
              assert.strictEqual(uri, `data:image/png;base64,${bytes.toString("base64")}`)
            })
        )
    )
  })

  it.effect("decodes nothing but a PNG data URL", () =>
    everyRow(
      [
        ["nothing", ""],
        ["no picture", "data:image/png;base64,"],
        ["another kind of picture", "data:image/svg+xml;base64,canary"],
        ["a script", "data:text/html;base64,canary"],
        ["a picture and more", `${qr}" onerror="canary`],
        ["a picture that was read as text", "\u0089PNG canary"],
        ["JSON", `"${qr}"`]
      ] as const,
      ([name]) => `does not take ${name} for one`,
      ([, body]) =>
        withTink(
          () => ({ body }),
          ({ users }) =>
            Effect.gen(function* () {
              const error = yield* failure(users.getCredentialQr(reader, id))
              assert.strictEqual(error.reason, "Decode")
              assert.notInclude(error.message, "canary")
              assert.isFalse(error.isAmbiguous)
            })
        )
    )
  )

  it.effect("needs credentials:read", () =>
    assertNeeds("credentials:read", (users, session) => users.getCredentialQr(session, id))
  )

  it.effect("refuses an invalid id before a request is sent", () =>
    assertRefused((users) => users.getCredentialQr(reader, cast("canary/..")))
  )
})

describe("by the sandbox", () => {
  const scopes = ["credentials:read", "credentials:refresh", "credentials:write"] as const

  const makeSession = Effect.gen(function* () {
    const users = yield* Users.Users
    const { userId } = yield* users.createUser({ market: "SE" })
    return yield* users.authorize({ userId, scopes })
  })

  it.effect("connects a bank with a password once", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const session = yield* makeSession
      const input = {
        providerName: "se-demobank-password",
        fields: { username: "u27744", password: Redacted.make("a-password") }
      }
      const { id } = yield* users.createCredential(session, input)
      const last = yield* withTime(Stream.runLast(users.followCredential(session, id)))
      assert.strictEqual(Option.getOrThrow(last).status, "UPDATED")
      const again = yield* failure(users.createCredential(session, input))
      assert.strictEqual(again.reason, "Conflict")
      const nowhere = yield* failure(users.createCredential(session, { ...input, providerName: "no-bank" }))
      assert.strictEqual(nowhere.reason, "NotFound")

      const updated = yield* users.updateCredential(session, id, { fields: { ...input.fields, username: "u2" } })
      assert.strictEqual(updated.id, id)
      const busy = yield* failure(users.updateCredential(session, id, {}))
      assert.strictEqual(busy.reason, "Conflict")
    }).pipe(provideAll())
  )

  it.effect("takes the answer to a question, and cancels without one", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const session = yield* makeSession
      const { id } = yield* users.createCredential(session, {
        providerName: "se-demobank-open-banking-embedded",
        fields: { username: "u27744" }
      })
      const follow = Effect.map(withTime(Stream.runLast(users.followCredential(session, id))), Option.getOrThrow)
      const asked = yield* follow
      assert.strictEqual(asked.status, "AWAITING_SUPPLEMENTAL_INFORMATION")
      const question = asked.supplementalInformation && Redacted.value(asked.supplementalInformation)
      const [field] = yield* decodeQuestion(question ?? "")
      yield* users.submitSupplementalInformation(session, id, { [field?.name ?? ""]: Redacted.make("123456") })
      assert.strictEqual((yield* follow).status, "UPDATED")

      yield* users.authenticateCredential(session, id, { originatingUserIp: "198.51.100.10" })
      assert.strictEqual((yield* follow).status, "AWAITING_SUPPLEMENTAL_INFORMATION")
      yield* users.submitSupplementalInformation(session, id, {})
      assert.strictEqual((yield* follow).status, "AUTHENTICATION_ERROR")
    }).pipe(provideAll())
  )

  it.effect("has a QR code while BankID is awaited", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const session = yield* makeSession
      const { id } = yield* users.createCredential(session, {
        providerName: "se-demobank-mobilebankid",
        fields: { username: "198410045701" }
      })
      yield* TestClock.adjust("1 second")
      const qr = yield* users.getCredentialQr(session, id)
      assert.match(Redacted.value(qr), /^data:image\/png;base64,/)
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.completeAuthentication(id)
      yield* TestClock.adjust("10 seconds")
      const gone = yield* failure(users.getCredentialQr(session, id))
      assert.strictEqual(gone.reason, "NotFound")
    }).pipe(provideAll())
  )

  it.effect("takes the items of a refresh and the user's availability", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const session = yield* makeSession
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { id } = yield* users.createCredential(session, {
        providerName: "se-demobank-password",
        fields: { username: "u27744", password: Redacted.make("a-password") },
        items: ["CHECKING_ACCOUNTS"]
      })
      yield* TestClock.adjust("1 minute")
      yield* sandbox.expireSession(id)
      yield* takeLines
      yield* users.refreshCredential(session, id, {
        items: ["CHECKING_ACCOUNTS", "CHECKING_TRANSACTIONS"],
        userAvailability: { userPresent: false, userAvailableForInteraction: false }
      })
      assert.deepStrictEqual(yield* takeLines, [`POST /api/v1/credentials/${id}/refresh`])
      yield* TestClock.adjust("1 minute")
      const { status } = yield* users.getCredential(session, id)
      assert.strictEqual(status, "SESSION_EXPIRED")
    }).pipe(provideAll())
  )
})
