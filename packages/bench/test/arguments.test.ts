import { assert, describe, it } from "@effect/vitest"
import { Misuse, read } from "../src/arguments.js"
import { benchmarks } from "../src/benchmarks.js"

describe("the arguments", () => {
  it("name what to run, which is all by default", () => {
    assert.deepStrictEqual(read([], benchmarks).benchmarks, benchmarks)
    const { benchmarks: named, json, quick } = read(["memory", "cached", "--quick", "--json"], benchmarks)
    assert.deepStrictEqual(
      named.map(({ name }) => name),
      ["memory", "cached"]
    )
    assert.isTrue(quick && json)
  })

  it("are refused when they make no sense", () => {
    for (const args of [["speed"], ["--fast"], ["--seed", "many"]]) {
      assert.throws(() => read(args, benchmarks), Misuse)
    }
  })
})
