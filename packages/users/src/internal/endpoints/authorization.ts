/** The endpoints of authorization (`tink-api.md` 2). Each export is an operation of `Users`, and its comment the operation's. */
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AuthorizationGrant, type DelegateAuthorizationInput } from "../../Authorization.js"
import * as Endpoint from "../../Endpoint.js"
import type { UserReference } from "../../User.js"
import * as Input from "../schemas/input.js"
import * as delegation from "../tinkLink/delegation.js"

const AuthorizationGrantJson = Schema.parseJson(AuthorizationGrant)

/** The struct makes both ids optional, and its filter requires one: that is the type `UserReference`. */
const narrow = <Input extends UserReference>(schema: Schema.Schema.AnyNoContext) =>
  schema as Schema.Schema<Input, Readonly<Record<string, string | undefined>>>

const joined = <A extends string>(scopes: Schema.Schema<ReadonlyArray<A>, ReadonlyArray<string>>) =>
  Schema.transform(Schema.String, scopes, {
    // This is encoded only, never decoded.
    strict: false,
    decode: (text) => text.split(","),
    encode: (list) => list.join(",")
  })

const withDefault = <A>(schema: Schema.Schema<A, string>, value: A) =>
  Schema.requiredToOptional(schema, Schema.UndefinedOr(Schema.typeSchema(schema)), {
    decode: Option.some,
    encode: (given) => Option.getOrElse(given, () => value) ?? value
  })

/**
 * Grants the application access to a user: returns a code for `getUserAccessToken`.
 *
 * The Tink app also needs the scopes that it grants itself. Fails with `NotFound` when there is no such user. `authorize` does
 * both, and renews the token.
 */
export const createAuthorization = Endpoint.client({
  name: "createAuthorization",
  scope: "authorization:grant",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant",
  input: narrow<UserReference & { readonly scopes: ReadonlyArray<UserScope> }>(
    Input.withReference({ scopes: joined(Input.UserScopes).pipe(Schema.propertySignature, Schema.fromKey("scope")) })
  ),
  encoding: "form",
  response: AuthorizationGrantJson,
  source: "tink-api.md 2"
})

/** Tink sends the text in a header, which allows only ISO-8859-1. */
const IdHint = Schema.String.pipe(
  Schema.filter((text) => /^[\x20-\x7e\xa0-\xff]+$/.test(text) && /\S/.test(text)),
  Schema.annotations(Input.requirement("must be of the characters of ISO-8859-1, and not blank"))
)

/**
 * Grants another application, by default Tink Link, access to a user: returns a code for the links of `TinkLink`.
 *
 * The code is for that application, can be used once, and soon: make a new one for each link. The Tink app also needs the
 * scopes that it delegates. Fails with `NotFound` when there is no such user, and with `Unauthorized` when the application may
 * not delegate a scope.
 *
 * @example
 * ```ts
 * import { TinkHttp, type Ids } from "@effect-tink/http"
 * import { TinkLink, Users } from "@effect-tink/users"
 * import { Effect } from "effect"
 *
 * export const linkFor = (userId: Ids.UserId, name: string, state: string) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     const { clientId } = yield* TinkHttp.TinkHttp
 *     const { code } = yield* users.delegateAuthorization({ userId, idHint: name })
 *     return yield* TinkLink.connectAccounts({
 *       clientId,
 *       redirectUri: "https://app.example/callback",
 *       authorizationCode: code,
 *       market: "SE",
 *       state
 *     })
 *   })
 * ```
 */
export const delegateAuthorization = Endpoint.client({
  name: "delegateAuthorization",
  scope: "authorization:grant",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant/delegate",
  input: narrow<DelegateAuthorizationInput>(
    Input.withReference({
      scopes: withDefault(joined(Input.DelegableScopes), delegation.scopes).pipe(Schema.fromKey("scope")),
      idHint: IdHint.pipe(Schema.propertySignature, Schema.fromKey("id_hint")),
      actorClientId: withDefault(Input.ClientId, delegation.actorClientId).pipe(Schema.fromKey("actor_client_id"))
    })
  ),
  encoding: "form",
  response: AuthorizationGrantJson,
  source: "tink-api.md 2"
})
