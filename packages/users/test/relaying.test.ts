import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import { type Credential, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { json } from "../../../test/support/scriptedTink.js"
import { failure, makeUser, provideAll, takeSent, withTime } from "./helpers.js"
import { assertOne, assertRefused, cast, withTink } from "./scripted.js"

const RELAY = "POST /api/v1/credentials/third-party/callback/relayed"

const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

const ThirdParty = Schema.parseJson(Schema.Struct({ desktop: Schema.Struct({ url: Schema.String }) }))

/** The `state` of the bank's URL, to which the user is sent. */
const stateOf = ({ supplementalInformation }: Credential.Credential) =>
  Effect.map(
    Schema.decode(ThirdParty)(supplementalInformation ? Redacted.value(supplementalInformation) : ""),
    (info) => Redacted.make(new URL(info.desktop.url).searchParams.get("state") ?? "")
  )

/** A credential whose user is at their bank. The record of the wire is empty. */
const atTheBank = Effect.gen(function* () {
  const users = yield* Users.Users
  const { credentialsId, userId } = yield* makeUser()
  const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })
  yield* users.authenticateCredential(session, credentialsId, { appUri: "my-app://back" })
  yield* TestClock.adjust("1 second")
  const read = users.getCredential(session, credentialsId, { bypassCache: true })
  const state = yield* Effect.flatMap(read, stateOf)
  yield* takeSent
  return { users, read, state }
})

describe("relayThirdPartyCallback", () => {
  it.effect("ends the wait for the user, and returns where to send them", () =>
    Effect.gen(function* () {
      const { read, state, users } = yield* atTheBank
      const callback = yield* users.relayThirdPartyCallback({ state, parameters: { code: Redacted.make("a-code") } })
      assert.strictEqual(callback.appUri, "my-app://back")
      assert.deepStrictEqual(
        (yield* takeSent).map(({ line }) => line),
        [RELAY]
      )
      assert.strictEqual((yield* read).status, "UPDATED")
    }).pipe(provideAll())
  )

  it.effect("tells Tink that the user has cancelled", () =>
    Effect.gen(function* () {
      const { read, state, users } = yield* atTheBank
      yield* users.relayThirdPartyCallback({ state, parameters: { error: "access_denied" } })
      assert.strictEqual((yield* read).status, "AUTHENTICATION_ERROR")
    }).pipe(provideAll())
  )

  it.effect("returns no URI that runs a script", () =>
    withTink(
      () => json(200, { appUri: "java\nscript:canary" }),
      ({ users }) =>
        Effect.gen(function* () {
          const error = yield* failure(users.relayThirdPartyCallback({ state: Redacted.make("a"), parameters: {} }))
          assert.deepInclude(error, { reason: "Decode", isAmbiguous: true })
        })
    )
  )

  it.effect("sends state and parameters in clear, and no token", () =>
    withTink(
      () => json(200, { appUri: "my-app://back" }),
      ({ take, users }) =>
        Effect.gen(function* () {
          yield* users.relayThirdPartyCallback({
            state: Redacted.make("a state"),
            parameters: { code: Redacted.make("å&="), scope: "a b" }
          })
          const sent = take()
          assertOne(
            sent.map((request) => ({ ...request, headers: { ...request.headers, authorization: "none" } })),
            RELAY,
            {
              state: "a state",
              parameters: { code: "å&=", scope: "a b" }
            },
            "none"
          )
          assert.notProperty(sent[0]?.headers, "authorization")
        })
    )
  )

  const refusals: ReadonlyArray<readonly [string, TinkSandbox.Fault | undefined, string, number]> = [
    ["a state that Tink does not know", undefined, "Invalid", 400],
    ["too many requests", { kind: "status", status: 429 }, "RateLimited", 429],
    ["a failure of Tink", { kind: "status", status: 503 }, "Server", 503]
  ]
  it.effect("a documented error has its reason", () =>
    everyRow(
      refusals,
      ([name]) => name,
      ([, fault, reason, status]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const sandbox = yield* TinkSandbox.TinkSandbox
          if (fault !== undefined) yield* sandbox.injectFault(fault)
          const error = yield* failure(
            users.relayThirdPartyCallback({ state: Redacted.make("canary"), parameters: { code: "canary" } })
          )
          assert.deepStrictEqual([error.reason, error.status], [reason, status])
          assert.strictEqual(error.operation, "relayThirdPartyCallback")
          assert.notInclude(error.message, "canary")
        }).pipe(provideAll({ http: { maxRetries: 0 } }))
    )
  )

  it.effect("is not sent again when it may have been processed", () =>
    Effect.gen(function* () {
      const { state, users } = yield* atTheBank
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "drop-after" })
      const error = yield* failure(withTime(users.relayThirdPartyCallback({ state, parameters: { code: "a-code" } })))
      assert.isTrue(error.isAmbiguous)
      assert.lengthOf(yield* takeSent, 1)
    }).pipe(provideAll())
  )

  const state = Redacted.make("a-state")
  const bad: ReadonlyArray<readonly [string, unknown]> = [
    ["no input", undefined],
    ["no state", { parameters: { code: "canary" } }],
    ["an empty state in clear", { state: "", parameters: {} }],
    ["an empty state", { state: Redacted.make(""), parameters: {} }],
    ["a state that was wiped", { state: wiped, parameters: {} }],
    ["no parameters", { state }],
    ["parameters that are a Map", { state, parameters: new Map([["code", "canary"]]) }],
    ["a parameter that is not a string", { state, parameters: { code: 7 } }],
    ["a parameter that was wiped", { state, parameters: { code: wiped } }]
  ]
  it.effect("refuses invalid input before a request is sent", () =>
    everyRow(
      bad,
      ([name]) => name,
      ([, input]) => assertRefused((users) => users.relayThirdPartyCallback(cast(input)))
    )
  )
})
