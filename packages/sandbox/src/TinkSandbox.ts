/**
 * A stateful Tink on your own machine: OAuth, users and bank credentials, with the failures of a real network.
 *
 * It is written from Tink's public documentation and shares no code with a client, so a mistake in a client shows up against
 * it. Everything that takes time (tokens, refreshes, delays) follows Effect's `Clock`, so `TestClock` controls it. Ids and
 * tokens come from a seed that is drawn from Effect's `Random` when the layer is built, so a seeded `Random` repeats them.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as InProcess from "./internal/carriers/inProcess.js"
import * as NodeServer from "./internal/carriers/nodeServer.js"
import type { Options, ServerOptions } from "./internal/models.js"
import * as Sandbox from "./internal/sandbox.js"
import * as Settings from "./internal/settings.js"
import * as TestControls from "./internal/testControls.js"

export {
  type AuthenticationOutcome,
  type ConnectBankOptions,
  type Credentials,
  type CredentialsStatus,
  type CredentialsType,
  type Fault,
  type FaultTarget,
  type MutualTlsOptions,
  type Options,
  type ReceivedRequest,
  type RefreshOutcome,
  type RequestedRefresh,
  SandboxError,
  type ServerOptions,
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookFault
} from "./internal/models.js"

/**
 * A sandbox: where it is, its app's client, and the test controls.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import { Effect } from "effect"
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
export interface Service extends TestControls.TestControls {
  /** Where it listens, without a trailing slash. In process, every host is answered, and this is one of them. */
  readonly baseUrl: string
  /** Where the listener for mutual TLS is; `undefined` without one, and in process. */
  readonly mutualTlsUrl: string | undefined
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
}

/**
 * The sandbox in use.
 *
 * @since 0.1.0
 * @category services
 */
export class TinkSandbox extends Context.Tag("@effect-tink/sandbox/TinkSandbox")<TinkSandbox, Service>() {}

const makeService = (
  sandbox: Sandbox.Sandbox,
  { baseUrl, mutualTlsUrl }: Pick<Service, "baseUrl" | "mutualTlsUrl">
): Service => ({
  ...TestControls.make(sandbox),
  baseUrl,
  mutualTlsUrl,
  clientId: sandbox.settings.clientId,
  clientSecret: Redacted.make(sandbox.settings.clientSecret)
})

const makeSandbox = (options: ServerOptions) => Sandbox.make(Settings.make(options), () => Effect.void)

/**
 * A sandbox in process, and an `HttpClient` whose every request, to any host, is answered by it. No port is opened.
 *
 * The sandbox uses the clock of the client's fiber, so under `TestClock` time passes only when the test adjusts it. A request
 * that has started is finished even if the client is interrupted. A dropped connection fails with a `RequestError` of reason
 * `Transport`; a cut body fails when it is read.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import { Effect } from "effect"
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
      const sandbox = yield* makeSandbox(options)
      const client = yield* InProcess.make(sandbox)
      return Context.make(HttpClient.HttpClient, client).pipe(
        Context.add(TinkSandbox, makeService(sandbox, { baseUrl: "http://127.0.0.1", mutualTlsUrl: undefined }))
      )
    })
  )

/**
 * A sandbox behind real sockets, for what only they show: refused and reset connections, and bodies that end too early. It
 * uses the clock of the fiber that builds the layer, and closes with the layer, open connections included.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import { Effect } from "effect"
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
      const sandbox = yield* makeSandbox(options)
      const { host } = sandbox.settings
      const { mutualTls, port = 0 } = options
      const address = yield* NodeServer.listen(sandbox, { host, port })
      const secure =
        mutualTls === undefined
          ? undefined
          : yield* NodeServer.listenMutualTls(sandbox, { host, port: mutualTls.port ?? 0 }, mutualTls)
      return makeService(sandbox, {
        baseUrl: NodeServer.toUrl("http", address),
        mutualTlsUrl: secure === undefined ? undefined : NodeServer.toUrl("https", secure)
      })
    })
  )
