/**
 * Requests to Tink with the right token, safe retries, a deadline and one error type.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Arr from "effect/Array"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Order from "effect/Order"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { AccessToken } from "./AccessToken.js"
import { readOr } from "./InputRules.js"
import * as Call from "./internal/call.js"
import type { Sign } from "./internal/clientAssertion.js"
import { makeRequestRuntime } from "./internal/exchange.js"
import { tokenRoute } from "./internal/failures.js"
import * as Load from "./internal/load.js"
import { findCodeProblem, findGrantProblem, findProblem } from "./internal/requestProblem.js"
import { makeInFlight } from "./internal/timeoutDetached.js"
import type { ClientScope, UserScope } from "./OAuthScope.js"
import * as TinkConfig from "./TinkConfig.js"
import { invalidInput, TinkError } from "./TinkError.js"
import type { TinkRequest } from "./TinkRequest.js"
import * as TokenSource from "./TokenSource.js"

/**
 * What `TinkHttp` offers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The client id of the Tink app. It is not secret: links to Tink Link contain it. */
  readonly clientId: string

  /**
   * Sends a request with the token that its `authorization` asks for, and decodes the response.
   *
   * - A client token is fetched when needed, once per set of scopes, and renewed before it expires.
   * - If Tink refuses a token (401), it is dropped. If its source has a new one, the request is sent once more.
   * - An idempotent request (a safe one, a `PUT`, a `DELETE`, or one marked so) is retried after transport errors, timeouts,
   *   408, 429 and 5xx. Other requests are retried only if they were certainly not processed: after a refused connection
   *   or 429. A retry is never sent before the time that `Retry-After` asks for: if that is past the deadline, the call
   *   fails at once.
   * - Requests wait for their turn when too many are in flight, and during the pause that `Retry-After` asks for. Retries
   *   come from a budget that the calls of a layer share. See `TinkConfig.LoadOptions`.
   * - An error is classified by its status only if its body is Tink's. Without Tink's error body it is `Server`, and ambiguous for a
   *   change (`tink-api.md` 8.2).
   * - A `DELETE` succeeds if its response is 404 after an earlier attempt that may have been applied.
   * - A timeout also holds for a client that cannot be interrupted. What it then goes on with is ambiguous.
   * - Calls that are in flight when the layer closes fail with `Transport`.
   */
  readonly request: <A>(request: TinkRequest<A>) => Effect.Effect<A, TinkError>

  /**
   * Exchanges an authorization code for a user access token (`tink-api.md` 1.1). A code works once. A used, expired or
   * unknown code fails with `Invalid`, a wrong client id or secret with `Unauthorized`.
   */
  readonly exchangeCode: (code: Redacted.Redacted) => Effect.Effect<AccessToken, TinkError>

  /**
   * Issues a user access token without a code, for an application with a private key only (`tink-api.md` 1.5). The user is named by
   * their id or by the application's. An unknown user fails with `NotFound`, a key that Tink does not know with `Unauthorized`.
   */
  readonly issueUserToken?: ((grant: UserGrant) => Effect.Effect<AccessToken, TinkError>) | undefined
}

/**
 * A user, and what a token may do for them.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserGrant {
  readonly user: string
  readonly scopes: ReadonlyArray<UserScope>
}

/**
 * The service: sends requests to Tink.
 *
 * @since 0.1.0
 * @category tags
 */
export class TinkHttp extends Context.Tag("@effect-tink/http/TinkHttp")<TinkHttp, Service>() {}

