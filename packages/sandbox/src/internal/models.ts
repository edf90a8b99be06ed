/**
 * The types of a sandbox's options, of what it shows, and of its test controls. Every other module imports this one, and it imports none.
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * How a sandbox differs from the documented Tink. Every option has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The app's client id. Default: `"sandbox-client"`. */
  readonly clientId?: string
  /** The app's client secret. Default: `"sandbox-secret"`. */
  readonly clientSecret?: string
  /**
   * The app's public key (P-256) as PEM, for the JWT-bearer grant (tink-api.md 1.5): the key itself, or a certificate with it.
   * Default: none, and every assertion is refused.
   */
  readonly publicKey?: string
  /**
   * An OpenAPI description of Tink, as parsed JSON. It is served at `/sandbox/openapi.json`, with a page to try it at
   * `/sandbox/docs`. The sandbox does not follow it. Default: none.
   */
  readonly openapi?: Readonly<Record<string, unknown>>
  /** How long a client token is valid; `expires_in` gives it in whole seconds. Default: 30 minutes. */
  readonly clientTokenLifetime?: Duration.DurationInput
  /** How long a user token is valid. Default: 2 hours. */
  readonly userTokenLifetime?: Duration.DurationInput
  /** How long an authorization code can be redeemed. Tink documents no number. Default: 10 minutes. */
  readonly codeLifetime?: Duration.DurationInput
  /** How long reads still show the old status after a refresh was accepted; `AUTHENTICATING` follows. Default: 0. */
  readonly acceptingTime?: Duration.DurationInput
  /** How long a refresh stays in `AUTHENTICATING`. Default: 1 second. */
  readonly authenticatingTime?: Duration.DurationInput
  /** How long a refresh stays in `UPDATING`. Default: 2 seconds. */
  readonly updatingTime?: Duration.DurationInput
  /** How long a bank session lasts, from connecting the bank to `sessionExpiryDate`. Default: 90 days. */
  readonly sessionLifetime?: Duration.DurationInput
  /**
   * The answer to a refresh while another refresh of the same credentials is running. Tink's guides document both `429`
   * and "`204`, and nothing happens" (tink-api.md 12.1). Default: `"429"`.
   */
  readonly rateLimitedRefresh?: "429" | "204"
  /** Scopes that the app may use besides those that Tink documents: for `OAuthScope.other`. Default: none. */
  readonly additionalScopes?: ReadonlyArray<string>
  /** How often Tink refreshes all working credentials by itself. Default: never. */
  readonly backgroundRefreshInterval?: Duration.DurationInput
  /** How long after a failed webhook delivery it is sent again, doubled for each further attempt. Default: 10 seconds. */
  readonly webhookRetryDelay?: Duration.DurationInput
  /** Sends a webhook delivery. A test can pass the web handler of its receiver. Default: `fetch`. */
  readonly sendWebhook?: (request: Request) => Promise<Response>
}

/**
 * Where a server listens, besides the options of every sandbox.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions extends Options {
  /** Default: 0, any free port; `baseUrl` has the one that was chosen. */
  readonly port?: number
  /**
   * The address to listen on. Default: `"127.0.0.1"`, which only this machine can reach. Another address can be the host of the
   * test controls and of Tink Link's forms too; with `"0.0.0.0"` and `"::"`, every name can.
   */
  readonly host?: string
  /** A second listener, for mutual TLS. Default: none. */
  readonly mutualTls?: MutualTlsOptions
}

/**
 * The listener that is Tink's `mtls.api.tink.com` (tink-api.md 1.5): the same users and credentials, for an app that
 * authenticates by its certificate.
 *
 * @since 0.1.0
 * @category models
 */
export interface MutualTlsOptions {
  /** The private key of the server, as PEM. */
  readonly key: string
  /** The certificate of the server, as PEM. */
  readonly certificate: string
  /** The app's certificate, as PEM. The whole certificate has to match, not only its subject. */
  readonly clientCertificate: string
  /** Default: 0, any free port; `mutualTlsUrl` has the one that was chosen. */
  readonly port?: number
}

export const credentialsTypes = ["PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP"] as const

/**
 * The types of credentials: how the user authenticates with the bank.
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialsType = (typeof credentialsTypes)[number]

const awaitingStatuses = [
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"
] as const

/** A status that waits for the user. */
export type AwaitingStatus = (typeof awaitingStatuses)[number]

