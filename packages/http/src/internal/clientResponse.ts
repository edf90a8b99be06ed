/** What the responses of clients hold beside the interface of the platform. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Predicate from "effect/Predicate"

/** The response of Node, undici or fetch below the platform's. */
const findSource = (response: unknown, depth = 0): unknown => {
  if (depth > 3) return undefined
  if (Predicate.hasProperty(response, "source")) return response.source
  return Predicate.hasProperty(response, "original") ? findSource(response.original, depth + 1) : undefined
}

/**
 * Closes the connection of a response that switches protocols (101). With `NodeHttpClient.layer` such a response has no body
 * and its socket belongs to the caller: it would stay open forever.
 */
export const closeSocket = (response: HttpClientResponse.HttpClientResponse): void => {
  const source = findSource(response)
  const socket = Predicate.hasProperty(source, "socket") ? source.socket : undefined
  if (Predicate.hasProperty(socket, "destroy") && Predicate.isFunction(socket.destroy)) {
    Reflect.apply(socket.destroy, socket, [])
  }
}

/** The values of `Retry-After`, joined. Node drops all but the first from its headers. */
export const readRetryAfter = (response: HttpClientResponse.HttpClientResponse): string | undefined => {
  const source = findSource(response)
  const raw: unknown = Predicate.hasProperty(source, "rawHeaders") ? source.rawHeaders : undefined
  const values = Array.isArray(raw)
    ? raw.filter((_, index) => index % 2 === 1 && String(raw[index - 1]).toLowerCase() === "retry-after")
    : []
  return values.length > 1 ? values.join(", ") : response.headers["retry-after"]
}
