/**
 * OAuth access tokens as Tink issues them (`tink-api.md` 1.2).
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { word } from "./internal/text.js"

/** Tink separates scopes with commas, and with spaces in places. */
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

/** What fits in a header: a token with other characters could never be sent. */
const Token = Schema.NonEmptyString.pipe(Schema.pattern(word))

/** Tink has been seen to send an empty text where nothing was hinted (`tink-api.md` 1.2). */
const IdHint = Schema.optionalToOptional(Schema.NullOr(Schema.String), Schema.String, {
  decode: Option.filter((hint): hint is string => hint !== null && hint !== ""),
  encode: (hint) => hint
})

/**
 * A token and what it is good for.
 *
 * @since 0.1.0
 * @category models
 */
export class AccessToken extends Schema.Class<AccessToken>("@effect-tink/http/AccessToken")({
  /** Opaque. */
  accessToken: Schema.Redacted(Token).pipe(Schema.propertySignature, Schema.fromKey("access_token")),
  /** Its lifetime, counted from when it was issued: Tink says 30 minutes for a client and 2 hours for a user. */
  expiresIn: Seconds.pipe(Schema.propertySignature, Schema.fromKey("expires_in")),
  /** What was granted, in no particular order; empty when Tink does not say. */
  scopes: Schema.optionalWith(Scopes, { default: () => [], nullable: true }).pipe(Schema.fromKey("scope")),
  /** The name under which Tink shows the user to themselves, when the authorization was delegated. */
  idHint: IdHint.pipe(Schema.fromKey("id_hint"))
}) {}
