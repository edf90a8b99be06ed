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

/** What the body is said to come to, where that is what arrives: a server that compresses tells another length. */
const lengthOf = ({ headers }: HttpClientResponse.HttpClientResponse): number => {
  const isAsSent = headers["content-encoding"] === undefined && headers["transfer-encoding"] === undefined
  const length = headers["content-length"] ?? ""
  return isAsSent && /^\d+$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY
}

/** How fetch says that there is no body, as after a 204. */
const isEmpty = (error: HttpClientError.ResponseError): boolean => error.reason === "EmptyBody"

/**
 * Counts the bytes as they come.
 *
 * The stream itself never fails: it runs in a fiber of its own, which would log the error of the client, and with it the
 * request.
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
 * Reads a body to its end, which also frees its connection, but no more of it than `maxBytes`. To count costs as much as
 * all else that is done for a request, so it is left out where clients hold a server to the length that it has told.
 */
export const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, Failure> =>
  Effect.suspend(() => (lengthOf(response) <= maxBytes ? response.text : readCounted(response)))
