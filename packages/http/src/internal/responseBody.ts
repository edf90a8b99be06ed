import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** Tink's answers have a few kilobytes. A larger body is not from Tink. */
export const maxBytes = 8 * 1024 * 1024

export class BodyTooLarge {
  readonly _tag = "BodyTooLarge"
}

type Failure = HttpClientError.ResponseError | BodyTooLarge

const decoder = new TextDecoder()

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): string => {
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return decoder.decode(bytes)
}

/** The `Content-Length`, if it is that of the decoded body. Infinite otherwise. */
const contentLength = ({ headers }: HttpClientResponse.HttpClientResponse): number => {
  const isPlain = headers["content-encoding"] === undefined && headers["transfer-encoding"] === undefined
  const length = headers["content-length"] ?? ""
  return isPlain && /^\d+$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY
}

/** The error of fetch for a response without a body, such as a 204. */
const isEmpty = (error: HttpClientError.ResponseError): boolean => error.reason === "EmptyBody"

/**
 * Counts the bytes as they arrive.
 *
 * The stream never fails: it runs in its own fiber, which would log the client's error, and with it the request.
 */
const readCounted = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, Failure> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    let failure: Failure | undefined
    const fail = (error: Failure) => {
      failure = error
      return false
    }
    const add = (chunk: Uint8Array) => {
      size += chunk.byteLength
      chunks.push(chunk)
      return size <= maxBytes || fail(new BodyTooLarge())
    }
    return response.stream.pipe(
      Stream.catchAll((error) => {
        if (!isEmpty(error)) fail(error)
        return Stream.empty
      }),
      Stream.runForEachWhile((chunk) => Effect.sync(() => add(chunk))),
      Effect.flatMap(() => (failure === undefined ? Effect.succeed(join(chunks, size)) : Effect.fail(failure)))
    )
  })

/**
 * Reads a body to its end, which also frees its connection, up to `maxBytes`. Counting is expensive, so it is skipped where
 * clients enforce `Content-Length`.
 */
export const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, Failure> =>
  Effect.suspend(() => (contentLength(response) <= maxBytes ? response.text : readCounted(response)))
