import { assert, describe, it } from "@effect/vitest"
import { FakeInvalidationStore, InvalidationStore, SharedUserCache } from "@effect-tink/user-cache-redis"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import { everyRow } from "../../../test/support/rows.js"

const durations = ["timeToLive", "quarantine", "lease", "holdBack", "commandTimeout"] as const

const throwing = {
  get capacity(): number {
    throw new Error("canary")
  }
}

const wrong: ReadonlyArray<readonly [names: ReadonlyArray<string>, options: unknown]> = [
  [["capacity"], undefined],
  [["capacity"], throwing],
  ...[NaN, -1, 1.5, Infinity, "10", null].map((capacity) => [["capacity"], { capacity }] as const),
  ...[NaN, -1, "-5 seconds", -5n, [-5, 0], "soon", null, {}, Infinity].flatMap((given) =>
    durations.map((name) => [[name], { capacity: 1, [name]: given }] as const)
  ),
  [["capacity", "quarantine", "lease"], { capacity: -1, quarantine: "-5 seconds", lease: "1 hour" }]
]

describe("settings that are not valid", () => {
  it.effect("are all named by one ConfigError, and nothing dies", () =>
    everyRow(
      wrong,
      ([names], index) => `${names.join(", ")} of row ${index}`,
      ([names, options]) =>
        Effect.gen(function* () {
          const { store } = yield* FakeInvalidationStore.make
          // Settings may come from JavaScript.
          const error = yield* SharedUserCache.make(options as SharedUserCache.Options).pipe(
            Effect.scoped,
            Effect.provideService(InvalidationStore.InvalidationStore, store),
            Effect.flip
          )
          assert.isTrue(ConfigError.isConfigError(error))
          for (const name of names) assert.include(String(error), `SharedUserCache: ${name} must be`)
        })
    )
  )
})
