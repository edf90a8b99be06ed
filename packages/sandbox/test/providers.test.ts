import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import { clientToken, connected, eachRow, newUser, send, userToken } from "./helpers.js"

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient())

interface Provider {
  readonly name: string
  readonly type: string
}

const tests = "includeTestProviders=true"

const namesIn = (body: { readonly providers: ReadonlyArray<Provider> }) => body.providers.map(({ name }) => name)

const demoBanks = [
  "se-demobank-open-banking-redirect",
  "se-demobank-password",
  "se-demobank-open-banking-embedded",
  "se-demobank-mobilebankid",
  "se-demobank-open-banking-bankid"
]

const statusOf = (path: string, sent: Parameters<typeof send>[2] = {}) =>
  Effect.map(send("GET", path, sent), ({ status }) => status)

const markets = "AT BE CZ DE DK EE ES FI FR GB IE IT LT LV NL NO PL PT SE".split(" ")

const token = (scope: string, market = "SE") =>
  Effect.flatMap(newUser({ market }), (userId) => userToken(userId, scope))

describe("GET /api/v1/providers/{market}", () => {
  it.effect("returns the documented object", () =>
    Effect.gen(function* () {
      const { body, status } = yield* send("GET", `/api/v1/providers/SE?${tests}`)
      assert.strictEqual(status, 200)
      const found = body.providers.find(({ name }: Provider) => name === "se-demobank-password")
      const { fields, id, financialInstitutionId, images, ...provider } = found
      for (const uuid of [id, financialInstitutionId]) assert.match(uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.deepStrictEqual(provider, {
        name: "se-demobank-password",
        displayName: "Demo Bank (password)",
        displayDescription: "For tests",
        groupDisplayName: "Demo Bank",
        market: "SE",
        currency: "SEK",
        type: "TEST",
        status: "ENABLED",
        accessType: "OTHER",
        credentialsType: "PASSWORD",
        authenticationUserType: "PERSONAL",
        capabilities: [
          "CHECKING_ACCOUNTS",
          "SAVINGS_ACCOUNTS",
          "CREDIT_CARDS",
          "IDENTITY_DATA",
          "INVESTMENTS",
          "LOANS"
        ],
        pisCapabilities: [],
        financialInstitutionName: "Demo Bank",
        financialServices: [{ segment: "PERSONAL", shortName: "Personal Banking" }],
        hasAuthenticationOptions: false,
        multiFactor: false,
        popular: true
      })
      assert.deepStrictEqual(
        fields.map(({ description, masked, name, sensitive }: Readonly<Record<string, unknown>>) => [
          name,
          description,
          masked,
          sensitive
        ]),
        [
          ["username", "Username", false, false],
          ["password", "Password", true, true]
        ]
      )
      const icon = yield* send("GET", new URL(images.icon).pathname)
      assert.deepStrictEqual([icon.status, icon.headers["content-type"]], [200, "image/svg+xml"])
    }).pipe(provideSandbox)
  )

  it.effect("has every demo bank, and names how each of open banking authenticates", () =>
    Effect.gen(function* () {
      const { body } = yield* send("GET", `/api/v1/providers/GB?${tests}&excludeNonTestProviders=true`)
      assert.deepStrictEqual(
        body.providers.map((provider: Readonly<Record<string, string>>) => [
          provider["name"],
          provider["accessType"],
          provider["authenticationFlow"]
        ]),
        [
          ["uk-demobank-open-banking-redirect", "OPEN_BANKING", "REDIRECT"],
          ["uk-demobank-password", "OTHER", undefined],
          ["uk-demobank-open-banking-embedded", "OPEN_BANKING", "EMBEDDED"],
          ["uk-demobank-open-banking-redirect-extendable", "OPEN_BANKING", "REDIRECT"],
          ["uk-demobank-open-banking-redirect-aispis", "OPEN_BANKING", "REDIRECT"],
          ["uk-demobank-open-banking-handoff", "OPEN_BANKING", "REDIRECT"]
        ]
      )
    }).pipe(provideSandbox)
  )

  // Tink's list: tink-api.md 10.3.
  const listed: ReadonlyArray<readonly [market: string, prefix: string, names: string]> = [
    ["AT", "at", "password open-banking-redirect open-banking-embedded"],
    ["BE", "be", "open-banking-redirect"],
    ["CZ", "cz", "open-banking-redirect"],
    ["DE", "de", "password open-banking-redirect open-banking-embedded-templates open-banking-redirect-pisonly"],
    ["DK", "dk", "password open-banking-redirect open-banking-embedded"],
    ["EE", "ee", "open-banking-redirect open-banking-embedded"],
    ["ES", "es", "open-banking-embedded open-banking-redirect password"],
    ["FI", "fi", "open-banking-redirect open-banking-embedded"],
    ["FR", "fr", "password open-banking-redirect open-banking-redirect-aispis open-banking-embedded"],
    [
      "GB",
      "uk",
      "open-banking-handoff open-banking-redirect open-banking-redirect-aispis open-banking-redirect-extendable"
    ],
    ["IE", "ie", "open-banking-embedded open-banking-redirect"],
    ["IT", "it", "open-banking-redirect open-banking-embedded open-banking-redirect-pisonly"],
    ["LV", "lv", "open-banking-redirect"],
    ["NL", "nl", "open-banking-redirect"],
    ["NO", "no", "password open-banking-redirect open-banking-embedded"],
    ["PL", "pl", "open-banking-redirect"],
    ["PT", "pt", "open-banking-redirect password"],
    ["SE", "se", "open-banking-bankid open-banking-embedded open-banking-redirect password"]
  ]

  it.effect("has all the demo banks of Tink's list", () =>
    eachRow(listed, ([market, prefix, names]) =>
      Effect.gen(function* () {
        const { body } = yield* send("GET", `/api/v1/providers/${market}?${tests}`)
        assert.includeMembers(
          [...namesIn(body)],
          names.split(" ").map((name) => `${prefix}-demobank-${name}`)
        )
      })
    )
  )

  const other = "se-sandbox-open-banking-redirect"
  const queries: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["", [other]],
    ["?includeTestProviders=false", [other]],
    [`?${tests}`, [...demoBanks.slice(0, 3), other, ...demoBanks.slice(3)]],
    [`?${tests}&excludeNonTestProviders=true`, demoBanks],
    ["?excludeNonTestProviders=true", []],
    [`?${tests}&capability=LOANS`, ["se-demobank-password"]],
    [`?${tests}&capability=EINVOICES`, demoBanks.slice(3)],
    [`?${tests}&capability=MORTGAGE_LOAN`, []],
    [`?${tests}&pisCapability=PIS_SE_BG`, []],
    ["?includeTestProviders=&capability=&pisCapability=", [other]]
  ]

  it.effect("filters by its query", () =>
    eachRow(queries, ([query, names]) =>
      Effect.gen(function* () {
        const { body } = yield* send("GET", `/api/v1/providers/SE${query}`)
        assert.deepStrictEqual(namesIn(body), names)
      })
    )
  )

  const languages: ReadonlyArray<readonly [string | undefined, string]> = [
    [undefined, "Password"],
    ["en", "Password"],
    ["de-DE,sv;q=0.5", "Password"],
    ["sv", "Lösenord"],
    ["sv-SE,sv;q=0.9,en;q=0.8", "Lösenord"]
  ]

  it.effect("has the texts in the language of Accept-Language", () =>
    eachRow(languages, ([language, text]) =>
      Effect.gen(function* () {
        const headers = language === undefined ? {} : { "accept-language": language }
        const { body } = yield* send("GET", `/api/v1/providers/SE?${tests}`, { headers })
        const found = body.providers.find(({ name }: Provider) => name === "se-demobank-password")
        assert.strictEqual(found.fields[1].description, text)
      })
    )
  )

  const refused: ReadonlyArray<readonly [string, number]> = [
    ["ZZ", 400],
    ["US", 400],
    ["se", 400],
    ["SE?capability=GOLD", 400],
    ["SE?includeTestProviders=yes", 400]
  ]

  it.effect("refuses an unknown market, and an invalid query", () =>
    eachRow(refused, ([path, status]) =>
      Effect.gen(function* () {
        const received = yield* send("GET", `/api/v1/providers/${path}`)
        assert.strictEqual(received.status, status)
        assert.isString(received.body.errorCode)
      })
    )
  )

  it.effect("takes a client token, a user token or none, and no token without the scope", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", {}), 200)
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", { token: yield* clientToken("providers:read") }), 200)
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", { token: yield* token("providers:read") }), 200)
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", { token: yield* clientToken("user:create") }), 403)
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", { token: "x" }), 401)
      assert.strictEqual(
        yield* statusOf("/api/v1/providers/DE", { headers: { "x-tink-oauth-client-id": "sandbox-client" } }),
        200
      )
      assert.strictEqual(yield* statusOf("/api/v1/providers/DE", { headers: { "x-tink-oauth-client-id": "x" } }), 401)
    }).pipe(provideSandbox)
  )
})

