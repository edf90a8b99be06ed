/** For the tests: the application on a free port, with a sandbox of its own over HTTP, and browsers without a window. */
import { TinkHttp, type TinkConfig } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { Cookies, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import {
  Context,
  Duration,
  Effect,
  Layer,
  LogLevel,
  Logger,
  Option,
  Queue,
  Redacted,
  Ref,
  Schedule,
  Schema,
  Stream
} from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Api } from "./api.js"
import * as App from "./app.js"
import { Event } from "./events.js"
import * as Server from "./server.js"
import * as Database from "./database/database.js"
import * as Webhooks from "./webhooks.js"
import { defaultLimits, type Limits, Settings } from "./settings.js"

// ---------------------------------------------------------------------------------------------------------------------
// The application
// ---------------------------------------------------------------------------------------------------------------------

/** The tokens that the application has sent. None may reach a browser. */
export class SentTokens extends Context.Tag("web/SentTokens")<SentTokens, Set<string>>() {}

const layerRecordingClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const tokens = yield* SentTokens
    return HttpClient.tapRequest(yield* HttpClient.HttpClient, ({ headers }) =>
      Effect.sync(() => {
        const token = headers["authorization"]?.replace(/^Bearer /, "")
        if (token !== undefined) tokens.add(token)
      })
    )
  })
)

/** A folder that is deleted afterwards. */
export const makeFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "your-banks-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

export const sqliteIn = (folder: string) => Database.layerSqlite(join(folder, "banks.sqlite"))

const layerDatabase = Layer.unwrapScoped(Effect.map(makeFolder, sqliteIn))

interface Options {
  readonly timing?: TinkConfig.RetryOptions
  readonly limits?: Partial<Limits>
}

const withWebhooks = <E, R>(origin: Effect.Effect<string, E, R>) =>
  Effect.flatMap(origin, (origin) =>
    Effect.map(Webhooks.findSecret({ isSandbox: true, origin }), (webhookSecret) => ({ origin, webhookSecret }))
  )

const layerTink = ({ limits, timing }: Options) =>
  Layer.unwrapEffect(
    Effect.map(TinkSandbox.TinkSandbox, (sandbox) =>
      Layer.provideMerge(
        Layer.effect(
          Settings,
          Effect.map(withWebhooks(Server.origin), ({ origin, webhookSecret }) => ({
            origin,
            webhookSecret,
            market: "SE",
            testBanks: false,
            tinkLinkUrl: sandbox.baseUrl,
            proxies: 0,
            customerRetention: Duration.days(30),
            limits: { ...defaultLimits, registrationsPerAddress: 1000, ...limits },
            sandbox: Option.some(sandbox),
            polling: Schedule.spaced("50 millis")
          }))
        ),
        TinkHttp.layer({ ...sandbox, ...timing })
      )
    )
  )

/** A refresh takes less than a second, and is polled every 50 ms. */
export const layer = (options: Options) =>
  App.layer.pipe(
    Layer.provide(layerDatabase),
    Layer.provide(Users.layer.pipe(Layer.provideMerge(UserCache.layer({ capacity: 1000 })))),
    Layer.provideMerge(layerTink(options)),
    Layer.provide([layerRecordingClient, Logger.minimumLogLevel(LogLevel.None)]),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.sync(SentTokens, () => new Set<string>()),
        Server.layer({ host: "localhost", port: 0 }),
        TinkSandbox.layerServer({ authenticatingTime: "600 millis", updatingTime: "300 millis" }),
        NodeHttpClient.layerUndici
      )
    )
  )

// ---------------------------------------------------------------------------------------------------------------------
// Browsers without a window
// ---------------------------------------------------------------------------------------------------------------------

export type Choice = "approve" | "cancel" | "error" | "login"

/** Does what a user does on the pages of Tink Link. Returns where they are redirected to. */
export const visitTinkLink = (url: Redacted.Redacted, choice: Choice) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const link = Redacted.value(url)
    const page = yield* Effect.flatMap(http.get(link), ({ text }) => text)
    const session = /name="session" value="([^"]+)"/.exec(page)?.[1] ?? ""
    const form = HttpClientRequest.post(link.split("?")[0] ?? "").pipe(
      HttpClientRequest.bodyUrlParams({ session, choice, provider: "se-demobank-open-banking-redirect" })
    )
    return (yield* http.execute(form)).headers["location"] ?? ""
  })

const parseEvents = (text: Stream.Stream<string, unknown>) =>
  text.pipe(
    Stream.splitLines,
    // An event is a line with its name, one with its data, and an empty one. A line that begins with a colon is a comment.
    Stream.filter((line) => line.startsWith("event: ") || line.startsWith("data: ")),
    Stream.map((line) => line.replace(/^\w+: /, "")),
    Stream.rechunk(2),
    Stream.chunks,
    Stream.map((chunk) => {
      const [_tag, data] = chunk
      return Schema.decodeUnknownSync(Event)({ _tag, data })
    })
  )

export const openBrowser = Effect.gen(function* () {
  const { origin } = yield* Settings
  const cookies = yield* Ref.make(Cookies.empty)
  const anonymous = yield* HttpClient.HttpClient
  const http = HttpClient.withCookiesRef(anonymous, cookies)
  yield* Effect.flatMap(http.get(origin), ({ text }) => text)

  const api = yield* HttpApiClient.make(Api, {
    baseUrl: origin,
    transformClient: () => HttpClient.mapRequest(http, HttpClientRequest.setHeader("Origin", origin))
  })

  /** Follows the redirect from Tink Link. Returns where the application redirects to. */
  const followRedirect = (location: string) =>
    Effect.map(http.get(location), ({ headers }) => headers["location"] ?? "")

  /** Connects a bank. */
  const connectBank = Effect.gen(function* () {
    const { url } = yield* api.connections.connect()
    const location = yield* visitTinkLink(url, "approve")
    yield* followRedirect(location)
    const { connections } = yield* api.connections.list()
    const id = new URL(location).searchParams.get("credentials_id")
    return yield* Effect.fromNullable(connections.find((connection) => connection.id === id))
  })

  /** Opens the stream of events. Returns an effect that waits for the next event that matches. */
  const listen = Effect.gen(function* () {
    const events = yield* Queue.unbounded<Event>()
    const response = yield* http.get(`${origin}/api/events`)
    if (response.status !== 200) return yield* Effect.die(new Error(`no events: ${response.status}`))
    yield* response.stream.pipe(
      Stream.decodeText(),
      parseEvents,
      Stream.runForEach((event) => Queue.offer(events, event)),
      Effect.forkScoped
    )
    const next = (matches: (event: Event) => boolean = () => true): Effect.Effect<Event> =>
      Effect.flatMap(Queue.take(events), (event) => (matches(event) ? Effect.succeed(event) : next(matches)))
    return next
  })

  /** A session begins with the first visit to Tink Link, however that ends. */
  const beginSession = api.connections.connect()

  return { api, beginSession, followRedirect, connectBank, cookies, http, listen }
})
