import { assert, describe, it } from "@effect/vitest"
import type { TinkError } from "@effect-tink/http/TinkError"
import { TinkLink } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { cast, id } from "./scripted.js"

const base = { clientId: "my-client", redirectUri: "https://app.example/callback?from=tink" }
const code = Redacted.make("c0de0123456789abcdef0123456789ab")
const wiped = Redacted.make("canary")
Redacted.unsafeWipe(wiped)

const redirect = "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback%3Ffrom%3Dtink"

const isUrl = (effect: Effect.Effect<Redacted.Redacted, TinkError>, expected: string) =>
  Effect.map(effect, (url) => {
    assert.strictEqual(Redacted.value(url), expected)
    assert.notInclude(inspect(url) + String(url) + JSON.stringify(url), "c0de")
  })

/** Refused, without a word of what was given. */
const isInvalid = (effect: Effect.Effect<unknown, TinkError>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.reason, "Invalid")
    assert.isDefined(error.detail)
    assert.isUndefined(error.status)
    assert.notMatch(inspect(error, { depth: 10 }) + JSON.stringify(error), /canary|c0de/)
    return error
  })

describe("the constants", () => {
  it("are Tink's, and cannot be changed", () => {
    assert.strictEqual(TinkLink.actorClientId, "df05e4b379934cd09963197cc855bfe9")
    assert.strictEqual(
      TinkLink.scopes.join(),
      "authorization:read,authorization:grant,credentials:refresh,credentials:read,credentials:write,providers:read,user:read"
    )
    assert.isTrue(Object.isFrozen(TinkLink.scopes))
  })
})

