import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { askCode, clientToken, connected, keysOf, newUser, redeem, send, userToken, eachRow } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

const start = 1_700_000_000_000
const day = 86_400_000

const connectPath = "/1.0/transactions/connect-accounts"
const renewPath = "/1.0/transactions/update-consent"

// Tink Link's client id and the scopes that it requires: tink-api.md 2.
const tinkLink = "df05e4b379934cd09963197cc855bfe9"
const linkScope =
  "authorization:read,authorization:grant,credentials:refresh,credentials:read,credentials:write,providers:read,user:read"

const delegate = (form: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const token = yield* clientToken("authorization:grant")
    const filled = { scope: linkScope, id_hint: "Ann", actor_client_id: tinkLink, ...form }
    const { body } = yield* send("POST", "/api/v1/oauth/authorization-grant/delegate", { token, form: filled })
    return String(body.code)
  })

type Query = Readonly<Record<string, string | undefined>>

const addressOf = (path: string, query: Query) => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `${path}?${new URLSearchParams(given).toString()}`
}

const app = { client_id: "sandbox-client", redirect_uri: "https://app.example/callback" }

const sessionIn = (page: string) => /name="session" value="([0-9a-f]{32})"/.exec(page)?.[1] ?? ""

const inputsIn = (page: string) => [...page.matchAll(/name="provider"\s+value="([^"]+)"/g)].map(([, value]) => value)

const readRedirect = (received: Effect.Effect.Success<ReturnType<typeof send>>) => {
  const { location } = received.headers
  const url = location === undefined ? undefined : new URL(location)
  return { ...received, location, url, query: Object.fromEntries(url?.searchParams ?? []) }
}

const submit = (path: string, form: Readonly<Record<string, string>>) =>
  Effect.map(send("POST", path, { form }), readRedirect)

/** Opens a link that leads back to the app at once. */
const visit = (address: string) => Effect.map(send("GET", address), readRedirect)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const provider = "se-demobank-open-banking-redirect"

const openWith = (code: string) => send("GET", addressOf(connectPath, { ...app, authorization_code: code }))

/** A user without a bank at the page that connects one. */
const atConnect = Effect.fnUntraced(function* (query: Query = {}) {
  yield* TestClock.setTime(start)
  const userId = yield* newUser()
  const code = yield* delegate({ user_id: userId })
  const address = addressOf(connectPath, {
    ...app,
    authorization_code: code,
    market: "SE",
    locale: "en_US",
    state: "s-1",
    ...query
  })
  const page = yield* send("GET", address)
  const session = sessionIn(page.text)
  return {
    userId,
    code,
    address,
    page,
    session,
    end: (choice: string, bank = provider) => submit(connectPath, { session, provider: bank, choice }),
    credentials: Effect.gen(function* () {
      const token = yield* userToken(userId, "credentials:read")
      return (yield* send("GET", "/api/v1/credentials/list", { token })).body.credentials
    })
  }
})

/** A user with a bank, an hour later, at the page that renews the consent. */
const atRenew = Effect.fnUntraced(function* (query: Query = {}, options?: TinkSandbox.ConnectBankOptions) {
  const all = yield* connected(options)
  yield* TestClock.adjust("1 hour")
  const code = yield* delegate({ user_id: all.userId })
  const address = addressOf(renewPath, { ...app, authorization_code: code, credentials_id: all.id, ...query })
  const page = yield* send("GET", address)
  const session = sessionIn(page.text)
  return { ...all, address, code, page, session, end: (choice: string) => submit(renewPath, { session, choice }) }
})

const reasonOf = (code: string) =>
  Effect.map(visit(addressOf(connectPath, { ...app, authorization_code: code })), ({ query }) => query["error_reason"])

