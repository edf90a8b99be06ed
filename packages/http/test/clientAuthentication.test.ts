import * as HttpClient from "@effect/platform/HttpClient"
import { NodeHttpClient, Undici } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TinkConfig, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Crypto from "node:crypto"
import { inspect } from "node:util"
import * as certificates from "../../../test/support/certificates.js"
import { everyRow } from "../../../test/support/rows.js"
import { json, scriptedTink, type Script, tokenAnswer } from "../../../test/support/scriptedTink.js"
import { createUser, failure, getCredential } from "./helpers.js"

const pair = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const jwk = pair.privateKey.export({ format: "jwk" })
const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString()

/** The part of the key that is secret, in its encodings. */
const canaries = [
  String(jwk["d"]),
  Buffer.from(String(jwk["d"]), "base64url").toString("hex"),
  ...pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-"))
]

const isClean = (...values: ReadonlyArray<unknown>) => {
  const printed = values.map((value) => inspect(value, { depth: 20, showHidden: true }) + String(JSON.stringify(value)))
  for (const canary of canaries) assert.notInclude(printed.join("\n"), canary)
}

const withKey = (privateKey = pem) => ({ clientId: "sandbox-client", privateKey: Redacted.make(privateKey) })

const overScript = (script: Script) =>
  Effect.gen(function* () {
    const { client, sent } = scriptedTink(script)
    const context = yield* Layer.build(TinkHttp.layer({ ...withKey(), retryBaseDelay: 0 })).pipe(
      Effect.provideService(HttpClient.HttpClient, client)
    )
    return { http: Context.get(context, TinkHttp.TinkHttp), sent }
  })

const decodePart = (part = ""): unknown => JSON.parse(Buffer.from(part, "base64url").toString())

const readAssertion = (form: Readonly<Record<string, string>>) => {
  const [header, claims] = (form["assertion"] ?? "").split(".")
  return { header: decodePart(header), claims: decodePart(claims) as Readonly<Record<string, unknown>> }
}

const app = "tink://auth/client/sandbox-client"

