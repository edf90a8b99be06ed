/**
 * OAuth access tokens as Tink issues them (`tink-api.md` 1.2).
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { printableAsciiPattern } from "./InputRules.js"

/** Tink separates scopes with commas, sometimes with spaces. */
const Scopes = Schema.transform(Schema.String, Schema.Array(Schema.String), {
  strict: true,
  decode: (text) => text.split(/[\s,]+/).filter((scope) => scope !== ""),
  encode: (scopes) => scopes.join(",")
})

const Seconds = Schema.transform(Schema.Number.pipe(Schema.nonNegative()), Schema.DurationFromMillis, {
  strict: true,
  decode: (seconds) => seconds * 1000,
  encode: (millis) => millis / 1000
})

/** A token with other characters cannot be sent in a header. */
const Token = Schema.String.pipe(Schema.pattern(printableAsciiPattern))

/** Tink sends an empty text where there is no hint (`tink-api.md` 1.2). */
const IdHint = Schema.optionalToOptional(Schema.NullOr(Schema.String), Schema.String, {
  decode: Option.filter((hint): hint is string => hint !== null && hint !== ""),
  encode: (hint) => hint
})

/**
 * An access token, with its lifetime and scopes (`tink-api.md` 1.2).
 *
 * @since 0.1.0
 * @category models
 */
export class AccessToken extends Schema.Class<AccessToken>("@effect-tink/http/AccessToken")({
  /** Opaque. */
  accessToken: Schema.Redacted(Token).pipe(Schema.propertySignature, Schema.fromKey("access_token")),
  /** The lifetime, counted from when the token was issued: 30 minutes for a client and 2 hours for a user, by Tink. */
  expiresIn: Seconds.pipe(Schema.propertySignature, Schema.fromKey("expires_in")),
  /** The granted scopes, in no particular order. Empty if Tink does not say. */
  scopes: Schema.optionalWith(Scopes, { default: () => [], nullable: true }).pipe(Schema.fromKey("scope")),
  /** The name that Tink shows to the user, if the authorization was delegated. */
  idHint: IdHint.pipe(Schema.fromKey("id_hint"))
}) {}
