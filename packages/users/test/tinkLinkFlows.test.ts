import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Ids } from "@effect-tink/http"
import type { TinkError } from "@effect-tink/http/TinkError"
import { TinkSandbox } from "@effect-tink/sandbox"
import { TinkLink, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { provideAll } from "./helpers.js"

type LinkEffect = Effect.Effect<Redacted.Redacted, TinkError>

const expected = { state: "a state" }

/** Opens a link, and returns where it leads at once, or the page. */
const open = (link: LinkEffect) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const url = new URL(Redacted.value(yield* link))
    const response = yield* client.get(url)
    const text = yield* response.text
    return { url, location: response.headers["location"], text, status: response.status }
  })

const find = (text: string, pattern: RegExp) => pattern.exec(text)?.[1] ?? ""

/** A user at a page ends their visit by a button. Returns the redirect, parsed. */
const visit = (link: LinkEffect, choice = "approve") =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const page = yield* open(link)
    if (page.location !== undefined) return yield* TinkLink.parseRedirect(page.location, expected)
    assert.strictEqual(page.status, 200)
    const session = find(page.text, /name="session" value="(\w+)"/)
    const provider = find(page.text, /name="provider"\s+value="([^"]+)"/)
    const form = { session, choice, ...(provider === "" ? {} : { provider }) }
    const ended = yield* client.execute(
      HttpClientRequest.bodyUrlParams(HttpClientRequest.post(`${page.url.origin}${page.url.pathname}`), form)
    )
    return yield* TinkLink.parseRedirect(ended.headers["location"] ?? "", expected)
  })

/** A British user with a bank whose consent can be extended, and the options of links for them. */
const setup = Effect.gen(function* () {
  yield* TestClock.setTime(1_700_000_000_000)
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { userId } = yield* users.createUser({ market: "GB" })
  const { id } = yield* sandbox.connectBank(userId, { providerName: "uk-demobank-open-banking-redirect-extendable" })
  const credentialsId = Ids.CredentialsId.make(id)
  const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
  const options = {
    clientId: sandbox.clientId,
    baseUrl: sandbox.baseUrl,
    redirectUri: "example://callback?from=tink",
    state: "a state",
    test: true
  }
  const withCode = <A>(make: (options: Owned) => Effect.Effect<A, TinkError>) =>
    users
      .delegateAuthorization({ userId, idHint: "Åsa Ek" })
      .pipe(Effect.flatMap(({ code }) => make({ ...options, authorizationCode: code, credentialsId })))
  return { users, sandbox, userId, session, credentialsId, options, withCode }
})

interface Owned extends TinkLink.LinkOptions {
  readonly authorizationCode: Redacted.Redacted
  readonly credentialsId: Ids.CredentialsId
}

type Flow = readonly [name: string, make: (options: Owned) => LinkEffect]

const british = { market: "GB", locale: "en_GB" }
const products = ["TRANSACTIONS"] as const

const withoutCredential = (options: Owned) => Struct.omit(options, "credentialsId")
const withoutCode = (options: Owned) => Struct.omit(options, "authorizationCode")

const connecting: ReadonlyArray<Flow> = [
  ["connectAccounts", (options) => TinkLink.connectAccounts({ ...options, ...british })],
  ["connectBusinessAccounts", (options) => TinkLink.connectBusinessAccounts({ ...options, ...british })],
  ["connectProducts", (options) => TinkLink.connectProducts({ ...options, ...british, products })],
  ["addCredential", (options) => TinkLink.addCredential({ ...options, ...british, scopes: ["accounts:read"] })]
]

const once: ReadonlyArray<Flow> = [
  ["connectAccounts", (options) => TinkLink.connectAccounts(withoutCode(options))],
  ["connectBusinessAccounts", (options) => TinkLink.connectBusinessAccounts({ ...withoutCode(options), ...british })],
  ["connectProducts", (options) => TinkLink.connectProducts({ ...withoutCode(options), products })],
  ["authorize", (options) => TinkLink.authorize({ ...withoutCode(options), scopes: ["credentials:read", "user:read"] })]
]

const revisiting: ReadonlyArray<Flow> = [
  ["updateConsent", TinkLink.updateConsent],
  ["extendConsent", TinkLink.extendConsent],
  ["updateBusinessConsent", (options) => TinkLink.updateBusinessConsent({ ...options, ...british })],
  ["updateProductsConsent", (options) => TinkLink.updateProductsConsent({ ...options, products })],
  ["extendProductsConsent", TinkLink.extendProductsConsent],
  ["refreshCredential", TinkLink.refreshCredential],
  ["refreshCredential with a login", (options) => TinkLink.refreshCredential({ ...options, authenticate: true })],
  ["authenticateCredential", TinkLink.authenticateCredential],
  ["extendCredentialConsent", TinkLink.extendCredentialConsent]
]

const hasParts = (redirect: TinkLink.Redirect, parts: Readonly<Record<string, unknown>>) =>
  assert.deepInclude(redirect, parts)

const nameOf = ([name]: Flow) => name

