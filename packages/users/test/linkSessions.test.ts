import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import { TinkLink, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { json } from "../../../test/support/scriptedTink.js"
import { failure, provideAll, takeLines, TOKEN, withTime } from "./helpers.js"
import { assertOne, assertRefused, cast, withTink } from "./scripted.js"

const SESSION = "POST /link/v1/session"

const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

describe("createLinkSession", () => {
  it.effect("sends what is given, with secrets in clear, and returns the session redacted", () =>
    withTink(
      () => json(200, { sessionId: "c0de" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          const session = yield* users.createLinkSession({
            externalReference: "order-0001",
            merchantId: "a merchant",
            personalIdentifier: Redacted.make("199001011234"),
            sourceAccountNumber: "SE00 0000",
            user: { firstName: "Åsa", lastName: "Ek" }
          })
          assertOne(
            take(),
            SESSION,
            {
              externalReference: "order-0001",
              merchantId: "a merchant",
              personalIdentifier: "199001011234",
              sourceAccountNumber: "SE00 0000",
              user: { firstName: "Åsa", lastName: "Ek" }
            },
            "Bearer a-client-token"
          )
          assert.strictEqual(Redacted.value(session.sessionId), "c0de")
          assert.notInclude(inspect(session) + JSON.stringify(session), "c0de")
        })
    )
  )

  it.effect("no error repeats a number", () =>
    withTink(
      ({ body }) => ({ status: 400, body: JSON.stringify({ errorMessage: `not so: ${body}`, errorCode: "a.code" }) }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* failure(
            users.createLinkSession({ personalIdentifier: "canary-1", sourceAccountNumber: Redacted.make("canary-2") })
          )
          assert.strictEqual(error.errorCode, "a.code")
          assert.notInclude(inspect(error, { depth: 10 }) + JSON.stringify(error), "canary")
        })
    )
  )

  const bad: ReadonlyArray<readonly [string, unknown]> = [
    ["no input", undefined],
    ["an empty input", {}],
    ["members that are not there", { merchantId: undefined, user: undefined }],
    ["a user without a name", { user: {} }],
    ["a user that is a string", { user: "canary" }],
    ["a long reference", { externalReference: "a".repeat(51) }],
    ["a reference with a space", { externalReference: "canary canary" }],
    ["an empty merchant", { merchantId: "" }],
    ["a number that is a number", { personalIdentifier: 7 }],
    ["a number that was wiped", { sourceAccountNumber: wiped }],
    ["a list", ["canary"]]
  ]
  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      bad,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.createLinkSession(cast(input)))
    )
  )

  it.effect("is sent again when its answer is lost", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-after", path: "/link/v1/session" })
      yield* withTime(users.createLinkSession({ merchantId: "m" }))
      assert.deepStrictEqual(yield* takeLines, [TOKEN, SESSION, SESSION])
    }).pipe(provideAll())
  )
})

describe("a link with a session", () => {
  const linkFor = Effect.gen(function* () {
    const users = yield* Users.Users
    const { baseUrl, clientId } = yield* TinkSandbox.TinkSandbox
    const { sessionId } = yield* users.createLinkSession({ user: { firstName: "Åsa", lastName: "Ek" } })
    const options = { clientId, baseUrl, redirectUri: "https://app.example/callback", state: "s", sessionId }
    return yield* Effect.all([
      TinkLink.connectAccounts({ ...options, locale: "sv_SE" }),
      TinkLink.connectAccounts({ ...options, locale: "en_US" })
    ])
  })

  const open = (url: Redacted.Redacted) =>
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const response = yield* client.get(Redacted.value(url))
      return { text: yield* response.text, location: response.headers["location"] ?? "" }
    })

  const isRefused = (url: Redacted.Redacted) =>
    Effect.gen(function* () {
      const { location } = yield* open(url)
      const redirect = yield* TinkLink.parseRedirect(location, { state: "s" })
      assert(redirect._tag === "Failed")
      assert.deepStrictEqual([redirect.error, redirect.reason], ["INTERNAL_ERROR", "REQUEST_FAILED_FETCH_SESSION"])
    })

  it.effect("shows the data of the session, once", () =>
    Effect.gen(function* () {
      const [first, second] = yield* linkFor
      assert.include((yield* open(first)).text, "Åsa Ek")
      yield* isRefused(second)
    }).pipe(provideAll())
  )

  it.effect("does not work after ten minutes", () =>
    Effect.gen(function* () {
      const [link] = yield* linkFor
      yield* TestClock.adjust("10 minutes")
      yield* isRefused(link)
    }).pipe(provideAll())
  )
})
