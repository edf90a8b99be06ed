import * as Command from "@effect/cli/Command"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import { type ChildProcess, spawn } from "node:child_process"
import * as Net from "node:net"
import { fileURLToPath } from "node:url"
import { bundled } from "../../../test/support/programs.js"
import { command, options } from "../src/internal/command/tinkSandbox.js"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const program = bundled(bin)
const description = fileURLToPath(new URL("../../users/openapi.json", import.meta.url))

interface Command {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** The exit code. */
  readonly exit: Effect.Effect<number | null>
  /** Waits until stdout is as wanted. */
  readonly until: (wanted: (stdout: string) => boolean) => Effect.Effect<void>
}

const start = (nodeArgs: ReadonlyArray<string>, environment: Record<string, string> = {}): Command => {
  let [out, err] = ["", ""]
  const child = spawn(process.execPath, nodeArgs, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment }
  })
  child.stdout.on("data", (chunk) => (out += String(chunk)))
  child.stderr.on("data", (chunk) => (err += String(chunk)))
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve))
  return {
    child,
    stdout: () => out,
    stderr: () => err,
    exit: Effect.promise(() => closed),
    until: (wanted) =>
      Effect.async((resume) => {
        const look = () => wanted(out) && resume(Effect.void)
        child.stdout.on("data", look)
        child.on("close", () => resume(Effect.die(new Error(`The command ended too early: ${out}${err}`))))
        look()
      })
  }
}

const acquire = (command: (program: string) => Command) =>
  Effect.acquireRelease(
    Effect.promise(async () => command(await program)),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

const run = (...args: ReadonlyArray<string>) => acquire((program) => start([program, ...args]))

/** Like npx: a process that starts the command, and dies without passing the signal on. */
const runByNpx = acquire((program) => {
  const child = JSON.stringify([program, "--port", "0"])
  const parent = `require("node:child_process").spawn(process.execPath, ${child}, { stdio: "inherit" })`
  return start(["--input-type=commonjs", "--eval", `${parent}; setInterval(() => {}, 1000)`], { npm_command: "exec" })
})

const isReady = (stdout: string) => stdout.includes("\n")

const portOf = (stdout: string) => Number(/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1])

const linesOf = (text: string) => text.trimEnd().split("\n")

const timeout = { timeout: 60_000 }

describe.concurrent("bin", () => {
  it.scopedLive(
    "ends when the npx that started it is killed",
    () =>
      Effect.gen(function* () {
        const command = yield* runByNpx
        yield* command.until(isReady)
        command.child.kill("SIGKILL")
        // Its output is closed when the sandbox too has ended.
        yield* command.exit
        assert.include(command.stdout(), "Tink sandbox on")
      }),
    timeout
  )

  it.scopedLive(
    "prints one line when ready and one for each request, and stops on SIGTERM with an open connection",
    () =>
      Effect.gen(function* () {
        const command = yield* run("--port", "0")
        yield* command.until(isReady)
        const port = portOf(command.stdout())
        const ready = `Tink sandbox on http://127.0.0.1:${port} client_id=sandbox-client client_secret=sandbox-secret`
        assert.strictEqual(command.stdout(), `${ready}\n`)

        const url = `http://127.0.0.1:${port}`
        const body = new URLSearchParams({ client_id: "sandbox-client", client_secret: "planted-secret" })
        yield* Effect.promise(async () => {
          await fetch(`${url}/sandbox/faults`, {
            method: "POST",
            body: '{"kind":"status","status":503,"method":"GET"}'
          })
          await (await fetch(`${url}/api/v1/user?q=planted-query`)).text()
          await (await fetch(`${url}/api/v1/oauth/token`, { method: "POST", body })).text()
        })
        yield* command.until((stdout) => linesOf(stdout).length === 3)
        const [, first = "", second = ""] = linesOf(command.stdout())
        assert.match(
          first,
          /^\d\d:\d\d:\d\d\.\d{3} {2}GET {4}\/api\/v1\/user +503 +\d+ ms {2}fault=status \(not applied\)$/
        )
        assert.match(second, /^\d\d:\d\d:\d\d\.\d{3} {2}POST {3}\/api\/v1\/oauth\/token +401 +\d+ ms$/)
        assert.strictEqual(first.indexOf("503"), second.indexOf("401"))
        assert.notInclude(command.stdout(), "planted")

        const socket = Net.connect(port, "127.0.0.1")
        yield* Effect.async<void>((resume) => {
          socket.on("connect", () => resume(Effect.void))
        })
        socket.on("error", () => {})
        command.child.kill("SIGTERM")
        assert.strictEqual(yield* command.exit, 0)
        assert.strictEqual(command.stderr(), "")
        socket.destroy()
      }),
    timeout
  )

  it.scopedLive(
    "stops on SIGINT",
    () =>
      Effect.gen(function* () {
        const command = yield* run("--port", "0", "--client-id", "me", "--client-secret", "hush")
        yield* command.until(isReady)
        assert.match(command.stdout(), / client_id=me client_secret=hush\n$/)
        command.child.kill("SIGINT")
        assert.strictEqual(yield* command.exit, 0)
        assert.strictEqual(command.stderr(), "")
      }),
    timeout
  )

  it.scopedLive(
    "reports a port in use in one line",
    () =>
      Effect.gen(function* () {
        const server = Net.createServer()
        yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
        const port = yield* Effect.async<number>((resume) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
          })
        })
        const command = yield* run("--port", String(port))
        assert.strictEqual(yield* command.exit, 1)
        assert.strictEqual(command.stdout(), "")
        assert.deepStrictEqual(linesOf(command.stderr()), [
          `Port ${port} is in use: stop what is listening there, or choose another port with --port`
        ])
      }),
    timeout
  )

  it.scopedLive(
    "reports an unknown option in one line, and refers to --help",
    () =>
      Effect.gen(function* () {
        const command = yield* run("--prot", "4010")
        assert.strictEqual(yield* command.exit, 1)
        assert.strictEqual(command.stdout(), "")
        assert.deepStrictEqual(linesOf(command.stderr()), [
          "Received unknown argument: '--prot'",
          "",
          "Invalid command-line arguments: try --help"
        ])
      }),
    timeout
  )

  it.scopedLive(
    "prints its help as plain text where the output is no terminal",
    () =>
      Effect.gen(function* () {
        const command = yield* run("--help")
        assert.strictEqual(yield* command.exit, 0)
        assert.include(command.stdout(), "--additional-scopes")
        assert.notInclude(command.stdout(), "\u001b")
      }),
    timeout
  )
})