describe("a visit to the sandbox's Tink Link", () => {
  it.effect("connects a bank of the user, in each flow that does so for a user", () =>
    everyRow(connecting, nameOf, ([, make]) =>
      Effect.gen(function* () {
        const { session, users, withCode } = yield* setup
        const redirect = yield* visit(withCode((options) => make(options)))
        assert(redirect._tag === "Connected")
        const credential = yield* users.getCredential(session, redirect.credentialsId)
        assert.strictEqual(credential.providerName, "uk-demobank-open-banking-redirect")
      }).pipe(provideAll())
    )
  )

  it.effect("connects a bank once, in each flow that does so without a user: the code is for the application", () =>
    everyRow(once, nameOf, ([, make]) =>
      Effect.gen(function* () {
        const { users, withCode } = yield* setup
        const redirect = yield* visit(withCode((options) => make(options)))
        assert(redirect._tag === "ConnectedOnce")
        const session = yield* users.authorizeWithCode({ code: redirect.code, scopes: ["credentials:read"] })
        assert.strictEqual((yield* users.listCredentials(session))[0]?.id, redirect.credentialsId)
      }).pipe(provideAll())
    )
  )

  it.effect("changes the credential that the link names, in each flow that does so", () =>
    everyRow(revisiting, nameOf, ([, make]) =>
      Effect.gen(function* () {
        const { credentialsId, session, users, withCode } = yield* setup
        const before = yield* users.getCredential(session, credentialsId)
        yield* TestClock.adjust("1 hour")
        const redirect = yield* visit(withCode((options) => make(options)))
        assert.deepStrictEqual({ ...redirect }, { _tag: "Connected", credentialsId, state: "a state" })
        yield* TestClock.adjust("1 minute")
        const after = yield* users.getCredential(session, credentialsId, { bypassCache: true })
        assert.strictEqual(after.status, "UPDATED")
        assert.notDeepEqual(after.statusUpdated, before.statusUpdated)
      }).pipe(provideAll())
    )
  )

  it.effect("shows the hint of the user, and the one bank that the link names", () =>
    Effect.gen(function* () {
      const { withCode } = yield* setup
      const inputProvider = "uk-demobank-password"
      const page = yield* open(
        withCode((options) => TinkLink.connectAccounts({ ...options, ...british, inputProvider }))
      )
      assert.include(page.text, "Åsa Ek")
      assert.include(page.text, `type="hidden" name="provider" value="${inputProvider}"`)
    }).pipe(provideAll())
  )

  const endings: ReadonlyArray<readonly [choice: string, parts: Readonly<Record<string, unknown>>]> = [
    ["cancel", { _tag: "Cancelled", reason: "USER_CANCELLED" }],
    ["decline", { _tag: "Cancelled", reason: "USER_DECLINED_CONSENT" }],
    ["error", { _tag: "Failed", error: "TEMPORARY_ERROR", reason: "REQUEST_FAILED_FETCH_ACCOUNTS" }],
    [
      "login",
      {
        _tag: "Failed",
        error: "AUTHENTICATION_ERROR",
        errorType: "USER_LOGIN_ERROR",
        reason: "STATIC_CREDENTIALS_INCORRECT"
      }
    ]
  ]
  it.effect("comes back with how the user ended it", () =>
    everyRow(endings, String, ([choice, parts]) =>
      Effect.gen(function* () {
        const { credentialsId, withCode } = yield* setup
        const redirect = yield* visit(
          withCode((options) => TinkLink.updateConsent(options)),
          choice
        )
        hasParts(redirect, {
          ...parts,
          credentialsId,
          providerName: "uk-demobank-open-banking-redirect-extendable",
          state: "a state"
        })
      }).pipe(provideAll())
    )
  )

  const unknown = Redacted.make("0123456789abcdef0123456789abcdef")
  const other = Ids.CredentialsId.make("0123456789abcdef0123456789abcdef")
  const failing: ReadonlyArray<readonly [name: string, error: string, reason: string, make: Flow[1]]> = [
    [
      "another client",
      "BAD_REQUEST",
      "INVALID_PARAMETER_CLIENT_ID",
      (options) => TinkLink.updateConsent({ ...options, clientId: "another" })
    ],
    [
      "an unknown code",
      "INTERNAL_ERROR",
      "REQUEST_FAILED_FETCH_EXISTING_USER",
      (options) => TinkLink.connectAccounts({ ...options, authorizationCode: unknown })
    ],
    [
      "an unknown session",
      "INTERNAL_ERROR",
      "REQUEST_FAILED_FETCH_SESSION",
      (options) => TinkLink.connectAccounts({ ...options, sessionId: unknown })
    ],
    [
      "a market without banks",
      "INTERNAL_ERROR",
      "REQUEST_FAILED_FETCH_PROVIDERS",
      (options) => TinkLink.connectAccounts({ ...options, market: "US" })
    ],
    [
      "a bank of another market than the default",
      "TEMPORARY_ERROR",
      "REQUEST_FAILED_FETCH_PROVIDER",
      (options) => TinkLink.connectAccounts({ ...options, inputProvider: "uk-demobank-password" })
    ],
    [
      "an unknown credential",
      "INTERNAL_ERROR",
      "REQUEST_FAILED_FETCH_CREDENTIALS",
      (options) => TinkLink.extendConsent({ ...options, credentialsId: other })
    ]
  ]
  it.effect("never ends at Tink Link: a link that does not work comes back with a documented error", () =>
    everyRow(
      failing,
      ([name]) => name,
      ([, error, reason, make]) =>
        Effect.gen(function* () {
          const { withCode } = yield* setup
          const redirect = yield* visit(withCode((options) => make(options)))
          hasParts(redirect, { _tag: "Failed", error, reason, state: "a state" })
        }).pipe(provideAll())
    )
  )

  it.effect("uses up its code: the same link comes back with an error", () =>
    Effect.gen(function* () {
      const { withCode } = yield* setup
      const url = yield* withCode((options) => TinkLink.addCredential(withoutCredential(options)))
      assert.strictEqual((yield* visit(Effect.succeed(url)))._tag, "Connected")
      hasParts(yield* visit(Effect.succeed(url)), {
        _tag: "Failed",
        error: "INTERNAL_ERROR",
        reason: "REQUEST_FAILED_FETCH_EXISTING_USER"
      })
    }).pipe(provideAll())
  )
})
