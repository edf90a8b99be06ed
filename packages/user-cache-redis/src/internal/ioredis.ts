import * as Effect from "effect/Effect"
import { type Connection, toMessage } from "./connection.js"

interface Subscriber {
  on(event: "error", listener: (error: Error) => void): unknown
  on(event: "message", listener: (channel: string, message: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  disconnect(): unknown
}

/** The part of a client or cluster of ioredis 5 or 6 that is used. */
export interface IoredisClient {
  readonly isCluster: boolean
  evalsha(sha: string, keyCount: number, ...keysAndArguments: Array<string>): Promise<unknown>
  eval(script: string, keyCount: number, ...keysAndArguments: Array<string>): Promise<unknown>
  /** A client takes options, and a cluster takes them second. */
  duplicate(first?: object, second?: object): Subscriber
  /** A cluster has it: of each slot, its primary and its replicas. */
  readonly slots?: ReadonlyArray<ReadonlyArray<string>>
}

/** A subscription waits for its connection. */
const duplicate = (client: IoredisClient): Subscriber => {
  const options = { enableOfflineQueue: true }
  return client.isCluster ? client.duplicate([], options) : client.duplicate(options)
}

export const fromIoredis = (client: IoredisClient): Connection => ({
  nodeOf: client.isCluster ? (slot) => client.slots?.[slot]?.[0] : undefined,
  evalSha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
  eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
  subscribe: (channel, onMessage) =>
    Effect.gen(function* () {
      const subscriber = yield* Effect.acquireRelease(
        Effect.sync(() => duplicate(client)),
        (subscriber) => Effect.sync(() => subscriber.disconnect())
      )
      // It reconnects by itself. Without a listener, an error would be printed.
      subscriber.on("error", () => {})
      subscriber.on("message", (_, message) => onMessage(message))
      yield* Effect.tryPromise({
        try: () => subscriber.subscribe(channel),
        catch: (cause) => ({ message: toMessage(cause) })
      })
    })
})