interface Parsed {
  readonly seen: ReadonlyArray<unknown>
  readonly isFailure: boolean
  readonly text: string
}

/** Parses a command line, and returns the options or what is printed about it. */
const parse = (...args: ReadonlyArray<string>): Effect.Effect<Parsed> =>
  Console.consoleWith((console) => {
    const seen: Array<unknown> = []
    const printed: Array<string> = []
    const print = (...lines: ReadonlyArray<unknown>) => Effect.sync(() => void printed.push(lines.join(" ")))
    const command = Command.make("tink-sandbox", options, (values) => Effect.sync(() => void seen.push(values)))
    return Command.run(command, { name: "Tink sandbox", version: "0" })(["node", "tink-sandbox", ...args]).pipe(
      Effect.exit,
      Effect.map((exit) => ({ seen, isFailure: Exit.isFailure(exit), text: printed.join("\n").trim() })),
      Effect.withConsole({ ...console, error: print, log: print }),
      Effect.provide(NodeContext.layer)
    )
  })

/** Runs the command in this process, without what the program makes of its errors. */
const serve = (...args: ReadonlyArray<string>) =>
  Command.run(command, { name: "Tink sandbox", version: "0" })(["node", "tink-sandbox", ...args, "--port", "0"]).pipe(
    Effect.provide(NodeContext.layer)
  )