describe("connectAccounts", () => {
  const url = "https://link.tink.com/1.0/transactions/connect-accounts"

  it.effect("links for one-time access with the required options only", () =>
    isUrl(TinkLink.connectAccounts(base), `${url}?client_id=my-client&${redirect}`)
  )

  it.effect("links for a user with every option", () =>
    isUrl(
      TinkLink.connectAccounts({
        ...base,
        authorizationCode: code,
        market: "SE",
        locale: "sv_SE",
        inputProvider: "se-demobank-password",
        inputUsername: "Åsa",
        financialInstitutionId: "6e68cc6287704273984567b3300c5822",
        financialServicesSegments: ["PERSONAL", "BUSINESS"],
        refreshableItems: ["CHECKING_ACCOUNTS", "SAVING_ACCOUNTS"],
        sessionId: Redacted.make("c0de5e55"),
        state: Redacted.make("a b+c&d=é"),
        appUri: "my-app://back?a=b",
        autoRedirectMobile: true,
        theme: "DARK",
        test: true,
        parameters: { new_one: "x y" }
      }),
      `${url}?client_id=my-client&${redirect}&authorization_code=c0de0123456789abcdef0123456789ab&market=SE&locale=sv_SE` +
        "&input_provider=se-demobank-password&input_username=%C3%85sa" +
        "&financial_institution_id=6e68cc6287704273984567b3300c5822&financial_services_segments=PERSONAL%2CBUSINESS" +
        "&refreshable_items=CHECKING_ACCOUNTS%2CSAVING_ACCOUNTS&session_id=c0de5e55&state=a%20b%2Bc%26d%3D%C3%A9" +
        "&app_uri=my-app%3A%2F%2Fback%3Fa%3Db&auto_redirect_mobile=TRUE&theme=DARK&test=true&new_one=x%20y"
    )
  )

  it.effect("leaves out what is false, and takes a state that is a string", () =>
    isUrl(
      TinkLink.connectAccounts({ ...base, test: false, autoRedirectMobile: false, state: "s" }),
      `${url}?client_id=my-client&${redirect}&state=s`
    )
  )

  it.effect("keeps to the base URL it is given", () =>
    everyRow(
      [
        ["http://127.0.0.1:8080", "http://127.0.0.1:8080/1.0"],
        ["http://localhost:8080/", "http://localhost:8080/1.0"],
        ["https://link.example/behind/", "https://link.example/behind/1.0"]
      ] as const,
      ([baseUrl]) => `at ${baseUrl}`,
      ([baseUrl, expected]) =>
        isUrl(
          TinkLink.connectAccounts({ ...base, baseUrl }),
          `${expected}/transactions/connect-accounts?client_id=my-client&${redirect}`
        )
    )
  )

  const table: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["no client", { redirectUri: base.redirectUri }],
    ["a client of two words", { ...base, clientId: "canary canary" }],
    ["nowhere to come back to", { clientId: "my-client" }],
    ["a relative URI", { ...base, redirectUri: "/canary" }],
    ["an object for a URI", { ...base, redirectUri: { toString: () => assert.fail() } }],
    ...[
      "javascript:canary",
      "JavaScript://canary",
      "data:text/html,canary",
      "vbscript:canary",
      "blob:https://canary/1",
      "file:///canary",
      "https:canary",
      "https:///canary",
      "http://?canary",
      "https://canary.example:99999/",
      "https://app.example\\@canary.example/",
      "https://app.example@canary.example/",
      "https://user:canary@app.example/",
      "https://app.example/{canary}"
    ].map((redirectUri) => [`a URI like ${redirectUri}`, { ...base, redirectUri }] as const),
    ["a script for an app", { ...base, appUri: "javascript:canary" }],
    ["a bare scheme for an app", { ...base, appUri: "canary://" }],
    ["a provider of more than 100 characters", { ...base, inputProvider: "canary".padEnd(101, "x") }],
    ["a username of more than 50 characters", { ...base, inputUsername: "canary".padEnd(51, "x") }],
    ["an empty institution", { ...base, financialInstitutionId: "" }],
    ["no segments", { ...base, financialServicesSegments: [] }],
    ["a segment that does not exist", { ...base, financialServicesSegments: ["CANARY"] }],
    ["an item that Tink Link does not fetch", { ...base, refreshableItems: ["EINVOICES"] }],
    ["a session that is not redacted", { ...base, sessionId: "canary" }],
    ["a theme that does not exist", { ...base, theme: "CANARY" }],
    ["a string for a flag", { ...base, autoRedirectMobile: "TRUE" }],
    ["a code that is not redacted", { ...base, authorizationCode: "canary" }],
    ["a code of two words", { ...base, authorizationCode: Redacted.make("canary canary") }],
    ["a code that was wiped", { ...base, authorizationCode: wiped }],
    ["a market in small letters", { ...base, market: "se" }],
    ["a locale with a dash", { ...base, locale: "sv-SE" }],
    ["an empty provider", { ...base, inputProvider: "" }],
    ["an empty state", { ...base, state: "" }],
    ["an empty state that is redacted", { ...base, state: Redacted.make("") }],
    ["half of a surrogate pair", { ...base, state: "canary\ud800" }],
    ["a state that was wiped", { ...base, state: wiped }],
    ["a string for a boolean", { ...base, test: "true" }],
    ["a parameter that has an option", { ...base, parameters: { state: "canary" } }],
    ["a parameter with an odd name", { ...base, parameters: { "a=canary&b": "c" } }],
    ["a parameter that is a number", { ...base, parameters: { new_one: 7 } }],
    ["parameters that are a list", { ...base, parameters: ["canary"] }],
    ["a host that is not encrypted", { ...base, baseUrl: "http://link.example" }],
    ["a URL with a user", { ...base, baseUrl: "https://canary@link.example" }],
    ["a URL with a query", { ...base, baseUrl: "https://link.example/?canary" }],
    ["a URL that would have to be mended", { ...base, baseUrl: "https:///link.example" }],
    ["no URL", { ...base, baseUrl: "canary" }]
  ]
  it.effect("refuses invalid options, and repeats none of them", () =>
    everyRow(
      table,
      ([name]) => name,
      ([, options]) => isInvalid(TinkLink.connectAccounts(cast(options)))
    )
  )
})

describe("redirectUri", () => {
  const names =
    "code credentials credentialsId credentials_id error error_reason error_type message provider_name state tracking_id"
  it.effect("must not use a query parameter that Tink Link uses, and the error names it", () =>
    everyRow(
      names.split(" "),
      (name) => name,
      (name) =>
        Effect.gen(function* () {
          for (const uri of [
            `https://app.example/?${name}=canary`,
            `app:back?a=1&%${name.charCodeAt(0).toString(16)}${name.slice(1)}#canary`
          ]) {
            const error = yield* isInvalid(TinkLink.connectAccounts({ ...base, redirectUri: uri }))
            assert.include(error.message, `redirectUri must not use the query parameter \`${name}\`: Tink Link uses it`)
          }
          const other = { ...base, redirectUri: `https://app.example/${name}?x${name}=1#${name}=1` }
          assert.isTrue(Redacted.isRedacted(yield* TinkLink.connectAccounts(other)))
        })
    )
  )
})

const owned = { ...base, authorizationCode: code, credentialsId: id }

