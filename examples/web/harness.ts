/** For the tests: the application on a free port, on a sandbox of its own over HTTP, and browsers that visit it. */
import { TinkHttp, type TinkConfig } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { Cookies, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import {
  Context,
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
import { Api } from "./api.js"
import * as App from "./app.js"
import { Event } from "./events.js"
import * as Server from "./server.js"
import { Settings } from "./settings.js"

// ---------------------------------------------------------------------------------------------------------------------
// The application
// ---------------------------------------------------------------------------------------------------------------------

/** All that the application has sent as a token: none of it may ever reach a browser. */
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

const layerTink = (timing: TinkConfig.RetryOptions) =>
  Layer.unwrapEffect(
    Effect.map(TinkSandbox.TinkSandbox, (sandbox) =>
      Layer.merge(
        TinkHttp.layer({ ...sandbox, ...timing }),
        Layer.effect(
          Settings,
          Effect.map(Server.origin, (origin) => ({
            origin,
            market: "SE",
            testBanks: false,
            sandbox: Option.some(sandbox),
            polling: Schedule.spaced("50 millis")
          }))
        )
      )
    )
  )

/** What happens at a bank takes less than a second, and is looked at every 50 ms. */
export const layer = (timing: TinkConfig.RetryOptions = {}) =>
  App.layer.pipe(
    Layer.provide(Users.layer.pipe(Layer.provideMerge(UserCache.layer({ capacity: 1000 })))),
    Layer.provideMerge(layerTink(timing)),
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

/** What a person does on the pages of Tink Link. Gives where they are sent back to. */
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
    // An event is a line with its name, one with its data, and an empty one; what begins with a colon is a comment.
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

  /** Where the application leads on to, from where Tink Link sent the browser. */
  const comeBack = (location: string) => Effect.map(http.get(location), ({ headers }) => headers["location"] ?? "")

  /** Connects a bank, and gives its id. */
  const connectBank = Effect.gen(function* () {
    const { url } = yield* api.connections.connect()
    const location = yield* visitTinkLink(url, "approve")
    yield* comeBack(location)
    const { connections } = yield* api.connections.list()
    const id = new URL(location).searchParams.get("credentials_id")
    return yield* Effect.fromNullable(connections.find((connection) => connection.id === id))
  })

  /** Listens from now on. Gives what waits for the next event that is as it says. */
  const listen = Effect.gen(function* () {
    const events = yield* Queue.unbounded<Event>()
    const response = yield* http.get(`${origin}/api/events`)
    yield* response.stream.pipe(
      Stream.decodeText(),
      parseEvents,
      Stream.runForEach((event) => Queue.offer(events, event)),
      Effect.forkScoped
    )
    const next = (isIt: (event: Event) => boolean = () => true): Effect.Effect<Event> =>
      Effect.flatMap(Queue.take(events), (event) => (isIt(event) ? Effect.succeed(event) : next(isIt)))
    return next
  })

  return { api, comeBack, connectBank, cookies, http, listen }
})
