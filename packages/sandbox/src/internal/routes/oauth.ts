/**
 * Tokens, authorization codes and their revocation: tink-api.md 1 and 2.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import type { Connection } from "../http/incoming.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import * as Assertion from "../oauth/assertion.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import { type AccessToken, findByExternalUserId, revokeAccess, type State, type User } from "../state/state.js"
import * as Scopes from "../users/scopes.js"

const optionalText = Schema.optional(Schema.String)

// All fields are optional here: each missing one has an error of its own.
const TokenForm = Schema.Struct({
  client_id: optionalText,
  client_secret: optionalText,
  grant_type: optionalText,
  code: optionalText,
  assertion: optionalText,
  scope: optionalText
})
type TokenForm = typeof TokenForm.Type

const decodeTokenForm = requestBody.form(TokenForm)

const requireAllowed = (settings: Settings, scopes: ReadonlySet<string>): Effect.Effect<void, apiErrors.ApiError> => {
  const disallowed = Scopes.firstDisallowed(settings.scopes, scopes)
  return disallowed === undefined ? Effect.void : Effect.fail(apiErrors.scopeNotAllowed(disallowed))
}

const authenticateClient = (
  settings: Settings,
  form: TokenForm,
  { certificate }: Connection
): Effect.Effect<void, apiErrors.ApiError> => {
  if (form.client_id !== settings.clientId) return Effect.fail(apiErrors.unknownClient)
  // The certificate was compared before.
  if (certificate !== undefined) {
    return form.client_secret === undefined ? Effect.void : Effect.fail(apiErrors.secretForbidden)
  }
  if (form.client_secret === settings.clientSecret) return Effect.void
  // An app that signs assertions sends no secret (tink-api.md 1.1). How it exchanges a code is not documented: here with its id alone.
  const isSigning = settings.publicKey !== undefined && form.grant_type === "authorization_code"
  return isSigning && form.client_secret === undefined ? Effect.void : Effect.fail(apiErrors.wrongSecret)
}

// No `refresh_token`: tink-api.md 12.5.
const issue = (
  state: State,
  token: string,
  now: number,
  grant: Omit<AccessToken, "expiresAt"> & {
    readonly lifetime: number
    readonly idHint: string | null
    readonly separator?: " "
  }
): HttpServerResponse.HttpServerResponse => {
  const { certificate, scopes, userId } = grant
  state.tokens.set(token, { userId, scopes, certificate, expiresAt: now + grant.lifetime })
  return json(200, {
    access_token: token,
    token_type: "bearer",
    expires_in: Math.floor(grant.lifetime / 1000),
    scope: Scopes.format(scopes, grant.separator),
    id_hint: grant.idHint
  })
}

const clientScopes = Effect.fnUntraced(function* (settings: Settings, form: TokenForm) {
  const requested = Scopes.parse(form.scope ?? "")
  yield* requireAllowed(settings, requested)
  return requested.size === 0 ? settings.scopes.ofClient : requested
})

const clientCredentials = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  form: TokenForm,
  { certificate }: Connection
) {
  const scopes = yield* clientScopes(settings, form)
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  const lifetime = settings.clientTokenLifetime
  return issue(state, token, now, { userId: undefined, scopes, certificate, lifetime, idHint: null })
})

const requireScopes = Effect.fnUntraced(function* (settings: Settings, form: Pick<TokenForm, "scope">) {
  const scopes = Scopes.parse(form.scope ?? "")
  if (scopes.size === 0) return yield* apiErrors.invalid("scope has to be given")
  yield* requireAllowed(settings, scopes)
  return scopes
})

const userPrefix = "tink://auth/user/"

// `sub` has Tink's id or the app's own: tink-api.md 1.5.
const findSubject = (state: State, sub: string): Effect.Effect<User, apiErrors.ApiError> => {
  if (!sub.startsWith(userPrefix)) return Effect.fail(apiErrors.invalidAssertion("sub is neither the app nor a user"))
  const id = sub.slice(userPrefix.length)
  const user = state.users.get(id) ?? findByExternalUserId(state, id)
  return Effect.mapError(Effect.fromNullable(user), () => apiErrors.unknownUser)
}

/** The JWT-bearer grant: tink-api.md 1.5. Its answer has the lifetime and the spaces of the documented example. */
const jwtBearer = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  form: TokenForm,
  { certificate }: Connection
) {
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  if (form.client_secret !== undefined) return yield* apiErrors.secretForbidden
  const { exp, iss, jti, sub } = yield* Assertion.verify(settings.publicKey, form.assertion ?? "", now)
  // client_id is the issuer's when it is absent: tink-api.md 12.19.
  const isOfApp =
    iss === `tink://auth/client/${settings.clientId}` && (form.client_id ?? settings.clientId) === settings.clientId
  if (!isOfApp) return yield* apiErrors.unknownClient
  if ((state.assertions.get(jti) ?? 0) > now) return yield* apiErrors.invalidAssertion("its jti was used before")
  state.assertions.set(jti, exp * 1000)
  const common = { certificate, lifetime: settings.userTokenLifetime, separator: " " } as const
  if (sub === iss) {
    const scopes = yield* clientScopes(settings, form)
    return issue(state, token, now, { ...common, userId: undefined, scopes, idHint: null })
  }
  const { id: userId } = yield* findSubject(state, sub)
  const scopes = yield* requireScopes(settings, form)
  return issue(state, token, now, { ...common, userId, scopes, idHint: "" })
})

