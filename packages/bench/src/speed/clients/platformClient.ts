import { Credential } from "@effect-tink/users/Credential"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { Agent } from "undici"
import type { Client, Contestant, Origin, Setup } from "../contestant.js"
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

export const platformClient: Contestant<Client> = {
  name: "platform client",
  packages: ["@effect/platform", "@effect/platform-node"],
  make: async (setup) => {
    const runtime = ManagedRuntime.make(layerHttpClient(setup))
    const { list } = await runtime.runPromise(makePlatformClient(setup.origin))
    return Effects.makeClient(setup, runtime, { open: (userId) => userId, list })
  }
}
