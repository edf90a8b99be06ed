import { assert, describe, it } from "@effect/vitest"
import * as State from "../src/internal/state/state.js"

describe("sweep", () => {
  it("drops all that has expired, and keeps the rest", () => {
    const state = State.make()
    const scopes = new Set(["user:read"])
    for (const [name, expiresAt] of [
      ["old", 1_000_000],
      ["new", 2_000_000]
    ] as const) {
      state.tokens.set(name, { userId: undefined, scopes, expiresAt, certificate: undefined })
      state.codes.set(name, { userId: "u", scopes, idHint: "", clientId: "c", expiresAt })
      state.linkSessions.set(name, { name: "", expiresAt })
      state.assertions.set(name, expiresAt)
    }
    State.sweep(state, 1_000_000)
    for (const map of [state.tokens, state.codes, state.linkSessions, state.assertions]) {
      assert.deepStrictEqual([...map.keys()], ["new"])
    }
  })

  it("does not look at everything for each of many requests", () => {
    const state = State.make()
    State.sweep(state, 0)
    state.assertions.set("a", 1)
    State.sweep(state, 59_999)
    assert.strictEqual(state.assertions.size, 1)
    State.sweep(state, 60_000)
    assert.strictEqual(state.assertions.size, 0)
  })
})
