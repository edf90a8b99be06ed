import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as auth from "./auth.js"
import * as body from "./body.js"
import * as errors from "./errors.js"
import * as ids from "./ids.js"
import * as Scopes from "./scopes.js"
import type { Settings } from "./settings.js"
import { type AccessToken, findByExternalUserId, revokeAccess, type State } from "./state.js"
import { type ApiError, type Handler, json, noContent, type Reply, type Route } from "./wire.js"

const optionalText = Schema.optional(Schema.String)

// All optional: what a missing field gets depends on the field.
const TokenForm = Schema.Struct({
  client_id: optionalText,
  client_secret: optionalText,
  grant_type: optionalText,
  code: optionalText,
  scope: optionalText
})
type TokenForm = typeof TokenForm.Type

const decodeTokenForm = body.form(TokenForm)

const requireAllowed = (scopes: ReadonlySet<string>): Effect.Effect<void, ApiError> => {
  const disallowed = Scopes.firstDisallowed(scopes)
  return disallowed === undefined ? Effect.void : Effect.fail(errors.scopeNotAllowed(disallowed))
}

const authenticateClient = (settings: Settings, form: TokenForm): Effect.Effect<void, ApiError> => {
  if (form.client_id !== settings.clientId) return Effect.fail(errors.unknownClient)
  if (form.client_secret !== settings.clientSecret) return Effect.fail(errors.wrongSecret)
  return Effect.void
}

// No `refresh_token`: tink-api 12.5.
const issue = (
  state: State,
  token: string,
  now: number,
  grant: Omit<AccessToken, "expiresAt"> & { readonly lifetime: number; readonly idHint: string | null }
): Reply => {
  state.tokens.set(token, { userId: grant.userId, scopes: grant.scopes, expiresAt: now + grant.lifetime })
  return json(200, {
    access_token: token,
    token_type: "bearer",
    expires_in: Math.floor(grant.lifetime / 1000),
    scope: Scopes.print(grant.scopes),
    id_hint: grant.idHint
  })
}

const clientCredentials = Effect.fnUntraced(function* (state: State, settings: Settings, form: TokenForm) {
  const asked = Scopes.parse(form.scope ?? "")
  yield* requireAllowed(asked)
  const scopes = asked.size === 0 ? Scopes.allOfClient : asked
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  return issue(state, token, now, { userId: undefined, scopes, lifetime: settings.clientTokenLifetime, idHint: null })
})

// A `scope` sent along is tolerated and changes nothing: what a wider one would do is not known (tink-api 1.1, 14.11).
const authorizationCode = Effect.fnUntraced(function* (state: State, settings: Settings, form: TokenForm) {
  const token = yield* ids.token
  const now = yield* Clock.currentTimeMillis
  const text = form.code ?? ""
  const code = state.codes.get(text)
  // A delegated code is for its actor (Tink Link), not for the app that asked for it (tink-api 2, "Who may redeem").
  if (code === undefined || code.clientId !== form.client_id || now >= code.expiresAt) return yield* errors.invalidCode
  state.codes.delete(text)
  return issue(state, token, now, {
    userId: code.userId,
    scopes: code.scopes,
    lifetime: settings.userTokenLifetime,
    idHint: code.idHint
  })
})

/** `POST /api/v1/oauth/token`: tink-api 1. */
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
        // `refresh_token` is gone since 2024 (tink-api 12.5); the JWT grant of 1.1 is not emulated.
        return yield* errors.invalid("grant_type has to be client_credentials or authorization_code")
    }
  })

/** Whom a call with a client token is about. */
const subject = { user_id: optionalText, external_user_id: optionalText }

const Subject = Schema.Struct(subject)

const GrantForm = Schema.Struct({ ...subject, scope: optionalText })
type GrantForm = typeof GrantForm.Type

// ISO-8859-1 only, shown to the end user: tink-api 2.
const IdHint = Schema.String.pipe(Schema.pattern(/^[\x20-\x7e\xa0-\xff]+$/))

const DelegateForm = Schema.Struct({
  ...GrantForm.fields,
  id_hint: IdHint,
  actor_client_id: Schema.NonEmptyString
})

const decodeSubject = body.form(Subject)
const decodeGrantForm = body.form(GrantForm)
const decodeDelegateForm = body.form(DelegateForm)

const findUser = (state: State, form: typeof Subject.Type) => {
  const { external_user_id: externalUserId, user_id: userId } = form
  if ((userId === undefined) === (externalUserId === undefined)) {
    return Effect.fail(errors.invalid("Exactly one of user_id and external_user_id has to be given"))
  }
  const user = userId === undefined ? findByExternalUserId(state, externalUserId ?? "") : state.users.get(userId)
  return Effect.mapError(Effect.fromNullable(user), () => errors.unknownUser)
}

const requireScopes = Effect.fnUntraced(function* (form: GrantForm) {
  const scopes = Scopes.parse(form.scope ?? "")
  if (scopes.size === 0) return yield* errors.invalid("scope has to be given")
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

/** `POST /api/v1/oauth/authorization-grant`: tink-api 2. The code is for the app's own client, and has no hint (1.2: `""`). */
const authorizationGrant = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* auth.requireClient(state, request, "authorization:grant")
    const form = yield* decodeGrantForm(request)
    return yield* grant(state, settings, form, { clientId: settings.clientId, idHint: "" })
  })

/** `POST /api/v1/oauth/authorization-grant/delegate`: tink-api 2. Whether the actor exists is not checked. */
const delegate = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* auth.requireClient(state, request, "authorization:grant")
    const form = yield* decodeDelegateForm(request)
    return yield* grant(state, settings, form, { clientId: form.actor_client_id, idHint: form.id_hint })
  })

/** `POST /api/v1/oauth/revoke-all`: tink-api 2.1. What is voided answers as if it had never been: 401, and 400 for a code. */
const revokeAll = (state: State): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* auth.requireClient(state, request, "authorization:revoke")
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