const connecting = `client_id=my-client&${redirect}`
const ownedQuery = `${connecting}&credentials_id=${id}&authorization_code=c0de0123456789abcdef0123456789ab`
const codeQuery = `${connecting}&authorization_code=c0de0123456789abcdef0123456789ab`

describe("a link to each flow", () => {
  const products = ["TRANSACTIONS", "LOANS"] as const
  const german = { market: "DE", locale: "de_DE" }
  const table: ReadonlyArray<
    readonly [path: string, query: string, link: Effect.Effect<Redacted.Redacted, TinkError>]
  > = [
    ["transactions/update-consent", ownedQuery, TinkLink.updateConsent(owned)],
    ["transactions/extend-consent", ownedQuery, TinkLink.extendConsent(owned)],
    [
      "business-transactions/connect-accounts",
      `${connecting}&market=DE&locale=de_DE&authorization_code=c0de0123456789abcdef0123456789ab`,
      TinkLink.connectBusinessAccounts({ ...base, ...german, authorizationCode: code })
    ],
    [
      "business-transactions/update-consent",
      `${ownedQuery}&market=DE&locale=de_DE`,
      TinkLink.updateBusinessConsent({ ...owned, ...german })
    ],
    [
      "products/connect-accounts",
      `${connecting}&products=TRANSACTIONS%2CLOANS&market=SE`,
      TinkLink.connectProducts({ ...base, products, market: "SE" })
    ],
    [
      "products/update-consent",
      `${ownedQuery}&products=TRANSACTIONS%2CLOANS`,
      TinkLink.updateProductsConsent({ ...owned, products })
    ],
    ["products/extend-consent", ownedQuery, TinkLink.extendProductsConsent(owned)],
    [
      "credentials/add",
      `${codeQuery}&scope=accounts%3Aread`,
      TinkLink.addCredential({ ...base, authorizationCode: code, scopes: ["accounts:read"] })
    ],
    ["credentials/refresh", ownedQuery, TinkLink.refreshCredential(owned)],
    [
      "credentials/refresh",
      `${ownedQuery}&authenticate=true`,
      TinkLink.refreshCredential({ ...owned, authenticate: true })
    ],
    ["credentials/authenticate", ownedQuery, TinkLink.authenticateCredential(owned)],
    ["credentials/extend-consent", ownedQuery, TinkLink.extendCredentialConsent(owned)],
    ["authorize", `${connecting}&market=SE`, TinkLink.authorize({ ...base, market: "SE" })]
  ]
  it.effect("has the documented path and parameters", () =>
    everyRow(
      table,
      ([path, query]) => `${path}?${query}`,
      ([path, query, link]) => isUrl(link, `https://link.tink.com/1.0/${path}?${query}`)
    )
  )

  const german2 = { ...owned, ...german }
  const refused: ReadonlyArray<
    readonly [name: string, option: string, link: Effect.Effect<Redacted.Redacted, TinkError>]
  > = [
    ["nothing", "clientId", TinkLink.updateConsent(cast(undefined))],
    ["no code", "authorizationCode", TinkLink.updateConsent(cast({ ...base, credentialsId: id }))],
    ["no credential", "credentialsId", TinkLink.extendConsent(cast({ ...base, authorizationCode: code }))],
    [
      "an invalid credential",
      "credentialsId",
      TinkLink.refreshCredential({ ...owned, credentialsId: cast("canary/..") })
    ],
    [
      "a code that is not redacted",
      "authorizationCode",
      TinkLink.authenticateCredential({ ...owned, authorizationCode: cast("canary") })
    ],
    ["no code for a credential", "authorizationCode", TinkLink.addCredential(cast(base))],
    ["no market for business", "market", TinkLink.connectBusinessAccounts(cast({ ...base, locale: "de_DE" }))],
    ["no locale for business", "locale", TinkLink.updateBusinessConsent(cast({ ...german2, locale: undefined }))],
    ["no products", "products", TinkLink.connectProducts({ ...base, products: cast([]) })],
    ["an unknown product", "products", TinkLink.updateProductsConsent({ ...owned, products: [cast("CANARY")] })],
    ["a scope with a blank", "scopes", TinkLink.authorize({ ...base, scopes: [cast("canary scope")] })],
    ["no scopes", "scopes", TinkLink.authorize({ ...base, scopes: cast([]) })],
    ["a string for a flag", "authenticate", TinkLink.refreshCredential({ ...owned, authenticate: cast("canary") })]
  ]
  it.effect("needs what the flow needs, and the error names it and repeats nothing", () =>
    everyRow(
      refused,
      ([name]) => name,
      ([, option, link]) =>
        Effect.map(isInvalid(link), ({ detail }) => assert.match(detail ?? "", new RegExp(`^${option} `)))
    )
  )
})