const finalStatuses = [
  "UPDATED",
  "TEMPORARY_ERROR",
  "AUTHENTICATION_ERROR",
  ...awaitingStatuses,
  "SESSION_EXPIRED",
  "PERMANENT_ERROR"
] as const

export const credentialsStatuses = ["CREATED", "AUTHENTICATING", "UPDATING", ...finalStatuses, "DELETED"] as const

/**
 * The statuses of credentials (tink-api.md 6.2).
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialsStatus = (typeof credentialsStatuses)[number]

export const refreshOutcomes = [...finalStatuses, "IGNORED"] as const

/**
 * How a refresh can end. An `AWAITING_…` outcome waits for `completeAuthentication`; without it, the credentials end in
 * `AUTHENTICATION_ERROR` after Tink's time limit (2 or 9 minutes). An `IGNORED` refresh is answered with 204 and changes nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshOutcome = (typeof refreshOutcomes)[number]

export const authenticationOutcomes = ["UPDATED", "TEMPORARY_ERROR", "AUTHENTICATION_ERROR", "CANCELLED"] as const

/**
 * How an authentication can end: the user approves (`UPDATED`), approves and the bank then fails (`TEMPORARY_ERROR`), is
 * rejected by the bank (`AUTHENTICATION_ERROR`), or cancels (`CANCELLED`, which is an `AUTHENTICATION_ERROR` with another reason).
 *
 * @since 0.1.0
 * @category models
 */
export type AuthenticationOutcome = (typeof authenticationOutcomes)[number]

/**
 * Credentials as Tink sends them (tink-api.md 6.1). Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly id: string
  readonly providerName: string
  readonly type: CredentialsType
  readonly status: CredentialsStatus
  /** When the status last changed. */
  readonly statusUpdated: number
  /** A text for the user; may be empty. */
  readonly statusPayload: string
  /** When `UPDATED` was last reached; absent until then. */
  readonly updated?: number
  /** When the bank session ends; open-banking providers only. */
  readonly sessionExpiryDate?: number
  /** What an `AWAITING_…` status waits for, serialized. */
  readonly supplementalInformation?: string
  readonly fields: Readonly<Record<string, string>>
  readonly userId: string
}

/**
 * The credentials that `connectBank` creates.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectBankOptions {
  /** Default: `"se-demobank-open-banking-redirect"`. */
  readonly providerName?: string
  /** Default: `"THIRD_PARTY_APP"`. */
  readonly type?: CredentialsType
  /** Default: `"UPDATED"`. */
  readonly status?: CredentialsStatus
  /**
   * Epoch milliseconds; a time in the past makes an expired session. Default: `sessionLifetime` from now if the provider's
   * name contains `open-banking`, otherwise no session.
   */
  readonly sessionExpiryDate?: number
}

/**
 * The requests that a fault applies to.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultTarget {
  /** Default: any method. */
  readonly method?: string
  /** An exact path, the path of an endpoint with its `{…}`, or a prefix followed by `*`. Default: any path. */
  readonly path?: string
  /** The number of requests. Default: 1. */
  readonly times?: number
}

/**
 * A failure to inject. Matching requests use it up in the order of their arrival. If several faults match a request, only the
 * one injected first applies.
 *
 * | kind | what happens | is the request applied? |
 * | --- | --- | --- |
 * | `delay` | the request waits for some milliseconds, then proceeds as usual | yes, afterwards |
 * | `status` | the answer is this status, with `Retry-After` (seconds or a date) if given | no |
 * | `drop-before` | the connection is dropped | no |
 * | `drop-after` | the connection is dropped | yes |
 * | `cut-body` | the connection is dropped in the middle of the body (before the head, if there is no body) | yes |
 * | `garbage` | the usual status with a body that is not JSON (200 in place of 204) | yes |
 * | `slow-body` | the body stalls half-way for some milliseconds (an answer without a body is delayed) | yes |
 *
 * @since 0.1.0
 * @category models
 */
