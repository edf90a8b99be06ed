import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { everyRow } from "../../../test/support/rows.js"
import packageJson from "../package.json" with { type: "json" }
import {
  answers,
  isTokenRequest,
  json,
  noContent,
  tokenAnswer,
  withTokens
} from "../../../test/support/scriptedTink.js"
import {
  createAuthorization,
  createUser,
  deleteCredential,
  elapse,
  getCredential,
  id,
  options,
  over,
  refreshCredential,
  secret
} from "./helpers.js"

const traceId = /^[0-9a-f]{32}$/

describe("what is sent", () => {
  it.scoped("a client token is asked for with a form and no Authorization", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(() => json(200, { user_id: id })))
      yield* http.request(createUser)
      const [first] = sent
      assert.strictEqual(first?.method, "POST")
      assert.strictEqual(first?.url, "https://api.tink.com/api/v1/oauth/token")
      assert.strictEqual(
        first?.body,
        `client_id=my-client&client_secret=${secret}&grant_type=client_credentials&scope=user%3Acreate`
      )
      assert.deepInclude(first?.headers, {
        accept: "application/json, text/plain",
        "content-type": "application/x-www-form-urlencoded"
      })
      assert.notProperty(first?.headers, "authorization")
    })
  )

  it.scoped("a user is created with snake_case JSON and the client token", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(() => json(200, { user_id: id })))
      assert.deepStrictEqual(yield* http.request(createUser), { user_id: id })
      assert.strictEqual(sent[1]?.url, "https://api.tink.com/api/v1/user/create")
      assert.strictEqual(sent[1]?.body, '{"market":"SE","locale":"en_US","external_user_id":"cust-0001"}')
      assert.deepInclude(sent[1]?.headers, {
        authorization: "Bearer client-token-1",
        "content-type": "application/json"
      })
    })
  )

  it.scoped("a form leaves out what is undefined", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(() => json(200, { code: id })))
      yield* http.request(createAuthorization)
      assert.strictEqual(sent[1]?.url, "https://api.tink.com/api/v1/oauth/authorization-grant")
      assert.strictEqual(sent[1]?.body, "external_user_id=cust-0001&scope=user%3Aread%2Cuser%3Adelete")
      assert.strictEqual(sent[1]?.headers["content-type"], "application/x-www-form-urlencoded")
    })
  )

  it.scoped("a code is exchanged with the client's secret, and no scope or redirect_uri", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(tokenAnswer("a-user-token", 7200)))
      const token = yield* http.exchangeCode(Redacted.make("c0de/+&="))
      assert.strictEqual(Redacted.value(token.accessToken), "a-user-token")
      assert.deepStrictEqual(token.scopes, ["authorization:grant", "user:create"])
      assert.deepStrictEqual(sent[0]?.form, {
        client_id: "my-client",
        client_secret: secret,
        grant_type: "authorization_code",
        code: "c0de/+&="
      })
      assert.strictEqual(sent.length, 1)
    })
  )

  it.scoped("a GET, a DELETE and a POST without input have a bearer and no body", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) => (sent.method === "GET" ? json(200, { id }) : noContent))
      yield* http.request(getCredential)
      yield* http.request(deleteCredential)
      yield* http.request(refreshCredential)
      assert.deepStrictEqual(
        sent.map(({ body, method, url }) => [method, url, body]),
        [
          ["GET", `https://api.tink.com/api/v1/credentials/${id}`, ""],
          ["DELETE", `https://api.tink.com/api/v1/credentials/${id}`, ""],
          ["POST", `https://api.tink.com/api/v1/credentials/${id}/refresh`, ""]
        ]
      )
      for (const { headers } of sent) {
        assert.deepStrictEqual(Arr.sort(Object.keys(headers), Order.string), [
          "accept",
          "accept-encoding",
          "authorization",
          "user-agent",
          "x-client-trace-id"
        ])
        assert.strictEqual(headers["authorization"], "Bearer us3r-t0k3n-canary")
      }
    })
  )

  it.scoped("has a User-Agent with the version of the package", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})))
      yield* http.request(getCredential)
      assert.strictEqual(sent[0]?.headers["user-agent"], `effect-tink/${packageJson.version}`)
    })
  )

  it.scoped("one trace id for all attempts of a call, another for the next call and for the token", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(withTokens(answers(Effect.fail("refused"), json(200, {}))))
      yield* elapse(http.request(createUser))
      yield* http.request(createUser)
      const [token, first, second, third] = sent.map(({ headers }) => headers["x-client-trace-id"] ?? "")
      for (const one of [token, first, second, third]) assert.match(String(one), traceId)
      assert.strictEqual(first, second)
      assert.strictEqual(new Set([token, first, third]).size, 3)
    })
  )

  it.scoped("has no trace context of the spans around it", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over(answers(json(200, {})))
      yield* Effect.withSpan(http.request(getCredential), "outer")
      assert.notProperty(sent[0]?.headers, "traceparent")
      assert.notProperty(sent[0]?.headers, "b3")
    })
  )

  it.scoped("no secret is in a URL", () =>
    Effect.gen(function* () {
      const { http, sent } = yield* over((sent) =>
        isTokenRequest(sent) ? tokenAnswer("t0k3n-canary") : json(200, { code: id })
      )
      yield* http.request(createAuthorization)
      yield* http.exchangeCode(Redacted.make("c0de-canary"))
      yield* http.request(getCredential)
      for (const { url } of sent) assert.notMatch(url, /canary|s3cr3t|\?|#/)
    })
  )
})

