import { assert, describe, it } from "@effect/vitest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Crypto from "node:crypto"
import * as Https from "node:https"
import { client, other, server } from "../../../test/support/certificates.js"
import { askCode, eachRow, keysOf, newUser, send } from "./helpers.js"

const keys = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
const foreign = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })

const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString()

const provideSandbox = Effect.provide(TinkSandbox.layerHttpClient({ publicKey }))

const app = "tink://auth/client/sandbox-client"

interface Token {
  readonly header?: unknown
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: Crypto.KeyObject
  readonly encoding?: "der" | "ieee-p1363"
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const makeJwt = ({
  claims,
  encoding = "ieee-p1363",
  header = { typ: "JWT", alg: "ES256" },
  key = keys.privateKey
}: Token) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const all = {
      iss: app,
      sub: app,
      aud: "https://api.tink.com/api/v1/oauth/token",
      exp: Math.floor(now / 1000) + 300,
      jti: Crypto.randomUUID(),
      ...claims
    }
    const input = `${encode(header)}.${encode(all)}`
    const signature = Crypto.sign("sha256", Buffer.from(input), { key, dsaEncoding: encoding }).toString("base64url")
    return `${input}.${signature}`
  })

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"

const redeem = (assertion: string, form: Readonly<Record<string, string>> = { scope: "user:create" }) =>
  send("POST", "/api/v1/oauth/token", { form: { grant_type: grantType, assertion, ...form } })

