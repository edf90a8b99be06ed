import { assert, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { sha256 } from "../src/internal/sha256.js"

it("agrees with Node at every length around the ends of blocks", () => {
  for (let length = 0; length < 300; length++) {
    const text = "aé€𝄞".repeat(length).slice(0, length)
    assert.strictEqual(sha256(text), createHash("sha256").update(text).digest("hex"))
  }
})
