/**
 * A stateful Tink on your own machine: OAuth, users and bank credentials, with the failures a real network has.
 *
 * It is written from what is published about Tink's API and shares nothing with any client, so a mistake in a client
 * shows up against it. Everything that happens in time (tokens that expire, refreshes that progress, delays) follows Effect's
 * `Clock`, so a `TestClock` moves it; ids and tokens come from a seed that is drawn from Effect's `Random` when the layer is
 * built, so a seeded `Random` repeats them.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as InProcess from "./internal/inProcess.js"
import * as NodeServer from "./internal/nodeServer.js"
import * as Sandbox from "./internal/sandbox.js"
import { SandboxError } from "./internal/sandboxError.js"
import * as service from "./internal/service.js"
import * as Settings from "./internal/settings.js"

/**
 * How a sandbox differs from the documented Tink. Everything has a default.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const options: TinkSandbox.Options = {
 *   clientTokenLifetime: "1 minute",
 *   rateLimitedRefresh: "204"
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The app's client id. Default: `"sandbox-client"`. */
  readonly clientId?: string
  /** The app's client secret. Default: `"sandbox-secret"`. */
  readonly clientSecret?: string
  /** How long a client token is accepted; `expires_in` says it in whole seconds. Default: 30 minutes. */
  readonly clientTokenLifetime?: Duration.DurationInput
  /** How long a user token is accepted. Default: 2 hours. */
  readonly userTokenLifetime?: Duration.DurationInput
  /** How long an authorization code can be redeemed. Tink documents no number. Default: 10 minutes. */
  readonly codeLifetime?: Duration.DurationInput
  /**
   * How long after a refresh was accepted reads still show the status of before; only then comes `AUTHENTICATING`.
   * Default: 0.
   */
  readonly acceptingTime?: Duration.DurationInput
  /** How long a refresh stays in `AUTHENTICATING`. Default: 1 second. */
  readonly authenticatingTime?: Duration.DurationInput
  /** How long a refresh stays in `UPDATING`. Default: 2 seconds. */
  readonly updatingTime?: Duration.DurationInput
  /** How long a bank session lasts, from connecting the bank to `sessionExpiryDate`. Default: 90 days. */
  readonly sessionLifetime?: Duration.DurationInput
  /**
   * What a refresh is told while another of the same credentials is running: Tink's guides say both `429` and "`204`, and
   * nothing happens". Default: `"429"`.
   */
  readonly rateLimitedRefresh?: "429" | "204"
}