describe("GET /1.0/transactions/connect-accounts", () => {
  it.effect("is a page that names the app, the user, the banks and the possible endings", () =>
    Effect.gen(function* () {
      const { page } = yield* atConnect()
      assert.strictEqual(page.status, 200)
      assert.strictEqual(page.headers["content-type"], "text/html; charset=utf-8")
      assert.strictEqual(page.headers["cache-control"], "no-store")
      assert.strictEqual(page.headers["referrer-policy"], "same-origin")
      assert.include(String(page.headers["content-security-policy"]), "default-src 'none'")
      assert.match(page.text, /<html lang="en">/)
      assert.match(page.text, /<h1>Connect your bank<\/h1>/)
      assert.match(page.text, /<strong>sandbox-client<\/strong>/)
      assert.match(page.text, /<strong>Ann<\/strong>/)
      assert.deepStrictEqual(inputsIn(page.text), [
        "se-demobank-open-banking-redirect",
        "se-demobank-password",
        "se-demobank-open-banking-embedded",
        "se-demobank-mobilebankid",
        "se-demobank-open-banking-bankid"
      ])
      const buttons = [...page.text.matchAll(/<button[^>]*>([^<]*)<\/button>/g)].map(([, name]) => name?.trim())
      assert.deepStrictEqual(buttons, [
        "Approve",
        "Cancel",
        "Decline the consent",
        "The bank reports an error",
        "The login fails"
      ])
      assert.notInclude(page.text, "<script")
    }).pipe(provideSandbox)
  )

  it.effect("offers the banks of the link's market, or else of Sweden, also to a user of another market", () =>
    Effect.gen(function* () {
      const british = yield* atConnect({ market: "GB" })
      assert.include(inputsIn(british.page.text), "uk-demobank-open-banking-redirect-extendable")
      const code = yield* delegate({ user_id: yield* newUser({ market: "GB" }) })
      const swedish = yield* send("GET", addressOf(connectPath, { ...app, authorization_code: code }))
      assert.include(inputsIn(swedish.text), "se-demobank-mobilebankid")
      const german = yield* atConnect({ market: "DE" })
      assert.notInclude(inputsIn(german.page.text), "de-demobank-open-banking-redirect-pisonly", "it has no accounts")
    }).pipe(provideSandbox)
  )

  it.effect("escapes inserted text", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const code = yield* delegate({ user_id: userId, id_hint: `<b a="1" c='2'>&` })
      const page = yield* send("GET", addressOf(connectPath, { ...app, authorization_code: code }))
      assert.include(page.text, "<strong>&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;</strong>")
    }).pipe(provideSandbox)
  )

  const unusable: ReadonlyArray<string | undefined> = [
    undefined,
    "",
    "/callback",
    "//app.example/callback",
    "https://",
    "app",
    "app:callback",
    "javascript://x/%0aalert(1)",
    "data://x",
    "file:///etc/passwd"
  ]

  it.effect("is a page with an error if there is nowhere to return to, and keeps the code", () =>
    eachRow(unusable, (redirectUri) =>
      Effect.gen(function* () {
        const userId = yield* newUser()
        const code = yield* delegate({ user_id: userId })
        const good = { ...app, authorization_code: code, market: "SE" }
        const { headers, status, text } = yield* send(
          "GET",
          addressOf(connectPath, { ...good, redirect_uri: redirectUri })
        )
        assert.strictEqual(status, 400)
        assert.strictEqual(headers["content-type"], "text/html; charset=utf-8")
        assert.match(text, /<h1>This link does not work<\/h1>/)
        assert.notProperty(headers, "location")
        assert.strictEqual((yield* send("GET", addressOf(connectPath, good))).status, 200)
      })
    )
  )

  const returned: ReadonlyArray<readonly [Query, string, string]> = [
    [{ client_id: "x" }, "BAD_REQUEST", "INVALID_PARAMETER_CLIENT_ID"],
    [{ client_id: undefined }, "BAD_REQUEST", "INVALID_PARAMETER_CLIENT_ID"],
    [{ scope: "root" }, "BAD_REQUEST", "INVALID_PARAMETER_SCOPE"],
    [{ authorization_code: "" }, "BAD_REQUEST", "INVALID_PARAMETER_AUTHORIZATION_CODE"],
    [{ input_provider: "x".repeat(101) }, "BAD_REQUEST", "INVALID_PARAMETER_INPUT_PROVIDER"],
    [{ input_username: "x".repeat(51) }, "BAD_REQUEST", "INVALID_PARAMETER_INPUT_USERNAME"],
    [{ refreshable_items: "GOLD" }, "BAD_REQUEST", "INVALID_PARAMETER_REFRESHABLE_ITEMS"],
    [{ financial_services_segments: "PERSONAL,GOLD" }, "BAD_REQUEST", "INVALID_PARAMETER_FINANCIAL_SERVICES_SEGMENTS"],
    [{ input_provider: "uk-demobank-password" }, "TEMPORARY_ERROR", "REQUEST_FAILED_FETCH_PROVIDER"],
    [{ market: "ZZ" }, "INTERNAL_ERROR", "REQUEST_FAILED_FETCH_PROVIDERS"],
    [{ session_id: "x" }, "INTERNAL_ERROR", "REQUEST_FAILED_FETCH_SESSION"],
    [{ authorization_code: "x" }, "INTERNAL_ERROR", "REQUEST_FAILED_FETCH_EXISTING_USER"]
  ]

  it.effect("returns to the app with the documented error and the state, and keeps the code", () =>
    eachRow(returned, ([query, error, reason]) =>
      Effect.gen(function* () {
        const code = yield* delegate({ user_id: yield* newUser() })
        const good = { ...app, authorization_code: code, market: "SE", state: "s-1" }
        const back = yield* visit(addressOf(connectPath, { ...good, ...query }))
        assert.strictEqual(back.status, 303)
        assert.strictEqual(back.url?.origin, "https://app.example")
        const { message, provider_name: _, tracking_id: trackingId, ...others } = back.query
        assert.deepStrictEqual(others, { error, error_reason: reason, state: "s-1" })
        assert.isNotEmpty(message)
        assert.match(String(trackingId), uuid)
        assert.strictEqual((yield* send("GET", addressOf(connectPath, good))).status, 200)
      })
    )
  )

  it.effect("takes a locale that Tink does not know, and every item and segment that it documents", () =>
    Effect.gen(function* () {
      const { page } = yield* atConnect({
        locale: "en",
        refreshable_items: "CHECKING_ACCOUNTS,CREDITCARD_TRANSACTIONS",
        financial_services_segments: "PERSONAL,BUSINESS",
        input_username: "ann",
        test: "true"
      })
      assert.strictEqual(page.status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("requires a code that is delegated to Tink Link, with the scopes that it needs", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const { body } = yield* askCode({ user_id: userId, scope: linkScope })
      assert.strictEqual(yield* reasonOf(body.code), "REQUEST_FAILED_FETCH_EXISTING_USER")
      const forOther = yield* delegate({ user_id: userId, actor_client_id: "x" })
      assert.strictEqual(yield* reasonOf(forOther), "REQUEST_FAILED_FETCH_EXISTING_USER")
      const reading = yield* delegate({ user_id: userId, scope: "credentials:read,user:read" })
      assert.strictEqual(yield* reasonOf(reading), "REQUEST_FAILED_CREATE_CREDENTIALS")
      const narrow = yield* delegate({ user_id: userId, scope: linkScope.replace(",user:read", "") })
      assert.strictEqual(yield* reasonOf(narrow), "INVALID_STATE_SCOPE")
      const withoutGrant = yield* delegate({ user_id: userId, scope: linkScope.replace("authorization:grant,", "") })
      assert.strictEqual((yield* openWith(withoutGrant)).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("refuses an expired code", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const code = yield* delegate({ user_id: userId })
      yield* TestClock.adjust("10 minutes")
      const { query } = yield* visit(addressOf(connectPath, { ...app, authorization_code: code }))
      assert.strictEqual(query["error"], "INTERNAL_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("shows only the bank that the link chooses, and preselects one of the given company", () =>
    Effect.gen(function* () {
      const { credentials, end, page } = yield* atConnect({ input_provider: "se-demobank-password" })
      assert.deepStrictEqual(inputsIn(page.text), ["se-demobank-password"])
      assert.notInclude(page.text, 'type="radio"')
      assert.include(page.text, "<strong>Demo Bank (password)</strong>")
      yield* end("approve", "se-demobank-password")
      assert.strictEqual((yield* credentials)[0].providerName, "se-demobank-password")
      const { body } = yield* send("GET", "/api/v1/providers/SE?includeTestProviders=true")
      const company = body.providers[0].financialInstitutionId
      const preselected = yield* atConnect({ financial_institution_id: company })
      assert.match(preselected.page.text, /value="se-demobank-open-banking-redirect"[^>]*checked/)
    }).pipe(provideSandbox)
  )

  it.effect("can be reloaded until the visit ends, and takes the code for no other link", () =>
    Effect.gen(function* () {
      const { address, code, end, page } = yield* atConnect()
      const again = yield* send("GET", address)
      assert.deepStrictEqual([again.status, again.text], [200, page.text])
      const elsewhere = addressOf(connectPath, {
        ...app,
        redirect_uri: "https://evil.example",
        authorization_code: code
      })
      assert.strictEqual((yield* visit(elsewhere)).query["error"], "INTERNAL_ERROR")
      assert.strictEqual((yield* visit(address.replace(connectPath, renewPath))).query["error"], "BAD_REQUEST")
      yield* end("approve")
      assert.strictEqual((yield* visit(address)).query["error_reason"], "REQUEST_FAILED_FETCH_EXISTING_USER")
    }).pipe(provideSandbox)
  )

  it.effect("opens only one of the two pages with a code", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const userId = yield* newUser()
      const { id } = yield* sandbox.connectBank(userId)
      const query = { ...app, authorization_code: yield* delegate({ user_id: userId }), credentials_id: id }
      assert.strictEqual((yield* send("GET", addressOf(connectPath, query))).status, 200)
      const { query: error } = yield* visit(addressOf(renewPath, query))
      assert.deepInclude(error, { error: "INTERNAL_ERROR", credentials: id, provider_name: provider })
    }).pipe(provideSandbox)
  )

  it.effect("takes a code once, even if it is valid for longer than the visit", () =>
    Effect.gen(function* () {
      const { address, end } = yield* atConnect()
      yield* end("approve")
      yield* TestClock.adjust("61 minutes")
      assert.strictEqual((yield* visit(address)).query["error"], "INTERNAL_ERROR")
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ codeLifetime: "2 hours" })))
  )

  it.effect("expires after an hour, or when the user's access is revoked", () =>
    Effect.gen(function* () {
      const { end, userId } = yield* atConnect()
      const other = yield* atConnect()
      yield* TestClock.adjust("59 minutes")
      const token = yield* clientToken("authorization:revoke")
      yield* send("POST", "/api/v1/oauth/revoke-all", { token, form: { user_id: userId } })
      assert.strictEqual((yield* end("approve")).status, 400)
      assert.strictEqual((yield* other.end("approve")).status, 303)
      const late = yield* atConnect()
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* late.end("approve")).status, 400)
    }).pipe(provideSandbox)
  )
})

