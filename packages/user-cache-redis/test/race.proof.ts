/** The race for a short time: `npm run race -- --minutes 10` is for as long as you like. */
import { assert, describe, it } from "@effect/vitest"
import { faultNames } from "../race/faults.js"
import { race } from "../race/race.js"

describe("two processes that race on one Redis, with every fault", () => {
  for (const cache of ["strict", "lease"] as const) {
    it(`never return a stale read: ${cache}`, async () => {
      const result = await race({ cache, seconds: 16, faults: faultNames })
      assert.strictEqual(result.stale, 0)
      assert.isAbove(result.reads, 1_000)
      assert.isAbove(result.changes, 50)
      assert.sameMembers(Object.keys(result.struck), [...faultNames])
    }, 90_000)
  }

  it("would see them: a cache that tells others to delete has some", async () => {
    const result = await race({ cache: "bentocache", seconds: 8, faults: faultNames })
    assert.isAbove(result.stale, 0)
  }, 60_000)
})
