import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import * as Crypto from "node:crypto"
import { findOperation, operationIds, requestDifferences } from "./description.js"

/**
 * Requests as `tink-api.md` prints them, written from the page and not by the client: each must be one that the description has
 * and that the sandbox answers with success.
 */

const { privateKey, publicKey } = Crypto.generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" }
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** tink-api.md 1.5. */
const makeAssertion = (sub: string) => {
  const claims = { iss: "tink://auth/client/sandbox-client", sub, exp: 300, jti: Crypto.randomUUID() }
  const aud = "https://api.tink.com/api/v1/oauth/token"
  const input = `${encode({ typ: "JWT", alg: "ES256" })}.${encode({ ...claims, aud })}`
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const
  return `${input}.${Crypto.sign("sha256", Buffer.from(input), key).toString("base64url")}`
}

interface Sent {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
}

const linkScope =
  "authorization:read,authorization:grant,credentials:refresh,credentials:read,credentials:write,providers:read,user:read"

const app = { client_id: "sandbox-client", client_secret: "sandbox-secret" }

const Members = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const parse = Schema.decodeUnknownOption(Schema.parseJson(Members))

it.effect("every documented request is one that the OpenAPI description has, and the sandbox accepts it", () => {
  const sent = new Set<string>()
  const differences: Array<string> = []

  const send = (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    { form, headers = {}, json, token }: Sent = {}
  ) =>
    Effect.gen(function* () {
      const url = new URL(path, "https://api.tink.com")
      const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded"
      const body = form === undefined ? JSON.stringify(json) : new URLSearchParams(form).toString()
      const operation = findOperation(method, url.pathname)
      if (operation === undefined) differences.push(`${method} ${url.pathname} is not described`)
      else {
        sent.add(operation.operationId)
        differences.push(...requestDifferences(operation, { query: url.searchParams, type, body }))
      }
      const client = yield* HttpClient.HttpClient
      const bare = HttpClientRequest.make(method)(url, { headers })
      const authorized = token === undefined ? bare : HttpClientRequest.bearerToken(bare, token)
      const response = yield* client.execute(
        body === undefined ? authorized : HttpClientRequest.bodyText(authorized, body, type)
      )
      const text = yield* response.text
      if (response.status >= 300) differences.push(`${method} ${path}: the sandbox answers ${response.status} ${text}`)
      return parse(text)._tag === "Some" ? Schema.decodeUnknownSync(Schema.parseJson(Members))(text) : {}
    })

  const textOf = (members: Readonly<Record<string, unknown>>, name: string) => String(members[name])

  const clientToken = (scope: string) =>
    Effect.map(
      send("POST", "/api/v1/oauth/token", { form: { ...app, grant_type: "client_credentials", scope } }),
      (answer) => textOf(answer, "access_token")
    )

  return Effect.gen(function* () {
    const sandbox = yield* TinkSandbox.TinkSandbox

    // tink-api.md 1 to 3
    const creator = yield* clientToken("user:create,authorization:grant")
    yield* send("POST", "/api/v1/user/create", {
      token: creator,
      json: { external_user_id: "cust-0001", market: "SE", locale: "en_US", retention_class: "permanent" }
    })
    const userId = textOf(
      yield* send("POST", "/api/v1/user/create", { token: creator, json: { market: "GB" } }),
      "user_id"
    )
    const granter = yield* clientToken("authorization:grant")
    const scope =
      "user:read,user:write,user:delete,credentials:read,credentials:write,credentials:refresh," +
      "provider-consents:read,provider-consents:write,providers:read"
    // The empty twin of three public clients.
    const grant = { user_id: userId, external_user_id: "", scope }
    const code = textOf(
      yield* send("POST", "/api/v1/oauth/authorization-grant", { token: granter, form: grant }),
      "code"
    )
    const exchange = { ...app, grant_type: "authorization_code", code }
    const token = textOf(yield* send("POST", "/api/v1/oauth/token", { form: exchange }), "access_token")
    yield* send("POST", "/api/v1/oauth/authorization-grant/delegate", {
      token: granter,
      form: {
        external_user_id: "cust-0001",
        scope: linkScope,
        id_hint: "Åsa",
        actor_client_id: "df05e4b379934cd09963197cc855bfe9"
      }
    })
    for (const sub of ["tink://auth/client/sandbox-client", "tink://auth/user/cust-0001"]) {
      yield* send("POST", "/api/v1/oauth/token", {
        form: {
          client_id: "sandbox-client",
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: makeAssertion(sub),
          scope: "user:read providers:read"
        }
      })
    }

    // tink-api.md 5
    yield* send("GET", "/api/v1/user", { token })
    yield* send("PATCH", "/api/v1/user", { token, json: { id: userId, externalUserId: "cust-0002", username: "Ada" } })
    yield* send("PATCH", "/api/v1/user", { token, json: { username: "Ada" } })
    const profile = yield* send("GET", "/api/v1/user/profile", { token })
    yield* send("PUT", "/api/v1/user/profile", { token, json: profile })
    yield* send("PUT", "/api/v1/user/profile", {
      token,
      json: { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 25 }
    })

    // tink-api.md 6.7
    const reader = yield* clientToken("providers:read")
    yield* send("GET", "/api/v1/providers?capability=CHECKING_ACCOUNTS&includeTestProviders=true", { token })
    yield* send("GET", "/api/v1/providers?name=se-demobank-password&includeTestProviders=true", { token })
    yield* send("GET", "/api/v1/providers/DE")
    yield* send("GET", "/api/v1/providers/DE", {
      headers: { "X-Tink-OAuth-Client-ID": "sandbox-client", "Accept-Language": "sv-SE" }
    })
    yield* send("GET", "/api/v1/providers/SE?includeTestProviders=true&excludeNonTestProviders=false", {
      token: reader
    })
    yield* send("GET", "/api/v1/providers/markets", { token: reader })
    yield* send("GET", "/api/v1/provider-identifiers", { token: reader })
    yield* send("GET", "/api/v1/provider-identifiers?marketEq=SE&typeEq=SE_CLEARINGNUMBER&pageSize=50", {
      token: reader
    })
    yield* send("GET", "/api/v1/provider-authentication-options/se-demobank-password", { token })
    yield* send("GET", "/api/v1/provider-authentication-options-for-market/SE", { token })

    // tink-api.md 6
    const created = yield* send("POST", "/api/v1/credentials?items=CHECKING_ACCOUNTS&items=CHECKING_TRANSACTIONS", {
      token,
      json: {
        providerName: "se-demobank-password",
        fields: { username: "u27744", password: "secret" },
        appUri: "tink://open",
        callbackUri: "https://app.example/callback",
        originatingUserIp: "198.51.100.10",
        triggerRefresh: true
      }
    })
    const path = `/api/v1/credentials/${textOf(created, "id")}`
    yield* TestClock.adjust("1 minute")
    yield* send("GET", "/api/v1/credentials/list", { token })
    yield* send("GET", path, { token })
    yield* send("PUT", path, { token, json: { fields: { password: "another" } } })
    yield* TestClock.adjust("1 minute")
    yield* send("POST", `${path}/refresh`, { token })
    yield* TestClock.adjust("1 minute")
    yield* send("POST", `${path}/refresh?items=CHECKING_ACCOUNTS&optIn=false&authenticate=false`, {
      token,
      json: {
        appUri: "tink://open",
        userAvailability: { userPresent: true, userAvailableForInteraction: true, originatingUserIp: "198.51.100.10" }
      }
    })
    yield* TestClock.adjust("1 minute")
    yield* send("POST", `${path}/authenticate`, { token, json: { appUri: "tink://open" } })
    yield* TestClock.adjust("1 second")
    yield* send("POST", `${path}/supplemental-information`, { token, json: { information: { otp: "123456" } } })
    yield* TestClock.adjust("1 minute")
    yield* send("DELETE", path, { token })

    const bankId = yield* sandbox.connectBank(userId, {
      providerName: "se-demobank-mobilebankid",
      type: "MOBILE_BANKID"
    })
    yield* sandbox.setNextRefresh(bankId.id, "AWAITING_MOBILE_BANKID_AUTHENTICATION")
    yield* send("POST", `/api/v1/credentials/${bankId.id}/refresh`, { token })
    yield* TestClock.adjust("1 second")
    yield* send("GET", `/api/v1/credentials/${bankId.id}/qr`, { token })

    const { id } = yield* sandbox.connectBank(userId, {
      providerName: "uk-demobank-open-banking-redirect-extendable"
    })
    yield* send("POST", `/api/v1/credentials/${id}/authenticate`, { token })
    yield* TestClock.adjust("1 second")
    yield* send("POST", "/api/v1/credentials/third-party/callback/relayed", {
      json: { state: id, parameters: { code: "a-code" } }
    })

    // tink-api.md 7
    yield* send("GET", "/api/v1/provider-consents", { token })
    yield* send("GET", `/api/v1/provider-consents?credentialsId=${id}`, { token })
    yield* send("POST", "/api/v1/provider-consents:extend", { token, json: { credentialsId: id } })

    // tink-api.md 11.3
    yield* send("POST", "/link/v1/session", {
      token: yield* clientToken("link-session:write"),
      json: {
        externalReference: "order-0001",
        merchantId: "m-1",
        personalIdentifier: "199001011234",
        sourceAccountNumber: "SE0000",
        user: { firstName: "Åsa", lastName: "Ek" }
      }
    })

    // tink-api.md 2.1 and 4
    const revoker = yield* clientToken("authorization:revoke")
    yield* send("POST", "/api/v1/oauth/revoke-all", { token: revoker, form: { external_user_id: "cust-0001" } })
    yield* send("POST", "/api/v1/user/delete", { token })

    assert.deepStrictEqual(differences, [])
    const unsent = operationIds.filter((operationId) => !sent.has(operationId))
    assert.deepStrictEqual(unsent, [], "each operation needs a request in this test")
  }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ publicKey })))
})
