import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { RequestedRefresh } from "../TinkSandbox.js"

/** The largest request body that is read: 1 MiB. */
export const maxBodySize = 1024 * 1024

/** A request as it arrived, whatever carried it. Header names are lower case. */
export interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array | "too-large"
}

/** A request that a route has claimed, with the values of the `{…}` in the route's path. */
export interface RoutedRequest extends Incoming {
  readonly params: Readonly<Record<string, string>>
  /** Lets the request log say what a refresh asked for. */
  readonly note: (refresh: RequestedRefresh) => void
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the carrier has to do: send a reply (whole or damaged), or drop the connection. */
export type Outcome =
  | { readonly _tag: "Dropped" }
  | { readonly _tag: "Whole"; readonly reply: Reply }
  | { readonly _tag: "Cut"; readonly reply: Reply }
  | { readonly _tag: "Slow"; readonly reply: Reply; readonly milliseconds: number }

/** A request that Tink turns down, with the body of tink-api 8.2. */
export class ApiError extends Data.TaggedError("ApiError")<{
  readonly status: number
  readonly errorCode: string
  readonly errorMessage: string
  readonly headers?: Readonly<Record<string, string>>
}> {}

export type Handler = (request: RoutedRequest) => Effect.Effect<Reply, ApiError>

export interface Route {
  readonly method: string
  /** Literal segments and `{name}` for one segment of any text. */
  readonly path: string
  readonly handler: Handler
}

/** HTTP forbids a body with these. */
export const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304

export const json = (status: number, body: unknown, headers: Reply["headers"] = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body)
})

export const text = (status: number, body: string): Reply => ({
  status,
  headers: { "content-type": "text/plain" },
  body
})

export const noContent: Reply = { status: 204, headers: {}, body: "" }

export const fromApiError = (error: ApiError): Reply =>
  json(error.status, { errorMessage: error.errorMessage, errorCode: error.errorCode }, error.headers)

const withoutBody = (reply: Reply): Reply => {
  const { "content-type": _, ...headers } = reply.headers
  return { status: reply.status, headers, body: "" }
}

// A value that no header may carry cannot have come over a socket, but can in process; sending it back would throw.
const isHeaderValue = (value: string) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

/** Adds the headers that every answer of Tink carries (tink-api 8.5). */
export const finish = (reply: Reply, incoming: Incoming, requestId: string): Reply => {
  const traceId = incoming.headers["x-client-trace-id"]
  const sent = isBodiless(reply.status) ? withoutBody(reply) : reply
  return {
    ...sent,
    headers: {
      ...sent.headers,
      "x-request-id": requestId,
      ...(traceId !== undefined && isHeaderValue(traceId) ? { "x-client-trace-id": traceId } : {}),
      "strict-transport-security": "max-age=31536000; includeSubDomains"
    }
  }
}
