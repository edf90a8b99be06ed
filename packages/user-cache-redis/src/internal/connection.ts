import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What the store needs of a Redis client. */
export interface Connection {
  /** The node that has a slot. Present in a cluster, where the keys of one script must be in one slot. */
  readonly nodeOf?: ((slot: number) => string | undefined) | undefined
  /** Runs a script that the server has in its cache. The answer to a missing one starts with `NOSCRIPT`. */
  readonly evalSha: (sha: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Promise<unknown>
  readonly eval: (script: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Promise<unknown>
  /** Subscribes to a channel, on a connection of its own. */
  readonly subscribe: (
    channel: string,
    onMessage: (message: string) => void
  ) => Effect.Effect<void, ConnectionError, Scope.Scope>
}

export interface ConnectionError {
  readonly message: string
}

/** A connection error says where, not with which password. */
export const toMessage = (cause: unknown): string => (cause instanceof Error ? cause.message : "unknown error")