/**
 * The kinds of credentials.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const type: TinkSandbox.CredentialsType = "THIRD_PARTY_APP"
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialsType = "PASSWORD" | "MOBILE_BANKID" | "KEYFOB" | "THIRD_PARTY_APP"

/**
 * The states of credentials.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const status: TinkSandbox.CredentialsStatus = "UPDATED"
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type CredentialsStatus =
  | "CREATED"
  | "AUTHENTICATING"
  | "AWAITING_MOBILE_BANKID_AUTHENTICATION"
  | "AWAITING_SUPPLEMENTAL_INFORMATION"
  | "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"
  | "UPDATING"
  | "UPDATED"
  | "AUTHENTICATION_ERROR"
  | "TEMPORARY_ERROR"
  | "PERMANENT_ERROR"
  | "SESSION_EXPIRED"
  | "DELETED"

/**
 * What a refresh can come to. An `AWAITING_…` outcome waits for the customer, who comes with `completeAuthentication`; if
 * they do not, the credentials end in `AUTHENTICATION_ERROR` after the time that Tink gives them (2 or 9 minutes).
 * `IGNORED` is a refresh that is answered with 204 and changes nothing: rate limited without a word.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const outcome: TinkSandbox.RefreshOutcome = "TEMPORARY_ERROR"
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshOutcome =
  Exclude<CredentialsStatus, "CREATED" | "AUTHENTICATING" | "UPDATING" | "DELETED"> | "IGNORED"

/**
 * What comes of it when the customer is asked for something: they approve and the refresh goes on to `UPDATED` or fails on
 * its way (`TEMPORARY_ERROR`), the bank turns them away (`AUTHENTICATION_ERROR`), or they cancel (`CANCELLED`, which is an
 * `AUTHENTICATION_ERROR` for another reason).
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const outcome: TinkSandbox.AuthenticationOutcome = "CANCELLED"
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type AuthenticationOutcome = "UPDATED" | "TEMPORARY_ERROR" | "AUTHENTICATION_ERROR" | "CANCELLED"

/**
 * Credentials as Tink sends them. Times are epoch milliseconds.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const isFresh = (credentials: TinkSandbox.Credentials) => credentials.status === "UPDATED"
 * ```
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
  /** Words for the customer; may be empty. */
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
 * What kind of credentials a bank connection makes.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const expired: TinkSandbox.ConnectBankOptions = { sessionExpiryDate: 0 }
 * ```
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
   * Epoch milliseconds; one in the past makes a session that is over. Default: `sessionLifetime` from now if the provider's
   * name has `open-banking` in it, otherwise none.
   */
  readonly sessionExpiryDate?: number
}

/**
 * Which requests a fault is for.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const reads: TinkSandbox.FaultTarget = { method: "GET", path: "/api/v1/credentials/{id}", times: 3 }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultTarget {
  /** Default: any method. */
  readonly method?: string
  /**
   * A path as it is sent, the path of an endpoint with its `{…}`, or a beginning followed by `*`. Default: any path.
   */
  readonly path?: string
  /** How many requests it is for. Default: 1. */
  readonly times?: number
}

/**
 * Something that goes wrong with a request. It is used up by the requests it is for, in the order of their arrival; of
 * several that fit a request, the one injected first counts, and only that one.
 *
 * | kind | what happens | is the request applied? |
 * | --- | --- | --- |
 * | `delay` | nothing for some milliseconds, then all as usual | yes, afterwards |
 * | `status` | this status is answered, with `Retry-After` (seconds or a date) if given | no |
 * | `drop-before` | the connection is dropped | no |
 * | `drop-after` | the connection is dropped | yes |
 * | `cut-body` | the connection is dropped in the middle of the body (before the head, if there is no body) | yes |
 * | `garbage` | the usual status with a body that is not JSON (200 in place of 204) | yes |
 * | `slow-body` | the body stalls half-way for some milliseconds (an answer without a body is late as a whole) | yes |
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const busy: TinkSandbox.Fault = { kind: "status", status: 429, retryAfter: "2", path: "/api/v1/credentials/*" }
 * ```
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
 * What a refresh asked for, in the words of Tink's documentation: nothing that the client made up.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const isForced = (refresh: TinkSandbox.RequestedRefresh) => refresh.authenticate
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestedRefresh {
  /** Empty stands for all. */
  readonly items: ReadonlyArray<string>
  readonly optIn: boolean
  readonly authenticate: boolean
  /** `null` if the body has no `userAvailability`. */
  readonly userPresent: boolean | null
  /** `null` if the body has no `userAvailability`. */
  readonly userAvailableForInteraction: boolean | null
  /** The documented fields that the body has, without their values. */
  readonly body: ReadonlyArray<string>
}

/**
 * A request as the sandbox remembers it: no headers, no bodies, no values of the query, so no secrets.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const line = (request: TinkSandbox.ReceivedRequest) => `${request.method} ${request.path} ${request.status ?? "-"}`
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  /** The names in the query, each once. */
  readonly query: ReadonlyArray<string>
  /** When it arrived, in epoch milliseconds. */
  readonly time: number
  /** Milliseconds until it was answered or dropped; `null` while it is being worked on. */
  readonly duration: number | null
  /** `null` if the connection was dropped instead, and while the request is being worked on. */
  readonly status: number | null
  /** The `X-Request-ID` of the answer. */
  readonly requestId: string
  /** The `X-Client-Trace-ID` of the request. */
  readonly traceId: string | null
  /** What a refresh asked for; `null` for all other requests, and for a refresh that did not make sense (400). */
  readonly refresh: RequestedRefresh | null
  readonly fault: Fault["kind"] | null
  /** Whether the request got to Tink: `false` if a fault stood in its way. */
  readonly applied: boolean
}

export {
  /**
   * A call of the sandbox's own named something that does not exist, or that does not wait for what the call does.
   *
   * @since 0.1.0
   * @category errors
   */
  SandboxError
}

