/** The same with the platform's client alone. */
import { Credential } from "@effect-tink/users/Credential"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const decode = HttpClientResponse.schemaBodyJson(Schema.Struct({ credentials: Schema.Array(Credential) }))

const request = HttpClientRequest.get("https://api.tink.com/api/v1/credentials/list").pipe(
  HttpClientRequest.bearerToken("the-token")
)

export const program = Effect.flatMap(HttpClient.HttpClient, (http) =>
  HttpClient.filterStatusOk(http).execute(request)
).pipe(
  Effect.flatMap(decode),
  Effect.map(({ credentials }) => credentials),
  Effect.provide(FetchHttpClient.layer)
)
