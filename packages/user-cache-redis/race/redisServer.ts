/** Redis servers of one's own, on free ports, each in a directory that is removed with it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export const hasRedisServer = (): boolean => spawnSync("redis-server", ["--version"]).status === 0

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Where it writes its files, until it has ended. */
  readonly directory: string
  readonly signal: (signal: "SIGSTOP" | "SIGCONT" | "SIGKILL") => void
  /** Ends it. Returns when the process is gone. */
  readonly kill: () => Promise<void>
}

/** A primary waits five seconds for more replicas by default. */
const quickly = ["--repl-diskless-sync-delay", "0"]

const start = async (port: number, directory: string, args: ReadonlyArray<string>): Promise<ChildProcess> => {
  const own = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory]
  // The configuration file comes first.
  const child = spawn("redis-server", [join(directory, "redis.conf"), ...own, ...quickly, ...args], { stdio: "ignore" })
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await accepts(port)) return child
    if (child.exitCode !== null) break
    await sleep(25)
  }
  child.kill("SIGKILL")
  throw new Error("redis-server does not start")
}

export const startRedisServer = async (
  options: {
    readonly port?: number
    readonly args?: ReadonlyArray<string>
    /** A file that it starts from: `dump.rdb` of another server. */
    readonly file?: string
    /** The text of its configuration file. A sentinel needs one. */
    readonly config?: string
  } = {}
): Promise<RedisServer> => {
  const port = options.port ?? (await freePort())
  const directory = mkdtempSync(join(tmpdir(), "tink-redis-"))
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true })
  if (options.file !== undefined) cpSync(options.file, join(directory, "dump.rdb"))
  writeFileSync(join(directory, "redis.conf"), options.config ?? "")
  const child = await start(port, directory, options.args ?? []).catch((error: unknown) => {
    removeDirectory()
    throw error
  })
  const killAtExit = () => {
    child.kill("SIGKILL")
    removeDirectory()
  }
  process.once("exit", killAtExit)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    directory,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      process.removeListener("exit", killAtExit)
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit")
        child.kill("SIGKILL")
        await gone
      }
      removeDirectory()
    }
  }
}
