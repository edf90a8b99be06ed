/**
 * All error responses. The three messages of tink-api.md 1.4 and the 409 code of tink-api.md 3 are Tink's own. The other texts
 * and codes are not established (tink-api.md 14.1) and only follow the style of 8.2: no client should depend on them.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"
import { json } from "./responses.js"

/** A request that is refused, with the body of tink-api.md 8.2. */
export class ApiError extends Data.TaggedError("ApiError")<{
  readonly status: number
  readonly errorCode: string
  readonly errorMessage: string
  readonly headers?: Readonly<Record<string, string>>
}> {}

export const toResponse = ({
  errorCode,
  errorMessage,
  headers,
  status
}: ApiError): HttpServerResponse.HttpServerResponse => json(status, { errorMessage, errorCode }, headers)

const make = (status: number, errorCode: string, errorMessage: string, headers?: Readonly<Record<string, string>>) =>
  new ApiError({ status, errorCode, errorMessage, ...(headers === undefined ? {} : { headers }) })

export const unknownClient = make(401, "oauth.client_not_found", "Could not find the OAuth client")

/** tink-api.md 1.1: forbidden for a client that authenticates by an assertion or a certificate. */
export const secretForbidden = make(400, "oauth.client_secret_forbidden", "client_secret must not be sent here")

/** tink-api.md 1.5: over mutual TLS, every request needs the certificate. */
export const wrongCertificate = make(401, "oauth.wrong_certificate", "The client certificate is not that of the app")

export const wrongSecret = make(401, "oauth.invalid_client_secret", "Invalid client secret")

/** tink-api.md 12.3: 400, although one page of the documentation says 401. */
export const invalidCode = make(400, "oauth.invalid_authorization_code", "Authorization code not valid")

/** tink-api.md 1.4: the table of `authorization-grant/delegate` gives 401 for "isn't allowed to use the scope". */
export const scopeNotAllowed = (scope: string) =>
  make(401, "oauth.scope_not_allowed", `The client isn't allowed to use the scope ${scope}`)

/** tink-api.md 8.3: missing, unknown, expired and revoked tokens alike. */
export const unauthorized = make(401, "authentication.unauthorized", "The access token is missing, invalid or expired")

export const missingScope = (scope: string) =>
  make(403, "authorization.missing_scope", `The access token lacks the scope ${scope}`)

export const wrongKindOfToken = (kind: "client" | "user") =>
  make(403, "authorization.wrong_token", `This endpoint takes a ${kind} access token`)

export const invalid = (message: string) => make(400, "request.invalid", message)

/** tink-api.md 1.5: what Tink answers is not documented. */
export const invalidAssertion = (reason: string) =>
  make(401, "oauth.invalid_assertion", `The assertion is not valid: ${reason}`)

/** tink-api.md 14.14: an error whose status is not documented. */
export const unknownMarket = make(400, "providers.unknown_market", "There are no providers in this market")

export const invalidMarket = make(400, "user.invalid_market", "The market is not an ISO 3166-1 alpha-2 country code")

export const invalidLocale = make(400, "user.invalid_locale", "The locale is not valid")

export const duplicateExternalUserId = make(
  409,
  "user.user_with_external_user_id_already_exists",
  "A user with this external user id already exists"
)

export const unknownUser = make(404, "user.not_found", "The user does not exist")

export const unknownCredentials = make(404, "credentials.not_found", "The credentials do not exist")

export const unknownProvider = make(404, "credentials.provider_not_found", "The provider does not exist")

/** tink-api.md 14.5: the body is not known. */
export const duplicateCredentials = make(
  409,
  "credentials.already_exist",
  "There are credentials of this provider with the same fields already"
)

export const ongoingRequest = make(409, "credentials.ongoing_request", "Another request for the credentials is ongoing")

export const notExtendable = make(400, "provider_consents.not_eligible", "The consent cannot be extended")

export const noAutostartToken = make(404, "credentials.no_autostart_token", "The credentials do not wait for BankID")

export const refreshRateLimited = make(429, "credentials.refresh_rate_limited", "The credentials are being refreshed")

export const duplicateWebhookEndpoint = make(
  409,
  "webhook_endpoints.already_exists",
  "Another endpoint has the same URL and one of the same events"
)

/** tink-api.md 9.1: no 404 is documented. */
export const unknownWebhookEndpoint = make(404, "webhook_endpoints.not_found", "The endpoint does not exist")

/** Returned by the test control `resendDelivery`. */
export const unknownDelivery = make(404, "sandbox.delivery_not_found", "The delivery or its endpoint does not exist")

/** Returned by the test control `completeAuthentication`. */
export const notAwaiting = make(409, "sandbox.not_awaiting", "The credentials do not wait for the user")

export const foreignRequest = make(
  403,
  "sandbox.foreign_request",
  "This takes no requests from other web pages, and none for another host: see --host"
)

export const unknownRoute = make(404, "request.route_not_found", "There is nothing at this path")

export const wrongMethod = (allowed: ReadonlyArray<string>) =>
  make(405, "request.method_not_allowed", "This path does not take this method", { allow: allowed.join(", ") })

export const tooLarge = make(413, "request.too_large", "The request body is larger than 1 MiB")

export const unsupportedMediaType = (expected: string) =>
  make(415, "request.unsupported_media_type", `The content type has to be ${expected}`)
