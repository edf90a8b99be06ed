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

/** A body of a carrier that has it in one piece. */
export const toBody = (bytes: Uint8Array): Incoming["body"] => {
  const collector = BodyCollector.make()
  collector.add(bytes)
  return collector.body()
}

/** Reads a body to its end. */
export const readBody = <E>(chunks: Stream.Stream<Uint8Array, E>): Effect.Effect<Incoming["body"], E> =>
  Effect.suspend(() => {
    const collector = BodyCollector.make()
    return Effect.map(
      Stream.runForEach(chunks, (chunk) => Effect.sync(() => collector.add(chunk))),
      () => collector.body()
    )
  })

/** A request that has been read to its end. */
export const make = (
  { headers, method, url }: HttpServerRequest.HttpServerRequest,
  body: Incoming["body"],
  connection: Connection,
  requestId: string
): Incoming => {
  const [path, query] = splitUrl(url)
  return { requestId, method, path, query, headers, body, connection, notes: { refresh: null } }
}
