import type * as Stream from "effect/Stream"

/** What the store needs of a Redis client. */
export interface Connection {
  /** The node that has a slot. Present in a cluster, where the keys of one script must be in one slot. */
  readonly nodeOf?: ((slot: number) => string | undefined) | undefined
  /** Runs a script that the server has in its cache. The answer to a missing one starts with `NOSCRIPT`. */
  readonly evalSha: (sha: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Promise<unknown>
  readonly eval: (script: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) => Promise<unknown>
  /** The messages of a channel, on a connection of its own. */
  readonly messages: (channel: string) => Stream.Stream<string, ConnectionError>
}

export interface ConnectionError {
  readonly message: string
}

/** A connection error says where, not with which password. */
export const toMessage = (cause: unknown): string => (cause instanceof Error ? cause.message : "unknown error")
