import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { TinkConfig, TinkHttp } from "@effect-tink/http"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { answers, json, scriptedTink } from "../../../test/support/scriptedTink.js"
import { failure, getCredential, options, over } from "./helpers.js"

const canary = "c4n4ry"

const reading = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** All that an application could print of a layer that could not be built. */
const said = (layer: Layer.Layer<TinkHttp.TinkHttp, unknown, HttpClient.HttpClient>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(
      Effect.scoped(
        Effect.provideService(Layer.build(layer), HttpClient.HttpClient, scriptedTink(answers(json(200, {}))).client)
      )
    )
    if (Exit.isSuccess(exit)) return yield* Effect.dieMessage("It should have failed")
    assert.isTrue(Cause.isFailType(exit.cause))
    const [error] = Cause.failures(exit.cause)
    return [Cause.pretty(exit.cause), String(error), JSON.stringify(error), inspect(error, { depth: 10 })].join("\n")
  })

const saidOf = (variables: Readonly<Record<string, string>>, configs?: TinkConfig.ConfigOptions) =>
  reading(variables)(said(TinkHttp.layerConfig(configs)))

describe("layerConfig", () => {
  it.effect("reads three variables, and has a default for the base URL", () =>
    Effect.gen(function* () {
      const variables = { TINK_CLIENT_ID: "id", TINK_CLIENT_SECRET: "secret" }
      const config = yield* reading(variables)(TinkConfig.fromConfig())
      assert.strictEqual(config.clientId, "id")
      assert(config.clientAuthentication._tag === "ClientSecret")
      assert.strictEqual(Redacted.value(config.clientAuthentication.clientSecret), "secret")
      assert.strictEqual(config.baseUrl, "https://api.tink.com")
      const local = yield* reading({ ...variables, TINK_BASE_URL: "http://localhost:4010/" })(TinkConfig.fromConfig())
      assert.strictEqual(local.baseUrl, "http://localhost:4010")
    })
  )

  it.effect("has the documented times", () =>
    Effect.gen(function* () {
      const config = yield* TinkConfig.make(options)
      assert.strictEqual(Duration.toMillis(config.attemptTimeout), 10_000)
      assert.strictEqual(Duration.toMillis(config.deadline), 30_000)
      assert.strictEqual(config.maxRetries, 3)
      assert.strictEqual(Duration.toMillis(config.retryBaseDelay), 200)
      assert.strictEqual(Duration.toMillis(config.retryMaxDelay), 10_000)
    })
  )

  it.effect("refuses an empty base URL, such as from an .env file: it must not mean production", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({ TINK_CLIENT_ID: "id", TINK_CLIENT_SECRET: "secret", TINK_BASE_URL: "" })
      assert.include(text, "TINK_BASE_URL")
    })
  )

  it.effect("reports an empty variable as empty", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({ TINK_CLIENT_ID: "", TINK_CLIENT_SECRET: "", TINK_BASE_URL: "" })
      for (const subject of ["the client id", "the client secret", "the base URL"]) {
        assert.include(text, `${subject} is empty: it must be`)
      }
    })
  )

  it.effect("reports a missing secret as missing, not as redacted", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({ TINK_CLIENT_ID: "id" })
      assert.include(text, "TINK_CLIENT_SECRET is not set")
      assert.notInclude(text, "redacted")
    })
  )

  it.effect("names all missing settings at once", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({})
      assert.include(text, "TINK_CLIENT_ID")
      assert.include(text, "TINK_CLIENT_SECRET")
      assert.notInclude(text, "TINK_BASE_URL")
    })
  )

  it.effect("names malformed and missing settings at once, and repeats no value", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({ TINK_CLIENT_SECRET: `${canary} ${canary}`, TINK_BASE_URL: `ftp://${canary}` })
      for (const name of ["TINK_CLIENT_ID", "TINK_CLIENT_SECRET", "TINK_BASE_URL"]) assert.include(text, name)
      assert.notInclude(text, canary)
    })
  )

  const mine = {
    clientId: Config.string("MY_ID"),
    clientSecret: Config.redacted("MY_SECRET"),
    baseUrl: Config.string("MY_URL")
  }

  it.effect("names the variables of the application when they are missing", () =>
    Effect.gen(function* () {
      const text = yield* saidOf({ TINK_CLIENT_ID: "x", TINK_CLIENT_SECRET: "x" }, mine)
      for (const name of ["MY_ID", "MY_SECRET", "MY_URL"]) assert.include(text, name)
    })
  )

  it.effect("names the variables of the application when they are malformed, and no value", () =>
    Effect.gen(function* () {
      const text = yield* saidOf(
        { MY_ID: `${canary}\n`, MY_SECRET: `${canary} `, MY_URL: `http://${canary}.test` },
        mine
      )
      for (const name of ["MY_ID", "MY_SECRET", "MY_URL"]) assert.include(text, name)
      assert.include(text, "the client id must be one word of printable ASCII characters")
      assert.include(text, "the client secret must be one word of printable ASCII characters")
      assert.include(text, "the base URL must be like https://api.tink.com")
      assert.notInclude(text, canary)
    })
  )
})