/**
 * What a test can do with a sandbox, beside sending requests to it.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* TinkSandbox.TinkSandbox
 *   yield* sandbox.injectFault({ kind: "status", status: 503, times: 2 })
 *   return yield* sandbox.requests
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Where it listens, without a slash at the end. In process, every host is answered, and this is one of them. */
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /**
   * What a customer does in Tink Link: connects a bank, so that the user has one more set of credentials. Takes the user id
   * that Tink gave. Fails with `UnknownUser`.
   */
  readonly connectBank: (userId: string, options?: ConnectBankOptions) => Effect.Effect<Credentials, SandboxError>
  /**
   * Decides what the next refresh of some credentials comes to, and no other after it. Fails with `UnknownCredentials`.
   *
   * Without it a refresh comes to `UPDATED`; or, if the bank session is over, to `SESSION_EXPIRED`; or, if
   * `authenticate=true` was asked for or the session is over and the customer is available, to the `AWAITING_…` status of
   * the credentials' type: `AWAITING_THIRD_PARTY_APP_AUTHENTICATION` for `THIRD_PARTY_APP`. To have it come to `UPDATED` although the session is over stands for the
   * customer having let Tink in again: the session is a new one.
   */
  readonly setNextRefresh: (credentialsId: string, outcome: RefreshOutcome) => Effect.Effect<void, SandboxError>
  /**
   * What the customer does in the bank's app, or with the code that the bank sent: ends the wait of credentials in an
   * `AWAITING_…` status. By default they approve: `UPDATING`, then `UPDATED`, with a bank session that begins anew (after
   * an `authenticate`, which fetches no data, `UPDATED` at once). Fails with `UnknownCredentials`, and with `NotAwaiting`.
   */
  readonly completeAuthentication: (
    credentialsId: string,
    outcome?: AuthenticationOutcome
  ) => Effect.Effect<void, SandboxError>
  /**
   * Lets the bank session of some credentials end now. Their status stays: it is the next refresh that finds out. Fails with
   * `UnknownCredentials`.
   */
  readonly expireSession: (credentialsId: string) => Effect.Effect<void, SandboxError>
  /** Lets requests fail. A fault that makes no sense (a status of 42, say) is a defect. */
  readonly injectFault: (fault: Fault) => Effect.Effect<void>
  /** Makes tokens that were issued answer 401: one user's, or everybody's and the app's own. */
  readonly revokeTokens: (userId?: string) => Effect.Effect<void>
  /** The last 10 000 requests, oldest first, in the order of their arrival. Control calls are not among them. */
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>>
  /** Forgets users, credentials, codes, tokens, faults and requests. */
  readonly reset: Effect.Effect<void>
}

/**
 * The sandbox in use.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import * as Effect from "effect/Effect"
 *
 * const connected = (userId: string) =>
 *   Effect.gen(function* () {
 *     const sandbox = yield* TinkSandbox.TinkSandbox
 *     return yield* sandbox.connectBank(userId)
 *   })
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class TinkSandbox extends Context.Tag("@effect-tink/sandbox/TinkSandbox")<TinkSandbox, Service>() {}

/**
 * A sandbox in process, and an `HttpClient` of which every request is answered by it, whatever the host. No port is opened.
 *
 * The sandbox keeps the time of the client's fiber, so under `TestClock` nothing happens until the test says so. A request
 * that has begun is finished even if the client is interrupted. A dropped connection fails with a `RequestError` of reason
 * `Transport`; a body that is cut fails when it is read.
 *
 * @example
 * ```ts
 * import * as HttpClient from "@effect/platform/HttpClient"
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* HttpClient.HttpClient
 *   const response = yield* client.get("https://api.tink.com/api/v1/user")
 *   return response.status // 401: no token was sent
 * }).pipe(Effect.provide(TinkSandbox.layerHttpClient()))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = (options: Options = {}): Layer.Layer<TinkSandbox | HttpClient.HttpClient> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.make(Settings.make(options), () => Effect.void)
      const client = yield* InProcess.make(sandbox)
      return Context.make(HttpClient.HttpClient, client).pipe(
        Context.add(TinkSandbox, service.make(sandbox, "http://127.0.0.1"))
      )
    })
  )

/**
 * Where a server listens.
 *
 * @example
 * ```ts
 * import type { TinkSandbox } from "@effect-tink/sandbox"
 *
 * const options: TinkSandbox.ServerOptions = { port: 4010 }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerOptions extends Options {
  /** Default: 0, any port that is free; `baseUrl` says which. */
  readonly port?: number
  /** Default: `"127.0.0.1"`. */
  readonly host?: string
}

/**
 * A sandbox behind real sockets, for what only they show: connections that are refused or reset, bodies that end too early.
 * It keeps the time of the fiber that builds the layer, and closes with the layer, open connections included.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* TinkSandbox.TinkSandbox
 *   const response = yield* Effect.promise(() => fetch(`${sandbox.baseUrl}/api/v1/user`))
 *   return response.status // 401
 * }).pipe(Effect.provide(TinkSandbox.layerServer()))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (options: ServerOptions = {}): Layer.Layer<TinkSandbox, HttpServerError.ServeError> =>
  Layer.scoped(
    TinkSandbox,
    Effect.gen(function* () {
      const sandbox = yield* Sandbox.make(Settings.make(options), () => Effect.void)
      const address = { host: options.host ?? "127.0.0.1", port: options.port ?? 0 }
      const { host, port } = yield* NodeServer.listen(sandbox, address)
      return service.make(sandbox, `http://${host}:${port}`)
    })
  )