// A `scope` is accepted and ignored: the effect of a wider one is not known (tink-api.md 1.1, 14.11).
const authorizationCode = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  form: TokenForm,
  { certificate }: Connection
) {
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  const text = form.code ?? ""
  const code = state.codes.get(text)
  // A delegated code is for its actor (Tink Link), not for the app that requested it: tink-api.md 2, "Who may redeem".
  if (code === undefined || code.clientId !== form.client_id || now >= code.expiresAt)
    return yield* apiErrors.invalidCode
  state.codes.delete(text)
  return issue(state, token, now, {
    userId: code.userId,
    scopes: code.scopes,
    certificate,
    lifetime: settings.userTokenLifetime,
    idHint: code.idHint
  })
})

const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/** `POST /api/v1/oauth/token`: tink-api.md 1. */
const token = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const form = yield* decodeTokenForm(request)
    const { connection } = request
    // The assertion authenticates the client.
    if (form.grant_type === jwtGrant) return yield* jwtBearer(state, settings, form, connection)
    yield* authenticateClient(settings, form, connection)
    switch (form.grant_type) {
      case "client_credentials":
        return yield* clientCredentials(state, settings, form, connection)
      case "authorization_code":
        return yield* authorizationCode(state, settings, form, connection)
      default:
        // Tink removed `refresh_token` in 2024 (tink-api.md 12.5).
        return yield* apiErrors.invalid(`grant_type has to be client_credentials, authorization_code or ${jwtGrant}`)
    }
  })

/** The user that a request with a client token is about. */
const subject = { user_id: optionalText, external_user_id: optionalText }

const Subject = Schema.Struct(subject)

const GrantForm = Schema.Struct({ ...subject, scope: optionalText })
type GrantForm = typeof GrantForm.Type

// ISO-8859-1 only, as it is shown to the user: tink-api.md 2.
const IdHint = Schema.String.pipe(Schema.pattern(/^[\x20-\x7e\xa0-\xff]+$/))

const DelegateForm = Schema.Struct({
  ...GrantForm.fields,
  id_hint: IdHint,
  actor_client_id: Schema.NonEmptyString
})

const decodeSubject = requestBody.form(Subject)
const decodeGrantForm = requestBody.form(GrantForm)
const decodeDelegateForm = requestBody.form(DelegateForm)

const findUser = (state: State, form: typeof Subject.Type) => {
  // An empty id is the twin that is not meant: tink-api.md 12.27.
  const externalUserId = form.external_user_id === "" ? undefined : form.external_user_id
  const userId = form.user_id === "" ? undefined : form.user_id
  if ((userId === undefined) === (externalUserId === undefined)) {
    return Effect.fail(apiErrors.invalid("Exactly one of user_id and external_user_id has to be given"))
  }
  const user = userId === undefined ? findByExternalUserId(state, externalUserId ?? "") : state.users.get(userId)
  return Effect.mapError(Effect.fromNullable(user), () => apiErrors.unknownUser)
}

const grant = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  form: GrantForm,
  to: { readonly clientId: string; readonly idHint: string }
) {
  const code = yield* ids.id
  const now = yield* Clock.currentTimeMillis
  const scopes = yield* requireScopes(settings, form)
  const user = yield* findUser(state, form)
  state.codes.set(code, { ...to, userId: user.id, scopes, expiresAt: now + settings.codeLifetime })
  return json(200, { code })
})

/** `POST /api/v1/oauth/authorization-grant`: tink-api.md 2. The code is for the app itself, with an empty hint (1.2). */
const authorizationGrant = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, "authorization:grant")
    const form = yield* decodeGrantForm(request)
    return yield* grant(state, settings, form, { clientId: settings.clientId, idHint: "" })
  })

/** `POST /api/v1/oauth/authorization-grant/delegate`: tink-api.md 2. Whether the actor exists is not checked. */
const delegate = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, "authorization:grant")
    const form = yield* decodeDelegateForm(request)
    return yield* grant(state, settings, form, { clientId: form.actor_client_id, idHint: form.id_hint })
  })

/** `POST /api/v1/oauth/revoke-all`: tink-api.md 2.1. Revoked tokens answer 401 and revoked codes 400, like unknown ones. */
const revokeAll = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* authorization.requireClient(state, request, "authorization:revoke")
    const form = yield* decodeSubject(request)
    const user = yield* findUser(state, form)
    revokeAccess(state, user.id)
    return noContent
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "POST", path: "/api/v1/oauth/token", handler: token(state, settings) },
  { method: "POST", path: "/api/v1/oauth/authorization-grant", handler: authorizationGrant(state, settings) },
  { method: "POST", path: "/api/v1/oauth/authorization-grant/delegate", handler: delegate(state, settings) },
  { method: "POST", path: "/api/v1/oauth/revoke-all", handler: revokeAll(state) }
]
