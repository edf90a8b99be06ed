import * as Headers from "@effect/platform/Headers"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Incoming } from "./incoming.js"

type Response = HttpServerResponse.HttpServerResponse

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })

export const text = (status: number, body: string): Response => HttpServerResponse.text(body, { status })

export const noContent: Response = HttpServerResponse.empty()

/** The bytes of the body. */
export const bodyOf = ({ body }: Response): Uint8Array => (body._tag === "Uint8Array" ? body.body : new Uint8Array())

/** HTTP forbids a body with these. */
export const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304

const withoutBody = ({ headers, status }: Response): Response =>
  HttpServerResponse.empty({ status, headers: Headers.remove(headers, ["content-type", "content-length"]) })

// In process, a trace id may hold characters that no response header can carry.
const isHeaderValue = (value: string) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

/** Adds the headers of all of Tink's answers: tink-api.md 8.5. */
export const withTinkHeaders = (response: Response, { headers, requestId }: Incoming): Response => {
  const traceId = headers["x-client-trace-id"]
  return HttpServerResponse.setHeaders(isBodiless(response.status) ? withoutBody(response) : response, {
    "x-request-id": requestId,
    ...(traceId !== undefined && isHeaderValue(traceId) ? { "x-client-trace-id": traceId } : {}),
    "strict-transport-security": "max-age=31536000; includeSubDomains"
  })
}
