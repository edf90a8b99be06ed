import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Tink's answers are a few kilobytes: what is larger than this is no answer of Tink. */
export const maxBytes = 8 * 1024 * 1024

export class BodyTooLarge {
  readonly _tag = "BodyTooLarge"
}

type Failure = HttpClientError.ResponseError | BodyTooLarge

/** Reads a body to its end, which also frees its connection, but no more of it than `maxBytes`. */
export const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, Failure> => {
  if (Number(response.headers["content-length"]) <= maxBytes) return response.text
  return response.stream.pipe(
    Stream.mapError((error): Failure => error),
    Stream.mapAccumEffect(0, (size, chunk) => {
      const total = size + chunk.byteLength
      return total > maxBytes ? Effect.fail(new BodyTooLarge()) : Effect.succeed([total, chunk] as const)
    }),
    Stream.decodeText(),
    Stream.mkString
  )
}
