import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

// Effect's Random repeats a run from a seed. It is not a source of secrets, which a sandbox does not need.
const hex8 = Effect.map(Random.nextIntBetween(0, 2 ** 32), (n) => n.toString(16).padStart(8, "0"))

/** 32 lower-case hex characters (tink-api.md 0.3): ids of users, credentials and requests, and authorization codes. */
export const id: Effect.Effect<string> = Effect.map(Effect.all([hex8, hex8, hex8, hex8]), (parts) => parts.join(""))

/** A UUID with dashes: the `tracking_id` of tink-api.md 11.4. */
export const uuid: Effect.Effect<string> = Effect.map(id, (text) =>
  text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
)

/** An access token: opaque by contract (tink-api.md 1.2). */
export const token: Effect.Effect<string> = Effect.zipWith(id, id, (a, b) => a + b)
