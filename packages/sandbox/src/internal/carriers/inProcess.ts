import * as Headers from "@effect/platform/Headers"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { type Damage, halves } from "../faults/faults.js"
import * as Incoming from "../http/incoming.js"
import type { Sandbox } from "../sandbox.js"

type ServerResponse = HttpServerResponse.HttpServerResponse

const transportError = (request: HttpClientRequest.HttpClientRequest, description: string, cause?: unknown) =>
  new HttpClientError.RequestError({ request, reason: "Transport", description, cause })

interface SentBody {
  readonly read: Effect.Effect<Incoming.Incoming["body"], unknown>
  /** The content type of a multipart body, whose boundary is known only once it is written. */
  readonly contentType?: string | null
}

const emptyBody: SentBody = { read: Effect.succeed(new Uint8Array()) }

const sentBody = ({ body }: HttpClientRequest.HttpClientRequest): SentBody => {
  switch (body._tag) {
    case "Empty":
      return emptyBody
    case "Uint8Array":
      return { read: Effect.sync(() => Incoming.toBody(body.body)) }
    case "Stream":
      return { read: Incoming.readBody(body.stream) }
    case "Raw":
    case "FormData": {
      // A raw body is what the platform's fetch takes: its type says `unknown`.
      const source = new Response(body._tag === "Raw" ? (body.body as BodyInit) : body.formData)
      return {
        read: Effect.tryPromise(async () => Incoming.toBody(new Uint8Array(await source.arrayBuffer()))),
        contentType: source.headers.get("content-type")
      }
    }
  }
}

// A web request is expensive, so all requests of a method share one. Everything else of it is replaced.
const emptyRequests = new Map<string, HttpServerRequest.HttpServerRequest>()

const emptyRequest = (method: HttpMethod): HttpServerRequest.HttpServerRequest => {
  const known = emptyRequests.get(method)
  if (known !== undefined) return known
  const made = HttpServerRequest.fromWeb(new Request("http://127.0.0.1/", { method }))
  emptyRequests.set(method, made)
  return made
}

// The headers bypass the web request, which would refuse some of them.
const toServerRequest = (
  { headers, method }: HttpClientRequest.HttpClientRequest,
  { pathname, search }: URL,
  contentType: string | null | undefined
) =>
  emptyRequest(method).modify({
    url: pathname + search,
    headers: typeof contentType === "string" ? Headers.fromInput({ "content-type": contentType, ...headers }) : headers
  })

const toClientResponse = (request: HttpClientRequest.HttpClientRequest, response: ServerResponse) => {
  const web = HttpServerResponse.toWeb(response, { withoutBody: request.method === "HEAD" })
  // A length is for the framing of a network, and none is used here.
  web.headers.delete("content-length")
  return HttpClientResponse.fromWeb(request, web)
}

// A web stream needs no fiber of its own, so a client that stops reading leaves none behind.
const withBody = (response: ServerResponse, source: UnderlyingDefaultSource<Uint8Array>): ServerResponse =>
  HttpServerResponse.setBody(
    response,
    HttpBody.raw(new ReadableStream(source), { contentType: response.headers["content-type"] })
  )

// The stall begins with the head, as on a network, and not when the body is first read.
const stall = (response: ServerResponse, milliseconds: number, scope: Scope.Scope): Effect.Effect<ServerResponse> =>
  Effect.gen(function* () {
    const [first, rest] = halves(response)
    const sleeping = yield* Effect.forkIn(Effect.sleep(milliseconds), scope)
    let isCancelled = false
    return withBody(response, {
      start: (controller) => {
        controller.enqueue(first)
        sleeping.addObserver((exit) => {
          if (isCancelled || Exit.isFailure(exit)) return
          controller.enqueue(rest)
          controller.close()
        })
      },
      cancel: () => {
        isCancelled = true
      }
    })
  })

const cutShort = (response: ServerResponse): ServerResponse =>
  withBody(response, {
    start: (controller) => controller.enqueue(halves(response)[0]),
    pull: (controller) => controller.error(new Error("The connection was closed before the body was complete"))
  })

/** A client whose every request, to any host, is answered by the sandbox. */
export const make = (sandbox: Sandbox): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const damaged = (damage: Damage, request: HttpClientRequest.HttpClientRequest) => {
      switch (damage._tag) {
        case "Dropped":
          return Effect.fail(transportError(request, "The connection was closed"))
        case "Cut":
          return Effect.succeed(cutShort(damage.response))
        case "Slow":
          return stall(damage.response, damage.milliseconds, scope)
      }
    }
    return HttpClient.make((request, url) => {
      const { contentType, read } = sentBody(request)
      const body = Effect.mapError(read, (cause) =>
        transportError(request, "The request body could not be read", cause)
      )
      return sandbox.handle(toServerRequest(request, url, contentType), body, { certificate: undefined }).pipe(
        Effect.catchIf(
          (error) => error._tag !== "RequestError",
          (damage) => damaged(damage, request)
        ),
        Effect.map((response) => toClientResponse(request, response))
      )
    })
  })