describe("connecting a bank of a permanent user", () => {
  it.effect("returns to the app with credentials in UPDATING", () =>
    Effect.gen(function* () {
      const { credentials, end, userId } = yield* atConnect()
      const { headers, location, query, status, text } = yield* end("approve")
      assert.strictEqual(status, 303)
      assert.strictEqual(text, "")
      assert.strictEqual(headers["cache-control"], "no-store")
      assert.deepStrictEqual(keysOf(query), ["credentials_id", "state"])
      assert.strictEqual(location, `https://app.example/callback?credentials_id=${query["credentials_id"]}&state=s-1`)
      const [made, ...others] = yield* credentials
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(made, {
        id: query["credentials_id"],
        providerName: provider,
        type: "THIRD_PARTY_APP",
        status: "UPDATING",
        statusUpdated: start,
        statusPayload: "",
        fields: {},
        sessionExpiryDate: start + 90 * day,
        userId
      })
      yield* TestClock.adjust("2 seconds")
      const [done] = yield* credentials
      assert.deepStrictEqual([done.status, done.updated], ["UPDATED", start + 2000])
    }).pipe(provideSandbox)
  )

  it.effect("connects the chosen bank with its type", () =>
    Effect.gen(function* () {
      const { credentials, end } = yield* atConnect()
      yield* end("approve", "se-demobank-password")
      const [{ providerName, type, ...made }] = yield* credentials
      assert.deepStrictEqual([providerName, type], ["se-demobank-password", "PASSWORD"])
      assert.notProperty(made, "sessionExpiryDate")
    }).pipe(provideSandbox)
  )

  it.effect("keeps the query of redirect_uri, and sends no state if none was given", () =>
    Effect.gen(function* () {
      const { end } = yield* atConnect({ redirect_uri: "http://localhost:3000/back?from=tink#top", state: undefined })
      const { location, query } = yield* end("approve")
      const id = query["credentials_id"]
      assert.strictEqual(location, `http://localhost:3000/back?from=tink&credentials_id=${id}#top`)
    }).pipe(provideSandbox)
  )

  it.effect("escapes the state", () =>
    Effect.gen(function* () {
      const { end } = yield* atConnect({ state: "a&error=x \r\n日" })
      const { location, query } = yield* end("approve")
      assert.deepStrictEqual(keysOf(query), ["credentials_id", "state"])
      assert.strictEqual(query["state"], "a&error=x \r\n日")
      assert.match(String(location), /^[\x21-\x7e]+$/)
    }).pipe(provideSandbox)
  )

  it.effect("happens once, even if forms are sent again", () =>
    Effect.gen(function* () {
      const { credentials, end } = yield* atConnect()
      const all = yield* Effect.all(
        Array.from({ length: 5 }, () => end("approve")),
        { concurrency: "unbounded" }
      )
      const late = yield* end("cancel")
      const locations = new Set([...all, late].map(({ location }) => location))
      assert.strictEqual(locations.size, 1)
      assert.strictEqual((yield* credentials).length, 1)
    }).pipe(provideSandbox)
  )

  it.effect("connects the same bank again on another visit", () =>
    Effect.gen(function* () {
      const { end, userId } = yield* atConnect()
      yield* end("approve")
      const code = yield* delegate({ user_id: userId })
      const page = yield* send("GET", addressOf(connectPath, { ...app, authorization_code: code }))
      yield* submit(connectPath, { session: sessionIn(page.text), provider, choice: "approve" })
      const token = yield* userToken(userId, "credentials:read")
      assert.strictEqual((yield* send("GET", "/api/v1/credentials/list", { token })).body.credentials.length, 2)
    }).pipe(provideSandbox)
  )

  it.effect("can be cancelled or declined, and nothing is connected", () =>
    eachRow(
      [
        ["cancel", "USER_CANCELLED"],
        ["decline", "USER_DECLINED_CONSENT"]
      ] as const,
      ([choice, reason]) =>
        Effect.gen(function* () {
          const { credentials, end } = yield* atConnect()
          const { query, status } = yield* end(choice)
          assert.strictEqual(status, 303)
          const { message, tracking_id: trackingId, ...others } = query
          assert.deepStrictEqual(others, {
            error: "USER_CANCELLED",
            error_reason: reason,
            provider_name: provider,
            state: "s-1"
          })
          assert.isNotEmpty(message)
          assert.match(String(trackingId), uuid)
          assert.deepStrictEqual(yield* credentials, [])
        })
    )
  )

  const failures: ReadonlyArray<readonly [string, string, Readonly<Record<string, string>>]> = [
    ["error", "TEMPORARY_ERROR", { error_reason: "REQUEST_FAILED_FETCH_ACCOUNTS" }],
    ["login", "AUTHENTICATION_ERROR", { error_reason: "STATIC_CREDENTIALS_INCORRECT", error_type: "USER_LOGIN_ERROR" }]
  ]

  it.effect("can fail, and names the failed credentials", () =>
    eachRow(failures, ([choice, status, reasons]) =>
      Effect.gen(function* () {
        const { credentials, end } = yield* atConnect()
        const { query } = yield* end(choice)
        const [made] = yield* credentials
        const { message, tracking_id: trackingId, ...others } = query
        assert.deepStrictEqual(others, {
          error: status,
          ...reasons,
          credentials: made.id,
          provider_name: provider,
          state: "s-1"
        })
        assert.isNotEmpty(message)
        assert.isNotEmpty(trackingId)
        assert.strictEqual(made.status, status)
        assert.notProperty(made, "updated")
        assert.notProperty(made, "sessionExpiryDate")
      })
    )
  )

  it.effect("refuses an invalid form, and then takes a valid one", () =>
    Effect.gen(function* () {
      const { credentials, end, session } = yield* atConnect()
      assert.strictEqual((yield* end("perhaps")).status, 400)
      assert.strictEqual((yield* end("approve", "uk-demobank-password")).status, 400)
      assert.strictEqual((yield* submit(connectPath, { session, choice: "approve" })).status, 400)
      assert.strictEqual((yield* submit(connectPath, { session: "x", provider, choice: "approve" })).status, 400)
      const elsewhere = yield* submit(renewPath, { session, provider, choice: "approve" })
      assert.deepStrictEqual([elsewhere.status, elsewhere.location], [400, undefined])
      const json = yield* send("POST", connectPath, { json: { session } })
      assert.deepStrictEqual([json.status, json.headers["content-type"]], [415, "text/html; charset=utf-8"])
      assert.deepStrictEqual(yield* credentials, [])
      assert.strictEqual((yield* end("approve")).status, 303)
    }).pipe(provideSandbox)
  )
})

