/** The program: how it starts, explains a mistake, and stops. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"

const start = (environment: Record<string, string>): ChildProcess => {
  const { TINK_CLIENT_ID: _id, TINK_CLIENT_SECRET: _secret, ...inherited } = process.env
  return spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "main.ts")], {
    env: { ...inherited, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
}

const stop = (program: ChildProcess) => Effect.sync(() => program.kill("SIGKILL"))

const running = (environment: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => start(environment)),
    stop
  )

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

const address = (program: ChildProcess) =>
  Effect.promise(async () => {
    let text = ""
    for await (const chunk of program.stdout ?? []) {
      text += String(chunk)
      const url = /Your banks: (http:\S+)/.exec(text)?.[1]
      if (url !== undefined) return url
    }
    throw new Error(`the program has ended: ${text}`)
  })

/** Opens a page and waits for its first event. Returns an effect that reads the events to their end. */
const listen = (url: string) =>
  Effect.promise(async () => {
    const page = await fetch(url)
    const cookie = page.headers.get("set-cookie")?.split(";")[0] ?? ""
    const events = await fetch(`${url}/api/events`, { headers: { cookie } })
    const reader = events.body?.getReader()
    await reader?.read()
    return Effect.promise(async () => {
      while ((await reader?.read())?.done === false);
    })
  })

describe.concurrent("main", { timeout: 30_000 }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it.scopedLive(`${signal} ends the program in order, although a page listens`, () =>
      Effect.gen(function* () {
        const program = yield* running({ PORT: "0" })
        const rest = yield* listen(yield* address(program))
        program.kill(signal)
        // The response ends: the connection does not break.
        yield* rest
        const [code, killedBy] = yield* Effect.promise(() => once(program, "close"))
        assert.deepStrictEqual([code, killedBy], [0, null])
      })
    )
  }

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
      const { code, text } = yield* ended(yield* running({ PORT: String(port) }))
      assert.strictEqual(code, 1)
      assert.match(text.trim(), new RegExp(`^Port ${port} of \\S+ is in use: set PORT to another one$`))
    })
  )

  it.scopedLive("a client id without a secret is explained", () =>
    Effect.gen(function* () {
      const { code, text } = yield* ended(yield* running({ PORT: "0", TINK_CLIENT_ID: "my-client" }))
      assert.strictEqual(code, 1)
      assert.include(text, "TINK_CLIENT_SECRET is not set")
    })
  )
})
