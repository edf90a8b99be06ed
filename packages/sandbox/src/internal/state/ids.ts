import * as Effect from "effect/Effect"
import type * as Random from "effect/Random"

const drawHex = (random: Random.Random, digits: number): Effect.Effect<string> =>
  Effect.flatMap(random.nextIntBetween(0, 2 ** 32), (n) => {
    const hex8 = n.toString(16).padStart(8, "0")
    return digits === 8 ? Effect.succeed(hex8) : Effect.map(drawHex(random, digits - 8), (rest) => hex8 + rest)
  })

// Effect's Random repeats a run from a seed. It is not a source of secrets, which a sandbox does not need.
const hex = (digits: number): Effect.Effect<string> => Effect.randomWith((random) => drawHex(random, digits))

/** 32 lower-case hex characters (tink-api.md 0.3): ids of users, credentials and requests, and authorization codes. */
export const id: Effect.Effect<string> = hex(32)

/** A UUID with dashes: the `tracking_id` of tink-api.md 11.4. */
export const uuid: Effect.Effect<string> = Effect.map(id, (text) =>
  text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
)

/** An access token: opaque by contract (tink-api.md 1.2). */
export const token: Effect.Effect<string> = hex(64)