describe("the JWT-bearer grant", () => {
  it.effect("gives the app a token, with the answer of the guide", () =>
    Effect.gen(function* () {
      const { body, status } = yield* redeem(yield* makeJwt({}), { scope: "user:create authorization:grant" })
      assert.strictEqual(status, 200)
      const { access_token: token, ...others } = body
      assert.deepStrictEqual(others, {
        token_type: "bearer",
        expires_in: 7200,
        scope: "authorization:grant user:create",
        id_hint: null
      })
      assert.strictEqual((yield* send("POST", "/api/v1/user/create", { token, json: { market: "SE" } })).status, 200)
    }).pipe(provideSandbox)
  )

  it.effect("gives a user token in one step, by either id of the user", () =>
    Effect.gen(function* () {
      const userId = yield* newUser({ market: "SE", external_user_id: "cust-0001" })
      for (const id of [userId, "cust-0001"]) {
        const assertion = yield* makeJwt({ claims: { sub: `tink://auth/user/${id}` } })
        const { body } = yield* redeem(assertion, { scope: "user:read", client_id: "sandbox-client" })
        assert.deepStrictEqual([body.scope, body.expires_in], ["user:read", 7200])
        assert.strictEqual((yield* send("GET", "/api/v1/user", { token: body.access_token })).body.id, userId)
      }
    }).pipe(provideSandbox)
  )

  it.effect("gives all client scopes without a scope, and no user token", () =>
    Effect.gen(function* () {
      const userId = yield* newUser()
      const { body } = yield* redeem(yield* makeJwt({}), {})
      assert.include(String(body.scope).split(" "), "authorization:grant")
      const assertion = yield* makeJwt({ claims: { sub: `tink://auth/user/${userId}` } })
      assert.strictEqual((yield* redeem(assertion, {})).status, 400)
    }).pipe(provideSandbox)
  )

  const now = 1_700_000_000
  const refused: ReadonlyArray<readonly [string, Token, number]> = [
    ["another key", { key: foreign.privateKey }, 401],
    ["a DER signature", { encoding: "der" }, 401],
    ["another algorithm", { header: { typ: "JWT", alg: "none" } }, 401],
    ["no algorithm", { header: {} }, 401],
    ["another audience", { claims: { aud: "http://127.0.0.1/api/v1/oauth/token" } }, 401],
    ["no audience", { claims: { aud: undefined } }, 401],
    ["an expired assertion", { claims: { exp: now } }, 401],
    ["a lifetime of more than five minutes", { claims: { exp: now + 301 } }, 401],
    ["a time that is text", { claims: { exp: String(now + 60) } }, 401],
    ["no jti", { claims: { jti: undefined } }, 401],
    ["another app", { claims: { iss: "tink://auth/client/x", sub: "tink://auth/client/x" } }, 401],
    ["a subject that is no user", { claims: { sub: "tink://auth/client/x" } }, 401],
    ["an unknown user", { claims: { sub: "tink://auth/user/x" } }, 404]
  ]

  it.effect("refuses an assertion that is not as documented", () =>
    eachRow(refused, ([, token, status]) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now * 1000)
        const received = yield* redeem(yield* makeJwt(token))
        assert.strictEqual(received.status, status)
        assert.deepStrictEqual(keysOf(received.body), ["errorCode", "errorMessage"])
      }).pipe(provideSandbox)
    )
  )

  it.effect("refuses a text that is not a JWT, an additional secret, another client and a scope that no app has", () =>
    Effect.gen(function* () {
      for (const text of ["", "x", "a.b", "a.b.c", "a.b.c.d", `${encode({ alg: "ES256" })}.e30.`, "%.%.%"]) {
        assert.strictEqual((yield* redeem(text)).status, 401, text)
      }
      const jwt = makeJwt({})
      assert.strictEqual((yield* redeem(yield* jwt, { scope: "root" })).status, 401)
      assert.strictEqual((yield* redeem(yield* jwt, { client_id: "x" })).status, 401)
      const withSecret = { client_id: "sandbox-client", client_secret: "sandbox-secret" }
      assert.strictEqual((yield* redeem(yield* jwt, withSecret)).status, 400)
    }).pipe(provideSandbox)
  )

  it.effect("exchanges a code without a secret, and takes no wrong secret", () =>
    Effect.gen(function* () {
      const exchange = (form: Readonly<Record<string, string>>) =>
        Effect.gen(function* () {
          const { code } = (yield* askCode({ user_id: yield* newUser(), scope: "user:read" })).body
          const fields = { client_id: "sandbox-client", grant_type: "authorization_code", code, ...form }
          return (yield* send("POST", "/api/v1/oauth/token", { form: fields })).status
        })
      assert.strictEqual(yield* exchange({}), 200)
      assert.strictEqual(yield* exchange({ client_secret: "sandbox-secret" }), 200)
      assert.strictEqual(yield* exchange({ client_secret: "x" }), 401)
      assert.strictEqual(yield* exchange({ grant_type: "client_credentials" }), 401)
    }).pipe(provideSandbox)
  )

  it.effect("takes an assertion once", () =>
    Effect.gen(function* () {
      const assertion = yield* makeJwt({ claims: { jti: "any format" } })
      assert.strictEqual((yield* redeem(assertion)).status, 200)
      assert.strictEqual((yield* redeem(assertion)).status, 401)
      // It expires before it could be used again.
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* redeem(assertion)).status, 401)
    }).pipe(provideSandbox)
  )

  it.effect("refuses every assertion without a registered key", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* redeem(yield* makeJwt({}))).status, 401)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
  )

  it.effect("takes the key in a certificate, too", () =>
    Effect.gen(function* () {
      const key = Crypto.createPrivateKey(client.key)
      assert.strictEqual((yield* redeem(yield* makeJwt({ key }))).status, 200)
    }).pipe(Effect.provide(TinkSandbox.layerHttpClient({ publicKey: client.certificate })))
  )
})

interface Exchange {
  readonly status: number
  readonly text: string
}

interface Presented {
  readonly key: string
  readonly certificate: string
}

