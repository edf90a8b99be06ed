import { assert, describe, it } from "@effect/vitest"
import { UserCache } from "@effect-tink/user-cache"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { everyRow } from "../../../test/support/rows.js"

const wrong: ReadonlyArray<readonly [names: ReadonlyArray<string>, options: unknown]> = [
  [["capacity"], {}],
  [["capacity"], undefined],
  [["capacity"], null],
  ...[NaN, -1, 1.5, Infinity, "10", null].map((capacity) => [["capacity"], { capacity }] as const),
  ...[NaN, -1, "-5 seconds", "soon", null, {}, -1n, [-1, 0]].flatMap((given) => [
    [["quarantine"], { capacity: 1, quarantine: given }] as const,
    [["timeToLive"], { capacity: 1, timeToLive: given }] as const
  ]),
  [["capacity", "timeToLive", "quarantine"], { capacity: -1, timeToLive: NaN, quarantine: "-5 seconds" }]
]

describe("settings that are not valid", () => {
  it.effect("are all named by one ConfigError, and nothing dies", () =>
    everyRow(
      wrong,
      ([names], index) => `${names.join(", ")} of row ${index}`,
      ([names, options]) =>
        Effect.gen(function* () {
          // Settings may come from JavaScript.
          const error = yield* Effect.flip(Layer.launch(UserCache.layer(options as UserCache.Options)))
          assert.isTrue(ConfigError.isConfigError(error))
          for (const name of names) assert.include(String(error), `UserCache: ${name} must be`)
        })
    )
  )

  it.scoped("a duration may be zero, and may be endless", () =>
    Effect.asVoid(UserCache.make({ capacity: 0, timeToLive: 0, quarantine: Infinity }))
  )
})