describe("the command", () => {
  it.live("fails with one line for a host that is not this machine's, and a file without a key", () =>
    Effect.gen(function* () {
      const rows = [
        [["--host", "192.0.2.1"], "192.0.2.1 is not an address of this machine: choose another with --host"],
        [["--public-key", bin], `--public-key ${bin} is not a PEM file of a P-256 key`],
        [["--openapi", bin], `--openapi ${bin} is not an OpenAPI description as JSON`]
      ] as const
      for (const [args, message] of rows) {
        assert.propertyVal(yield* Effect.flip(serve(...args)), "message", message)
      }
    })
  )

  it.scopedLive("prints the requests that --log-level asks for", () =>
    Effect.gen(function* () {
      const console = yield* Console.consoleWith(Effect.succeed)
      const statusesAt = (level: string) =>
        Effect.gen(function* () {
          const lines = yield* Queue.unbounded<string>()
          const log = (line: unknown) => Effect.asVoid(Queue.offer(lines, String(line)))
          yield* Effect.forkScoped(Effect.withConsole(serve("--log-level", level), { ...console, log }))
          const url = /http:[^ ]+/.exec(yield* Queue.take(lines))?.[0]
          const status = (path: string) => Effect.promise(async () => (await fetch(`${url}${path}`)).status)
          assert.strictEqual(yield* status("/sandbox/docs"), 404)
          assert.strictEqual(yield* status("/api/v1/user"), 401)
          yield* Effect.promise(() =>
            fetch(`${url}/sandbox/faults`, { method: "POST", body: '{"kind":"status","status":503}' })
          )
          assert.strictEqual(yield* status("/api/v1/user"), 503)
          return Chunk.toArray(yield* Queue.takeAll(lines)).map((line) => / (\d{3}) /.exec(line)?.[1])
        })
      assert.deepStrictEqual(yield* statusesAt("info"), ["401", "503"])
      assert.deepStrictEqual(yield* statusesAt("error"), ["503"])
      assert.deepStrictEqual(yield* statusesAt("none"), [])
    })
  )

  it.scopedLive("listens on the given address, and issues tokens with the given lifetime", () =>
    Effect.gen(function* () {
      const ready = yield* Deferred.make<string>()
      const log = (line: unknown) => Effect.asVoid(Deferred.succeed(ready, String(line)))
      const console = yield* Console.consoleWith(Effect.succeed)
      yield* serve("--host", "0.0.0.0", "--client-token-lifetime", "90 seconds", "--openapi", description).pipe(
        Effect.withConsole({ ...console, log }),
        Effect.forkScoped
      )
      const port = /^Tink sandbox on http:\/\/0\.0\.0\.0:(\d+) /.exec(yield* Deferred.await(ready))?.[1]
      const body = new URLSearchParams({
        client_id: "sandbox-client",
        client_secret: "sandbox-secret",
        grant_type: "client_credentials"
      })
      const answer: unknown = yield* Effect.promise(async () =>
        (await fetch(`http://127.0.0.1:${port}/api/v1/oauth/token`, { method: "POST", body })).json()
      )
      assert.propertyVal(answer, "expires_in", 90)
      const described = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/sandbox/openapi.json`))
      assert.strictEqual(described.status, 200)
    })
  )
})

describe("the command line", () => {
  it.live("has defaults, and takes every option", () =>
    Effect.gen(function* () {
      const { seen: defaults } = yield* parse()
      const times = {
        clientTokenLifetime: "30 minutes",
        userTokenLifetime: "2 hours",
        codeLifetime: "10 minutes",
        acceptingTime: "0 seconds",
        authenticatingTime: "1 second",
        updatingTime: "2 seconds",
        sessionLifetime: "90 days"
      }
      const common = { ...times, additionalScopes: [], publicKey: Option.none(), openapi: Option.none() }
      const app = { clientId: "sandbox-client", clientSecret: "sandbox-secret" }
      assert.deepStrictEqual(defaults, [{ ...common, ...app, host: "127.0.0.1", port: 4010 }])
      const mine = ["--client-id=me", "--client-secret", "hush", "--host", "0.0.0.0", "--session-lifetime", "1 day"]
      const others = ["--additional-scopes", "beta:read,beta:write"]
      const { seen: given } = yield* parse("--port", "4011", ...mine, ...others)
      assert.deepStrictEqual(given, [
        {
          ...common,
          additionalScopes: ["beta:read", "beta:write"],
          port: 4011,
          clientId: "me",
          clientSecret: "hush",
          host: "0.0.0.0",
          sessionLifetime: "1 day"
        }
      ])
      const { isFailure, seen, text } = yield* parse("-h")
      assert.deepStrictEqual([isFailure, seen], [false, []])
      for (const option of ["--port", "--host", "--client-id", "--client-secret", "--updating-time", "--help"])
        assert.include(text, option)
    })
  )

  const invalid: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["--port", "many"], /^--port has to be a number from 0 to 65535, not 'many'$/],
    [["--port", "65536"], /^--port has to be .* not '65536'$/],
    [["--port", "-1"], /^--port has to be .* not '-1'$/],
    [["--port", "1.5"], /^--port has to be .* not '1.5'$/],
    [["--port"], /--port/],
    [["--host", ""], /^--host cannot be empty$/],
    [["--updating-time", "soon"], /^--updating-time has to be a time such as '90 seconds' or '30 minutes'$/],
    [["--code-lifetime", "Infinity"], /^--code-lifetime has to be a time/],
    [["--client-id", ""], /^--client-id cannot be empty$/],
    [["--client-secret", ""], /^--client-secret cannot be empty$/],
    [["start"], /'start'/]
  ]

  it.live("names the invalid argument in one line", () =>
    Effect.gen(function* () {
      for (const [args, message] of invalid) {
        const { isFailure, seen, text } = yield* parse(...args)
        assert.deepStrictEqual([isFailure, seen], [true, []], args.join(" "))
        assert.match(text, message)
        assert.notInclude(text, "\n")
      }
    })
  )
})
