/** Signed assertions, with which an application authenticates instead of a secret (`tink-api.md` 1.5). */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as JoseKeys from "jose/key/import"
import { invalidInput, type TinkError } from "../TinkError.js"

/** The same for every host that Tink documents. */
const audience = "https://api.tink.com/api/v1/oauth/token"

/** Half of the five minutes that Tink allows, so that a clock may be wrong by the other half, in either direction. */
const lifetimeSeconds = 150

/** Not a private key of P-256, or not encoded as documented. It does not hold the key. */
export class InvalidKey extends Data.TaggedError("InvalidKey") {}

export class MissingLibrary extends Data.TaggedError("MissingLibrary") {}

interface Claims {
  /** For the error. */
  readonly operation: string
  readonly clientId: string
  /** A user of Tink, by their id or the application's; by default the application itself. */
  readonly user?: string | undefined
}

/** Signs an assertion that is valid once. */
export type Sign = (claims: Claims) => Effect.Effect<Redacted.Redacted, TinkError>

// Loaded for a key only: most applications have a secret, and need none of it.
const loadJose = Effect.tryPromise({
  try: () => Promise.all([import("jose/key/import"), import("jose/jwt/sign")]),
  catch: () => new MissingLibrary()
})

/** PEM, or a JWK as JSON. */
const importKey = ({ importJWK, importPKCS8 }: typeof JoseKeys, text: string) =>
  Effect.tryPromise({
    try: () => (text.startsWith("{") ? importJWK(JSON.parse(text), "ES256") : importPKCS8(text, "ES256")),
    catch: () => new InvalidKey()
  }).pipe(
    Effect.filterOrFail(
      (key) => !(key instanceof Uint8Array) && key.type === "private",
      () => new InvalidKey()
    )
  )

/** Reads a key. Only the function has it, so that no printed value does. */
export const makeSign = (privateKey: Redacted.Redacted): Effect.Effect<Sign, InvalidKey | MissingLibrary> =>
  Effect.gen(function* () {
    const [keys, { SignJWT }] = yield* loadJose
    // Environment variables often hold line ends as a backslash and a letter.
    const key = yield* importKey(
      keys,
      Redacted.value(privateKey)
        .replace(/(\\r)?\\n/g, "\n")
        .trim()
    )
    return ({ clientId, operation, user }) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const issuer = `tink://auth/client/${clientId}`
        const jwt = new SignJWT()
          .setProtectedHeader({ alg: "ES256", typ: "JWT" })
          .setIssuer(issuer)
          .setSubject(user === undefined ? issuer : `tink://auth/user/${user}`)
          .setAudience(audience)
          .setExpirationTime(Math.floor(now / 1000) + lifetimeSeconds)
          .setJti(crypto.randomUUID())
        return Effect.tryPromise({
          try: async () => Redacted.make(await jwt.sign(key)),
          catch: () => invalidInput(operation, "the assertion could not be signed")
        })
      })
  })