describe("one-time access", () => {
  const atOneTime = Effect.fnUntraced(function* (query: Query = {}) {
    yield* TestClock.setTime(start)
    const address = addressOf(connectPath, { ...app, market: "SE", locale: "en_US", state: "s-1", ...query })
    const page = yield* send("GET", address)
    const session = sessionIn(page.text)
    return { address, page, end: (choice: string) => submit(connectPath, { session, provider, choice }) }
  })

  it.effect("returns to the app with a code and the credentials", () =>
    Effect.gen(function* () {
      const { end, page } = yield* atOneTime()
      assert.strictEqual(page.status, 200)
      const { query } = yield* end("approve")
      assert.deepStrictEqual(keysOf(query), ["code", "credentials_id", "state"])
      const { body, status } = yield* redeem(String(query["code"]))
      assert.strictEqual(status, 200)
      assert.strictEqual(
        body.scope,
        "accounts:read,balances:read,credentials:read,credentials:refresh,provider-consents:read,transactions:read,user:read"
      )
      const token = body.access_token
      const list = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.deepStrictEqual(
        list.body.credentials.map((made: { id: string; status: string }) => [made.id, made.status]),
        [[query["credentials_id"], "UPDATING"]]
      )
      const user = yield* send("GET", "/api/v1/user", { token })
      assert.deepInclude(user.body.profile, { market: "SE", locale: "en_US" })
      // The form leads to the same URL again, and the code can be redeemed only once.
      assert.strictEqual((yield* end("approve")).query["code"], query["code"])
      assert.strictEqual((yield* redeem(String(query["code"]))).status, 400)
      const again = yield* send("GET", "/api/v1/credentials/list", { token })
      assert.strictEqual(again.body.credentials.length, 1)
    }).pipe(provideSandbox)
  )

  it.effect("grants the scopes of the link", () =>
    Effect.gen(function* () {
      const { end } = yield* atOneTime({ scope: "user:read,user:delete" })
      const { query } = yield* end("approve")
      assert.strictEqual((yield* redeem(String(query["code"]))).body.scope, "user:delete,user:read")
    }).pipe(provideSandbox)
  )

  it.effect("creates a new user for each visit", () =>
    Effect.gen(function* () {
      const { address, end } = yield* atOneTime()
      const page = yield* send("GET", address)
      assert.strictEqual(page.status, 200)
      const one = yield* end("approve")
      const other = yield* submit(connectPath, { session: sessionIn(page.text), provider, choice: "approve" })
      assert.notStrictEqual(one.query["code"], other.query["code"])
      assert.notStrictEqual(one.query["credentials_id"], other.query["credentials_id"])
    }).pipe(provideSandbox)
  )

  it.effect("creates no user unless it is approved", () =>
    eachRow(["cancel", "error", "login"], (choice) =>
      Effect.gen(function* () {
        const { end } = yield* atOneTime()
        const { query } = yield* end(choice)
        assert.isNotEmpty(query["error"])
        assert.notProperty(query, "credentials")
        assert.notProperty(query, "code")
        assert.strictEqual(query["provider_name"], provider)
      })
    )
  )

  it.effect("is in Sweden and in English by default", () =>
    Effect.gen(function* () {
      const { end } = yield* atOneTime({ market: undefined, locale: undefined })
      const { query } = yield* end("approve")
      const { body } = yield* redeem(String(query["code"]))
      const user = yield* send("GET", "/api/v1/user", { token: body.access_token })
      assert.deepInclude(user.body.profile, { market: "SE", locale: "en_US" })
    }).pipe(provideSandbox)
  )

  it.effect("ends after a day", () =>
    Effect.gen(function* () {
      const { end } = yield* atOneTime()
      const { query } = yield* end("approve")
      const { body } = yield* redeem(String(query["code"]))
      const user = yield* send("GET", "/api/v1/user", { token: body.access_token })
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* TestClock.adjust(day - 1)
      yield* sandbox.connectBank(user.body.id)
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Effect.flip(sandbox.connectBank(user.body.id))).reason, "UnknownUser")
    }).pipe(provideSandbox)
  )
})

