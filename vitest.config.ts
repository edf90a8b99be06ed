import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { defaultExclude, defineConfig } from "vitest/config"

const browserTests = "examples/web/browser.test.ts"
const redisTests = ["packages/user-cache-redis/test/redis.test.ts", "packages/user-cache-redis/test/race.test.ts"]

/** Everything else is there once npm is: a machine without a browser is told what it leaves out, and passes. */
const hasBrowser = existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium")
if (!hasBrowser) {
  process.stderr.write(
    `\n  No browser here, so ${browserTests} is left out: install Debian's chromium, or set CHROMIUM to one.\n\n`
  )
}

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0
if (!hasRedis) {
  process.stderr.write(
    `\n  No redis-server here, so ${redisTests.join(" and ")} are left out: install Debian's redis-server.\n\n`
  )
}

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: [...defaultExclude, ...(hasBrowser ? [] : [browserTests]), ...(hasRedis ? [] : redisTests)],
    // By default one core of a small machine is left idle.
    maxWorkers: "100%",
    minWorkers: 1
  }
})