describe("layer", () => {
  const refused: Readonly<
    Record<string, Partial<TinkConfig.AppOptions> & { readonly clientSecret?: Redacted.Redacted }>
  > = {
    "an empty client id": { clientId: "" },
    "a client id with a space": { clientId: `${canary} x` },
    "a client id that is not ASCII": { clientId: `${canary}å` },
    "an empty secret": { clientSecret: Redacted.make("") },
    "a secret with a newline": { clientSecret: Redacted.make(`${canary}\n`) },
    "an invalid base URL": { baseUrl: canary },
    "an empty base URL": { baseUrl: "" },
    "a base URL with a password": { baseUrl: `https://user:${canary}@api.tink.com` },
    "a base URL with a user": { baseUrl: `https://${canary}@api.tink.com` },
    "a base URL with a query": { baseUrl: `https://api.tink.com/?key=${canary}` },
    "a base URL with a fragment": { baseUrl: `https://api.tink.com/#${canary}` },
    "a base URL with a space": { baseUrl: `https://api.tink.com/${canary} ` },
    "http elsewhere": { baseUrl: `http://${canary}.test` },
    "http on a host that looks like loopback": { baseUrl: `http://127.0.0.1.${canary}.test` },
    "http on a host that begins like localhost": { baseUrl: `http://localhost.${canary}.test` },
    "http behind a user that looks like loopback": { baseUrl: `http://localhost@${canary}.test` },
    "a base URL without slashes": { baseUrl: `https:${canary}.test` },
    "a base URL without a host": { baseUrl: `https:///${canary}` },
    "a base URL with a backslash": { baseUrl: `https://api.tink.com\\@${canary}.test` },
    "another protocol": { baseUrl: `file:///${canary}` },
    "no time for an attempt": { attemptTimeout: 0 },
    "no time for a call": { deadline: "0 seconds" },
    "retries that are no number": { maxRetries: Number.NaN },
    "half a retry": { maxRetries: 0.5 },
    "fewer retries than none": { maxRetries: -1 }
  }
  it.effect("refuses every invalid setting, and repeats none of them", () =>
    everyRow(
      Object.entries(refused),
      ([name]) => name,
      ([, settings]) =>
        Effect.gen(function* () {
          const text = yield* said(TinkHttp.layer({ ...options, ...settings }))
          assert.notInclude(text, canary)
          assert.match(text, / must be /)
        })
    )
  )

  const accepted = ["http://localhost:4010", "http://127.0.0.1", "http://127.1.2.3:80", "http://[::1]:4010"]
  it.effect("accepts http on every loopback host", () =>
    everyRow(
      accepted,
      (baseUrl) => baseUrl,
      (baseUrl) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* TinkConfig.make({ ...options, baseUrl })).baseUrl, baseUrl)
        })
    )
  )

  it.effect("has one message for one invalid setting", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(TinkConfig.make({ ...options, maxRetries: Number.NaN }))
      assert.include(String(error), "maxRetries must be a whole number, 0 or more")
    })
  )
})

const secretOf = (value: unknown) => ({ ...options, clientSecret: value })

