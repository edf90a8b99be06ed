/**
 * Tokens, authorization codes and their revocation: tink-api.md 1 and 2.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as apiErrors from "../http/apiErrors.js"
import * as authorization from "../http/authorization.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import { type AccessToken, findByExternalUserId, revokeAccess, type State } from "../state/state.js"
import * as Scopes from "../users/scopes.js"

const optionalText = Schema.optional(Schema.String)

// All optional: each missing field has an error of its own.
const TokenForm = Schema.Struct({
  client_id: optionalText,
  client_secret: optionalText,
  grant_type: optionalText,
  code: optionalText,
  scope: optionalText
})
type TokenForm = typeof TokenForm.Type

const decodeTokenForm = requestBody.form(TokenForm)

const requireAllowed = (scopes: ReadonlySet<string>): Effect.Effect<void, apiErrors.ApiError> => {
  const disallowed = Scopes.firstDisallowed(scopes)
  return disallowed === undefined ? Effect.void : Effect.fail(apiErrors.scopeNotAllowed(disallowed))
}

const authenticateClient = (settings: Settings, form: TokenForm): Effect.Effect<void, apiErrors.ApiError> => {
  if (form.client_id !== settings.clientId) return Effect.fail(apiErrors.unknownClient)
  if (form.client_secret !== settings.clientSecret) return Effect.fail(apiErrors.wrongSecret)
  return Effect.void
}

// No `refresh_token`: tink-api.md 12.5.
const issue = (
  state: State,
  token: string,
  now: number,
  grant: Omit<AccessToken, "expiresAt"> & { readonly lifetime: number; readonly idHint: string | null }
): HttpServerResponse.HttpServerResponse => {
  state.tokens.set(token, { userId: grant.userId, scopes: grant.scopes, expiresAt: now + grant.lifetime })
  return json(200, {
    access_token: token,
    token_type: "bearer",
    expires_in: Math.floor(grant.lifetime / 1000),
    scope: Scopes.format(grant.scopes),
    id_hint: grant.idHint
  })
}

const clientCredentials = Effect.fnUntraced(function* (state: State, settings: Settings, form: TokenForm) {
  const requested = Scopes.parse(form.scope ?? "")
  yield* requireAllowed(requested)
  const scopes = requested.size === 0 ? Scopes.allOfClient : requested
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  return issue(state, token, now, { userId: undefined, scopes, lifetime: settings.clientTokenLifetime, idHint: null })
})

// A `scope` is accepted and ignored: the effect of a wider one is not known (tink-api.md 1.1, 14.11).
const authorizationCode = Effect.fnUntraced(function* (state: State, settings: Settings, form: TokenForm) {
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
    lifetime: settings.userTokenLifetime,
    idHint: code.idHint
  })
})

/** `POST /api/v1/oauth/token`: tink-api.md 1. */
const token = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const form = yield* decodeTokenForm(request)
    yield* authenticateClient(settings, form)
    switch (form.grant_type) {
      case "client_credentials":
        return yield* clientCredentials(state, settings, form)
      case "authorization_code":
        return yield* authorizationCode(state, settings, form)
      default:
        // Tink removed `refresh_token` in 2024 (tink-api.md 12.5). The JWT grant of 1.1 is not emulated.
        return yield* apiErrors.invalid("grant_type has to be client_credentials or authorization_code")
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
  const { external_user_id: externalUserId, user_id: userId } = form
  if ((userId === undefined) === (externalUserId === undefined)) {
    return Effect.fail(apiErrors.invalid("Exactly one of user_id and external_user_id has to be given"))
  }
  const user = userId === undefined ? findByExternalUserId(state, externalUserId ?? "") : state.users.get(userId)
  return Effect.mapError(Effect.fromNullable(user), () => apiErrors.unknownUser)
}

const requireScopes = Effect.fnUntraced(function* (form: GrantForm) {
  const scopes = Scopes.parse(form.scope ?? "")
  if (scopes.size === 0) return yield* apiErrors.invalid("scope has to be given")
  yield* requireAllowed(scopes)
  return scopes
})

const grant = Effect.fnUntraced(function* (
  state: State,
  settings: Settings,
  form: GrantForm,
  to: { readonly clientId: string; readonly idHint: string }
) {
  const code = yield* ids.id
  const now = yield* Clock.currentTimeMillis
  const scopes = yield* requireScopes(form)
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