describe("GET /api/v1/providers", () => {
  it.effect("has the banks of the user's market, or the one of a name", () =>
    Effect.gen(function* () {
      const reader = yield* token("credentials:read", "NO")
      const get = (query: string) =>
        Effect.map(send("GET", `/api/v1/providers?${tests}${query}`, { token: reader }), ({ body }) => namesIn(body))
      assert.include(yield* get(""), "no-demobank-password")
      assert.notInclude(yield* get(""), "se-demobank-password")
      assert.deepStrictEqual(yield* get("&name=se-demobank-password"), ["se-demobank-password"])
      assert.deepStrictEqual(yield* get("&name=x"), [])
      assert.deepStrictEqual(yield* get("&name="), yield* get(""))
    }).pipe(provideSandbox)
  )

  it.effect("requires a user token with credentials:read", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statusOf("/api/v1/providers"), 401)
      assert.strictEqual(yield* statusOf("/api/v1/providers", { token: yield* token("providers:read") }), 403)
      assert.strictEqual(yield* statusOf("/api/v1/providers", { token: yield* clientToken("credentials:read") }), 403)
    }).pipe(provideSandbox)
  )

  it.effect("names the bank of every connection that can be made", () =>
    Effect.gen(function* () {
      const { token: reader } = yield* connected()
      for (const market of markets) {
        const { body } = yield* send("GET", `/api/v1/providers/${market}?${tests}`)
        for (const name of namesIn(body)) {
          const { body: one } = yield* send("GET", `/api/v1/providers?${tests}&name=${name}`, { token: reader })
          assert.deepStrictEqual(namesIn(one), [name])
        }
      }
    }).pipe(provideSandbox)
  )
})