describe("settings of any type", () => {
  const wiped = Redacted.make("wiped")
  Redacted.unsafeWipe(wiped)
  const rows: ReadonlyArray<readonly [names: ReadonlyArray<string>, given: unknown]> = [
    [["client id", "client secret"], undefined],
    [["client id", "client secret"], null],
    [["client id", "client secret"], {}],
    [["client id"], { ...options, clientId: undefined }],
    [["client id"], { ...options, clientId: null }],
    [["client id"], { ...options, clientId: 7 }],
    [["client secret"], secretOf(undefined)],
    [["client secret"], secretOf(null)],
    [["client secret"], secretOf("plain")],
    [["client secret"], secretOf(7)],
    [["client secret"], secretOf(Redacted.make(7))],
    [["client secret"], secretOf(wiped)],
    [["base URL"], { ...options, baseUrl: null }],
    [["base URL"], { ...options, baseUrl: 7 }],
    [["allowInsecureHttp"], { ...options, allowInsecureHttp: "yes" }],
    ...["attemptTimeout", "deadline", "retryBaseDelay", "retryMaxDelay", "maxSharedPause"].flatMap((name) =>
      [null, NaN, -1, "-5 seconds", "soon", {}].map((value) => [[name], { ...options, [name]: value }] as const)
    ),
    ...["maxRetries", "maxConcurrency", "retryBudget", "maxBodySize"].flatMap((name) =>
      [null, NaN, -1, 0.5, "3"].map((value) => [[name], { ...options, [name]: value }] as const)
    ),
    [["circuitBreaker"], { ...options, circuitBreaker: true }],
    [["circuitBreaker.failures"], { ...options, circuitBreaker: { failures: 0 } }],
    [["circuitBreaker.openFor"], { ...options, circuitBreaker: { failures: 1, openFor: -1 } }],
    [
      ["client id", "client secret", "base URL", "deadline", "maxRetries"],
      { clientId: null, clientSecret: null, baseUrl: "", deadline: NaN, maxRetries: -1 }
    ]
  ]
  it.effect("are refused with one ConfigError that names each", () =>
    everyRow(
      rows,
      ([names], index) => `${names.join(", ")} of row ${index}`,
      ([names, given]) =>
        Effect.gen(function* () {
          // Settings may come from JavaScript.
          const text = yield* said(TinkHttp.layer(given as TinkConfig.Options))
          for (const name of names) assert.include(text, name)
        })
    )
  )

  it.effect("configs that are no Config are refused too", () =>
    Effect.gen(function* () {
      const given = { clientId: "my-client", clientSecret: null } as unknown as TinkConfig.ConfigOptions
      const text = yield* saidOf({}, given)
      assert.include(text, "clientId must be a Config")
      assert.include(text, "clientSecret must be a Config")
    })
  )
})

describe("plain http to another host", () => {
  const baseUrl = "http://host.docker.internal:4010"

  it.effect("is refused with an error that names the setting that allows it", () =>
    Effect.gen(function* () {
      const text = yield* said(TinkHttp.layer({ ...options, baseUrl }))
      assert.include(text, "allowInsecureHttp")
      assert.include(text, "TINK_ALLOW_INSECURE_HTTP")
    })
  )

  it.effect("is allowed by a setting and by a variable, and only if they say so", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* TinkConfig.make({ ...options, baseUrl, allowInsecureHttp: true })).baseUrl, baseUrl)
      const variables = { TINK_CLIENT_ID: "id", TINK_CLIENT_SECRET: "secret", TINK_BASE_URL: baseUrl }
      const allowed = yield* reading({ ...variables, TINK_ALLOW_INSECURE_HTTP: "true" })(TinkConfig.fromConfig())
      assert.strictEqual(allowed.baseUrl, baseUrl)
      assert.include(yield* saidOf({ ...variables, TINK_ALLOW_INSECURE_HTTP: "false" }), "TINK_BASE_URL")
      assert.include(yield* saidOf({ ...variables, TINK_ALLOW_INSECURE_HTTP: "perhaps" }), "TINK_ALLOW_INSECURE_HTTP")
    })
  )
})

describe("a route", () => {
  it.effect("must begin with /, as it would name another host otherwise", () =>
    everyRow(["@evil.example/x", "", "evil", ".evil.example/x", ":80/x"], String, (route) =>
      Effect.gen(function* () {
        const { http, sent } = yield* over(answers(json(200, {})))
        // Routes may come from JavaScript.
        const error = yield* failure(http.request({ ...getCredential, route: route as `/${string}` }))
        assert.deepInclude(error, {
          reason: "Invalid",
          detail: "route must begin with /, and be of printable ASCII characters"
        })
        assert.lengthOf(sent, 0)
      })
    )
  )
})