describe("/1.0/transactions/update-consent", () => {
  it.effect("is a page about the bank", () =>
    Effect.gen(function* () {
      const { page } = yield* atRenew()
      assert.strictEqual(page.status, 200)
      assert.match(page.text, /<h1>Renew your consent<\/h1>/)
      assert.include(page.text, "<strong>Demo Bank (website)</strong>")
      assert.include(page.text, "<strong>Ann</strong>")
      assert.deepStrictEqual(inputsIn(page.text), [])
    }).pipe(provideSandbox)
  )

  it.effect("starts a new session and fetches data", () =>
    Effect.gen(function* () {
      const { end, id, read, refresh } = yield* atRenew({ state: "s-2" }, { sessionExpiryDate: 1 })
      yield* refresh()
      assert.strictEqual((yield* read).status, "SESSION_EXPIRED")
      const { location, status } = yield* end("approve")
      assert.strictEqual(status, 303)
      assert.strictEqual(location, `https://app.example/callback?credentials_id=${id}&state=s-2`)
      const now = start + 3_600_000
      const renewed = yield* read
      assert.deepStrictEqual([renewed.status, renewed.sessionExpiryDate], ["UPDATING", now + 90 * day])
      yield* TestClock.adjust("2 seconds")
      const done = yield* read
      assert.deepStrictEqual([done.status, done.updated], ["UPDATED", now + 2000])
      assert.strictEqual(done.sessionExpiryDate, now + 90 * day)
    }).pipe(provideSandbox)
  )

  it.effect("renews once, even if forms are sent again", () =>
    Effect.gen(function* () {
      const { address, end, read } = yield* atRenew()
      const first = yield* end("approve")
      yield* TestClock.adjust("10 minutes")
      const before = yield* read
      assert.strictEqual((yield* end("approve")).location, first.location)
      assert.strictEqual((yield* end("error")).location, first.location)
      assert.deepStrictEqual(yield* read, before)
      assert.strictEqual((yield* visit(address)).query["error"], "INTERNAL_ERROR")
    }).pipe(provideSandbox)
  )

  it.effect("changes nothing when cancelled", () =>
    Effect.gen(function* () {
      const { end, id, read } = yield* atRenew()
      const before = yield* read
      const { query } = yield* end("cancel")
      assert.deepInclude(query, { error: "USER_CANCELLED", credentials: id, provider_name: provider })
      assert.deepStrictEqual(yield* read, before)
    }).pipe(provideSandbox)
  )

  it.effect("can fail, and so do the credentials", () =>
    eachRow(
      [
        ["error", "TEMPORARY_ERROR"],
        ["login", "AUTHENTICATION_ERROR"]
      ] as const,
      ([choice, status]) =>
        Effect.gen(function* () {
          const { end, id, read } = yield* atRenew()
          const { query } = yield* end(choice)
          assert.deepInclude(query, { error: status, credentials: id })
          assert.strictEqual((yield* read).status, status)
        })
    )
  )

  it.effect("names a bank that is not a demo bank by its provider name", () =>
    Effect.gen(function* () {
      const { page } = yield* atRenew({}, { providerName: "<bank>" })
      assert.include(page.text, "<strong>&lt;bank&gt;</strong>")
    }).pipe(provideSandbox)
  )

  const refused: ReadonlyArray<readonly [Query, string]> = [
    [{ authorization_code: undefined }, "INVALID_PARAMETER_AUTHORIZATION_CODE"],
    [{ credentials_id: undefined }, "INVALID_PARAMETER_CREDENTIALS_ID"],
    [{ credentials_id: "" }, "INVALID_PARAMETER_CREDENTIALS_ID"],
    [{ credentials_id: "x" }, "REQUEST_FAILED_FETCH_CREDENTIALS"]
  ]

  it.effect("returns to the app from a link without a code or the user's credentials, and keeps the code", () =>
    eachRow(refused, ([query, reason]) =>
      Effect.gen(function* () {
        const { address, code, id } = yield* atRenew(query)
        assert.strictEqual((yield* visit(address)).query["error_reason"], reason)
        const good = addressOf(renewPath, { ...app, authorization_code: code, credentials_id: id })
        assert.strictEqual((yield* send("GET", good)).status, 200)
      })
    )
  )

  it.effect("returns to the app from another user's credentials, and from a disabled bank", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { id } = yield* sandbox.connectBank(yield* newUser())
      const theirs = yield* atRenew({ credentials_id: id })
      assert.strictEqual((yield* visit(theirs.address)).query["error_reason"], "REQUEST_FAILED_FETCH_CREDENTIALS")
      const disabled = yield* atRenew({}, { status: "PERMANENT_ERROR" })
      const { query } = yield* visit(disabled.address)
      assert.deepInclude(query, { error_reason: "INVALID_STATE_PROVIDER", credentials: disabled.id })
    }).pipe(provideSandbox)
  )

  it.effect("returns to the app when the credentials were deleted during the visit", () =>
    Effect.gen(function* () {
      const { end, id, path, token } = yield* atRenew()
      yield* send("DELETE", path, { token })
      const { query } = yield* end("approve")
      assert.deepInclude(query, { error_reason: "REQUEST_FAILED_FETCH_CREDENTIALS", credentials: id })
    }).pipe(provideSandbox)
  )
})

