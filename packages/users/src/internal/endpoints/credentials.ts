/** The endpoints of credentials (`tink-api.md` 6). Each export is an operation of `Users`, and its comment the operation's. */
import { NoContent } from "@effect-tink/http/TinkRequest"
import * as Schema from "effect/Schema"
import * as C from "../../Credential.js"
import * as Endpoint from "../../Endpoint.js"
import * as Input from "../schemas/input.js"
import { listAnswer } from "../schemas/schema.js"

const CredentialJson = Schema.parseJson(C.Credential)

const CredentialListJson = Schema.parseJson(listAnswer("credentials", C.Credential))

const subject = ({ id, userId }: C.Credential): ReadonlyArray<Endpoint.Subject> => [{ userId, credentialsId: id }]

/**
 * Lists the credentials of a user.
 *
 * Cached for the cache's time to live, 30 seconds by default, and until the user is changed through this library. While a
 * credential is in progress it is cached for one second, and never past the expiry of a consent (`freshness` of
 * `Users.layerWith`). Fails with `Invalid` when Tink answers with credentials of another user than the session's.
 */
export const listCredentials = Endpoint.read({
  name: "listCredentials",
  scope: "credentials:read",
  route: "/api/v1/credentials/list",
  response: CredentialListJson,
  subject: (credentials) => credentials.map(({ userId }) => ({ userId })),
  cache: { connections: (credentials) => credentials },
  source: "tink-api.md 6"
})

/**
 * Gets one credential.
 *
 * Cached as `listCredentials` is. Fails with `NotFound` when the user has no such credential, and with `Invalid` when Tink
 * answers with another one.
 */
export const getCredential = Endpoint.read({
  name: "getCredential",
  scope: "credentials:read",
  route: "/api/v1/credentials/{id}",
  id: Input.CredentialsId,
  response: CredentialJson,
  subject,
  cache: { connections: (credential) => [credential] },
  source: "tink-api.md 6"
})

/**
 * Creates a credential: connects a bank without Tink Link.
 *
 * Tink then logs in and fetches data: follow the status. Fails with `NotFound` when there is no such provider, with
 * `Conflict` when the user has a credential with the same provider and fields, and with `Invalid` when Tink does not accept
 * the fields or the user could not log in. It is not resent when it may have been processed: an error with `isAmbiguous`
 * means that the credential may exist.
 *
 * @example
 * ```ts
 * import { Users, type UserSession } from "@effect-tink/users"
 * import { Effect, type Redacted } from "effect"
 *
 * export const connect = (
 *   session: UserSession.UserSession<"credentials:write">,
 *   username: string,
 *   password: Redacted.Redacted
 * ) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     return yield* users.createCredential(session, {
 *       providerName: "se-demobank-password",
 *       fields: { username, password },
 *       items: ["CHECKING_ACCOUNTS", "CHECKING_TRANSACTIONS"]
 *     })
 *   })
 * ```
 */
export const createCredential = Endpoint.change({
  name: "createCredential",
  scope: "credentials:write",
  method: "POST",
  route: "/api/v1/credentials",
  input: C.CreateCredentialInput,
  query: ["items"],
  response: CredentialJson,
  subject: ({ userId }) => [{ userId }],
  source: "tink-api.md 6 and 6.6"
})

/**
 * Changes the login fields of a credential.
 *
 * Tink then logs in and fetches data, unless `triggerRefresh` is false: follow the status. Fails with `Conflict` while another
 * request for the credential is in progress, and with `Invalid` when Tink does not accept the fields. It is not resent when it
 * may have been processed, since it may ask the user for something.
 */
export const updateCredential = Endpoint.change({
  name: "updateCredential",
  scope: "credentials:write",
  method: "PUT",
  route: "/api/v1/credentials/{id}",
  id: Input.CredentialsId,
  input: C.UpdateCredentialInput,
  // Like a refresh, it may ask the user for something: not twice.
  isIdempotent: false,
  response: CredentialJson,
  subject,
  source: "tink-api.md 6 and 6.6"
})

/**
 * Deletes a credential.
 *
 * Tink finishes the deletion later. Fails with `NotFound`, but not when an earlier attempt of the same call deleted it.
 */
export const deleteCredential = Endpoint.change({
  name: "deleteCredential",
  scope: "credentials:write",
  method: "DELETE",
  route: "/api/v1/credentials/{id}",
  id: Input.CredentialsId,
  response: NoContent,
  source: "tink-api.md 6 and 7.3"
})

