import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { RequestedRefresh } from "../models.js"
import * as BodyCollector from "./bodyCollector.js"

/** What is known of a request's connection, besides its headers. */
export interface Connection {
  /** Over mutual TLS, the fingerprint of the client's certificate, empty if it has none. */
  readonly certificate: string | undefined
}

/** A request with all of its body. Header names are lower case. */
export interface Incoming {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array | "too-large"
  readonly connection: Connection
  /** What a handler adds to the request log. */
  readonly notes: { refresh: RequestedRefresh | null }
}

/** The request that is being answered. */
export class CurrentIncoming extends Context.Tag("@effect-tink/sandbox/CurrentIncoming")<CurrentIncoming, Incoming>() {}

const splitUrl = (url: string): readonly [path: string, query: URLSearchParams] => {
  const [path = "/", ...query] = url.split("?")
  return [path, new URLSearchParams(query.join("?"))]
}

/** Reads a request to its end. */
export const read = <E>(
  { headers, method, url }: HttpServerRequest.HttpServerRequest,
  chunks: Stream.Stream<Uint8Array, E>,
  connection: Connection,
  nextId: Effect.Effect<string>
): Effect.Effect<Incoming, E> =>
  Effect.gen(function* () {
    const collector = BodyCollector.make()
    yield* Stream.runForEach(chunks, (chunk) => Effect.sync(() => collector.add(chunk)))
    const [path, query] = splitUrl(url)
    return {
      requestId: yield* nextId,
      method,
      path,
      query,
      headers,
      body: collector.body(),
      connection,
      notes: { refresh: null }
    }
  })
