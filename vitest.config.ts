import { existsSync } from "node:fs"
import { defaultExclude, defineConfig } from "vitest/config"

const browserTests = "examples/web/browser.test.ts"

/** Everything else is there once npm is: a machine without a browser is told what it leaves out, and passes. */
const hasBrowser = existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium")
if (!hasBrowser) {
  process.stderr.write(
    `\n  No browser here, so ${browserTests} is left out: install Debian's chromium, or set CHROMIUM to one.\n\n`
  )
}

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts"],
    exclude: hasBrowser ? defaultExclude : [...defaultExclude, browserTests],
    // Loading the libraries for each file anew takes longer than the tests.
    isolate: false,
    // A table is one test.
    testTimeout: 60_000,
    // By default one core of a small machine is left idle.
    maxWorkers: "100%",
    minWorkers: 1
  }
})
