/** Redis servers of one's own, on free ports, without files. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { connect, createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export const hasRedisServer = (): boolean => spawnSync("redis-server", ["--version"]).status === 0

export const freePort = async (): Promise<number> => {
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
  readonly signal: (signal: "SIGSTOP" | "SIGCONT" | "SIGKILL") => void
  /** Ends it. Returns when the process is gone. */
  readonly kill: () => Promise<void>
}

const start = async (port: number, args: ReadonlyArray<string>): Promise<ChildProcess> => {
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp", ...args],
    { stdio: "ignore" }
  )
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
  } = {}
): Promise<RedisServer> => {
  const port = options.port ?? (await freePort())
  const child = await start(port, options.args ?? [])
  const killAtExit = () => void child.kill("SIGKILL")
  process.once("exit", killAtExit)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      process.removeListener("exit", killAtExit)
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, "exit")
      child.kill("SIGKILL")
      await gone
    }
  }
}
