import * as Duration from "effect/Duration"
import * as Crypto from "node:crypto"
import type { ServerOptions } from "./models.js"
import { readPublicKey } from "./oauth/assertion.js"
import type { Document } from "./openapi/document.js"
import * as Scopes from "./users/scopes.js"

/** The options with their defaults. Durations are in milliseconds. */
export interface Settings {
  readonly clientId: string
  readonly clientSecret: string
  readonly publicKey: Crypto.KeyObject | undefined
  readonly openapi: Document | undefined
  /** The fingerprint of the app's certificate. */
  readonly certificate: string | undefined
  /** The address that a server listens on. */
  readonly host: string
  readonly clientTokenLifetime: number
  readonly userTokenLifetime: number
  readonly codeLifetime: number
  readonly acceptingTime: number
  readonly authenticatingTime: number
  readonly updatingTime: number
  readonly sessionLifetime: number
  /** The scopes that the app may use. */
  readonly scopes: Scopes.Allowed
  readonly rateLimitedRefresh: "429" | "204"
  /** `undefined` for never. */
  readonly backgroundRefreshInterval: number | undefined
  readonly webhookRetryDelay: number
  readonly sendWebhook: (request: Request) => Promise<Response>
}

export const make = (options: ServerOptions): Settings => ({
  clientId: options.clientId ?? "sandbox-client",
  clientSecret: options.clientSecret ?? "sandbox-secret",
  publicKey: options.publicKey === undefined ? undefined : readPublicKey(options.publicKey),
  openapi: options.openapi,
  certificate:
    options.mutualTls === undefined
      ? undefined
      : new Crypto.X509Certificate(options.mutualTls.clientCertificate).fingerprint256,
  // Only this machine can reach it.
  host: options.host ?? "127.0.0.1",
  // tink-api.md 1.3: 30 minutes for client tokens; for user tokens 12.4 prefers 2 hours.
  clientTokenLifetime: Duration.toMillis(options.clientTokenLifetime ?? "30 minutes"),
  userTokenLifetime: Duration.toMillis(options.userTokenLifetime ?? "2 hours"),
  // tink-api.md 2 calls codes short-lived and 14.3 has no number: ten minutes is the maximum of RFC 6749, 4.1.2.
  codeLifetime: Duration.toMillis(options.codeLifetime ?? "10 minutes"),
  // tink-api.md 6.4: reads may still show the old state after the 204.
  acceptingTime: Duration.toMillis(options.acceptingTime ?? 0),
  authenticatingTime: Duration.toMillis(options.authenticatingTime ?? "1 second"),
  updatingTime: Duration.toMillis(options.updatingTime ?? "2 seconds"),
  // tink-api.md 10.2: "typically 90 days".
  sessionLifetime: Duration.toMillis(options.sessionLifetime ?? "90 days"),
  // tink-api.md 12.1: the guides disagree, so the sandbox offers both.
  scopes: Scopes.allow(options.additionalScopes ?? []),
  rateLimitedRefresh: options.rateLimitedRefresh ?? "429",
  backgroundRefreshInterval:
    options.backgroundRefreshInterval === undefined ? undefined : Duration.toMillis(options.backgroundRefreshInterval),
  // tink-api.md 9.5: exponential; 14.13 has no number.
  webhookRetryDelay: Duration.toMillis(options.webhookRetryDelay ?? "10 seconds"),
  sendWebhook: options.sendWebhook ?? ((request) => fetch(request))
})
