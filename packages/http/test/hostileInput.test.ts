import { assert, describe, it } from "@effect/vitest"
import { TinkConfig } from "@effect-tink/http"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import { hostileValues } from "../../../test/support/hostileValues.js"
import { everyRow } from "../../../test/support/rows.js"
import { answers, json } from "../../../test/support/scriptedTink.js"
import { getCredential, options, over } from "./helpers.js"

/** What types forbid, as a caller in JavaScript would give it. */
const cast = (value: unknown) => value as never

const settings = [
  "clientId",
  "clientSecret",
  "baseUrl",
  "allowInsecureHttp",
  "attemptTimeout",
  "maxRetries",
  "maxSharedPause",
  "circuitBreaker"
]

const members = ["operation", "method", "params", "query", "headers", "body", "authorization", "isSafe", "response"]

const values = hostileValues([...settings, ...members, "failures", "_tag", "id", "a"])

/** A bigint is a duration in nanoseconds, and null is no setting of those that have a default. */
const isAccepted = (name: string, value: unknown) =>
  typeof value === "bigint" && (name === "attemptTimeout" || name === "maxSharedPause")

describe("values that throw when they are read, and others that no type allows", () => {
  it.effect("are named by a ConfigError where they are settings", () =>
    everyRow(
      values,
      ([name]) => name,
      ([, value]) =>
        Effect.gen(function* () {
          for (const name of settings) {
            if (isAccepted(name, value)) continue
            for (const config of [
              TinkConfig.make(cast({ ...options, [name]: value })),
              TinkConfig.fromConfig(cast({ [name]: value }))
            ]) {
              const exit = yield* Effect.exit(config)
              assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause), name)
              const text = JSON.stringify(exit)
              assert.include(text, name)
              assert.notInclude(text, "canary")
            }
          }
          for (const config of [TinkConfig.make(cast(value)), TinkConfig.fromConfig(cast(value))]) {
            const exit = yield* Effect.exit(config)
            assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
          }
        })
    )
  )

  it.scoped("end a request with a TinkError that repeats none of them, or are accepted", () =>
    Effect.gen(function* () {
      const { http } = yield* over(answers(json(200, {})))
      const request = (given: object) => () => http.request(cast({ ...getCredential, method: "POST", ...given }))
      yield* everyRow(
        values,
        ([name]) => name,
        ([, value]) =>
          Effect.gen(function* () {
            const calls = [
              () => http.request(cast(value)),
              () => http.exchangeCode(cast(value)),
              () => http.exchangeCode(Redacted.make(cast(value))),
              request({ params: { id: value } }),
              request({ query: { a: value } }),
              request({ headers: { a: value } }),
              request({ body: { _tag: "Form", fields: value } }),
              request({ body: { _tag: "Form", fields: { a: value } } }),
              request({ body: { _tag: "Json", value } }),
              request({ body: { _tag: "Json", value: { a: value } } }),
              request({ authorization: { _tag: "Client", scopes: value } }),
              request({ authorization: { _tag: "User", tokens: value } }),
              ...members.map((name) => request({ [name]: value }))
            ]
            for (const [at, call] of calls.entries()) {
              const exit = yield* Effect.exit(Effect.suspend<unknown, unknown, never>(call))
              const error = Exit.isFailure(exit) ? Array.from(Cause.failures(exit.cause))[0] : undefined
              assert.isTrue(Exit.isSuccess(exit) || Reflect.get(Object(error), "_tag") === "TinkError", `call ${at}`)
              assert.notInclude(JSON.stringify(error) ?? "", "canary")
            }
          })
      )
    })
  )
})
