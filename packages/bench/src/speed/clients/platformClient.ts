import { Credential } from "@effect-tink/users/Credential"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Agent } from "undici"
import type { Answer, Client, Contestant, Origin, Setup } from "../contestant.js"
import * as Effects from "../effects.js"
import { credentialIdOf, listPath, tokenOf } from "../tink.js"

const makeAgent = (options: Agent.Options) =>
  Effect.acquireRelease(
    Effect.sync(() => new Agent(options)),
    (agent) => Effect.promise(() => agent.close())
  )

/** The client of the contestants whose operations are effects. */
export const layerHttpClient = ({ connections, origin: { fetch } }: Setup): Layer.Layer<HttpClient.HttpClient> => {
  if (fetch !== undefined) return Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetch))
  if (connections === undefined) return NodeHttpClient.layerUndici
  return Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(NodeHttpClient.Dispatcher, makeAgent({ connections }))
  )
}

const decode = HttpClientResponse.schemaBodyJson(Schema.Struct({ credentials: Schema.Array(Credential) }))

/** Documentation of `@effect/platform`, "HTTP Client": `filterStatusOk`, `schemaBodyJson`. The schema is ours. */
export const makePlatformClient = (origin: Origin) =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const client = http.pipe(
      HttpClient.mapRequest(HttpClientRequest.prependUrl(origin.baseUrl)),
      HttpClient.filterStatusOk
    )
    const send = (request: HttpClientRequest.HttpClientRequest, userId: string) =>
      client.execute(HttpClientRequest.bearerToken(request, tokenOf(userId)))
    return {
      list: (userId: string) =>
        send(HttpClientRequest.get(listPath), userId).pipe(
          Effect.flatMap(decode),
          Effect.map(({ credentials }) => credentials)
        ),
      refresh: (userId: string) =>
        Effect.asVoid(send(HttpClientRequest.post(`/api/v1/credentials/${credentialIdOf(userId)}/refresh`), userId))
    }
  })

const packages = ["@effect/platform", "@effect/platform-node"]

type List = (userId: string) => Effect.Effect<Answer, unknown>

const make =
  (change: (list: List) => List) =>
  async (setup: Setup): Promise<Client> => {
    const runtime = ManagedRuntime.make(layerHttpClient(setup))
    const { list } = await runtime.runPromise(makePlatformClient(setup.origin))
    return Effects.makeClient(setup, runtime, { open: (userId) => userId, list: change(list) })
  }

export const platformClient: Contestant<Client> = { name: "platform client", packages, make: make(identity) }

const retries = Schedule.exponential("100 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(3)))

/** What Effect offers for a part of what `TinkHttp` promises: time limits, retries and a span for each call. */
export const guardedPlatformClient: Contestant<Client> = {
  name: "platform client, with limits",
  packages,
  make: make(
    (list) => (userId) =>
      list(userId).pipe(
        Effect.timeout("10 seconds"),
        Effect.retry(retries),
        Effect.timeout("30 seconds"),
        Effect.withSpan("listCredentials")
      )
  )
}
