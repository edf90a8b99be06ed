/** The program: how it starts, explains a mistake, and stops. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { makeFolder } from "./harness.js"
import { address, bundledProgram } from "./runningProgram.js"

const running = bundledProgram()

/** Everything that it writes until it ends, and its exit code. */
const ended = (program: ChildProcess) =>
  Effect.promise(async () => {
    let text = ""
    const collect = (chunk: unknown) => (text += String(chunk))
    program.stdout?.on("data", collect)
    program.stderr?.on("data", collect)
    const [code] = await once(program, "close")
    return { code, text }
  })

/** Begins a session. Returns its cookie. */
const beginSession = (url: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`${url}/api/connections`, { method: "POST", headers: { origin: url } })
    return answer.headers.get("set-cookie")?.split(";")[0] ?? ""
  })

/** Waits for the first event of a page. Returns an effect that reads the events to their end. */
const listen = (url: string, cookie: string) =>
  Effect.promise(async () => {
    const events = await fetch(`${url}/api/events`, { headers: { cookie } })
    if (events.status !== 200) throw new Error(`no events: ${events.status}`)
    const reader = events.body?.getReader()
    await reader?.read()
    return Effect.promise(async () => {
      while ((await reader?.read())?.done === false);
    })
  })

describe.concurrent("main", { timeout: 60_000 }, () => {
  it.scopedLive(
    "a signal ends the program in order, although a page listens, and customers stay logged in after a restart",
    () =>
      Effect.gen(function* () {
        const environment = { PORT: "0", DATABASE_FILE: join(yield* makeFolder, "banks.sqlite") }
        let cookie: string | undefined
        for (const signal of ["SIGINT", "SIGTERM"] as const) {
          const program = yield* running(environment)
          const url = yield* address(program)
          cookie ??= yield* beginSession(url)
          const rest = yield* listen(url, cookie)
          program.kill(signal)
          // The response ends: the connection does not break.
          yield* rest
          const [code, killedBy] = yield* Effect.promise(() => once(program, "close"))
          assert.deepStrictEqual([code, killedBy], [0, null])
        }
      })
  )

  it.scopedLive("a port that is in use is explained", () =>
    Effect.gen(function* () {
      const taken = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer().listen(0, "localhost")
          await once(server, "listening")
          return server
        }),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = taken.address() as AddressInfo
      const { code, text } = yield* ended(
        yield* running({ PORT: String(port), DATABASE_FILE: join(yield* makeFolder, "banks.sqlite") })
      )
      assert.strictEqual(code, 1)
      assert.match(text.trim(), new RegExp(`^Port ${port} of \\S+ is in use: set PORT to another one$`))
    })
  )

  it.scopedLive("a client id without a secret is explained", () =>
    Effect.gen(function* () {
      const { code, text } = yield* ended(
        yield* running({
          PORT: "0",
          TINK_CLIENT_ID: "my-client",
          DATABASE_FILE: join(yield* makeFolder, "banks.sqlite")
        })
      )
      assert.strictEqual(code, 1)
      assert.include(text, "TINK_CLIENT_SECRET is not set")
    })
  )
})
