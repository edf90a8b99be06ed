import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts"],
    // By default one core of a small machine is left idle.
    maxWorkers: "100%",
    minWorkers: 1
  }
})