describe("a private key", () => {
  it.scoped("signs an assertion for a client token, and no secret is sent", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      const { http, sent } = yield* overScript(({ path }) =>
        path.endsWith("/token") ? tokenAnswer("a-token") : json(200, {})
      )
      yield* http.request({
        ...createUser,
        authorization: { _tag: "Client", scopes: ["user:create", "authorization:grant"] }
      })
      const { assertion: _, ...form } = sent[0]?.form ?? {}
      assert.deepStrictEqual(form, {
        client_id: "sandbox-client",
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        scope: "authorization:grant user:create"
      })
      const { claims, header } = readAssertion(sent[0]?.form ?? {})
      assert.deepStrictEqual(header, { alg: "ES256", typ: "JWT" })
      const { jti, ...others } = claims
      assert.match(String(jti), /^[0-9a-f-]{36}$/)
      assert.deepStrictEqual(others, {
        iss: app,
        sub: app,
        aud: "https://api.tink.com/api/v1/oauth/token",
        exp: 1_700_000_150
      })
    })
  )

  it.scoped("signs an assertion of its own for each attempt: Tink takes each once", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* overScript(({ path }, n) =>
        path.endsWith("/token") ? (n < 3 ? { status: 503, body: "" } : tokenAnswer("a-token")) : json(200, {})
      )
      yield* http.request(createUser)
      const ids = sent.slice(0, 3).map(({ form }) => readAssertion(form).claims["jti"])
      assert.lengthOf(new Set(ids), 3)
    })
  )

  it.scoped("is in nothing that can be printed", () =>
    Effect.gen(function* () {
      const { http } = yield* overScript(({ body }) => ({
        status: 401,
        body: JSON.stringify({ errorMessage: `no: ${body}`, errorCode: "oauth.no" })
      }))
      const error = yield* failure(http.request(createUser))
      assert.strictEqual(error.reason, "Unauthorized")
      assert.notMatch(error.errorMessage ?? "", /eyJ/)
      isClean(error, http, yield* TinkConfig.make(withKey()))
    })
  )

  const layerSandbox = (privateKey = pem) =>
    TinkHttp.layer(withKey(privateKey)).pipe(Layer.provideMerge(TinkSandbox.layerHttpClient({ publicKey })))

  it.effect("gives the application and its users tokens, as PEM and as JWK", () =>
    everyRow(
      [
        ["PEM", pem],
        ["PEM between blank lines", `\n${pem}\n\n`],
        ["PEM in one line, as environment variables hold it", pem.replaceAll("\n", "\\n")],
        ["PEM in one line, of a file of Windows", pem.replaceAll("\n", "\\r\\n")],
        ["JWK", JSON.stringify(jwk)]
      ] as const,
      ([name]) => name,
      ([, key]) =>
        Effect.gen(function* () {
          const { issueUserToken, request } = yield* TinkHttp.TinkHttp
          yield* request(createUser)
          assert.isDefined(issueUserToken)
          const token = yield* (
            issueUserToken?.({ user: "cust-0001", scopes: ["user:read", "user:delete"] }) ??
            Effect.dieMessage("no function")
          )
          assert.sameMembers([...token.scopes], ["user:read", "user:delete"])
        }).pipe(Effect.provide(layerSandbox(key)))
    )
  )

  it.effect("distinguishes an unknown user from an unknown key", () =>
    Effect.gen(function* () {
      const issue = Effect.flatMap(TinkHttp.TinkHttp, ({ issueUserToken }) =>
        failure(issueUserToken?.({ user: "unknown", scopes: ["user:read"] }) ?? Effect.dieMessage("no function"))
      )
      const unknown = yield* Effect.provide(issue, layerSandbox())
      assert.deepStrictEqual([unknown.reason, unknown.isAmbiguous, unknown.isRetryable], ["NotFound", false, false])
      const other = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
      const foreign = other.export({ type: "pkcs8", format: "pem" }).toString()
      const refused = yield* Effect.provide(issue, layerSandbox(foreign))
      assert.strictEqual(refused.reason, "Unauthorized")
    })
  )

  it.scoped("issues no token without a user: it would be the application's own", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* overScript(() => tokenAnswer("a-token"))
      const scopes = ["user:read"]
      for (const grant of [undefined, {}, { scopes }, { user: "", scopes }, { user: "x", scopes: [] }]) {
        // From a caller without types.
        const error = yield* failure(http.issueUserToken?.(grant as never) ?? Effect.dieMessage("no function"))
        assert.strictEqual(error.reason, "Invalid")
      }
      assert.isEmpty(sent)
    })
  )

  it.scoped("has no such function for an application with a secret", () =>
    Effect.gen(function* () {
      const { clientId, clientSecret } = yield* TinkSandbox.TinkSandbox
      const http = yield* TinkHttp.make({ clientId, clientSecret })
      assert.notProperty(http, "issueUserToken")
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )

  const exported = (key: Crypto.KeyObject, options: Crypto.KeyExportOptions<"pem">) => key.export(options).toString()
  const larger = Crypto.generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey
  const refused: ReadonlyArray<readonly [name: string, key: string]> = [
    ["nothing", ""],
    ["another text", "-----BEGIN PRIVATE KEY-----"],
    ["the PEM of SEC 1", exported(pair.privateKey, { type: "sec1", format: "pem" })],
    [
      "an encrypted PEM",
      exported(pair.privateKey, { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    ],
    ["a public key", publicKey],
    ["a certificate", certificates.client.certificate],
    ["a key of another curve", exported(larger, { type: "pkcs8", format: "pem" })],
    ["a JWK of another curve", JSON.stringify(larger.export({ format: "jwk" }))],
    ["a public JWK", JSON.stringify(pair.publicKey.export({ format: "jwk" }))],
    ["a symmetric JWK", JSON.stringify({ kty: "oct", k: jwk["d"] })],
    ["half a JWK", JSON.stringify(jwk).slice(0, -9)]
  ]
  it.effect(
    "is refused unless it is one of P-256, as documented, with an error that names it and never repeats it",
    () =>
      everyRow(
        refused,
        ([name]) => name,
        ([, key]) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(TinkConfig.make(withKey(key)))
            assert.match(String(error), /the private key (is empty: it )?must be a P-256 key/)
            isClean(error, Cause.pretty(Cause.fail(error)))
            const variables = { TINK_CLIENT_ID: "id", TINK_PRIVATE_KEY: key }
            const named = yield* Effect.flip(reading(variables))
            assert.include(String(named), "TINK_PRIVATE_KEY")
            isClean(named, Cause.pretty(Cause.fail(named)))
          })
      )
  )
})