describe("GET /api/v1/providers/markets", () => {
  it.effect("has the documented markets", () =>
    Effect.gen(function* () {
      const { body, status } = yield* send("GET", "/api/v1/providers/markets", {
        token: yield* clientToken("providers:read")
      })
      assert.strictEqual(status, 200)
      assert.sameMembers(body.markets, markets)
      assert.strictEqual((yield* send("GET", "/api/v1/providers/markets")).status, 401)
    }).pipe(provideSandbox)
  )
})

describe("GET /api/v1/provider-identifiers", () => {
  const read = Effect.fnUntraced(function* (query: string) {
    const reader = yield* clientToken("providers:read")
    return yield* send("GET", `/api/v1/provider-identifiers${query}`, { token: reader })
  })

  it.effect("is read page by page, to an empty token", () =>
    eachRow([undefined, 7, 1000], (pageSize) =>
      Effect.gen(function* () {
        const all: Array<unknown> = []
        let pageToken = ""
        do {
          const size = pageSize === undefined ? "" : `&pageSize=${pageSize}`
          const { body } = yield* read(`?pageToken=${pageToken}${size}`)
          assert.isAtMost(body.providerIdentifiers.length, pageSize ?? 50)
          all.push(...body.providerIdentifiers)
          pageToken = body.nextPageToken
        } while (pageToken !== "")
        assert.isAbove(all.length, 50)
        assert.strictEqual(new Set(all.map((identifier) => JSON.stringify(identifier))).size, all.length)
      })
    )
  )

  it.effect("filters by market, type, value and provider", () =>
    Effect.gen(function* () {
      const query = "marketEq=SE&typeEq=SE_CLEARINGNUMBER&providerNameEq=se-demobank-password"
      const { body } = yield* read(`?${query}`)
      const [{ value, ...identifier }, ...others] = body.providerIdentifiers
      assert.deepStrictEqual(
        [identifier, others],
        [{ market: "SE", type: "SE_CLEARINGNUMBER", providerName: "se-demobank-password" }, []]
      )
      assert.match(value, /^\d{4}$/)
      const same = yield* read(`?valueEq=${value}`)
      assert.deepStrictEqual(same.body.providerIdentifiers, body.providerIdentifiers)
      assert.deepStrictEqual((yield* read("?marketEq=ZZ")).body, { providerIdentifiers: [], nextPageToken: "" })
    }).pipe(provideSandbox)
  )

  it.effect("refuses an invalid page or type, and a request without the scope", () =>
    Effect.gen(function* () {
      for (const query of ["?pageSize=0", "?pageSize=1001", "?pageSize=x", "?pageToken=x", "?typeEq=GOLD"]) {
        assert.strictEqual((yield* read(query)).status, 400, query)
      }
      assert.strictEqual((yield* send("GET", "/api/v1/provider-identifiers")).status, 401)
      const other = yield* clientToken("user:create")
      assert.strictEqual((yield* send("GET", "/api/v1/provider-identifiers", { token: other })).status, 403)
    }).pipe(provideSandbox)
  )
})