const extendable = "uk-demobank-open-banking-redirect-extendable"

/** A user with a bank, at a page about it. */
const atPage = Effect.fnUntraced(function* (
  path: string,
  query: Query = {},
  options: TinkSandbox.ConnectBankOptions = { providerName: extendable }
) {
  const all = yield* connected(options)
  yield* TestClock.adjust("1 hour")
  const code = yield* delegate({ user_id: all.userId })
  const address = addressOf(path, { ...app, authorization_code: code, credentials_id: all.id, state: "s-1", ...query })
  const page = yield* visit(address)
  return { ...all, address, page, end: (choice: string) => submit(path, { session: sessionIn(page.text), choice }) }
})

describe("every page of Tink Link", () => {
  const connecting = [
    connectPath,
    "/1.0/business-transactions/connect-accounts",
    "/1.0/products/connect-accounts",
    "/1.0/credentials/add"
  ]

  it.effect("connects a bank, with a slash at the end of its path or without", () =>
    eachRow([...connecting, ...connecting.map((path) => `${path}/`)], (path) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(start)
        const code = yield* delegate({ user_id: yield* newUser() })
        const query = { ...app, authorization_code: code, products: "TRANSACTIONS" }
        const page = yield* send("GET", addressOf(path, query))
        const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? ""
        const back = yield* submit(action, { session: sessionIn(page.text), provider, choice: "approve" })
        assert.deepStrictEqual(keysOf(back.query), ["credentials_id"])
      })
    )
  )

  it.effect("connects a bank for an account check, with the id of its report", () =>
    Effect.gen(function* () {
      const path = "/1.0/account-check/connect"
      const code = yield* delegate({ user_id: yield* newUser() })
      const page = yield* visit(addressOf(path, { ...app, authorization_code: code }))
      const { query } = yield* submit(path, { session: sessionIn(page.text), provider, choice: "approve" })
      assert.deepStrictEqual(keysOf(query), ["account_verification_report_id", "client_id", "credentials_id"])
    }).pipe(provideSandbox)
  )

  it.effect("gives one-time access without a code, where that is possible", () =>
    eachRow(["/1.0/authorize/", ...connecting], (path) =>
      Effect.gen(function* () {
        const page = yield* visit(addressOf(path, { ...app, products: "TRANSACTIONS" }))
        if (path === "/1.0/credentials/add") {
          return assert.strictEqual(page.query["error_reason"], "INVALID_PARAMETER_AUTHORIZATION_CODE")
        }
        const back = yield* submit(path, { session: sessionIn(page.text), provider, choice: "approve" })
        assert.deepStrictEqual(keysOf(back.query), ["code", "credentials_id"])
      })
    )
  )

  it.effect("requires products where they are documented", () =>
    Effect.gen(function* () {
      const { query } = yield* visit(addressOf("/1.0/products/connect-accounts", app))
      assert.strictEqual(query["error_reason"], "INVALID_PARAMETER_PRODUCTS")
    }).pipe(provideSandbox)
  )

  interface Row {
    readonly path: string
    readonly title: string
    /** The status after approval, at once. */
    readonly status: string
    readonly isNewSession: boolean
    readonly query?: Query
  }
  const updating = { status: "UPDATING", isNewSession: true }
  const rows: ReadonlyArray<Row> = [
    { path: renewPath, title: "Renew your consent", ...updating },
    { path: "/1.0/account-check/update-consent", title: "Renew your consent", ...updating },
    { path: "/1.0/business-transactions/update-consent", title: "Renew your consent", ...updating },
    { path: "/1.0/products/update-consent", title: "Renew your consent", query: { products: "LOANS" }, ...updating },
    ...["transactions", "products", "credentials"].map((product) => ({
      path: `/1.0/${product}/extend-consent`,
      title: "Extend your consent",
      status: "UPDATED",
      isNewSession: true
    })),
    { path: "/1.0/credentials/refresh", title: "Refresh your bank", status: "AUTHENTICATING", isNewSession: false },
    { path: "/1.0/credentials/refresh", title: "Refresh your bank", query: { authenticate: "true" }, ...updating },
    { path: "/1.0/credentials/authenticate", title: "Log in to your bank", status: "UPDATED", isNewSession: true }
  ]

  it.effect("changes a connected bank as its name says", () =>
    eachRow(rows, ({ isNewSession, path, query, status, title }) =>
      Effect.gen(function* () {
        const { end, id, page, read } = yield* atPage(path, query)
        assert.strictEqual(page.status, 200)
        assert.include(page.text, `<h1>${title}</h1>`)
        const back = yield* end("approve")
        const both = path.endsWith("extend-consent") ? { credentialsId: id } : {}
        assert.deepStrictEqual(back.query, { ...both, credentials_id: id, state: "s-1" })
        const now = isNewSession ? start + 3_600_000 : start
        assert.deepInclude(yield* read, { status, sessionExpiryDate: now + 90 * day })
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual((yield* read).status, "UPDATED")
      })
    )
  )

  it.effect("changes nothing when cancelled or declined", () =>
    eachRow(
      rows.flatMap((row) => [{ ...row, choice: "cancel" } as const, { ...row, choice: "decline" } as const]),
      ({ choice, path, query }) =>
        Effect.gen(function* () {
          const { end, id, read } = yield* atPage(path, query)
          const before = yield* read
          const back = yield* end(choice)
          assert.deepInclude(back.query, { error: "USER_CANCELLED", credentials: id, provider_name: extendable })
          assert.deepStrictEqual(yield* read, before)
        })
    )
  )

  const impossible: ReadonlyArray<readonly [string, TinkSandbox.ConnectBankOptions, string]> = [
    ["credentials/authenticate", { providerName: "se-demobank-password" }, "INVALID_STATE_NON_OPEN_BANKING_PROVIDER"],
    ["credentials/extend-consent", {}, "INVALID_STATE_PROVIDER"],
    ["credentials/refresh", { status: "PERMANENT_ERROR" }, "INVALID_STATE_PROVIDER"]
  ]

  it.effect("returns to the app if the bank cannot do it", () =>
    eachRow(impossible, ([path, options, reason]) =>
      Effect.gen(function* () {
        const { id, page } = yield* atPage(`/1.0/${path}`, {}, options)
        assert.deepInclude(page.query, { error: "BAD_REQUEST", error_reason: reason, credentials: id, state: "s-1" })
      })
    )
  )

  it.effect("refreshes no bank that is being refreshed or waits for the user", () =>
    eachRow(
      [
        [500, "INVALID_STATE_REFRESH_CREDENTIALS_RATE_LIMITED"],
        [1000, "INVALID_STATE_CREDENTIALS_IS_AWAITING_THIRD_PARTY"]
      ] as const,
      ([milliseconds, reason]) =>
        Effect.gen(function* () {
          const { id, refresh, userId } = yield* connected()
          yield* refresh("?authenticate=true")
          yield* TestClock.adjust(milliseconds)
          const code = yield* delegate({ user_id: userId })
          const query = { ...app, authorization_code: code, credentials_id: id }
          const { query: error } = yield* visit(addressOf("/1.0/credentials/refresh", query))
          assert.strictEqual(error["error_reason"], reason)
        })
    )
  )

  it.effect("returns to an app of the user's device", () =>
    Effect.gen(function* () {
      const { end } = yield* atConnect({ redirect_uri: "com.example.app://tink/back?a=1" })
      const { location, query } = yield* end("approve")
      const id = String(query["credentials_id"])
      assert.strictEqual(location, `com.example.app://tink/back?a=1&credentials_id=${id}&state=s-1`)
      const error = yield* visit(addressOf(connectPath, { client_id: "x", redirect_uri: "example://open" }))
      assert.match(String(error.location), /^example:\/\/open\?error=BAD_REQUEST&/)
    }).pipe(provideSandbox)
  )
})