describe("the path of a private key", () => {
  const rows: ReadonlyArray<readonly [key: string, isPath: boolean]> = [
    ["/etc/keys/tink", true],
    ["./tink.pem", true],
    ["~/tink.key", true],
    ["C:\\keys\\tink.pem", true],
    ["file:///keys/tink", true],
    ["tink.pem\n", true],
    ["-----BEGIN PRIVATE KEY-----", false],
    ["-----BEGIN PRIVATE KEY-----\n/abc\n-----END PRIVATE KEY-----", false],
    ['{"kty":"EC"}', false],
    ["MIGHAgEAMBMGByqGSM49", false]
  ]
  it.effect("is refused with an error that says that it is not the key", () =>
    everyRow(
      rows,
      ([key]) => key,
      ([key, isPath]) =>
        Effect.map(Effect.flip(TinkConfig.make(withKey(key))), (error) => {
          assert.strictEqual(String(error).includes("the key itself, not the path of its file"), isPath)
          assert.notInclude(String(error), key.trim())
        })
    )
  )
})

const reading = (variables: Readonly<Record<string, string>>, options?: TinkConfig.ConfigOptions) =>
  TinkConfig.fromConfig(options).pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
  )

describe("how an application authenticates", () => {
  const id = { TINK_CLIENT_ID: "id" }
  const read: ReadonlyArray<readonly [tag: string, baseUrl: string, variables: Readonly<Record<string, string>>]> = [
    ["ClientSecret", "https://api.tink.com", { ...id, TINK_CLIENT_SECRET: "s" }],
    ["ClientSecret", "https://api.tink.com", { ...id, TINK_CLIENT_SECRET: "s", TINK_MUTUAL_TLS: "false" }],
    ["PrivateKey", "https://api.tink.com", { ...id, TINK_PRIVATE_KEY: pem }],
    ["MutualTls", "https://mtls.api.tink.com", { ...id, TINK_MUTUAL_TLS: "true" }],
    ["MutualTls", "https://tink.example", { ...id, TINK_MUTUAL_TLS: "true", TINK_BASE_URL: "https://tink.example" }]
  ]
  it.effect("is read from the variable that is set, and mutual TLS has a host of its own", () =>
    everyRow(
      read,
      ([tag, baseUrl]) => `${tag} at ${baseUrl}`,
      ([tag, baseUrl, variables]) =>
        Effect.gen(function* () {
          const config = yield* reading(variables)
          assert.deepStrictEqual([config.clientAuthentication._tag, config.baseUrl], [tag, baseUrl])
        })
    )
  )

  it.effect("is what the application names, also if other variables are set", () =>
    Effect.gen(function* () {
      const variables = { ...id, TINK_PRIVATE_KEY: pem, TINK_MUTUAL_TLS: "true", MY_SECRET: "s" }
      const { clientAuthentication } = yield* reading(variables, { clientSecret: Config.redacted("MY_SECRET") })
      assert.strictEqual(clientAuthentication._tag, "ClientSecret")
    })
  )

  const secret = Redacted.make("s")
  const given: ReadonlyArray<readonly [name: string, names: ReadonlyArray<string>, options: object]> = [
    ["a secret and a key", ["clientSecret", "privateKey"], { clientSecret: secret, privateKey: Redacted.make(pem) }],
    ["a secret and mutual TLS", ["clientSecret", "mutualTls"], { clientSecret: secret, mutualTls: true }],
    ["a key and mutual TLS", ["privateKey", "mutualTls"], { privateKey: Redacted.make(pem), mutualTls: true }],
    ["a key that is not redacted", ["private key"], { privateKey: pem }],
    ["a key that is a number", ["private key"], { privateKey: 7 }],
    ["mutual TLS that is a string", ["mutualTls"], { clientSecret: secret, mutualTls: "yes" }],
    ["no mutual TLS, and nothing else", ["client secret"], { mutualTls: false }],
    ["nothing", ["client secret"], {}]
  ]
  it.effect("is one way: other settings are refused with an error that names them", () =>
    everyRow(
      given,
      ([name]) => name,
      ([, names, options]) =>
        Effect.gen(function* () {
          // From a caller without types.
          const error = yield* Effect.flip(TinkConfig.make({ clientId: "id", ...options } as TinkConfig.Options))
          for (const name of names) assert.include(String(error), name)
          isClean(error)
        })
    )
  )

  it.effect("two variables, a malformed one and none are refused with their names", () =>
    everyRow(
      [
        ["TINK_CLIENT_SECRET", { ...id, TINK_CLIENT_SECRET: "s", TINK_PRIVATE_KEY: pem }],
        ["TINK_PRIVATE_KEY", { ...id, TINK_CLIENT_SECRET: "s", TINK_PRIVATE_KEY: pem }],
        ["TINK_MUTUAL_TLS", { ...id, TINK_CLIENT_SECRET: "s", TINK_MUTUAL_TLS: "perhaps" }],
        ["TINK_PRIVATE_KEY", id]
      ] as const,
      ([name]) => name,
      ([name, variables]) =>
        Effect.map(Effect.flip(reading(variables)), (error) => {
          assert.include(String(error), name)
          isClean(error)
        })
    )
  )
})