const exchange = (url: string, as: Presented | undefined, token?: string, form?: Readonly<Record<string, string>>) =>
  Effect.async<Exchange>((resume) => {
    const request = Https.request(
      url,
      {
        method: form === undefined ? "GET" : "POST",
        agent: false,
        ca: server.certificate,
        ...(as === undefined ? {} : { key: as.key, cert: as.certificate }),
        headers: {
          ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
        }
      },
      (response) => {
        let text = ""
        response.on("data", (chunk) => (text += String(chunk)))
        response.on("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, text })))
      }
    )
    request.on("error", (error) => resume(Effect.die(error)))
    request.end(form === undefined ? "" : new URLSearchParams(form).toString())
  })

describe("mutual TLS", () => {
  const layer = TinkSandbox.layerServer({
    mutualTls: { key: server.key, certificate: server.certificate, clientCertificate: client.certificate }
  })

  const ask = { client_id: "sandbox-client", grant_type: "client_credentials", scope: "providers:read" }

  it.scopedLive("authenticates the app by its certificate, and binds its tokens to it", () =>
    Effect.gen(function* () {
      const { baseUrl, mutualTlsUrl = "" } = yield* TinkSandbox.TinkSandbox
      const tokenUrl = `${mutualTlsUrl}/api/v1/oauth/token`
      const granted = yield* exchange(tokenUrl, client, undefined, ask)
      assert.strictEqual(granted.status, 200)
      const token = String(JSON.parse(granted.text).access_token)
      const markets = `${mutualTlsUrl}/api/v1/providers/markets`
      assert.strictEqual((yield* exchange(markets, client, token)).status, 200)
      assert.strictEqual((yield* exchange(markets, other, token)).status, 401)
      assert.strictEqual((yield* exchange(markets, undefined, token)).status, 401)
      const elsewhere = yield* Effect.promise(() =>
        fetch(`${baseUrl}/api/v1/providers/markets`, { headers: { authorization: `Bearer ${token}` } })
      )
      assert.strictEqual(elsewhere.status, 401)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("refuses another certificate of the same subject, a missing one, and an additional secret", () =>
    Effect.gen(function* () {
      const { mutualTlsUrl = "" } = yield* TinkSandbox.TinkSandbox
      const tokenUrl = `${mutualTlsUrl}/api/v1/oauth/token`
      assert.strictEqual((yield* exchange(tokenUrl, other, undefined, ask)).status, 401)
      assert.strictEqual((yield* exchange(tokenUrl, undefined, undefined, ask)).status, 401)
      const withSecret = { ...ask, client_secret: "sandbox-secret" }
      assert.strictEqual((yield* exchange(tokenUrl, client, undefined, withSecret)).status, 400)
      assert.strictEqual((yield* exchange(tokenUrl, client, undefined, { ...ask, client_id: "x" })).status, 401)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("has the users of the plain listener, which takes the secret as before, and exchanges a code", () =>
    Effect.gen(function* () {
      const { baseUrl, mutualTlsUrl = "" } = yield* TinkSandbox.TinkSandbox
      const post = (path: string, body: URLSearchParams | string, headers: Readonly<Record<string, string>> = {}) =>
        Effect.promise(() => fetch(`${baseUrl}${path}`, { method: "POST", body, headers }).then((sent) => sent.json()))
      const withSecret = { ...ask, client_secret: "sandbox-secret", scope: "user:create" }
      const creator = yield* post("/api/v1/oauth/token", new URLSearchParams(withSecret))
      const user = yield* post("/api/v1/user/create", JSON.stringify({ market: "SE" }), {
        authorization: `Bearer ${creator.access_token}`,
        "content-type": "application/json"
      })

      const bodyOf = (path: string, form: Readonly<Record<string, string>>, token?: string) =>
        Effect.map(exchange(`${mutualTlsUrl}${path}`, client, token, form), ({ text }) => JSON.parse(text))
      const granter = yield* bodyOf("/api/v1/oauth/token", { ...ask, scope: "authorization:grant" })
      const grant = { user_id: user.user_id, scope: "user:read" }
      const { code } = yield* bodyOf("/api/v1/oauth/authorization-grant", grant, granter.access_token)
      const form = { client_id: "sandbox-client", grant_type: "authorization_code", code }
      const { access_token: token } = yield* bodyOf("/api/v1/oauth/token", form)
      const read = yield* exchange(`${mutualTlsUrl}/api/v1/user`, client, token)
      assert.deepStrictEqual([read.status, JSON.parse(read.text).id], [200, user.user_id])
    }).pipe(Effect.provide(layer))
  )
})