const createSession = (json: unknown, scope = "link-session:write") =>
  Effect.flatMap(clientToken(scope), (token) => send("POST", "/link/v1/session", { token, json }))

describe("POST /link/v1/session", () => {
  const taken: ReadonlyArray<Readonly<Record<string, unknown>>> = [
    { externalReference: "order-1" },
    { merchantId: "m" },
    { personalIdentifier: "198001010000" },
    { sourceAccountNumber: "1" },
    { user: { firstName: "Ann" } },
    { externalReference: "o", user: { firstName: "Ann", lastName: "Berg" } }
  ]

  it.effect("returns an id of 64 hexadecimal digits for each documented field", () =>
    eachRow(taken, (json) =>
      Effect.gen(function* () {
        const { body, status } = yield* createSession(json)
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(keysOf(body), ["sessionId"])
        assert.match(body.sessionId, /^[0-9a-f]{64}$/)
      })
    )
  )

  const refused: ReadonlyArray<readonly [unknown, number, string]> = [
    [{}, 400, "link-session:write"],
    [{ user: {} }, 400, "link-session:write"],
    [{ externalReference: "a b" }, 400, "link-session:write"],
    [{ externalReference: "x".repeat(51) }, 400, "link-session:write"],
    [{ merchantId: 1 }, 400, "link-session:write"],
    [{ merchantId: "m" }, 403, "user:create"]
  ]

  it.effect("refuses an empty or invalid session, and a token without the scope", () =>
    eachRow(refused, ([json, status, scope]) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* createSession(json, scope)).status, status)
      })
    )
  )

  it.effect("is for one visit within ten minutes, which can be reloaded", () =>
    Effect.gen(function* () {
      const { body } = yield* createSession({ user: { firstName: "Ann", lastName: "Berg" } })
      const address = addressOf(connectPath, { ...app, session_id: body.sessionId })
      const page = yield* send("GET", address)
      assert.include(page.text, "<strong>Ann Berg</strong>")
      assert.strictEqual((yield* send("GET", address)).text, page.text)
      yield* submit(connectPath, { session: sessionIn(page.text), provider, choice: "approve" })
      assert.strictEqual((yield* visit(address)).query["error_reason"], "REQUEST_FAILED_FETCH_SESSION")
      const late = (yield* createSession({ merchantId: "m" })).body.sessionId
      yield* TestClock.adjust("10 minutes")
      const { query } = yield* visit(addressOf(connectPath, { ...app, session_id: late }))
      assert.deepInclude(query, { error: "INTERNAL_ERROR", error_reason: "REQUEST_FAILED_FETCH_SESSION" })
    }).pipe(provideSandbox)
  )
})

