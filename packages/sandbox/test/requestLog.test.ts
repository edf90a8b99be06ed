import { assert, describe, it } from "@effect/vitest"
import * as RequestLog from "../src/internal/requestLog/requestLog.js"

const arrival = (path: string): RequestLog.Arrival => ({
  incoming: {
    requestId: "0".repeat(32),
    method: "GET",
    path,
    query: new URLSearchParams(),
    headers: {},
    body: new Uint8Array(),
    connection: { certificate: undefined },
    notes: { refresh: null }
  },
  now: 1000,
  fault: undefined
})

describe("RequestLog", () => {
  it("keeps the last 10 000 requests", () => {
    const log = RequestLog.make()
    const completeFirst = log.begin(arrival("/0"))
    for (let index = 1; index < 10_005; index++) log.begin(arrival(`/${index}`))
    assert.strictEqual(log.entries().length, 10_000)
    assert.strictEqual(log.entries()[0]?.path, "/5")
    assert.strictEqual(log.entries().at(-1)?.path, "/10004")
    assert.strictEqual(completeFirst(200, 1500).duration, 500)
    assert.strictEqual(log.entries()[0]?.path, "/5")
  })

  it("completes the entry of its own request", () => {
    const log = RequestLog.make()
    const completeOne = log.begin(arrival("/one"))
    const completeOther = log.begin(arrival("/other"))
    completeOther(204, 1003)
    completeOne(null, 1005)
    assert.deepStrictEqual(
      log.entries().map(({ duration, path, status }) => [path, status, duration]),
      [
        ["/one", null, 5],
        ["/other", 204, 3]
      ]
    )
  })
})
