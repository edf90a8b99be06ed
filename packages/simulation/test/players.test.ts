import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Found, type Played, type Player, playAll } from "../src/players.js"

/** A player that takes longer for some seeds than for others. */
const makePlayer = (broken: ReadonlySet<number>, played: Array<number>): Player => ({
  play: async (seed): Promise<Played> => {
    played.push(seed)
    for (let turns = (seed * 7) % 11; turns > 0; turns--) await Promise.resolve()
    return { seed, calls: seed, requests: 2 * seed, isBroken: broken.has(seed) }
  },
  stop: () => {}
})

const play = (workers: number, broken: ReadonlySet<number>) =>
  Effect.promise(async () => {
    const played: Array<number> = []
    const players = Array.from({ length: workers }, () => makePlayer(broken, played))
    return { found: await playAll(players, { first: 1, count: 12 }), played }
  })

describe("players", () => {
  it.effect("find the lowest broken seed, and count the schedules up to it, however many they are", () =>
    Effect.gen(function* () {
      const rows: ReadonlyArray<readonly [ReadonlyArray<number>, Found]> = [
        [[], { checked: { schedules: 12, calls: 78, requests: 156 }, brokenSeed: undefined }],
        [[1], { checked: { schedules: 1, calls: 1, requests: 2 }, brokenSeed: 1 }],
        [[9, 6, 7], { checked: { schedules: 6, calls: 21, requests: 42 }, brokenSeed: 6 }],
        [[12], { checked: { schedules: 12, calls: 78, requests: 156 }, brokenSeed: 12 }]
      ]
      for (const [broken, expected] of rows) {
        for (const workers of [1, 2, 3, 5, 20]) {
          const { found } = yield* play(workers, new Set(broken))
          assert.deepStrictEqual(found, expected, `broken: ${broken.join()}, players: ${workers}`)
        }
      }
    })
  )

  it.effect("play each seed once, and none after a broken one is known", () =>
    Effect.gen(function* () {
      const all = yield* play(3, new Set())
      assert.deepStrictEqual(
        all.played,
        Array.from({ length: 12 }, (_, index) => index + 1)
      )
      const few = yield* play(2, new Set([3]))
      assert.isBelow(Math.max(...few.played), 6)
    })
  )
})