type Grant =
  | { readonly grant_type: "client_credentials"; readonly scope: string }
  | { readonly grant_type: "authorization_code"; readonly code: Redacted.Redacted }
  | { readonly grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer"; readonly scope: string }

const AccessTokenJson = Schema.parseJson(AccessToken)

/** Tink accepts a secret from an application that is configured for one, and from no other (`tink-api.md` 1.1). */
const secretField = ({ clientAuthentication }: TinkConfig.TinkConfig) =>
  clientAuthentication._tag === "ClientSecret" ? { client_secret: clientAuthentication.clientSecret } : {}

const tokenRequest = (config: TinkConfig.TinkConfig, operation: string, grant: Grant): TinkRequest<AccessToken> => ({
  operation,
  method: "POST",
  route: tokenRoute,
  authorization: { _tag: "None" },
  body: { _tag: "Form", fields: { client_id: config.clientId, ...secretField(config), ...grant } },
  response: AccessTokenJson,
  // Another token does no harm. A code works only once.
  isSafe: grant.grant_type !== "authorization_code"
})

interface SignedGrant {
  readonly operation: string
  readonly user?: string | undefined
  readonly scopes: ReadonlyArray<string>
}

/** The guide of this grant separates scopes with spaces, the others with commas (`tink-api.md` 12.6). */
const signedRequest = (
  config: TinkConfig.TinkConfig,
  sign: Sign,
  { operation, scopes, user }: SignedGrant
): readonly [TinkRequest<AccessToken>, Call.FreshFields] => [
  tokenRequest(config, operation, {
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    scope: scopes.join(" ")
  }),
  // An assertion works only once, so each attempt has its own.
  Effect.map(sign({ operation, clientId: config.clientId, user }), (assertion) => ({ assertion }))
]

/**
 * A 404 of the token endpoint is Tink's where the grant names a user and the response says why. The response to such a grant is not
 * documented.
 */
const toUnknownUser = (error: TinkError): TinkError =>
  error.status === 404 && error.errorMessage !== undefined
    ? new TinkError({ ...error, reason: "NotFound", detail: "there is no such user", isAmbiguous: false })
    : error

/**
 * Tink documents both 400 and 401 for an invalid code (`tink-api.md` 12.3). 401 also means a bad client; only the message
 * distinguishes the two.
 */
const toInvalidGrant = (error: TinkError): TinkError =>
  error.status === 401 && !/client/i.test(error.errorMessage ?? "")
    ? new TinkError({ ...error, reason: "Invalid", detail: "the authorization code is not valid" })
    : error

/** Fails before anything is sent if there is a problem. */
const unless = <A>(problem: string | undefined, operation: string, send: () => Effect.Effect<A, TinkError>) =>
  problem === undefined ? send() : Effect.fail(invalidInput(operation, problem))

const readOperation = (request: unknown): string => {
  const operation = readOr((): unknown => Reflect.get(Object(request), "operation"), undefined)
  return Predicate.isString(operation) ? operation : "request"
}

const fromConfig = (
  config: TinkConfig.TinkConfig
): Effect.Effect<Service, never, HttpClient.HttpClient | Scope.Scope> =>
  // Interruptible, also where a layer is built in an uninterruptible region: what it starts must end with it.
  Effect.gen(function* () {
    const layerScope = yield* Effect.scope
    const inFlight = yield* makeInFlight
    const sender = {
      config,
      client: yield* HttpClient.HttpClient,
      requestRuntime: yield* makeRequestRuntime,
      inFlight
    }
    const call = Call.make(sender, yield* Load.make(config, inFlight))
    const clientTokens = new Map<string, TokenSource.TokenSource>()

    const { clientAuthentication } = config

    const fetchSigned = (sign: Sign, grant: SignedGrant) => {
      const [request, freshFields] = signedRequest(config, sign, grant)
      return call(request, undefined, freshFields)
    }

    const fetchClientToken = (scope: string): Effect.Effect<AccessToken, TinkError> => {
      const operation = "getClientAccessToken"
      return clientAuthentication._tag === "PrivateKey"
        ? fetchSigned(clientAuthentication.sign, { operation, scopes: scope.split(",") })
        : call(tokenRequest(config, operation, { grant_type: "client_credentials", scope }), undefined)
    }

    const clientToken = (scopes: ReadonlyArray<ClientScope>): TokenSource.TokenSource => {
      const scope = Arr.sort(new Set(scopes), Order.string).join(",")
      const known = clientTokens.get(scope)
      if (known !== undefined) return known
      const made = TokenSource.unsafeMake(fetchClientToken(scope), layerScope)
      clientTokens.set(scope, made)
      return made
    }

    const send = <A>(request: TinkRequest<A>) => {
      switch (request.authorization._tag) {
        case "None":
          return call(request, undefined)
        case "User":
          return call(request, request.authorization.tokens)
        case "Client":
          return call(request, clientToken(request.authorization.scopes))
      }
    }

    const exchange = (code: Redacted.Redacted) =>
      Effect.mapError(
        call(tokenRequest(config, "getUserAccessToken", { grant_type: "authorization_code", code }), undefined),
        toInvalidGrant
      )

    const issue = (sign: Sign, grant: UserGrant) =>
      Effect.mapError(fetchSigned(sign, { operation: "getUserAccessToken", ...grant }), toUnknownUser)

    return TinkHttp.of({
      clientId: config.clientId,
      request: (request) => unless(findProblem(request), readOperation(request), () => send(request)),
      exchangeCode: (code) => unless(findCodeProblem(code), "getUserAccessToken", () => exchange(code)),
      ...(clientAuthentication._tag === "PrivateKey" && {
        issueUserToken: (grant: UserGrant) =>
          unless(findGrantProblem(grant), "getUserAccessToken", () => issue(clientAuthentication.sign, grant))
      })
    })
  }).pipe(Effect.interruptible)

/**
 * Makes the service, for as long as the scope is open. Fails if a setting is not valid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: TinkConfig.Options
): Effect.Effect<Service, ConfigError.ConfigError, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(TinkConfig.make(options), fromConfig)

// Fresh, because layers are memoized by reference: in one graph, such as a `LayerMap` of tenants, one tenant would use the
// client token of another.
const freshLayer = (config: Effect.Effect<TinkConfig.TinkConfig, ConfigError.ConfigError>) =>
  Layer.fresh(Layer.scoped(TinkHttp, Effect.flatMap(config, fromConfig)))

/**
 * `TinkHttp` with settings given as values, over the application's `HttpClient`. Fails if a setting is not valid.
 *
 * Redirects are not followed. If you customize `FetchHttpClient` with a `RequestInit`, provide it to this layer: it is
 * replaced by a copy with `redirect: "manual"`.
 *
 * @example
 * ```ts
 * import { TinkHttp } from "@effect-tink/http"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer, Redacted } from "effect"
 *
 * export const TinkLive = TinkHttp.layer({
 *   clientId: "my-client",
 *   clientSecret: Redacted.make("my-secret"),
 *   deadline: "10 seconds"
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: TinkConfig.Options
): Layer.Layer<TinkHttp, ConfigError.ConfigError, HttpClient.HttpClient> => freshLayer(TinkConfig.make(options))

/**
 * `TinkHttp` with settings from the application's `ConfigProvider`: `TINK_CLIENT_ID`, `TINK_CLIENT_SECRET` and optionally
 * `TINK_BASE_URL`, or configs under other names. Fails if one is missing or not valid: the error has its name, never its
 * value.
 *
 * @example
 * ```ts
 * import { TinkHttp } from "@effect-tink/http"
 * import { Config } from "effect"
 *
 * export const Swedish = TinkHttp.layerConfig({
 *   clientId: Config.string("TINK_SE_CLIENT_ID"),
 *   clientSecret: Config.redacted("TINK_SE_CLIENT_SECRET")
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options?: TinkConfig.ConfigOptions
): Layer.Layer<TinkHttp, ConfigError.ConfigError, HttpClient.HttpClient> => freshLayer(TinkConfig.fromConfig(options))