describe("parseRedirect", () => {
  const callback = "https://app.example/callback"
  const expected = { state: "s" }

  it.effect("reads the credential of a permanent user", () =>
    Effect.gen(function* () {
      const connected = new TinkLink.Connected({ credentialsId: id, state: "s" })
      const query = `?credentials_id=${id}&state=s`
      assert.deepStrictEqual(yield* TinkLink.parseRedirect(callback + query, expected), connected)
      assert.deepStrictEqual(yield* TinkLink.parseRedirect(new URL(callback + query), expected), connected)
      // A server sees only the path and the query.
      assert.deepStrictEqual(yield* TinkLink.parseRedirect(`/callback${query}`, expected), connected)
      assert.deepStrictEqual(
        yield* TinkLink.parseRedirect(`${callback}${query}&client_id=my-client&new=1`, { state: Redacted.make("s") }),
        // A secret state is not part of the result.
        new TinkLink.Connected({ credentialsId: id })
      )
    })
  )

  it.effect("reads the code of one-time access, redacted", () =>
    Effect.gen(function* () {
      const redirect = yield* TinkLink.parseRedirect(`${callback}?code=c0de&credentials_id=${id}&state=s`, expected)
      assert.deepStrictEqual(
        redirect,
        new TinkLink.ConnectedOnce({ credentialsId: id, code: Redacted.make("c0de"), state: "s" })
      )
      assert.notInclude(inspect(redirect) + JSON.stringify(redirect), "c0de")
    })
  )

  it.effect("does not return a redacted state", () =>
    Effect.gen(function* () {
      for (const query of [
        `credentials_id=${id}`,
        `credentials_id=${id}&code=c0de`,
        "error=USER_CANCELLED",
        "error=BAD_REQUEST"
      ]) {
        const back = yield* TinkLink.parseRedirect(`${callback}?${query}&state=canary`, {
          state: Redacted.make("canary")
        })
        assert.notInclude(inspect(back) + JSON.stringify(back), "canary")
        assert.notProperty(back, "state")
      }
    })
  )

  it.effect("takes a redirect without a state only when told to ignore it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* TinkLink.parseRedirect(`${callback}?credentials_id=${id}`, { ignoreState: true }),
        new TinkLink.Connected({ credentialsId: id })
      )
      assert.deepStrictEqual(
        yield* TinkLink.parseRedirect(`${callback}?credentials_id=${id}&state=any`, { ignoreState: true }),
        new TinkLink.Connected({ credentialsId: id, state: "any" })
      )
    })
  )

  it.effect("reads a cancellation", () =>
    Effect.map(
      TinkLink.parseRedirect(
        `${callback}?error=USER_CANCELLED&error_reason=USER_CANCELLED&message=Cancelled.&tracking_id=t&state=s`,
        expected
      ),
      (redirect) =>
        assert.deepStrictEqual(
          redirect,
          new TinkLink.Cancelled({ reason: "USER_CANCELLED", message: "Cancelled.", trackingId: "t", state: "s" })
        )
    )
  )

  it.effect("reads every part of a failure", () =>
    Effect.map(
      TinkLink.parseRedirect(
        `${callback}?error=AUTHENTICATION_ERROR&error_reason=STATIC_CREDENTIALS_INCORRECT&error_type=USER_LOGIN_ERROR` +
          "&message=We%E2%80%99re%20sorry%2C+but&tracking_id=83526f84-226a-43cc-ae2d-2747f394d71b" +
          `&credentials=${id}&provider_name=se-demobank-password&state=s`,
        expected
      ),
      (redirect) =>
        assert.deepStrictEqual(
          redirect,
          new TinkLink.Failed({
            error: "AUTHENTICATION_ERROR",
            reason: "STATIC_CREDENTIALS_INCORRECT",
            errorType: "USER_LOGIN_ERROR",
            message: "We’re sorry, but",
            trackingId: "83526f84-226a-43cc-ae2d-2747f394d71b",
            credentialsId: id,
            providerName: "se-demobank-password",
            state: "s"
          })
        )
    )
  )

  it.effect("reads an unknown failure with few parts, also beside a code", () =>
    Effect.gen(function* () {
      const redirect = yield* TinkLink.parseRedirect(
        // A success is no success with an error.
        `${callback}?error=INVALID_STATE&error_type=NEW&credentials=&code=c0de&credentials_id=${id}&state=s`,
        expected
      )
      assert.deepStrictEqual(redirect._tag === "Failed" ? { ...redirect } : redirect, {
        _tag: "Failed",
        error: cast("INVALID_STATE"),
        errorType: cast("NEW"),
        state: "s"
      })
    })
  )

  it.effect("reads either spelling of the credential", () =>
    Effect.gen(function* () {
      for (const query of [`credentialsId=${id}`, `credentialsId=${id}&credentials_id=${id}`]) {
        assert.deepStrictEqual(
          yield* TinkLink.parseRedirect(`${callback}?${query}&state=s`, expected),
          new TinkLink.Connected({ credentialsId: id, state: "s" })
        )
      }
    })
  )

  it.effect("reads a failure without the details that are malformed, and with the others fit for printing", () =>
    everyRow(
      [
        ["credentials=canary%2F..", {}],
        [`credentials=${id}&credentials=${id}`, {}],
        ["message=one&message=two&tracking_id=t", { trackingId: "t" }],
        ["error_reason=&error_type=%0A", {}],
        ["message=a%1B%5B31mb%0D%0Ac&tracking_id=%E2%80%AEt%00", { message: "a [31mb c", trackingId: "t" }],
        ["provider_name=p%07&error_reason=R%E2%80%A8", { providerName: "p", reason: cast("R") }]
      ] as const,
      ([query]) => query,
      ([query, details]) =>
        Effect.map(TinkLink.parseRedirect(`${callback}?error=TEMPORARY_ERROR&state=s&${query}`, expected), (redirect) =>
          assert.deepStrictEqual(redirect, new TinkLink.Failed({ error: "TEMPORARY_ERROR", state: "s", ...details }))
        )
    )
  )

  const good = `credentials_id=${id}`
  const states: ReadonlyArray<readonly [string, string, unknown]> = [
    ["another state", `?${good}&state=canary`, expected],
    ["the state in capitals", `?${good}&state=S`, expected],
    ["no state", `?${good}`, expected],
    ["an empty state", `?${good}&state=`, expected],
    ["two states", `?${good}&state=s&state=s`, expected],
    ["another state on an error", "?error=BAD_REQUEST&state=canary", expected],
    ["another state on a cancellation", "?error=USER_CANCELLED&state=canary", expected],
    ["no expectation", `?${good}`, undefined],
    ["a lost expected state", `?${good}`, { state: undefined }],
    ["a lost expected state, and the state undefined", `?${good}&state=undefined`, { state: undefined }],
    ["an empty state that is expected", `?${good}&state=`, { state: "" }],
    ["a state that was wiped", `?${good}&state=canary`, { state: wiped }],
    ["half an ignorance", `?${good}`, { ignoreState: "yes" }],
    ["two minds", `?${good}&state=s`, { state: "s", ignoreState: true }]
  ]
  it.effect("refuses every state that is not the expected one", () =>
    everyRow(
      states,
      ([name]) => name,
      ([, query, options]) =>
        Effect.map(isInvalid(TinkLink.parseRedirect(callback + query, cast(options))), (error) =>
          assert.match(error.message, /state|URL/)
        )
    )
  )

  const urls: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["null", null],
    ["an object", { searchParams: new URLSearchParams(good) }],
    ["no URL", "https://[canary"],
    ["a URL without anything", callback],
    ["a code without a connection", `${callback}?code=c0de`],
    ["an empty connection", `${callback}?credentials_id=`],
    ["an invalid connection", `${callback}?credentials_id=canary%2F..`],
    ["two connections", `${callback}?${good}&${good}`],
    ["two codes", `${callback}?${good}&code=c0de&code=canary`],
    ["a code of two words", `${callback}?${good}&code=c0de+canary`],
    ["two errors", `${callback}?error=USER_CANCELLED&error=BAD_REQUEST`],
    ["two connections, in two spellings", `${callback}?${good}&credentialsId=0123`],
    ["an error without a name", `${callback}?error=%00`],
    ["what is in the fragment", `${callback}#${good}`]
  ]
  it.effect("refuses every URL that is not a Tink Link redirect URL", () =>
    everyRow(
      urls,
      ([name]) => name,
      ([, url]) => isInvalid(TinkLink.parseRedirect(cast(url), { ignoreState: true }))
    )
  )
})
