/**
 * The signed assertion of the JWT-bearer grant: tink-api.md 1.5.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import * as apiErrors from "../http/apiErrors.js"

// Exactly this, wherever the sandbox listens: the documentation names no other.
const audience = "https://api.tink.com/api/v1/oauth/token"

/** The longest time until an assertion expires, in milliseconds. */
const maxLifetime = 5 * 60_000

// Other headers and claims are ignored.
const Header = Schema.parseJson(Schema.Struct({ alg: Schema.Literal("ES256") }))

const Claims = Schema.parseJson(
  Schema.Struct({
    iss: Schema.String,
    sub: Schema.String,
    aud: Schema.Literal(audience),
    exp: Schema.Number,
    jti: Schema.NonEmptyString
  })
)

/** The claims of an assertion. */
export type Claims = typeof Claims.Type

const decode = <A>(schema: Schema.Schema<A, string>, part: string, name: string) =>
  Effect.mapError(Schema.decode(schema)(Buffer.from(part, "base64url").toString()), ({ message }) =>
    apiErrors.invalidAssertion(`its ${name} is ${message.includes("JSON") ? "not JSON" : "not as documented"}`)
  )

// JOSE: both halves of the signature as 32 bytes each, not DER.
const isSigned = (key: Crypto.KeyObject, input: string, signature: string): boolean =>
  Crypto.verify("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"))

/** The claims of an assertion that is signed by the app, for Tink, and neither expired nor valid for too long. */
export const verify = Effect.fnUntraced(function* (
  publicKey: Crypto.KeyObject | undefined,
  assertion: string,
  now: number
) {
  const [header = "", claims = "", signature = "", ...others] = assertion.split(".")
  if (signature === "" || others.length > 0) return yield* apiErrors.invalidAssertion("it is not a signed JWT")
  yield* decode(Header, header, "header")
  if (publicKey === undefined) return yield* apiErrors.invalidAssertion("the app has no public key")
  if (!isSigned(publicKey, `${header}.${claims}`, signature)) {
    return yield* apiErrors.invalidAssertion("its signature is not the app's")
  }
  const decoded = yield* decode(Claims, claims, "claims")
  const expiresAt = decoded.exp * 1000
  if (expiresAt <= now) return yield* apiErrors.invalidAssertion("exp is in the past")
  if (expiresAt > now + maxLifetime) return yield* apiErrors.invalidAssertion("exp is more than five minutes ahead")
  return decoded
})

/** Reads the app's public key. Throws if it is not one for ES256. */
export const readPublicKey = (pem: string): Crypto.KeyObject => {
  const key = Crypto.createPublicKey(pem)
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("publicKey is not of the curve P-256")
  return key
}