describe("baseUrl", () => {
  const cases = [
    ["https://api.tink.com", "https://api.tink.com/api/v1/credentials/"],
    ["https://api.tink.com/", "https://api.tink.com/api/v1/credentials/"],
    ["https://proxy.test/tink", "https://proxy.test/tink/api/v1/credentials/"],
    ["https://proxy.test/tink//", "https://proxy.test/tink/api/v1/credentials/"],
    ["http://127.0.0.1:4010", "http://127.0.0.1:4010/api/v1/credentials/"]
  ] as const
  it.effect("is joined with each route by one slash", () =>
    everyRow(
      cases,
      ([baseUrl]) => baseUrl,
      ([baseUrl, expected]) =>
        Effect.gen(function* () {
          const { http, sent } = yield* over(answers(json(200, {})), { ...options, baseUrl })
          yield* http.request(getCredential)
          assert.strictEqual(sent[0]?.url, expected + id)
        })
    )
  )
})

const readToken = (body: unknown) =>
  Effect.flatMap(over(answers(json(200, body))), ({ http }) => http.exchangeCode(Redacted.make("c")))

describe("what is read", () => {
  const text = JSON.stringify({ statusPayload: "Analyserat 1 konto på Åbo Bank 😀" })

  it.scoped("text that is cut within its characters, with a byte order mark", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode(`\ufeff${text}`)
      const byByte = Effect.sync(
        () =>
          new Response(
            new ReadableStream<Uint8Array>({
              start: (controller) => {
                for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
                controller.close()
              }
            })
          )
      )
      const { http } = yield* over(answers(byByte))
      assert.deepStrictEqual(yield* http.request(getCredential), JSON.parse(text))
    })
  )

  it.scoped("unknown fields are ignored, and optional ones of a token may be null, empty or absent", () =>
    Effect.gen(function* () {
      const plain = { access_token: "t", token_type: "bearer", expires_in: 1800 }
      assert.deepStrictEqual((yield* readToken(plain)).scopes, [])
      assert.deepStrictEqual((yield* readToken({ ...plain, scope: null, id_hint: null })).scopes, [])
      assert.deepStrictEqual((yield* readToken({ ...plain, scope: "a:b c:d, e:f" })).scopes, ["a:b", "c:d", "e:f"])
      assert.strictEqual((yield* readToken({ ...plain, id_hint: "Ann", refresh_token: "x" })).idHint, "Ann")
      assert.isUndefined((yield* readToken(plain)).idHint)
      assert.notProperty(yield* readToken({ ...plain, id_hint: "" }), "idHint")
    })
  )

  it.scoped("an answer without a body is read as the empty text", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(noContent))
      assert.strictEqual(yield* http.request({ ...getCredential, response: Schema.String }), "")
    })
  )
})
