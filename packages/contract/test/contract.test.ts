import { TinkSandbox } from "@effect-tink/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { toExitCode } from "@effect-tink/simulation/commandLine"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Arr from "effect/Array"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { printedBy } from "../../../test/support/commands.js"
import { command } from "../src/contract.js"
import { statementsOfConnection } from "../src/connection.js"
import * as SandboxApp from "../src/sandboxApp.js"
import { statements } from "../src/statements.js"
import { formatTable, type Row, walk } from "../src/walk.js"
import { App } from "../src/wire.js"

const layerSandbox = Layer.provideMerge(Layer.effect(App, SandboxApp.make), TinkSandbox.layerHttpClient())

const run = (onRow: (row: Row) => Effect.Effect<void> = () => Effect.void) =>
  Effect.gen(function* () {
    const leftovers: Array<string> = []
    const rows = yield* walk(onRow, (user) => Effect.sync(() => void leftovers.push(user)))
    return { rows, leftovers }
  })

describe("the statements of tink-api.md", () => {
  it.effect("are all true of the sandbox, and nothing is left behind", () =>
    Effect.gen(function* () {
      const { leftovers, rows } = yield* run()
      assert.deepStrictEqual(
        rows.filter(({ verdict }) => verdict !== "confirmed"),
        []
      )
      assert.lengthOf(rows, statements.length)
      assert.deepStrictEqual(leftovers, [])
    }).pipe(Effect.provide(layerSandbox))
  )

  it.effect("are contradicted by another answer, which is shown without its values", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      yield* sandbox.injectFault({ kind: "status", status: 418, path: "/api/v1/user/create" })
      const { rows } = yield* run()
      const row = rows.find(({ text }) => text.startsWith("A user is created"))
      assert.strictEqual(row?.verdict, "contradicted")
      assert.include(row?.remark, "418")
      assert.notMatch(formatTable(rows), /[0-9a-f]{32}|eyJ/)
    }).pipe(Effect.provide(layerSandbox))
  )

  it.effect("about a connection are not reached without one, and nothing else is", () =>
    Effect.gen(function* () {
      const { rows } = yield* run()
      const [reached, others] = Arr.partition(rows, ({ verdict }) => verdict === "not reached")
      assert.deepStrictEqual(
        others.map(({ text }) => text),
        statementsOfConnection.map(({ text }) => text)
      )
      assert.deepStrictEqual(new Set(reached.map(({ verdict }) => verdict)), new Set(["confirmed"]))
      assert.include(others[0]?.remark, "TINK_CONTRACT_USER_ID")
    }).pipe(
      Effect.provide(Layer.provideMerge(Layer.effect(App, TinkSandbox.TinkSandbox), TinkSandbox.layerHttpClient()))
    )
  )

  it.effect("leave no user behind when the walk is interrupted", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const stop = run(({ text }) => (text.startsWith("A user is created") ? Effect.interrupt : Effect.void))
      yield* Effect.exit(stop)
      const requests = yield* sandbox.requests
      assert.deepInclude(requests.at(-1), { path: "/api/v1/user/delete", status: 204 })
    }).pipe(Effect.provide(layerSandbox))
  )
})

describe("the command", () => {
  it.scopedLive("says what is wrong with the keys, and checks nothing", () =>
    Effect.gen(function* () {
      const { baseUrl, requests } = yield* TinkSandbox.TinkSandbox
      const keys = { TINK_BASE_URL: baseUrl, TINK_CLIENT_ID: "sandbox-client", TINK_CLIENT_SECRET: "hidden" }
      const cases = [
        [{}, /TINK_CLIENT_ID.*TINK_CLIENT_SECRET to exist[^]*--sandbox/],
        [{ ...keys, TINK_CLIENT_SECRET: "" }, /TINK_CLIENT_SECRET/],
        [keys, /no client token for user:create,authorization:grant: 401 .*\(oauth\.invalid_client_secret\)/],
        [{ ...keys, TINK_BASE_URL: "http://127.0.0.1:1" }, /127\.0\.0\.1:1: no answer/]
      ] as const
      for (const [variables, expected] of cases) {
        const { result, text } = yield* printedBy(toExitCode(command, ["node", "contract"])).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
        )
        assert.strictEqual(result, 1)
        assert.match(text, expected)
        assert.notInclude(text, "hidden")
      }
      assert.deepStrictEqual(
        (yield* requests).map(({ path }) => path),
        ["/api/v1/oauth/token"]
      )
    }).pipe(Effect.provide(TinkSandbox.layerServer()), Effect.provide(NodeHttpClient.layerUndici))
  )
})
