import { assert, describe, it } from "@effect/vitest"
import { faultNames } from "../race/faults.js"
import { race } from "../race/race.js"

describe("two processes that race on one Redis, with every fault", () => {
  it("never return a stale read in a second: `npm run prove` has more", async () => {
    const result = await race({ cache: "strict", seconds: 1, faults: faultNames })
    assert.strictEqual(result.stale, 0)
    assert.isAbove(result.reads, 0)
    assert.isAbove(result.changes, 0)
  })
})
