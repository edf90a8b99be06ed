/** Two processes of the program, with one database and one Redis. */
import { TinkSandbox } from "@effect-tink/sandbox"
import { it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { chromium } from "playwright-core"
import { makeFolder } from "./harness.js"
import { address, bundledProgram } from "./runningProgram.js"

const running = bundledProgram()

const startRedis = (folder: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const socket = join(folder, "redis.sock")
      const port = String(20_000 + (process.pid % 20_000))
      const server = spawn("redis-server", ["--port", port, "--unixsocket", socket, "--save", "", "--dir", folder], {
        stdio: ["ignore", "pipe", "ignore"]
      })
      for await (const line of createInterface(server.stdout)) if (line.includes("Ready to accept")) break
      return { server, url: `redis://127.0.0.1:${port}` }
    }),
    ({ server }) => Effect.sync(() => server.kill("SIGKILL"))
  )

const openBrowser = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run"]
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

it.scopedLive("a change that is made at one process shows on the page of another", () =>
  Effect.gen(function* () {
    const folder = yield* makeFolder
    const sandbox = yield* TinkSandbox.TinkSandbox
    const { url } = yield* startRedis(folder)
    const start = Effect.flatMap(
      running({
        PORT: "0",
        REDIS_URL: url,
        DATABASE_FILE: join(folder, "banks.sqlite"),
        TINK_BASE_URL: sandbox.baseUrl,
        TINK_CLIENT_ID: sandbox.clientId,
        TINK_CLIENT_SECRET: Redacted.value(sandbox.clientSecret)
      }),
      address
    )
    const [one, other] = yield* Effect.all([start, start], { concurrency: 2 })
    const browser = yield* openBrowser
    yield* Effect.promise(async () => {
      // Cookies do not tell ports apart, so both pages have the one session.
      const context = await browser.newContext()
      context.setDefaultTimeout(15_000)
      const here = await context.newPage()
      await here.goto(one)
      await here.getByRole("button", { name: "Connect a bank" }).click()
      await here.getByRole("button", { name: "Approve" }).click()
      await here.locator(".state").getByText("Up to date", { exact: true }).waitFor()
      const there = await context.newPage()
      await there.goto(other)
      await there.locator(".state").getByText("Up to date", { exact: true }).waitFor()
      await there.getByText("Live", { exact: true }).waitFor()

      const send = (method: string, path: string) =>
        context.request.fetch(`${one}${path}`, { method, headers: { origin: one } })
      const { connections } = await (await send("GET", "/api/connections")).json()
      await send("POST", `/api/connections/${connections[0].id}/refresh`)
      await there.locator(".state").getByText("Getting new data", { exact: true }).waitFor()
      await there.locator(".state").getByText("Up to date", { exact: true }).waitFor()
      await send("DELETE", `/api/connections/${connections[0].id}`)
      await there.getByRole("heading", { name: "No bank is connected yet" }).waitFor()
    })
  }).pipe(Effect.provide(TinkSandbox.layerServer()))
)
