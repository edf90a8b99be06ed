/**
 * Carries requests to a sandbox within the process: an `HttpClient` without a network.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as BodyCollector from "./bodyCollector.js"
import type { Sandbox } from "./sandbox.js"
import { type Incoming, isBodiless, type Outcome, type Reply } from "./wire.js"

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.RuntimeFiber<A, E>

const transportError = (request: HttpClientRequest.HttpClientRequest, description: string, cause?: unknown) =>
  new HttpClientError.RequestError({ request, reason: "Transport", description, cause })

interface SentBody {
  readonly chunks: Stream.Stream<Uint8Array, unknown>
  /** The content type that goes with a body whose boundary is only known once it is written. */
  readonly contentType?: string | undefined
}

const sentBody = ({ body }: HttpClientRequest.HttpClientRequest): SentBody => {
  switch (body._tag) {
    case "Empty":
      return { chunks: Stream.empty }
    case "Uint8Array":
      return { chunks: Stream.make(body.body) }
    case "Stream":
      return { chunks: body.stream }
    case "Raw":
    case "FormData": {
      // A raw body is whatever the platform's fetch takes: its type says `unknown`.
      const source = new Response(body._tag === "Raw" ? (body.body as BodyInit) : body.formData)
      return {
        chunks: Stream.fromEffect(Effect.tryPromise(async () => new Uint8Array(await source.arrayBuffer()))),
        contentType: source.headers.get("content-type") ?? undefined
      }
    }
  }
}

const toIncoming = Effect.fnUntraced(function* (request: HttpClientRequest.HttpClientRequest, url: URL) {
  const collector = BodyCollector.make()
  const { chunks, contentType } = sentBody(request)
  yield* Stream.runForEach(chunks, (chunk) => Effect.sync(() => collector.add(chunk))).pipe(
    Effect.mapError((cause) => transportError(request, "The request body could not be read", cause))
  )
  const incoming: Incoming = {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: { ...(contentType === undefined ? {} : { "content-type": contentType }), ...request.headers },
    body: collector.body()
  }
  return incoming
})

const encode = (text: string) => new TextEncoder().encode(text)

const halves = (text: string): readonly [Uint8Array, Uint8Array] => {
  const bytes = encode(text)
  const middle = Math.floor(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

const cutBody = (reply: Reply) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(halves(reply.body)[0]),
    pull: (controller) => controller.error(new Error("The connection was closed before the body was complete"))
  })

// The stall begins with the head, as on a network, not when the body is first read.
const slowBody = (reply: Reply, milliseconds: number, clock: Clock.Clock, fork: Fork) => {
  const [first, rest] = halves(reply.body)
  let isCancelled = false
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(first)
      const finish = Effect.sync(() => {
        if (isCancelled) return
        controller.enqueue(rest)
        controller.close()
      })
      fork(Effect.sleep(milliseconds).pipe(Effect.andThen(finish), Effect.withClock(clock)))
    },
    cancel: () => {
      isCancelled = true
    }
  })
}

const bodyOf = (outcome: Exclude<Outcome, { _tag: "Dropped" }>, clock: Clock.Clock, fork: Fork): BodyInit | null => {
  if (isBodiless(outcome.reply.status)) return null
  switch (outcome._tag) {
    case "Whole":
      return outcome.reply.body
    case "Cut":
      return cutBody(outcome.reply)
    case "Slow":
      return slowBody(outcome.reply, outcome.milliseconds, clock, fork)
  }
}

const toResponse = (
  request: HttpClientRequest.HttpClientRequest,
  outcome: Outcome,
  clock: Clock.Clock,
  fork: Fork
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError> => {
  if (outcome._tag === "Dropped") return Effect.fail(transportError(request, "The connection was closed"))
  const { headers, status } = outcome.reply
  return Effect.sync(() => {
    const body = request.method === "HEAD" ? null : bodyOf(outcome, clock, fork)
    return HttpClientResponse.fromWeb(request, new Response(body, { status, headers }))
  })
}

/**
 * A client of which every request, to whatever host, is answered by the sandbox.
 *
 * What the sandbox has begun it also finishes: a request runs in a fiber of the sandbox, so a client that is interrupted
 * leaves the change behind, as it would on a network. That fiber keeps the time of the client (`TestClock` included) and
 * nothing else: no span, no log annotation, no other setting of the client's fiber.
 */
export const make = (sandbox: Sandbox): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope> =>
  Effect.map(FiberSet.makeRuntime<never>(), (fork) =>
    HttpClient.make((request, url) =>
      Effect.gen(function* () {
        const incoming = yield* toIncoming(request, url)
        const clock = yield* Effect.clock
        const fiber = fork(Effect.withClock(sandbox.handle(incoming), clock))
        const outcome = yield* Effect.flatten(Fiber.await(fiber))
        return yield* toResponse(request, outcome, clock, fork)
      })
    )
  )
