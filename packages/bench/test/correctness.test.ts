import { assert, describe, it } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Adapter } from "../src/correctness/adapter.js"
import { check } from "../src/correctness/checks.js"
import { effectCacheAdapter, effectCachePerUserAdapter, userCacheAdapter } from "../src/correctness/contestants.js"
import { orders } from "../src/correctness/orders.js"

/** Caches nothing. An invalidation fails every reader that waits. */
const cancelling: Adapter = {
  name: "cancelling",
  package: "effect",
  make: (origin) => {
    const waiting = new Set<(error: Error) => void>()
    return {
      get: () => Promise.race([origin(), new Promise<string>((_, reject) => waiting.add(reject))]),
      invalidateUser: async () => {
        for (const reject of waiting) reject(new Error("cancelled"))
      }
    }
  }
}

describe("the orders", () => {
  it("are complete, distinct, and shortest first", () => {
    // Of the 7! orders of seven events, the five rules leave 1 in 2 · 2 · 6, and 105 when A starts before B.
    assert.strictEqual(orders.length, 1 + 10 + 105)
    assert.strictEqual(new Set(orders.map((order) => order.join())).size, orders.length)
    const lengths = orders.map((order) => order.length)
    assert.deepStrictEqual(lengths, Arr.sort(lengths, Order.number))
  })
})

describe("the checker", () => {
  it("finds nothing wrong with UserCache", async () => {
    const { failedReaders, failure, requests, stale, waiter } = await check(userCacheAdapter)
    assert.deepStrictEqual({ stale: stale.count, failedReaders: failedReaders.count }, { stale: 0, failedReaders: 0 })
    assert.deepStrictEqual(
      { requests, waiter, failure: failure.isKept },
      { requests: 1, waiter: "undisturbed", failure: "no" }
    )
  })

  it("finds the faults of effect/Cache 3.22", async () => {
    const { failure, requests, stale, waiter } = await check(effectCacheAdapter)
    assert.deepStrictEqual(stale.trace, [
      "A reads: a request is sent, and reads v1",
      "the user is changed: v2",
      "the user is invalidated",
      "the request of A is answered: v1; A gets v1",
      "C reads; C gets v1",
      "C got v1, and should have got v2"
    ])
    assert.isArray(waiter)
    assert.strictEqual(failure.isKept, "same ms")
    assert.strictEqual(requests, 1)
  })

  it("finds no stale read in a cache of caches, which disturbs waiters", async () => {
    const { stale, waiter } = await check(effectCachePerUserAdapter)
    assert.strictEqual(stale.count, 0)
    assert.isArray(waiter)
  })

  it("finds failed readers, and requests that are not shared", async () => {
    const { failedReaders, failure, requests, stale, waiter } = await check(cancelling)
    assert.strictEqual(stale.count, 0)
    assert.strictEqual(failedReaders.trace?.at(-1), "A got an error (Error: cancelled), and should have got v1")
    assert.deepStrictEqual(
      { requests, waiter, failure: failure.isKept },
      { requests: 100, waiter: "cannot give up", failure: "no" }
    )
  })
})
