/** Bodies as text: the same for all clients and framings, and bounded by what is kept in memory. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ByteCollector } from "../ByteCollector.js"
import * as ContentEncoding from "./contentEncoding.js"

export class BodyTooLarge {
  readonly _tag = "BodyTooLarge"

  readonly detail: string

  constructor(detail: string) {
    this.detail = detail
  }
}

export type Failure = HttpClientError.ResponseError | BodyTooLarge

const tooManyBytes = new BodyTooLarge("the body is too large")

/** UTF-8 without its byte order mark. Malformed bytes become U+FFFD: one bad character in a name loses no response. */
const decoder = new TextDecoder()

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

const isPng = (bytes: Uint8Array): boolean => pngSignature.every((byte, at) => bytes[at] === byte)

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))

/** An image is the data URI that Tink documents, also where it is sent as it is (`tink-api.md` 6 and 12.12). */
export const toText = (bytes: Uint8Array): string =>
  isPng(bytes) ? `data:image/png;base64,${toBase64(bytes)}` : decoder.decode(bytes)

/** Parsed, a body of the shortest values, such as `{}`, takes 60 times its size. The values of Tink's bodies are longer. */
const minBytesPerValue = 8

/** An upper bound of the values in JSON: each but the first stands behind one of `[`, `{` and `,`. */
const countValues = (json: string): number => json.match(/[[{,]/g)?.length ?? 0

/** Rejects a text with more values than the largest allowed body has at Tink. */
const checkValues = (text: string, maxBytes: number): Effect.Effect<string, BodyTooLarge> =>
  text.length * minBytesPerValue > maxBytes && countValues(text) * minBytesPerValue > maxBytes
    ? Effect.fail(new BodyTooLarge("the body has too many values"))
    : Effect.succeed(text)

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
const collect = (
  response: HttpClientResponse.HttpClientResponse,
  collector: ByteCollector
): Effect.Effect<void, Failure> =>
  Effect.suspend(() => {
    let failure: Failure | undefined
    const fail = (error: Failure) => {
      failure = error
      return false
    }
    return response.stream.pipe(
      Stream.catchAll((error) => {
        if (!isEmpty(error)) fail(error)
        return Stream.empty
      }),
      Stream.runForEachWhile((chunk) => Effect.sync(() => collector.add(chunk) || fail(tooManyBytes))),
      Effect.flatMap(() => (failure === undefined ? Effect.void : Effect.fail(failure)))
    )
  })

/** A body of at most this length is read in one step. Node joins the chunks of a longer one again and again. */
const maxAtOnce = 16 * 1024

/**
 * Reads a body to its end, which also frees its connection, up to the bound of the collector: a larger body ends the
 * connection. Counting is expensive, so it is skipped where clients enforce a small `Content-Length`.
 */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  collector: ByteCollector
): Effect.Effect<string, Failure> =>
  Effect.suspend(() => {
    if (contentLength(response) <= Math.min(maxAtOnce, collector.maxBytes)) {
      return Effect.map(response.arrayBuffer, (buffer) => toText(new Uint8Array(buffer)))
    }
    const encoding = response.headers["content-encoding"]
    const decoded = Effect.suspend(() =>
      encoding === undefined
        ? Effect.succeed(collector.bytes)
        : Effect.mapError(ContentEncoding.decode(collector.bytes, encoding, collector.maxBytes), () => tooManyBytes)
    )
    return collect(response, collector).pipe(
      Effect.andThen(decoded),
      Effect.flatMap((bytes) => checkValues(toText(bytes), collector.maxBytes))
    )
  })