describe("the authentication options of a bank", () => {
  const one = "/api/v1/provider-authentication-options"
  const all = "/api/v1/provider-authentication-options-for-market"

  it.effect("are a group of choices, if the bank has any", () =>
    Effect.gen(function* () {
      const reader = yield* token("providers:read")
      const { body } = yield* send("GET", `${one}/se-demobank-mobilebankid`, { token: reader })
      assert.strictEqual(body.providerName, "se-demobank-mobilebankid")
      const [group, ...others] = body.authenticationOptionsGroups
      assert.deepStrictEqual([group.name, others], ["SE_MOBILE_BANKID_DEVICE_CHOICE", []])
      assert.deepStrictEqual(
        group.authenticationOptions.map((option: Readonly<Record<string, unknown>>) => [
          option["name"],
          option["default"]
        ]),
        [
          ["SE_MOBILE_BANKID_SAME_DEVICE", true],
          ["SE_MOBILE_BANKID_OTHER_DEVICE", false]
        ]
      )
      const none = yield* send("GET", `${one}/se-demobank-password`, { token: reader })
      assert.deepStrictEqual(none.body, { providerName: "se-demobank-password", authenticationOptionsGroups: [] })
      const market = yield* send("GET", `${all}/SE`, { token: reader })
      assert.deepStrictEqual(market.body.providers, [
        body,
        { ...body, providerName: "se-demobank-open-banking-bankid" }
      ])
      assert.deepStrictEqual((yield* send("GET", `${all}/NO`, { token: reader })).body, { providers: [] })
    }).pipe(provideSandbox)
  )

  it.effect("need a user token, a known bank and a known market", () =>
    Effect.gen(function* () {
      const reader = yield* token("providers:read")
      assert.strictEqual((yield* send("GET", `${one}/x`, { token: reader })).status, 404)
      assert.strictEqual((yield* send("GET", `${all}/ZZ`, { token: reader })).status, 400)
      const client = yield* clientToken("providers:read")
      for (const path of [`${one}/se-demobank-password`, `${all}/SE`]) {
        assert.strictEqual((yield* send("GET", path, { token: client })).status, 403)
        assert.strictEqual((yield* send("GET", path)).status, 401)
      }
    }).pipe(provideSandbox)
  )
})
