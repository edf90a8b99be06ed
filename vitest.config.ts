import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { defaultExclude, defineConfig } from "vitest/config"

const browserTests = "examples/web/browser.test.ts"
const redisTests = ["redis.test.ts", "redis.proof.ts", "race.test.ts", "race.proof.ts"].map(
  (name) => `packages/user-cache-redis/test/${name}`
)

/** The only tests that need more than npm: a machine without a browser says that it leaves them out, and passes. */
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

const processesTests = "examples/web/processes.test.ts"
if (!hasBrowser || !hasRedis) {
  process.stderr.write(`\n  ${processesTests} needs a browser and a redis-server, so it is left out.\n\n`)
}

const postgresTests = "examples/web/postgres.test.ts"

const hasPostgres = existsSync("/usr/lib/postgresql")
if (!hasPostgres) {
  process.stderr.write(`\n  No Postgres here, so ${postgresTests} is left out: install Debian's postgresql.\n\n`)
}

/** Tests that leave nothing behind share a process: loading the libraries for each file takes longer than they do. */
const sharingProcess = ["packages/{contract,http,sandbox,user-cache,user-cache-redis,users,webhooks}/test/**/*.test.ts"]

/**
 * These take the clock, the memory or the counts of a process for their own, or print all that it holds. After those of the
 * examples, other files of their process have no test clock.
 */
const alone = [
  "examples/**/*.test.ts",
  "packages/{bench,simulation}/test/**/*.test.ts",
  "packages/http/test/bodies.test.ts",
  "packages/user-cache/test/{bounds,effect-cache}.test.ts",
  "packages/users/test/canaries*.test.ts"
]

const exclude = [
  ...defaultExclude,
  ...(hasBrowser ? [] : [browserTests]),
  ...(hasRedis ? [] : redisTests),
  ...(hasBrowser && hasRedis ? [] : [processesTests]),
  ...(hasPostgres ? [] : [postgresTests])
]

export default defineConfig({
  test: {
    // A table is one test.
    testTimeout: 120_000,
    // By default one core of a small machine is left idle.
    maxWorkers: "100%",
    minWorkers: 1,
    // Vitest takes this for a pool as a whole, not for a project: the projects below differ by their pools.
    poolOptions: { forks: { isolate: false } },
    projects: [
      {
        extends: true,
        test: {
          name: "library",
          include: sharingProcess,
          exclude: [...exclude, ...alone],
          poolOptions: { forks: { isolate: false } }
        }
      },
      {
        extends: true,
        test: {
          name: "alone",
          pool: "threads",
          include: alone
        }
      },
      {
        extends: true,
        test: {
          // Searches for counter-examples, which take minutes: `npm run prove`.
          name: "proofs",
          pool: "threads",
          include: ["packages/*/test/**/*.proof.ts"],
          exclude
        }
      }
    ]
  }
})
