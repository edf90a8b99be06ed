/**
 * OAuth access tokens as Tink issues them (`tink-api.md` 1.2).
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { printableAsciiPattern } from "./InputRules.js"
import * as UnreadableMembers from "./UnreadableMembers.js"

const countScopes = UnreadableMembers.makeCounter("AccessToken", "scopes")

const countIdHint = UnreadableMembers.makeCounter("AccessToken", "idHint")

const splitNames = (scope: string): ReadonlyArray<string> => scope.split(/[\s,]+/).filter((name) => name !== "")

/** Far more than all scopes that Tink has. */
const maxScopeLength = 64 * 1024

/** Tink separates scopes with commas, sometimes with spaces. Some servers send a list. */
const splitScopes = (scope: unknown): ReadonlyArray<string> => {
  if (typeof scope === "string" && scope.length <= maxScopeLength) return splitNames(scope)
  if (Array.isArray(scope)) return scope.filter((item) => typeof item === "string").flatMap(splitNames)
  if (scope !== null && scope !== undefined) countScopes()
  return []
}

const Scopes = Schema.optionalToRequired(Schema.Unknown, Schema.Array(Schema.String), {
  decode: (scope) => splitScopes(Option.getOrUndefined(scope)),
  encode: (scopes) => Option.some(scopes.join(","))
}).pipe(Schema.withConstructorDefault(() => []))

const Amount = Schema.Union(Schema.Number, Schema.String.pipe(Schema.pattern(/^\d+(\.\d+)?$/)))

const Seconds = Schema.transform(Amount, Schema.DurationFromMillis, {
  strict: true,
  decode: (seconds) => Number(seconds) * 1000,
  encode: (millis) => millis / 1000
})

/** A token with other characters cannot be sent in a header. */
const Token = Schema.String.pipe(Schema.pattern(printableAsciiPattern))

const readIdHint = (hint: unknown): Option.Option<string> => {
  if (typeof hint === "string") return hint === "" ? Option.none() : Option.some(hint)
  if (hint !== null) countIdHint()
  return Option.none()
}

/** Tink sends an empty text where there is no hint (`tink-api.md` 1.2). */
const IdHint = Schema.optionalToOptional(Schema.Unknown, Schema.String, {
  decode: Option.flatMap(readIdHint),
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
  scopes: Scopes.pipe(Schema.fromKey("scope")),
  /** The name that Tink shows to the user, if the authorization was delegated. */
  idHint: IdHint.pipe(Schema.fromKey("id_hint"))
}) {}