describe("mutual TLS", () => {
  const { client, other, server } = certificates

  const layerSandbox = TinkSandbox.layerServer({
    mutualTls: { key: server.key, certificate: server.certificate, clientCertificate: client.certificate }
  })

  const layerDispatcher = (identity: { readonly key: string; readonly certificate: string }) =>
    Layer.scoped(
      NodeHttpClient.Dispatcher,
      Effect.acquireRelease(
        Effect.sync(
          // oxlint-disable-next-line import/namespace -- Undici is re-exported from a CommonJS module.
          () => new Undici.Agent({ connect: { key: identity.key, cert: identity.certificate, ca: server.certificate } })
        ),
        (agent) => Effect.promise(() => agent.close())
      )
    )

  const layerTink = (identity: { readonly key: string; readonly certificate: string }) =>
    Layer.unwrapEffect(
      Effect.map(TinkSandbox.TinkSandbox, ({ clientId, mutualTlsUrl }) =>
        TinkHttp.layer({ clientId, mutualTls: true, baseUrl: mutualTlsUrl, maxRetries: 0 })
      )
    ).pipe(
      Layer.provide(NodeHttpClient.layerUndiciWithoutDispatcher),
      Layer.provide(layerDispatcher(identity)),
      Layer.provideMerge(layerSandbox)
    )

  it.live("authenticates by the certificate of the HTTP client, and sends no secret", () =>
    Effect.gen(function* () {
      const http = yield* TinkHttp.TinkHttp
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* http.request(createUser)
      const requests = yield* sandbox.requests
      assert.deepStrictEqual(
        requests.map(({ method, path, status }) => `${method} ${path} ${status}`),
        ["POST /api/v1/oauth/token 200", "POST /api/v1/user/create 200"]
      )
    }).pipe(Effect.provide(layerTink(client)))
  )

  it.live("another certificate of the same subject is Unauthorized", () =>
    Effect.gen(function* () {
      const http = yield* TinkHttp.TinkHttp
      assert.strictEqual((yield* failure(http.request(createUser))).reason, "Unauthorized")
    }).pipe(Effect.provide(layerTink(other)))
  )

  it.scoped("exchanges a code with the client id alone", () =>
    Effect.gen(function* () {
      const { client, sent } = scriptedTink(() => tokenAnswer("a-token"))
      const http = yield* Effect.provideService(
        TinkHttp.make({ clientId: "my-client", mutualTls: true }),
        HttpClient.HttpClient,
        client
      )
      yield* http.exchangeCode(Redacted.make("c0de"))
      assert.deepStrictEqual(sent[0]?.form, { client_id: "my-client", grant_type: "authorization_code", code: "c0de" })
      assert.include(sent[0]?.url ?? "", "https://mtls.api.tink.com/")
      yield* http.request(getCredential)
    })
  )
})
