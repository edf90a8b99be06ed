import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "../src/generate.js"
import type { History } from "../src/history.js"
import * as Report from "../src/report.js"
import { run } from "../src/run.js"
import { attempt } from "../src/search.js"
import { shrink } from "../src/shrink.js"
import * as Story from "../src/story.js"

const play = (seed: number) => Effect.promise(() => run(generate(seed)))

const firstSeed = 1
const schedules = 80

describe("the real layers", () => {
  const histories: Array<History> = []

  it.live(
    `keep every promise in ${schedules} schedules`,
    () =>
      Effect.promise(async () => {
        for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
          const { broken, history } = await attempt(generate(seed))
          if (broken !== undefined) assert.fail(Report.failure(broken, await shrink(broken)))
          histories.push(history)
        }
      }),
    120_000
  )

  const total = (count: (history: History) => number) => histories.reduce((sum, history) => sum + count(history), 0)

  it("have met everything there is to meet", () => {
    for (const name of ["hits", "joins", "misses", "bypasses"] as const) {
      assert.isAbove(
        total(({ counters }) => counters[name]),
        20,
        name
      )
    }
    for (const operation of [
      "createUser",
      "ensureUser",
      "deleteUser",
      "deleteUserBy",
      "createAuthorization",
      "getUserAccessToken",
      "authorize",
      "listCredentials",
      "getCredential",
      "refreshCredential",
      "deleteCredential"
    ]) {
      for (const ending of ["Success", "Failure"]) {
        const count = total(
          ({ calls }) =>
            calls.filter((call) => call.operation._tag === operation && call.ended?.ending._tag === ending).length
        )
        assert.isAbove(count, 0, `${operation} ending with ${ending}`)
      }
    }
    for (const kind of ["delay", "slow-body", "drop-before", "drop-after", "cut-body", "garbage", "status"]) {
      assert.isAbove(
        total(({ requests }) => requests.filter(({ fault }) => fault?.kind === kind).length),
        0,
        kind
      )
    }
    assert.isAbove(
      total(({ calls }) => calls.filter(({ ended }) => ended?.ending._tag === "Interrupted").length),
      20,
      "interruptions"
    )
    assert.isAbove(
      total(({ audits }) => audits.length),
      10,
      "audits"
    )
  })
})

describe("a seed", () => {
  it.live(
    "always makes the same trace",
    () =>
      Effect.forEach([3, 1_000_003, 2 ** 32 - 1], (seed) =>
        Effect.gen(function* () {
          assert.strictEqual(Story.trace(yield* play(seed)), Story.trace(yield* play(seed)))
        })
      ),
    30_000
  )

  it.live("makes another trace than another seed", () =>
    Effect.gen(function* () {
      assert.notStrictEqual(Story.trace(yield* play(1)), Story.trace(yield* play(2)))
    })
  )
})
