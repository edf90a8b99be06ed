import { ByteCollector } from "@effect-tink/http/ByteCollector"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

interface Limits {
  readonly maxBytes: number
  readonly timeout: Duration.DurationInput
}

export type Failure = "TooLarge" | "TooSlow" | "Broken"

const isEmpty = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0"

/**
 * Counts the bytes as they arrive, since the platform's `withMaxBodySize` does not bound `arrayBuffer`.
 *
 * What is not read stays until the request has been answered: on Node, to close the stream is to close the connection.
 */
const readCounted = (
  request: HttpServerRequest.HttpServerRequest,
  maxBytes: number
): Effect.Effect<Uint8Array, Failure, Scope.Scope> =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(request.stream)
    const collector = new ByteCollector(maxBytes)
    const add = (more: Chunk.Chunk<Uint8Array>): Effect.Effect<void, Failure> =>
      Chunk.every(more, (chunk) => collector.add(chunk)) ? Effect.void : Effect.fail("TooLarge")
    // The platform fails for a request without a body, too.
    const end = Option.match({
      onNone: () => Effect.succeedNone,
      onSome: () =>
        collector.bytes.length === 0 && isEmpty(request) ? Effect.succeedNone : Effect.fail<Failure>("Broken")
    })
    const next = Effect.matchEffect(pull, {
      onFailure: end,
      onSuccess: (more) => Effect.asSome(add(more))
    })
    let more = true
    while (more) more = Option.isSome(yield* next)
    return collector.bytes
  })

/** Reads a body within its limits. */
export const read = (
  request: HttpServerRequest.HttpServerRequest,
  { maxBytes, timeout }: Limits
): Effect.Effect<Uint8Array, Failure, Scope.Scope> =>
  Number(request.headers["content-length"] ?? 0) > maxBytes
    ? Effect.fail("TooLarge")
    : readCounted(request, maxBytes).pipe(
        Effect.timeoutOption(timeout),
        Effect.flatMap(Option.match({ onNone: () => Effect.fail("TooSlow" as const), onSome: Effect.succeed }))
      )