/**
 * Asks the bank of a credential for new data.
 *
 * Success means that Tink received the request: follow `status` and `statusUpdated` to see the outcome, or use
 * `refreshAndWait`. Tink refuses one request too many with `RateLimited`, or accepts it without any effect. Fails with
 * `NotFound`. It is not resent when it may have been processed, since it may ask the user for something.
 */
export const refreshCredential = Endpoint.change({
  name: "refreshCredential",
  scope: "credentials:refresh",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  id: Input.CredentialsId,
  input: Schema.UndefinedOr(C.RefreshOptions),
  query: ["items", "optIn", "authenticate"],
  response: NoContent,
  source: "tink-api.md 6.4"
})

/**
 * Starts a new login of the user at their bank, which renews the session there, without fetching data.
 *
 * Success means that Tink received the request: follow the status. Fails with `NotFound`. It is not resent when it may have
 * been processed.
 */
export const authenticateCredential = Endpoint.change({
  name: "authenticateCredential",
  scope: "credentials:refresh",
  method: "POST",
  route: "/api/v1/credentials/{id}/authenticate",
  id: Input.CredentialsId,
  input: Schema.UndefinedOr(C.AuthenticateOptions),
  response: NoContent,
  source: "tink-api.md 6.5"
})

const Information = Schema.transform(Schema.Struct({ information: Schema.encodedSchema(C.Fields) }), C.Fields, {
  strict: true,
  decode: ({ information }) => information,
  encode: (information) => ({ information })
})

/**
 * Answers the questions of a credential in `AWAITING_SUPPLEMENTAL_INFORMATION`.
 *
 * The names are those of the fields in its `supplementalInformation`; `{}` cancels. The user has two minutes to answer, and may
 * be asked again: see whether `statusUpdated` has changed. Fails with `NotFound`. It is not resent when it may have been
 * processed.
 */
export const submitSupplementalInformation = Endpoint.change({
  name: "submitSupplementalInformation",
  scope: "credentials:refresh",
  method: "POST",
  route: "/api/v1/credentials/{id}/supplemental-information",
  id: Input.CredentialsId,
  input: Information,
  response: NoContent,
  source: "tink-api.md 6.3"
})

const qrPrefix = "data:image/png;base64,"

/** A data URI or its data alone, in one line or in several. */
const QrCode = Schema.transform(
  Schema.String,
  Schema.String.pipe(Schema.pattern(/^data:image\/png;base64,[A-Za-z0-9+/]+={0,2}$/)),
  {
    strict: true,
    decode: (body) => {
      const text = body.replace(/\s+/g, "")
      // What the base64 of every PNG image begins with.
      return text.startsWith("iVBORw0KGgo") ? qrPrefix + text : text
    },
    encode: (uri) => uri
  }
)

/**
 * Gets the QR code with which the user logs in on another device, as a `data:image/png;base64,` URI.
 *
 * Never cached: it is good once, and anyone who sees it can use it. Fails with `NotFound` when the credential does not wait
 * for a QR code.
 *
 * @example
 * ```ts
 * import type { Ids } from "@effect-tink/http"
 * import { Users, type UserSession } from "@effect-tink/users"
 * import { Effect, Redacted } from "effect"
 *
 * export const picture = (session: UserSession.UserSession<"credentials:read">, id: Ids.CredentialsId) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     const qr = yield* users.getCredentialQr(session, id)
 *     return `<img src="${Redacted.value(qr)}" alt="QR code">`
 *   })
 * ```
 */
export const getCredentialQr = Endpoint.read({
  name: "getCredentialQr",
  scope: "credentials:read",
  route: "/api/v1/credentials/{id}/qr",
  id: Input.CredentialsId,
  response: Schema.Redacted(QrCode),
  cache: false,
  source: "tink-api.md 6 and 12.12"
})

/**
 * Relays what a bank sent to the redirect URI of an application that is licensed to talk to banks itself.
 *
 * Sent without a token, and invalidates nothing: Tink finds the credential by the bank's `state`. Fails with `Invalid`
 * when Tink does not know the state.
 */
export const relayThirdPartyCallback = Endpoint.client({
  name: "relayThirdPartyCallback",
  method: "POST",
  route: "/api/v1/credentials/third-party/callback/relayed",
  input: C.RelayedCallbackInput,
  response: Schema.parseJson(C.RelayedCallback),
  source: "tink-api.md 6.3"
})