describe("Tink Link in the request log", () => {
  it.effect("keeps codes and sessions out of it", () =>
    Effect.gen(function* () {
      const { code, end, session } = yield* atConnect()
      yield* end("approve")
      const { text } = yield* send("GET", "/sandbox/requests")
      assert.include(text, connectPath)
      assert.notInclude(text, code)
      assert.notInclude(text, session)
    }).pipe(provideSandbox)
  )
})

describe("Tink Link over sockets", () => {
  it.scoped("is under the address of the API", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* TinkSandbox.TinkSandbox
      const back = `${baseUrl}/back`
      const query = new URLSearchParams({ ...app, redirect_uri: back, market: "SE" })
      const page = yield* Effect.promise(() => fetch(`${baseUrl}${connectPath}?${query.toString()}`))
      assert.strictEqual(page.status, 200)
      const session = sessionIn(yield* Effect.promise(() => page.text()))
      const body = new URLSearchParams({ session, provider, choice: "approve" })
      const sent = yield* Effect.promise(() =>
        fetch(baseUrl + connectPath, { method: "POST", body, redirect: "manual" })
      )
      assert.strictEqual(sent.status, 303)
      const url = new URL(String(sent.headers.get("location")))
      assert.strictEqual(url.origin + url.pathname, back)
      assert.match(String(url.searchParams.get("code")), /^[0-9a-f]{32}$/)
    }).pipe(Effect.provide(TinkSandbox.layerServer()))
  )
})