export type Fault = FaultTarget &
  (
    | { readonly kind: "delay"; readonly milliseconds: number }
    | {
        readonly kind: "status"
        /** 200 to 599. */
        readonly status: number
        readonly retryAfter?: string
        readonly errorCode?: string
        readonly errorMessage?: string
      }
    | { readonly kind: "drop-before" }
    | { readonly kind: "drop-after" }
    | { readonly kind: "cut-body" }
    | { readonly kind: "garbage" }
    | { readonly kind: "slow-body"; readonly milliseconds: number }
  )

/**
 * What happens to the next webhook delivery. Deliveries use faults up in the order of their injection.
 *
 * | kind | what happens |
 * | --- | --- |
 * | `duplicate` | it is sent twice, with the same signature |
 * | `reorder` | it is sent after the next delivery |
 * | `drop` | it is lost |
 * | `delay` | it is sent later, with the signature of now |
 * | `wrong-secret` | it is signed with another secret |
 * | `old-timestamp` | it is signed as of an hour ago |
 *
 * @since 0.1.0
 * @category models
 */
export type WebhookFault = {
  /** The number of deliveries. Default: 1. */
  readonly times?: number
} & (
  | { readonly kind: "duplicate" | "reorder" | "drop" | "wrong-secret" | "old-timestamp" }
  | { readonly kind: "delay"; readonly milliseconds: number }
)

/**
 * An attempt to deliver a webhook.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebhookAttempt {
  /** When it was sent, in epoch milliseconds. */
  readonly time: number
  /** What the receiver answered; `null` if it did not. */
  readonly status: number | null
  /** Why there is no status: no connection could be made, or the receiver took longer than 10 seconds. */
  readonly error: "connection" | "timeout" | null
}

/**
 * A webhook delivery, without its signature.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebhookDelivery {
  readonly id: string
  readonly endpointId: string
  readonly url: string
  readonly event: string
  /** The text that was signed. */
  readonly body: string
  /** When the event happened, in epoch milliseconds. */
  readonly time: number
  /** `waiting` for a retry or a delay, `held` for the next delivery by the fault `reorder`. */
  readonly state: "sending" | "waiting" | "held" | "delivered" | "failed" | "dropped"
  readonly fault: WebhookFault["kind"] | null
  readonly attempts: ReadonlyArray<WebhookAttempt>
}

/**
 * What a refresh asked for. It holds documented names only, no text that the client made up.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestedRefresh {
  /** Empty means all. */
  readonly items: ReadonlyArray<string>
  readonly optIn: boolean
  readonly authenticate: boolean
  /** `null` if the body has no `userAvailability`. */
  readonly userPresent: boolean | null
  /** `null` if the body has no `userAvailability`. */
  readonly userAvailableForInteraction: boolean | null
  /** The names of the documented fields in the body, without their values. */
  readonly body: ReadonlyArray<string>
}

/**
 * A request in the sandbox's log. It has no headers, bodies or query values, so no secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  /** The names in the query, without duplicates. */
  readonly query: ReadonlyArray<string>
  /** When it arrived, in epoch milliseconds. */
  readonly time: number
  /** Milliseconds until it was answered or dropped; `null` while it is in progress. */
  readonly duration: number | null
  /** `null` if the connection was dropped, and while the request is in progress. */
  readonly status: number | null
  /** The `X-Request-ID` of the answer. */
  readonly requestId: string
  /** The `X-Client-Trace-ID` of the request. */
  readonly traceId: string | null
  /** What a refresh asked for; `null` for all other requests and for an invalid refresh (400). */
  readonly refresh: RequestedRefresh | null
  readonly fault: Fault["kind"] | null
  /** Whether the request reached Tink: `false` if a fault prevented it. */
  readonly applied: boolean
}

/**
 * A test control named a user, credentials or a delivery that do not exist, or credentials that do not wait for the user.
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxError extends Schema.TaggedError<SandboxError>("@effect-tink/sandbox/SandboxError")(
  "SandboxError",
  {
    reason: Schema.Literal("UnknownUser", "UnknownCredentials", "UnknownDelivery", "NotAwaiting"),
    id: Schema.String
  }
) {
  /**
   * @since 0.1.0
   */
  override get message(): string {
    if (this.reason === "NotAwaiting") return `The credentials ${this.id} do not wait for the user`
    const kinds = { UnknownUser: "user", UnknownCredentials: "credentials", UnknownDelivery: "delivery" }
    return `The sandbox has no ${kinds[this.reason]} with the id ${this.id}`
  }
}
