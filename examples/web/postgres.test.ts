import { Effect, Redacted } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { chmod } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Database from "./database/database.js"
import { makeFolder } from "./harness.js"
import { testSessions } from "./sessionTests.js"

/** Where Debian has the programs of the newest version. */
const installed = "/usr/lib/postgresql"
const programs = join(installed, String(Math.max(...readdirSync(installed).map(Number))), "bin")

/** Postgres refuses to run as root. */
const owner = () => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  return { uid: id("-u"), gid: id("-g") }
}

/** A server of its own, which listens on a socket in its folder. */
const startPostgres = Effect.gen(function* () {
  const folder = yield* makeFolder
  const data = join(folder, "data")
  const as = owner()
  yield* Effect.promise(() => chmod(folder, 0o777))
  execFileSync(join(programs, "initdb"), ["-D", data, "-U", "banks", "--no-sync", "-A", "trust"], {
    ...as,
    cwd: folder,
    stdio: "ignore"
  })
  yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = spawn(join(programs, "postgres"), ["-D", data, "-k", folder, "-c", "listen_addresses=", "-F"], {
        ...as,
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"]
      })
      for await (const line of createInterface(server.stderr)) if (line.includes("ready to accept")) break
      return server
    }),
    (server) =>
      Effect.promise(async () => {
        const closed = once(server, "exit")
        server.kill("SIGINT")
        await closed
      })
  )
  return Database.layerPostgres(Redacted.make(`postgres://banks@localhost/postgres?host=${folder}`))
})

testSessions("kept in Postgres", startPostgres)
